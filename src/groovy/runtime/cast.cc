#include <cmath>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"
#include "groovy/runtime/text.h"

/// Conversions: declarations and casts, `as`, and how well arguments fit parameters.

namespace ks::groovy {

bool instance_of(Task& task, const Value& value, const ClassInfo* type) {
  if (value.is_null()) return false;
  if (const auto* host = value.as<HostObject>()) {
    return type == types().object || host->is_instance_of(type->name) ||
           host->class_name() == type->name;
  }
  const ClassInfo* cls = class_of(value);
  if (cls->is_a(type)) return true;
  if (cls->element != nullptr && type->element != nullptr) {
    return type->element->primitive == Kind::null && cls->element->primitive == Kind::null &&
           cls->element->is_a(type->element);
  }
  if (type == types().groovy_object && cls->is_user) return true;
  if (const auto* instance = value.as<Instance>(); instance != nullptr) {
    return wraps(*instance) && instance_of(task, instance->base, type);
  }
  return false;
}

namespace {

bool is_textual(const Value& value) { return value.is<String>() || value.is<GString>(); }

Value number_to(Task& task, const Value& value, Kind kind) {
  switch (kind) {
    case Kind::byte_: return Value::of_byte(static_cast<int8_t>(long_value(value)));
    case Kind::short_: return Value::of_short(static_cast<int16_t>(long_value(value)));
    case Kind::integer: return Value::of_int(int_value(value));
    case Kind::long_: return Value::of_long(long_value(value));
    case Kind::float_: return Value::of_float(static_cast<float>(double_value(value)));
    case Kind::double_: return Value::of_double(double_value(value));
    default: return value;
  }
  (void)task;
}

Kind kind_of_type(const ClassInfo* type) {
  const Types& t = types();
  if (type->primitive != Kind::null) return type->primitive;
  if (type == t.integer) return Kind::integer;
  if (type == t.long_) return Kind::long_;
  if (type == t.double_) return Kind::double_;
  if (type == t.float_) return Kind::float_;
  if (type == t.short_) return Kind::short_;
  if (type == t.byte_) return Kind::byte_;
  if (type == t.character) return Kind::character;
  if (type == t.boolean_) return Kind::boolean;
  return Kind::null;
}

std::optional<Value> to_character(Task& task, const Value& value) {
  if (value.kind() == Kind::character) return value;
  if (is_number(value)) return Value::of_char(static_cast<uint16_t>(long_value(value)));
  std::u16string text = to_utf16(to_string(task, value));
  if (text.size() == 1) return Value::of_char(text[0]);
  return std::nullopt;
}

Value cast_to_kind(Task& task, const Value& value, const ClassInfo* type, Kind kind) {
  if (kind == Kind::boolean) return Value::of_bool(truth(task, value));
  if (value.is_null()) {
    throw_cast(task, value, type->name,
               ". Try '" + boxed(const_cast<ClassInfo*>(type))->name + "' instead");
  }
  if (kind == Kind::character) {
    if (std::optional<Value> out = to_character(task, value)) return *out;
    throw_cast(task, value, type->name);
  }
  if (is_number(value)) return number_to(task, value, kind);
  if (value.kind() == Kind::character) return number_to(task, Value::of_int(value.as_char()), kind);
  if (is_textual(value)) {
    std::u16string text = to_utf16(to_string(task, value));
    if (text.size() == 1) return number_to(task, Value::of_int(text[0]), kind);
  }
  throw_cast(task, value, type->name);
}

std::vector<Value> cast_items(Task& task, const Value& value, ClassInfo* element) {
  std::vector<Value> out;
  for (const Value& each : items_of(task, value)) out.push_back(cast(task, each, element));
  return out;
}

/// A script's class or an abstract one of ours from list or map: `Foo x = [a: 1]`, `Point p = [1,
/// 2]`.
std::optional<Value> construct_from(Task& task, const Value& value, ClassInfo* type) {
  if (type->is_interface || type->is_enum || !(type->is_user || !type->line.empty()))
    return std::nullopt;
  if (value.is<List>()) {
    std::vector<Value> args = value.as<List>()->items;
    return construct(task, type, args);
  }
  if (value.is<Map>() && type->is_user) {
    Value args[] = {value};
    return construct(task, type, args);
  }
  return std::nullopt;
}

std::optional<Value> collection_as(Task& task, const Value& value, ClassInfo* type, bool coerce) {
  const Types& t = types();
  if (!is_collection(value) && !value.is<Map>()) return std::nullopt;
  if (value.is<Map>() && !coerce) return std::nullopt;
  auto as_set = [&](Set::Flavour flavour) {
    Ref<Set> set = task.heap().make<Set>(flavour);
    for (const Value& each : items_of(task, value)) set->table.put(task, each, {});
    task.heap().grew(set.get());
    return Value(set);
  };
  if (type == t.set || type == t.linked_hash_set) return as_set(Set::Flavour::linked);
  if (type == t.hash_set) return as_set(Set::Flavour::hash);
  if (type == t.tree_set || type == t.sorted_set) return as_set(Set::Flavour::tree);
  bool of_list = value.is<List>() || value.is<Range>() || value.is<Set>();
  if (!coerce && of_list && type == t.linked_list)
    return Value(task.heap().make<List>(items_of(task, value), List::Flavour::linked_list));
  if (!coerce && !value.is<Array>()) return std::nullopt;
  auto as_list = [&](List::Flavour flavour) {
    return Value(task.heap().make<List>(items_of(task, value), flavour));
  };
  if (type == t.list || type == t.collection || type == t.iterable || type == t.array_list) {
    return as_list(List::Flavour::array_list);
  }
  if (type == t.linked_list || type == t.queue || type == t.deque)
    return as_list(List::Flavour::linked_list);
  if (type == t.stack) return as_list(List::Flavour::stack);
  if (type == t.vector) return as_list(List::Flavour::vector);
  return std::nullopt;
}

}  // namespace

Value cast(Task& task, const Value& value, ClassInfo* type) {
  const Types& t = types();
  if (type == t.object) return value;
  if (type->primitive == Kind::object) return value;
  if (type->primitive != Kind::null) {
    if (value.kind() == type->primitive) return value;
    return cast_to_kind(task, value, type, type->primitive);
  }
  if (type == t.boolean_ && !value.is_null()) return Value::of_bool(truth(task, value));
  if (value.is_null()) return value;
  if (instance_of(task, value, type)) return value;
  if (type == t.string) return task.heap().string(java_text(task, value));
  if (Kind kind = kind_of_type(type); kind != Kind::null)
    return cast_to_kind(task, value, type, kind);
  if ((type == t.big_integer || type == t.big_decimal) && is_textual(value)) {
    // A text of one character is that character.
    std::u16string units = to_utf16(to_string(task, value));
    if (units.size() == 1) {
      BigNumber number(units[0]);
      return type == t.big_integer ? make_big(task.heap(), std::move(number))
                                   : make_decimal(task.heap(), Decimal{std::move(number), 0});
    }
  }
  if (type == t.big_integer && (is_number(value) || value.kind() == Kind::character)) {
    return make_big(task.heap(), big_value(value));
  }
  if (type == t.big_decimal && value.is_floating()) {
    if (!std::isfinite(value.as_double()))
      throw_error(task, "java.lang.NumberFormatException", "Infinite or NaN");
    return make_decimal(task.heap(), exact_decimal(value.as_double()));
  }
  if (type == t.big_decimal && (is_number(value) || value.kind() == Kind::character)) {
    return make_decimal(task.heap(), decimal_value(value));
  }
  if (type == t.number && value.kind() == Kind::character) return Value::of_int(value.as_char());
  if (type->element != nullptr &&
      (is_collection(value) || value.is<GString>() || value.is<String>())) {
    if (is_textual(value) && type->element != t.p_char && type->element != t.character &&
        type->element != t.string) {
      throw_cast(task, value, type->name);
    }
    return make_array(task, type->element, cast_items(task, value, type->element));
  }
  if (type == t.klass && is_textual(value)) {
    std::string name = to_string(task, value);
    if (std::optional<Value> found = find_class(task, name)) return *found;
    throw_cast(task, value, type->name, " due to: java.lang.ClassNotFoundException: " + name);
  }
  if (type->is_enum && is_textual(value)) return enum_value(task, type, to_string(task, value));
  if (value.is<Closure>() && type->is_interface) return implement_by_closure(task, value, type);
  if (std::optional<Value> made = collection_as(task, value, type, false)) return *made;
  if (value.is<Map>() && !type->is_interface && type->is_a(t.map)) {
    if (std::optional<Value> made = map_as(task, value, type)) return *made;
  }
  if (!value.is<HostObject>()) {
    if (std::optional<Value> made = construct_from(task, value, type)) return *made;
  }
  throw_cast(task, value, type->name);
}

namespace {

std::optional<Value> text_as_number(Task& task, const Value& value, ClassInfo* type) {
  const Types& t = types();
  std::string text = to_string(task, value);
  auto parsed = [&]() -> Decimal {
    std::optional<Decimal> number = Decimal::parse(text);
    if (!number) throw_number_format(task, text);
    return *number;
  };
  auto whole = [&](int64_t least, int64_t most) -> int64_t {
    std::optional<BigNumber> number = BigNumber::parse(text);
    if (!number || !number->fits_long() || number->low_bits() < least ||
        number->low_bits() > most) {
      throw_number_format(task, text);
    }
    return number->low_bits();
  };
  switch (kind_of_type(type)) {
    case Kind::byte_: return Value::of_byte(static_cast<int8_t>(whole(INT8_MIN, INT8_MAX)));
    case Kind::short_: return Value::of_short(static_cast<int16_t>(whole(INT16_MIN, INT16_MAX)));
    case Kind::integer: return Value::of_int(static_cast<int32_t>(whole(INT32_MIN, INT32_MAX)));
    case Kind::long_: return Value::of_long(whole(INT64_MIN, INT64_MAX));
    case Kind::float_: return Value::of_float(static_cast<float>(parsed().to_double()));
    case Kind::double_: return Value::of_double(parsed().to_double());
    default: break;
  }
  if (type == t.big_decimal) return make_decimal(task.heap(), parsed());
  if (type == t.big_integer) {
    std::optional<BigNumber> number = BigNumber::parse(text);
    if (!number) throw_number_format(task, text);
    return make_big(task.heap(), std::move(*number));
  }
  return std::nullopt;
}

}  // namespace

Value as_type(Task& task, const Value& value, ClassInfo* type) {
  const Types& t = types();
  if (value.is_null()) return type->primitive != Kind::null ? cast(task, value, type) : value;
  if (value.is<Instance>() && value.as<Instance>()->cls->is_user &&
      !value.as<Instance>()->cls->is_a(type)) {
    static const Name kAsType("asType");
    Value args[] = {Value(type)};
    if (std::optional<Value> result = call_user_method(task, value, kAsType, args)) return *result;
  }
  if (auto* native = value.as_dynamic<NativeObject>();
      native != nullptr && !native->class_info()->is_a(type)) {
    static const Name kAsType("asType");
    Value args[] = {Value(type)};
    if (std::optional<Value> result = call_library(task, value, kAsType, args)) return *result;
  }
  if (is_textual(value)) {
    if (type == t.boolean_ || type == t.p_boolean) return Value::of_bool(truth(task, value));
    if (type == t.list || type == t.array_list || type == t.collection) {
      return task.heap().make<List>(items_of(task, task.heap().string(to_string(task, value))));
    }
    if (type == t.set || type == t.linked_hash_set || type == t.hash_set) {
      Value list =
          task.heap().make<List>(items_of(task, task.heap().string(to_string(task, value))));
      return as_type(task, list, type);
    }
    if (std::optional<Value> number = text_as_number(task, value, type)) return *number;
    if (type->is_enum) return enum_value(task, type, to_string(task, value));
  }
  // A class that is made from a list as such, before it is made from its items.
  if (value.is<List>() && type->is_user && !type->is_interface && !type->is_enum &&
      takes_one(task, *static_cast<UserClass*>(type), value)) {
    Value args[] = {value};
    return construct(task, type, args);
  }
  if (value.is<Closure>() && type->is_interface) return implement_by_closure(task, value, type);
  if (value.is<Closure>() && type->is_user && !type->is_enum && !type->is_a(t.closure)) {
    return implement_by_closure(task, value, type);
  }
  if (value.is<Map>() && type->is_interface && !type->is_a(t.map))
    return implement_by_map(task, value, type);
  if (value.is<Map>() && type->is_user && !type->is_interface)
    return implement_by_map(task, value, type);
  if (!instance_of(task, value, type)) {
    if (std::optional<Value> made = collection_as(task, value, type, true)) return *made;
    if (value.is<Map>()) {
      if (std::optional<Value> made = map_as(task, value, type)) return *made;
    }
    if (type == t.big_integer && value.is_object() && is_number(value))
      return make_big(task.heap(), big_value(value));
    // By its text, where a cast takes all of its digits.
    if (type == t.big_decimal && value.is_floating() && std::isfinite(value.as_double()))
      return make_decimal(task.heap(), decimal_value(value));
  }
  if (type->element != nullptr && is_collection(value) && !instance_of(task, value, type)) {
    std::vector<Value> items;
    for (const Value& each : items_of(task, value)) {
      if (each.is_null() && type->element->primitive != Kind::null)
        throw_error(task, "java.lang.NullPointerException");
      items.push_back(as_type(task, each, type->element));
    }
    return make_array(task, type->element, std::move(items));
  }
  if (type == t.string && (is_collection(value) || value.is<Map>()))
    return task.heap().string(to_string(task, value));
  if ((type == t.p_char || type == t.character) && is_textual(value)) {
    std::u16string units = to_utf16(to_string(task, value));
    if (!units.empty()) return Value::of_char(units[0]);
  }
  return cast(task, value, type);
}

int distance(const ClassInfo* parameter, const Value& argument) {
  const Types& t = types();
  if (argument.is_null()) {
    if (parameter->primitive != Kind::null) return -1;
    // Of several, null fits the one nearest to Object best.
    int depth = 0;
    for (const ClassInfo* each = parameter->super; each != nullptr; each = each->super) ++depth;
    return depth * 2;
  }
  if (parameter == t.object) return 90;
  Kind kind = argument.kind();
  if (!argument.is_object()) {
    Kind wanted = kind_of_type(parameter);
    if (wanted == kind) return parameter->primitive != Kind::null ? 0 : 1;
    // Numbers widen: byte, short, int, long, float, double.
    if (wanted != Kind::null && wanted >= Kind::byte_ && wanted <= Kind::double_ &&
        kind >= Kind::byte_ && kind <= Kind::double_) {
      if (wanted > kind) return 2 + (static_cast<int>(wanted) - static_cast<int>(kind)) * 2;
      return -1;
    }
    if (parameter == t.big_integer && argument.is_integral()) return 16;
    if (parameter == t.big_decimal && kind >= Kind::byte_ && kind <= Kind::double_) return 18;
  }
  if (argument.is<BigDecimal>() || argument.is<BigInteger>()) {
    Kind wanted = kind_of_type(parameter);
    if (wanted == Kind::double_) return 10;
    if (wanted == Kind::float_) return 12;
    if (parameter == t.big_decimal && argument.is<BigInteger>()) return 8;
    if (wanted == Kind::integer && argument.is<BigInteger>()) return 14;
  }
  if (argument.is<GString>() && parameter == t.string) return 3;
  if (argument.is<Closure>() && parameter->is_interface &&
      (parameter->is_user || parameter == t.comparable)) {
    return 60;
  }
  if (argument.is<HostObject>()) {
    return argument.as<HostObject>()->is_instance_of(parameter->name) ||
                   argument.as<HostObject>()->class_name() == parameter->name
               ? 0
               : -1;
  }
  const ClassInfo* cls = class_of(argument);
  for (size_t i = 0; i < cls->line.size(); ++i) {
    if (cls->line[i] == parameter)
      return static_cast<int>(i) * 2 + (parameter->is_interface ? 1 : 0);
  }
  if (cls->element != nullptr && parameter->element != nullptr) {
    if (parameter->element->primitive != Kind::null || cls->element->primitive != Kind::null)
      return -1;
    return cls->element->is_a(parameter->element) ? 3 : -1;
  }
  if (const auto* instance = argument.as<Instance>(); instance != nullptr && wraps(*instance)) {
    if (class_of(instance->base)->is_a(parameter)) return 20;
  }
  if (parameter == t.groovy_object && cls->is_user) return 50;
  if (parameter->is_a(t.closure) && argument.is<Closure>()) return 2;
  return -1;
}

// ----- iteration -----

bool is_collection(const Value& value) {
  return value.is<List>() || value.is<Set>() || value.is<Range>() || value.is<Array>();
}

namespace {

std::vector<Value> characters(Task& task, const Value& text) {
  std::vector<Value> out;
  const std::string& bytes = text.as<String>()->text();
  if (text.as<String>()->is_ascii()) {
    for (char c : bytes) out.push_back(task.heap().string(std::string(1, c)));
  } else {
    for (char16_t unit : to_utf16(bytes)) out.push_back(task.heap().string(char_text(unit)));
  }
  return out;
}

Value entry_of(Task& task, const Value& map, const Table::Item& item) {
  return task.heap().make<Entry>(item.key, item.value, map);
}

}  // namespace

std::vector<Value> items_of(Task& task, const Value& value) {
  if (value.is_null()) return {};
  if (!value.is_object()) return {value};
  std::vector<Value> out;
  switch (value.object()->object_kind()) {
    case ObjectKind::list: return value.as<List>()->items;
    case ObjectKind::array: return value.as<Array>()->items;
    case ObjectKind::range: {
      auto* range = value.as<Range>();
      task.heap().check_room(range->size() * sizeof(Value));
      task.spend(range->size() / 16 + 1);
      for (size_t i = 0; i < range->size(); ++i) out.push_back(range->at(i));
      return out;
    }
    case ObjectKind::set: {
      Table& table = value.as<Set>()->table;
      for (size_t i = table.begin(); i != table.end(); i = table.next(i))
        out.push_back(table.at(i).key);
      return out;
    }
    case ObjectKind::map: {
      Table& table = value.as<Map>()->table;
      for (size_t i = table.begin(); i != table.end(); i = table.next(i)) {
        out.push_back(entry_of(task, value, table.at(i)));
      }
      return out;
    }
    case ObjectKind::string: return characters(task, value);
    case ObjectKind::gstring: return characters(task, task.heap().string(to_string(task, value)));
    default: break;
  }
  for_each_item(task, value, [&](const Value& item) {
    out.push_back(item);
    if (out.size() % 1024 == 0) task.heap().check_room(out.size() * sizeof(Value));
    return true;
  });
  return out;
}

namespace {

void visit_list(Task& task, const Value& value, const std::function<bool(const Value&)>& visit) {
  auto* list = value.as<List>();
  uint32_t changes = list->changes;
  for (size_t i = 0; i < list->items.size(); ++i) {
    if (list->changes != changes) throw_changed_while_iterating(task);
    task.spend();
    if (!visit(Value(list->items[i]))) return;
  }
}

void visit_table(Task& task, Table& table, const std::function<Value(const Table::Item&)>& item,
                 const std::function<bool(const Value&)>& visit) {
  table.arrange();
  uint32_t changes = table.changes();
  for (size_t i = table.begin(); i < table.end();) {
    // As Java's iterators: the next entry is chosen before this one is handed out.
    size_t next = table.next(i);
    bool last = next >= table.end();
    task.spend();
    if (!visit(item(table.at(i))) || last) return;
    if (table.changes() != changes) throw_changed_while_iterating(task);
    i = next;
  }
}

/// The iterator that the object's own class gives; Object's would only go over the object itself.
std::optional<Value> own_iterator(Task& task, const Value& value) {
  static const Name kIterator("iterator");
  if (value.is<Instance>()) return call_user_method(task, value, kIterator, {});
  if (auto* native = value.as_dynamic<NativeObject>()) {
    if (native->class_info()->is_a(types().iterable)) {
      if (std::optional<Value> made = native->call_method(task, "iterator", {})) return made;
    }
  }
  const Method* method = find_method(kIterator.methods, class_of(value), {});
  if (method == nullptr || method->cls == types().object || method->cls == types().iterable) {
    return std::nullopt;
  }
  return call_library(task, value, kIterator, {});
}

bool visit_instance(Task& task, const Value& value,
                    const std::function<bool(const Value&)>& visit) {
  static const Name kHasNext("hasNext");
  static const Name kNext("next");
  Value iterator;
  if (class_of(value)->is_a(types().iterator)) {
    iterator = value;
  } else if (std::optional<Value> made = own_iterator(task, value)) {
    iterator = *made;
  } else {
    return false;
  }
  if (iterator.is<Iterator>()) {
    for_each_item(task, iterator, visit);
    return true;
  }
  while (truth(task, call_method(task, iterator, kHasNext, {}))) {
    task.spend();
    if (!visit(call_method(task, iterator, kNext, {}))) break;
  }
  return true;
}

}  // namespace

void for_each_item(Task& task, const Value& value, const std::function<bool(const Value&)>& visit) {
  if (value.is_null()) return;
  if (!value.is_object()) {
    visit(value);
    return;
  }
  Value kept = value;  // the visitor may drop the last other reference
  switch (kept.object()->object_kind()) {
    case ObjectKind::list: return visit_list(task, kept, visit);
    case ObjectKind::range: {
      auto* range = kept.as<Range>();
      for (size_t i = 0; i < range->size(); ++i) {
        task.spend();
        if (!visit(range->at(i))) return;
      }
      return;
    }
    case ObjectKind::map:
      return visit_table(
          task, kept.as<Map>()->table,
          [&](const Table::Item& item) { return entry_of(task, kept, item); }, visit);
    case ObjectKind::set:
      return visit_table(
          task, kept.as<Set>()->table, [](const Table::Item& item) { return item.key; }, visit);
    case ObjectKind::array:
      for (size_t i = 0; i < kept.as<Array>()->items.size(); ++i) {
        task.spend();
        if (!visit(Value(kept.as<Array>()->items[i]))) return;
      }
      return;
    case ObjectKind::string:
    case ObjectKind::gstring:
      for (const Value& each : items_of(task, kept)) {
        task.spend();
        if (!visit(each)) return;
      }
      return;
    case ObjectKind::iterator:
      while (std::optional<Value> item = kept.as<Iterator>()->take(task)) {
        task.spend();
        if (!visit(*item)) return;
      }
      return;
    case ObjectKind::host:
      if (std::optional<Value> items = kept.as<HostObject>()->iterable(task))
        return for_each_item(task, *items, visit);
      visit(kept);
      return;
    case ObjectKind::instance:
    case ObjectKind::native:
    case ObjectKind::matcher:
      if (kept.is<Instance>() && kept.as<Instance>()->cls->is_user) {
        if (visit_instance(task, kept, visit)) return;
        const Value& base = underlying(kept);
        if (!base.same(kept)) return for_each_item(task, base, visit);
      } else if (visit_instance(task, kept, visit)) {
        return;
      }
      visit(kept);
      return;
    case ObjectKind::klass:
      if (kept.as<ClassInfo>()->is_enum) {
        for (const Value& each : enum_values(task, kept.as<ClassInfo>())) {
          if (!visit(each)) return;
        }
        return;
      }
      visit(kept);
      return;
    default: visit(kept); return;
  }
}

bool contains(Task& task, const Value& collection, const Value& item) {
  if (const Range* range = collection.as<Range>(); range != nullptr && range->is_int()) {
    // Groovy 2.4 looks at Integer and BigInteger only: `5L in 1..10` is false.
    if ((!item.is_int() && !item.is<BigInteger>()) || range->size() == 0) return false;
    Value low = range->reverse() ? range->at(range->size() - 1) : range->at(0);
    Value high = range->reverse() ? range->at(0) : range->at(range->size() - 1);
    return compare_numbers(item, low) >= 0 && compare_numbers(item, high) <= 0;
  }
  if (auto* set = collection.as<Set>()) return set->table.find(task, item) != nullptr;
  bool found = false;
  if (collection.is<Array>()) {
    for_each_item(task, collection, [&](const Value& each) {
      found = equals(task, each, item);
      return !found;
    });
    return found;
  }
  for_each_item(task, collection, [&](const Value& each) {
    found = collection.is<Range>() ? equals(task, each, item) : key_equals(task, item, each);
    return !found;
  });
  return found;
}

}  // namespace ks::groovy
