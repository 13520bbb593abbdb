#include <fmt/format.h>
#include <algorithm>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/text.h"

/// How values look: toString(), string interpolation, inspect().

namespace ks::groovy {

namespace {

class Shower {
 public:
  /// `java`: as Java's own toString() has it, which differs for maps: `{a=1}`.
  Shower(Task& task, std::string& out, bool quoted, bool java = false)
      : task_(task), out_(out), quoted_(quoted), java_(java) {}
  void limit(int64_t most) { most_ = most; }

  void show(const Value& value) {
    switch (value.kind()) {
      case Kind::null: out_ += "null"; return;
      case Kind::boolean: out_ += value.as_bool() ? "true" : "false"; return;
      case Kind::character: append_unit(out_, value.as_char()); return;
      case Kind::object: break;
      default: out_ += number_text(value); return;
    }
    if (const String* text = value.as<String>()) {
      if (quoted_) return quote(text->text());
      out_ += text->text();
      return;
    }
    NestingScope nesting(task_);
    show_object(value);
    task_.heap().check_string(out_.size());
  }

  void show_items(const Value& value) {
    if (auto* array = value.as<Array>(); array != nullptr && array->element == types().p_char) {
      for (const Value& each : array->items) append_unit(out_, each.as_char());
      return;
    }
    const Limit limit(*this);
    out_ += '[';
    bool first = true;
    for (const Value& each : items_of(task_, value)) {
      if (!first) out_ += ", ";
      first = false;
      if (limit.reached()) break;
      if (each.same(value)) {
        out_ += "(this Collection)";
      } else {
        limit.pass_on();
        show(each);
        limit.take_back();
      }
      task_.spend();
      task_.heap().check_string(out_.size());
    }
    out_ += ']';
  }

 private:
  void show_object(const Value& value) {
    switch (value.object()->object_kind()) {
      case ObjectKind::gstring: return show_gstring(*value.as<GString>());
      case ObjectKind::list:
      case ObjectKind::set:
      case ObjectKind::array: return show_items(value);
      case ObjectKind::range: return show_range(value);
      case ObjectKind::map: return show_map(value);
      case ObjectKind::closure:
        out_ += closure_name(*value.as<Closure>());
        out_ += fmt::format("@{:x}", static_cast<uint32_t>(identity_hash(value)));
        return;
      case ObjectKind::klass: {
        auto* cls = value.as<ClassInfo>();
        out_ += cls->primitive != Kind::null ? "" : cls->is_interface ? "interface " : "class ";
        out_ += cls->name;
        return;
      }
      case ObjectKind::instance: return show_instance(value);
      case ObjectKind::big_integer:
      case ObjectKind::big_decimal: out_ += number_text(value); return;
      case ObjectKind::builder: out_ += value.as<Builder>()->text; return;
      case ObjectKind::pattern: out_ += pattern_text(value); return;
      case ObjectKind::matcher: out_ += matcher_text(task_, value); return;
      case ObjectKind::entry: {
        // inspect() of an entry is its toString(). Kept: what a key's toString() does may take it
        // out of where `value` stands.
        const Value entry = value;  // NOLINT(performance-unnecessary-copy-initialization)
        bool before = std::exchange(quoted_, false);
        bool java = std::exchange(java_, true);
        show(entry.as<Entry>()->key);
        out_ += '=';
        show(entry.as<Entry>()->value);
        quoted_ = before;
        java_ = java;
        return;
      }
      case ObjectKind::host: out_ += value.as<HostObject>()->to_string(task_); return;
      case ObjectKind::native:
        if (auto* native = value.as_dynamic<NativeObject>()) {
          out_ += native->to_string(task_);
          return;
        }
        break;
      default: break;
    }
    out_ +=
        fmt::format("{}@{:x}", class_name_of(value), static_cast<uint32_t>(identity_hash(value)));
  }

  void show_gstring(const GString& text) {
    for (size_t i = 0; i < text.strings.size() || i < text.values.size(); ++i) {
      if (i < text.strings.size()) out_ += text.strings[i];
      if (i < text.values.size()) show_inserted(text.values[i]);
    }
  }

  void show_inserted(const Value& value) {
    bool before = std::exchange(quoted_, false);
    bool java = std::exchange(java_, false);
    if (auto* closure = value.as<Closure>()) {
      if (closure->parameter_count() == 0) {
        show(call_value(task_, value, {}));
      } else {
        Value writer = task_.heap().make<Builder>(Builder::Flavour::writer, std::string());
        Value args[] = {writer};
        call_value(task_, value, args);
        out_ += writer.as<Builder>()->text;
      }
    } else if (value.is<Range>()) {
      show_items(value);
    } else {
      show(value);
    }
    quoted_ = before;
    java_ = java;
  }

  void show_range(const Value& value) {
    auto* range = value.as<Range>();
    if (range->is_int()) {
      show(range->written_first());
      out_ += range->inclusive() ? ".." : "..<";
      show(range->reverse() ? range->from() : range->to());
      return;
    }
    show(range->written_first());
    out_ += "..";
    show(range->reverse() ? range->from() : range->to());
  }

