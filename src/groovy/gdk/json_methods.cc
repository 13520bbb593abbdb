#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/text.h"

/// groovy.json: JsonSlurper, JsonOutput, JsonBuilder.

namespace ks::groovy {

namespace {

constexpr std::string_view kSlurper = "groovy.json.JsonSlurper";
constexpr std::string_view kClassic = "groovy.json.JsonSlurperClassic";
constexpr std::string_view kOutput = "groovy.json.JsonOutput";
constexpr std::string_view kBuilder = "groovy.json.JsonBuilder";
constexpr int kMaxDepth = 512;

// ----- reading -----

/// JSON to Groovy's values: numbers keep all their digits, which a double would not.
class Reader {
 public:
  /// `maps` says what its objects are made of.
  Reader(Task& task, std::string_view json, Map::Flavour maps)
      : task_(task), json_(json), maps_(maps) {}

  Value run() {
    skip();
    if (at_ >= json_.size()) fail("Text must not be null or empty");
    Value value = read(0);
    skip();
    if (at_ < json_.size()) fail(fmt::format("unexpected character '{}'", json_[at_]));
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) {
    size_t line =
        1 + static_cast<size_t>(std::count(
                json_.begin(),
                json_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, json_.size())), '\n'));
    throw_error(task_, "groovy.json.JsonException",
                fmt::format("{} at line {}, index {}", what, line, at_));
  }
  void skip() {
    while (at_ < json_.size() && std::string_view(" \t\r\n").contains(json_[at_])) ++at_;
  }
  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  void expect(char c) {
    skip();
    if (peek() != c) fail(fmt::format("expecting '{}'", c));
    ++at_;
  }

  Value read(int depth) {
    if (depth > kMaxDepth)
      fail(fmt::format("values are nested deeper than the limit of {}", kMaxDepth));
    task_.spend();
    skip();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return task_.heap().string(string());
      case 't': return word("true", Value::of_bool(true));
      case 'f': return word("false", Value::of_bool(false));
      case 'n': return word("null", Value{});
      default: return number();
    }
  }

  Value word(std::string_view text, Value value) {
    if (json_.substr(at_, text.size()) != text) fail("unexpected word");
    at_ += text.size();
    return value;
  }

  Value object(int depth) {
    ++at_;
    Ref<Map> map = task_.heap().make<Map>(maps_);
    skip();
    if (peek() == '}') {
      ++at_;
      return map;
    }
    while (true) {
      skip();
      if (peek() != '"') fail("expecting a name in quotes");
      Value key = task_.heap().string(string());
      expect(':');
      map->table.put(task_, key, read(depth + 1));
      skip();
      if (peek() != ',') break;
      ++at_;
    }
    expect('}');
    task_.heap().grew(map.get());
    return map;
  }

  Value array(int depth) {
    ++at_;
    std::vector<Value> items;
    skip();
    if (peek() == ']') {
      ++at_;
      return task_.heap().make<List>();
    }
    while (true) {
      items.push_back(read(depth + 1));
      skip();
      if (peek() != ',') break;
      ++at_;
    }
    expect(']');
    return task_.heap().make<List>(std::move(items));
  }

  std::string string() {
    std::string out;
    for (++at_; peek() != '"'; ++at_) {
      if (at_ >= json_.size()) fail("the text in quotes does not end");
      if (json_[at_] != '\\') {
        out += json_[at_];
        continue;
      }
      switch (char c = ++at_ < json_.size() ? json_[at_] : '\0') {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case '"':
        case '\\':
        case '/': out += c; break;
        case 'u': {
          std::optional<BigNumber> unit = BigNumber::parse(json_.substr(at_ + 1, 4), 16);
          if (!unit || at_ + 4 >= json_.size()) fail("expecting four digits after \\u");
          append_unit(out, static_cast<uint16_t>(unit->low_bits()));
          at_ += 4;
          break;
        }
        default: fail("unknown escape");
      }
    }
    ++at_;
    return out;
  }

  Value number() {
    size_t end = at_;
    bool whole = true;
    while (end < json_.size() && std::string_view("+-0123456789.eE").contains(json_[end])) {
      whole = whole && !std::string_view(".eE").contains(json_[end]);
      ++end;
    }
    std::string_view digits = json_.substr(at_, end - at_);
    std::optional<Decimal> parsed = Decimal::parse(digits);
    if (!parsed || digits.starts_with('+'))
      fail(fmt::format("unexpected character '{}'", at_ < json_.size() ? json_[at_] : ' '));
    at_ = end;
    if (!whole) return make_decimal(task_.heap(), std::move(*parsed));
    return smallest(task_.heap(), std::move(parsed->unscaled));
  }

  Task& task_;
  std::string_view json_;
  Map::Flavour maps_;
  size_t at_ = 0;
};

// ----- writing -----

class Writer {
 public:
  explicit Writer(Task& task) : task_(task) {}