  void show_map(const Value& value) {
    auto* map = value.as<Map>();
    if (java_ && !map->default_maker.is_null()) {
      out_ += fmt::format("groovy.lang.MapWithDefault@{:x}",
                          static_cast<uint32_t>(identity_hash(value)));
      return;
    }
    if (map->table.empty()) {
      out_ += map->flavour == Map::Flavour::properties || java_ ? "{}" : "[:]";
      return;
    }
    const Limit limit(*this);
    out_ += java_ ? '{' : '[';
    bool first = true;
    uint32_t changes = map->table.changes();
    for (size_t i = map->table.begin(); i < map->table.end(); i = map->table.next(i)) {
      if (!first) out_ += ", ";
      first = false;
      if (limit.reached()) break;
      Value key = map->table.at(i).key;
      Value item = map->table.at(i).value;
      show_or_self(key, value);
      out_ += java_ ? '=' : ':';
      limit.pass_on();
      show_or_self(item, value);
      limit.take_back();
      task_.spend();
      task_.heap().check_string(out_.size());
      if (map->table.changes() != changes) throw_changed_while_iterating(task_);
    }
    out_ += java_ ? '}' : ']';
  }

  void show_or_self(const Value& item, const Value& map) {
    if (item.same(map)) {
      out_ += "(this Map)";
    } else {
      show(item);
    }
  }

  void show_instance(const Value& value) {
    static const Name kToString("toString");
    auto* instance = value.as<Instance>();
    if (instance->cls->is_user) {
      if (std::optional<Value> result = call_user_method(task_, value, kToString, {})) {
        bool before = quoted_;
        quoted_ = false;
        show(*result);
        quoted_ = before;
        return;
      }
    }
    if (instance->throwable != nullptr) {
      out_ += throwable_text(task_, value);
      return;
    }
    if (instance->cls->is_enum) {
      out_ += enum_name(value);
      return;
    }
    if (wraps(*instance)) return show(Value(instance->base));
    out_ +=
        fmt::format("{}@{:x}", instance->cls->name, static_cast<uint32_t>(hash_of(task_, value)));
  }

  void quote(std::string_view text) {
    out_ += '\'';
    for (char c : text) {
      switch (c) {
        case '\\': out_ += "\\\\"; break;
        case '\n': out_ += "\\n"; break;
        case '\r': out_ += "\\r"; break;
        case '\t': out_ += "\\t"; break;
        case '\f': out_ += "\\f"; break;
        case '\'': out_ += "\\'"; break;
        default: out_ += c;
      }
    }
    out_ += '\'';
  }

  /// How long one list or map may become; those inside of it get what is left.
  class Limit {
   public:
    explicit Limit(Shower& shower)
        : shower_(shower), begin_(shower.out_.size()), most_(shower.most_) {}
    /// Ends the text when it is too long.
    bool reached() const {
      if (most_ < 0 || length() <= most_) return false;
      shower_.out_ += "...";
      return true;
    }
    void pass_on() const {
      if (most_ >= 0) shower_.most_ = std::max<int64_t>(0, most_ - length());
    }
    void take_back() const { shower_.most_ = most_; }

   private:
    int64_t length() const {
      return static_cast<int64_t>(utf16_length(std::string_view(shower_.out_).substr(begin_)));
    }
    Shower& shower_;
    size_t begin_;
    int64_t most_;
  };

  Task& task_;
  std::string& out_;
  bool quoted_;
  bool java_;
  int64_t most_ = -1;  ///< of the list or map that comes next; negative: any length
};

}  // namespace

namespace {

/// A range on its own looks like a list; inside of another collection it looks like a range.
void show_outer(Task& task, const Value& value, std::string& out, bool quoted) {
  Shower shower(task, out, quoted);
  const Value& inner = underlying(value);
  bool own_text = false;
  if (auto* instance = value.as<Instance>(); instance != nullptr && instance->cls->is_user) {
    own_text =
        static_cast<UserClass*>(instance->cls)->methods.contains(std::string_view("toString"));
  }
  if (inner.is<Range>() && !own_text) {
    shower.show_items(inner);
  } else {
    shower.show(value);
  }
}

}  // namespace

std::string range_text(Task& task, const Value& range) {
  std::string out;
  Shower(task, out, false).show(range);
  return out;
}

void append_string(Task& task, const Value& value, std::string& out) {
  show_outer(task, value, out, false);
}

std::string to_string(Task& task, const Value& value) {
  if (const String* text = value.as<String>()) return text->text();
  std::string out;
  append_string(task, value, out);
  return out;
}

std::string java_text(Task& task, const Value& value) {
  if (const String* text = value.as<String>()) return text->text();
  std::string out;
  Shower(task, out, false, true).show(value);
  return out;
}

std::string to_short_string(Task& task, const Value& value, int32_t most) {
  std::string out;
  Shower shower(task, out, false);
  shower.limit(most);
  shower.show(underlying(value));
  return out;
}

std::string inspect(Task& task, const Value& value) {
  std::string out;
  Shower(task, out, true).show(value);
  return out;
}

}  // namespace ks::groovy