  void write(const Value& value) {
    NestingScope nesting(task_);
    task_.spend();
    const Value& inner = underlying(value);
    if (inner.is_null() || inner.is_bool()) {
      out += inner.is_null() ? "null" : inner.as_bool() ? "true" : "false";
    } else if (is_number(inner)) {
      if (inner.is_floating() && !std::isfinite(inner.as_double())) {
        throw_error(task_, "groovy.json.JsonException",
                    "Number " + number_text(inner) +
                        " can't be serialized as JSON: infinite or NaN are not allowed in JSON.");
      }
      out += number_text(inner);
    } else if (inner.is<Map>()) {
      object(inner);
    } else if (is_collection(inner) || inner.is<Iterator>()) {
      array(inner);
    } else if (inner.is<Closure>()) {
      write(content_of_closure(inner));
    } else if (inner.is<Instance>() && inner.as<Instance>()->cls->is_user &&
               !inner.as<Instance>()->cls->is_enum) {
      bean(inner);
    } else if (const auto* entry = inner.as<Entry>()) {
      out += "{\"value\":";
      write(Value(entry->value));
      out += ",\"key\":";
      write(Value(entry->key));
      out += '}';
    } else if (inner.is<ClassInfo>()) {
      // Groovy writes its properties, and theirs, until the stack is full.
      throw_error(task_, "java.lang.StackOverflowError");
    } else if (class_of(inner) == types().object) {
      out += "{}";
    } else if (std::optional<std::string> time = json_time(inner)) {
      quote(*time);
    } else {
      quote(to_string(task_, inner));
    }
    task_.heap().check_string(out.size());
  }

  void quote(std::string_view text) {
    out += '"';
    for (char16_t unit : to_utf16(text)) {
      switch (unit) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        default:
          if (unit < 0x20 || unit > 0x7E) {
            out += fmt::format("\\u{:04x}", static_cast<uint32_t>(unit));
          } else {
            out += static_cast<char>(unit);
          }
      }
    }
    out += '"';
  }

  Value content_of_closure(const Value& closure);
  std::string out;

 private:
  void object(const Value& map) {
    out += '{';
    bool first = true;
    for (const Value& entry : items_of(task_, map)) {
      if (entry.as<Entry>()->key.is_null()) {
        throw_error(task_, "java.lang.IllegalArgumentException",
                    "Maps with null keys can't be converted to JSON");
      }
      if (!first) out += ',';
      first = false;
      quote(to_string(task_, entry.as<Entry>()->key));
      out += ':';
      write(entry.as<Entry>()->value);
    }
    out += '}';
  }
  void array(const Value& collection) {
    out += '[';
    bool first = true;
    for_each_item(task_, collection, [&](const Value& item) {
      if (!first) out += ',';
      first = false;
      write(item);
      return true;
    });
    out += ']';
  }
  void bean(const Value& object) {
    static const Name kProperties("getProperties");
    Value properties = call_method(task_, object, kProperties, {});
    properties.as<Map>()->table.remove(task_, task_.heap().string("class"));
    this->object(properties);
  }

  Task& task_;
};

std::string json_text(Task& task, const Value& value) {
  Writer writer(task);
  writer.write(value);
  return std::move(writer.out);
}

std::string pretty(std::string_view json) {
  std::string out;
  size_t depth = 0;
  auto line = [&] { out += "\n" + std::string(depth * 4, ' '); };
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (c == '"') {
      size_t end = i + 1;
      while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
      out += json.substr(i, end + 1 - i);
      i = end;
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      size_t next = json.find_first_not_of(" \t\r\n", i + 1);
      bool empty = next != json.npos && (json[next] == '}' || json[next] == ']');
      if (empty) {
        --depth;
        // Groovy breaks the line inside of an empty object or list.
        out += "\n" + std::string((depth + 1) * 4, ' ') + "\n" + std::string(depth * 4, ' ') +
               json[next];
        i = next;
      } else {
        line();
      }
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      line();
      out += c;
    } else if (c == ',') {
      out += c;
      line();
    } else if (c == ':') {
      out += ": ";
    } else if (!std::string_view(" \t\r\n").contains(c)) {
      out += c;
    }
  }
  return out;
}

// ----- builders -----

/// What a builder's closure talks to: each call of an unknown name adds a pair.
class PairCollector final : public NativeObject {
 public:
  explicit PairCollector(Ref<Map> into) : map_(std::move(into)) {}
  ClassInfo* class_info() const override { return library_class("groovy.json.JsonDelegate"); }
  std::string to_string(Task&) override { return "groovy.json.JsonDelegate"; }
  size_t footprint() const override { return sizeof(PairCollector); }
  std::optional<Value> call_method(Task& task, std::string_view name, Args args) override;

 private:
  Ref<Map> map_;
};

Value built(Task& task, const Value& closure, Args args = {}) {
  Ref<Map> map = task.heap().make<Map>();
  Ref<Closure> copy = closure.as<Closure>()->clone(task.heap());
  copy->delegate = Value(task.heap().make<PairCollector>(map));
  copy->strategy = Resolve::delegate_first;
  copy->call(task, args);
  return map;
}

/// `name value`, `name { ... }`, `name a: 1`, `name list, { item -> ... }`.
Value content(Task& task, Args args) {
  if (args.empty()) return task.heap().make<Map>();
  if (args.size() == 2 && args[1].is<Closure>()) {
    if (is_collection(args[0])) {
      std::vector<Value> out;
      for (const Value& item : items_of(task, args[0])) {
        Value one[] = {item};
        out.push_back(built(task, args[1], one));
      }
      return task.heap().make<List>(std::move(out));
    }
    Value made = built(task, args[1]);
    if (!args[0].is<Map>()) return made;
    Ref<Map> both = task.heap().make<Map>();
    for (const Value& source : {args[0], made}) {
      for (const Value& entry : items_of(task, source))
        both->table.put(task, entry.as<Entry>()->key, entry.as<Entry>()->value);
    }
    return both;
  }
  if (args.size() > 1) return task.heap().make<List>(std::vector<Value>(args.begin(), args.end()));
  return args[0].is<Closure>() ? built(task, args[0]) : args[0];
}

std::optional<Value> PairCollector::call_method(Task& task, std::string_view name, Args args) {
  Value made = content(task, args);
  map_->table.put(task, task.heap().string(name), made);
  task.heap().grew(map_.get());
  return made;
}

Value Writer::content_of_closure(const Value& closure) { return built(task_, closure); }

class JsonBuilder final : public NativeObject {
 public:
  explicit JsonBuilder(Value initial) : value(std::move(initial)) {}
  ClassInfo* class_info() const override { return library_class(kBuilder); }
  std::string to_string(Task& task) override { return json_text(task, value); }
  size_t footprint() const override { return sizeof(JsonBuilder); }
  std::optional<Value> call_method(Task& task, std::string_view name, Args args) override {
    if (name == "call") {
      value = content(task, args);
      return value;
    }
    Ref<Map> map = task.heap().make<Map>();
    map->table.put(task, task.heap().string(name), content(task, args));
    value = Value(map);
    return value;
  }
  std::optional<Value> get_property(Task& task, std::string_view name) override {
    if (!value.is<Map>() || name == "content") return std::nullopt;
    (void)task;
    Table::Item* item = value.as<Map>()->table.find(name);
    if (item == nullptr) return std::nullopt;
    return item->value;
  }
  Value value;
};
JsonBuilder& builder(Call& c) { return *c.self.as_dynamic<JsonBuilder>(); }

/// new JsonSlurper() and its like have no state.
class Stateless final : public NativeObject {
 public:
  explicit Stateless(ClassInfo* cls) : cls_(cls) {}
  ClassInfo* class_info() const override { return cls_; }
  std::string to_string(Task&) override { return cls_->name; }
  size_t footprint() const override { return sizeof(Stateless); }

 private:
  ClassInfo* cls_;
};

Value new_stateless(Call& c) { return c.heap().make<Stateless>(c.self.as<ClassInfo>()); }
Value parse_text(Call& c) {
  if (c.arg(0).is_null()) {
    throw_error(c.task, "java.lang.IllegalArgumentException", "Text must not be null or empty");
  }
  std::string json = c.text(0);
  const bool classic = class_name_of(c.self) == kClassic;
  return Reader(c.task, json, classic ? Map::Flavour::hash : Map::Flavour::lazy).run();
}
Value to_json(Call& c) { return text(c, json_text(c.task, c.arg(0))); }
Value pretty_print(Call& c) { return text(c, pretty(c.text(0))); }
Value new_builder(Call& c) {
  return c.heap().make<JsonBuilder>(c.count() == 1 ? content(c.task, c.args) : Value{});
}
Value builder_call(Call& c) { return *builder(c).call_method(c.task, "call", c.args); }
Value builder_content(Call& c) { return builder(c).value; }
Value builder_text(Call& c) { return text(c, json_text(c.task, builder(c).value)); }
Value builder_pretty(Call& c) { return text(c, pretty(json_text(c.task, builder(c).value))); }

constexpr ClassRow kClasses[] = {{kSlurper, "", ""},
                                 {kClassic, "", ""},
                                 {kOutput, "", ""},
                                 {kBuilder, "", ""},
                                 {"groovy.json.JsonDelegate", "", ""}};

constexpr MethodRow kRows[] = {
    {kSlurper, "new", "", new_stateless},
    {kSlurper, "new", "M", new_stateless},
    {kClassic, "new", "", new_stateless},
    {kSlurper, "parseText", "O", parse_text},
    {kSlurper, "setType", "O", [](Call& c) -> Value { return c.self; }},
    {kClassic, "parseText", "O", parse_text},
    {kOutput, "new", "", new_stateless},
    {kOutput, "static toJson", "O", to_json},
    {kOutput, "static prettyPrint", "S", pretty_print},
    {kBuilder, "new", "", new_builder},
    {kBuilder, "new", "O", new_builder},
    {kBuilder, "call", "O*", builder_call},
    {kBuilder, "getContent", "", builder_content},
    {kBuilder, "toString", "", builder_text},
    {kBuilder, "toPrettyString", "", builder_pretty},
};

}  // namespace

LibraryPart json_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
