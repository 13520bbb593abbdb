#include <fmt/format.h>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.util.Map and its kinds, and their entries.

namespace ks::groovy {

namespace {

constexpr std::string_view kMap = "java.util.Map";
constexpr std::string_view kEntry = "java.util.Map$Entry";
constexpr std::string_view kSorted = "java.util.SortedMap";

Map& map(Call& c) { return *c.self.as<Map>(); }
Map& changeable(Call& c) {
  if (map(c).flavour == Map::Flavour::unmodifiable) throw_unsupported(c.task);
  return map(c);
}
void copy_into(Call& c, Map& to, Map& from) {
  for (size_t i = from.table.begin(); i < from.table.end(); i = from.table.next(i)) {
    Value key = from.table.at(i).key;
    Value value = from.table.at(i).value;
    to.table.put(c.task, key, value);
  }
  c.heap().grew(&to);
}
Ref<Map> copied(Call& c, Map::Flavour flavour) {
  Ref<Map> out = c.heap().make<Map>(flavour);
  if (flavour == map(c).flavour) out->table.set_comparator(map(c).table.comparator());
  if (flavour == Map::Flavour::hash) out->table.expect(map(c).table.size());
  copy_into(c, *out, map(c));
  return out;
}
Map::Flavour open_flavour(Call& c) {
  const bool plain =
      map(c).flavour == Map::Flavour::unmodifiable || map(c).flavour == Map::Flavour::lazy;
  return plain ? Map::Flavour::linked : map(c).flavour;
}

Value get(Call& c) { return get_at(c.task, c.self, c.arg(0)); }
Value get_or(Call& c) {
  if (Table::Item* item = map(c).table.find(c.task, c.arg(0))) return item->value;
  Map& to = changeable(c);
  to.table.put(c.task, c.arg(0), c.arg(1));
  c.heap().grew(&to);
  return c.arg(1);
}
Value get_or_default(Call& c) {
  Table::Item* item = map(c).table.find(c.task, c.arg(0));
  return item != nullptr ? item->value : c.arg(1);
}
Value put(Call& c) {
  Map& to = changeable(c);
  check_not_null(c.task, to, c.arg(0), c.arg(1));
  Table::Item* item = to.table.find(c.task, c.arg(0));
  Value before = item != nullptr ? item->value : Value{};
  to.table.put(c.task, c.arg(0), c.arg(1));
  c.heap().grew(&to);
  return before;
}
Value put_at_of(Call& c) {
  put(c);
  return c.arg(1);
}
Value put_if_absent(Call& c) {
  Map& to = changeable(c);
  Table::Item* item = to.table.find(c.task, c.arg(0));
  if (item != nullptr && !item->value.is_null()) return item->value;
  to.table.put(c.task, c.arg(0), c.arg(1));
  c.heap().grew(&to);
  return {};
}
Value compute_if_absent(Call& c) {
  Table::Item* item = changeable(c).table.find(c.task, c.arg(0));
  if (item != nullptr && !item->value.is_null()) return item->value;
  Value made = call1(c.task, c.arg(1), c.arg(0));
  if (made.is_null()) return made;
  map(c).table.put(c.task, c.arg(0), made);
  c.heap().grew(&map(c));
  return made;
}
Value merge(Call& c) {
  Table::Item* item = changeable(c).table.find(c.task, c.arg(0));
  Value made = item == nullptr ? c.arg(1) : call2(c.task, c.arg(2), Value(item->value), c.arg(1));
  map(c).table.put(c.task, c.arg(0), made);
  c.heap().grew(&map(c));
  return made;
}
Value put_all(Call& c) {
  Map& to = changeable(c);
  const Value& from = underlying(c.arg(0));
  if (from.is<Map>()) {
    if (from.as<Map>() != &to) {
      to.table.make_room(from.as<Map>()->table.size());
      copy_into(c, to, *from.as<Map>());
    }
    return {};
  }
  for (const Value& entry : items_of(c.task, from)) {
    if (!entry.is<Entry>() && is_collection(from)) {
      throw_error(c.task, "java.lang.ClassCastException",
                  "class " + class_name_of(entry) + " cannot be cast to class java.util.Map$Entry");
    }
    if (entry.is<Entry>()) to.table.put(c.task, entry.as<Entry>()->key, entry.as<Entry>()->value);
  }
  c.heap().grew(&to);
  return c.self;
}
Value remove(Call& c) {
  Map& from = changeable(c);
  Table::Item* item = from.table.find(c.task, c.arg(0));
  if (item == nullptr) return {};
  Value gone = item->value;
  from.table.remove(c.task, c.arg(0));
  return gone;
}
Value clear(Call& c) {
  changeable(c).table.clear();
  return {};
}
Value contains_key(Call& c) {
  return Value::of_bool(map(c).table.find(c.task, c.arg(0)) != nullptr);
}
Value contains_value(Call& c) {
  Table& table = map(c).table;
  for (size_t i = table.begin(); i < table.end(); i = table.next(i)) {
    c.task.spend();
    if (equals(c.task, Value(table.at(i).value), c.arg(0))) return Value::of_bool(true);
  }
  return Value::of_bool(false);
}
Value key_set(Call& c) {
  Ref<Set> out = c.heap().make<Set>(Set::Flavour::linked);
  Table& table = map(c).table;
  for (size_t i = table.begin(); i < table.end(); i = table.next(i)) {
    Value key = table.at(i).key;
    out->table.put(c.task, key, {});
  }
  out->view_of = underlying(c.self);
  c.heap().grew(out.get());
  return out;
}
Value values(Call& c) {
  std::vector<Value> out;
  Table& table = map(c).table;
  for (size_t i = table.begin(); i < table.end(); i = table.next(i))
    out.push_back(table.at(i).value);
  Ref<List> list = c.heap().make<List>(std::move(out));
  list->view_of = underlying(c.self);
  return list;
}
Value entry_set(Call& c) {
  Ref<Set> out = c.heap().make<Set>(Set::Flavour::linked);
  for (const Value& entry : items_of(c.task, c.self)) out->table.put(c.task, entry, {});
  out->view_of = underlying(c.self);
  c.heap().grew(out.get());
  return out;
}
Value size(Call& c) { return of_size(map(c).table.size()); }
Value is_empty(Call& c) { return Value::of_bool(map(c).table.empty()); }

/// `map + null` and `map << null` fit more than one method of Groovy's.
[[noreturn]] void throw_two_fit(Call& c, std::string_view method, std::string_view first,
                                std::string_view second) {
  throw_error(c.task, "groovy.lang.GroovyRuntimeException",
              fmt::format("Ambiguous method overloading for method {}#{}.\nCannot resolve which "
                          "method to invoke for [null] due to overlapping prototypes "
                          "between:\n\t[interface {}]\n\t[interface {}]",
                          class_name_of(c.self), method, first, second));
}
Value plus(Call& c) {
  if (c.arg(0).is_null()) throw_two_fit(c, "plus", "java.util.Collection", "java.util.Map");
  Ref<Map> out = copied(c, open_flavour(c));
  Call into{c.task, c.in, Value(out), c.args};
  put_all(into);
  return out;
}
/// HashMaps beget LinkedHashMaps.
Map::Flavour similar_flavour(Call& c) {
  Map::Flavour flavour = open_flavour(c);
  return flavour == Map::Flavour::hash ? Map::Flavour::linked : flavour;
}
Value minus_nothing(Call& c) {
  if (!c.arg(0).is_null()) throw_missing_method(c.task, c.self, "minus", c.args);
  return copied(c, similar_flavour(c));
}
Value minus(Call& c) {
  Ref<Map> out = copied(c, similar_flavour(c));
  std::vector<Value> gone = items_of(c.task, c.arg(0));
  for (const Value& entry : items_of(c.task, c.self)) {
    const Entry& mine = *entry.as<Entry>();
    for (const Value& each : gone) {
      c.task.spend();
      const Entry& other = *each.as<Entry>();
      if (!equals(c.task, mine.value, other.value) || !equals(c.task, mine.key, other.key))
        continue;
      out->table.remove(c.task, mine.key);
      break;
    }
  }
  return out;
}
Value intersect(Call& c) {
  Ref<Map> out = c.heap().make<Map>(open_flavour(c));
  Map& other = *underlying(c.arg(0)).as<Map>();
  for (const Value& entry : items_of(c.task, c.self)) {
    Table::Item* item = other.table.find(c.task, entry.as<Entry>()->key);
    if (item != nullptr && equals(c.task, Value(item->value), entry.as<Entry>()->value)) {
      out->table.put(c.task, entry.as<Entry>()->key, entry.as<Entry>()->value);
    }
  }
  c.heap().grew(out.get());
  return out;
}
Value left_shift(Call& c) {
  if (c.arg(0).is_null()) throw_two_fit(c, "leftShift", "java.util.Map", "java.util.Map$Entry");
  if (auto* entry = c.arg(0).as<Entry>()) {
    changeable(c).table.put(c.task, entry->key, entry->value);
    c.heap().grew(&map(c));
  } else {
    put_all(c);
  }
  return c.self;
}
Value sub_map(Call& c) {
  Ref<Map> out = c.heap().make<Map>(Map::Flavour::linked);
  for (const Value& key : items_of(c.task, c.arg(0))) {
    Table::Item* item = map(c).table.find(c.task, key);
    if (item != nullptr) {
      Value value = item->value;
      out->table.put(c.task, key, value);
    } else if (c.count() == 2) {
      out->table.put(c.task, key, c.arg(1));
    }
  }
  c.heap().grew(out.get());
  return out;
}
Value with_default(Call& c) {
  Ref<Map> out = c.heap().make<Map>(Ref<Map>(&map(c)));
  out->flavour = open_flavour(c);
  out->default_maker = c.arg(0);
  return out;
}
Value as_immutable(Call& c) {
  Ref<Map> out = c.heap().make<Map>(Map::Flavour::unmodifiable);
  copy_into(c, *out, map(c));
  return out;
}
Value same(Call& c) { return c.self; }
Value copy_of(Call& c) { return copied(c, open_flavour(c)); }
Value reverse_each(Call& c) {
  std::vector<Value> all = items_of(c.task, c.self);
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry) apply(c.task, c.arg(0), *entry);
  return c.self;
}
Value equals_map(Call& c) { return Value::of_bool(equals(c.task, c.self, c.arg(0))); }
Value hash_self(Call& c) { return Value::of_int(hash_of(c.task, c.self)); }
Value is_case_key(Call& c) { return Value::of_bool(is_case(c.task, c.self, c.arg(0))); }

Value keep_where(Call& c, bool wanted) {
  bool any = false;
  for (const Value& entry : items_of(c.task, c.self)) {
    if (holds(c.task, c.arg(0), entry) == wanted) continue;
    changeable(c).table.remove(c.task, entry.as<Entry>()->key);
    any = true;
  }
  return Value::of_bool(any);
}
Value remove_all(Call& c) { return keep_where(c, false); }
Value retain_all(Call& c) { return keep_where(c, true); }

Value replace_all(Call& c) {
  for (const Value& entry : items_of(c.task, c.self)) {
    Value made = apply(c.task, c.arg(0), entry);
    changeable(c).table.put(c.task, entry.as<Entry>()->key, made);
  }
  return {};
}

Value spread(Call& c) { return c.self; }

// ----- sorted maps -----

Value end_key(Call& c, bool front) {
  std::vector<Value> all = items_of(c.task, c.self);
  if (all.empty()) throw_no_such_element(c.task);
  return (front ? all.front() : all.back()).as<Entry>()->key;
}
Value first_key(Call& c) { return end_key(c, true); }
Value last_key(Call& c) { return end_key(c, false); }
Value end_entry(Call& c, bool front) {
  std::vector<Value> all = items_of(c.task, c.self);
  if (all.empty()) return {};
  return front ? all.front() : all.back();
}
Value first_entry(Call& c) { return end_entry(c, true); }
Value last_entry(Call& c) { return end_entry(c, false); }
Value part(Call& c, const std::function<bool(const Value&)>& keep) {
  Ref<Map> out = c.heap().make<Map>(Map::Flavour::tree);
  out->table.set_comparator(map(c).table.comparator());
  for (const Value& entry : items_of(c.task, c.self)) {
    if (keep(entry.as<Entry>()->key))
      out->table.put(c.task, entry.as<Entry>()->key, entry.as<Entry>()->value);
  }
  c.heap().grew(out.get());
  return out;
}
Value head_map(Call& c) {
  return part(c, [&](const Value& key) {
    return compare_keys(c.task, map(c).table.comparator(), key, c.arg(0)) < 0;
  });
}
Value tail_map(Call& c) {
  return part(c, [&](const Value& key) {
    return compare_keys(c.task, map(c).table.comparator(), key, c.arg(0)) >= 0;
  });
}

// ----- entries -----

Value entry_key(Call& c) { return c.self.as<Entry>()->key; }
Value entry_value(Call& c) { return c.self.as<Entry>()->value; }
Value entry_set_value(Call& c) {
  Value before = c.self.as<Entry>()->value;
  put_at(c.task, c.self, Value{}, c.arg(0));
  return before;
}
Value entry_to_map(Call& c) {
  Ref<Map> out = c.heap().make<Map>();
  out->table.put(c.task, c.self.as<Entry>()->key, c.self.as<Entry>()->value);
  return out;
}

// ----- new -----

Value make_new(Call& c, Map::Flavour flavour) {
  Ref<Map> made = c.heap().make<Map>(flavour);
  if (c.count() == 1 && underlying(c.arg(0)).is<Map>()) {
    if (flavour == Map::Flavour::hash)
      made->table.expect(underlying(c.arg(0)).as<Map>()->table.size());
    copy_into(c, *made, *underlying(c.arg(0)).as<Map>());
  } else if (c.count() == 1 && flavour == Map::Flavour::tree) {
    made->table.set_comparator(c.arg(0));
  }
  return made;
}
Value new_linked(Call& c) { return make_new(c, Map::Flavour::linked); }
Value new_hash(Call& c) { return make_new(c, Map::Flavour::hash); }
Value new_tree(Call& c) { return make_new(c, Map::Flavour::tree); }
Value new_hashtable(Call& c) { return make_new(c, Map::Flavour::hashtable); }
Value new_concurrent(Call& c) { return make_new(c, Map::Flavour::concurrent); }
Value new_properties(Call& c) { return make_new(c, Map::Flavour::properties); }
Value new_weak(Call& c) { return make_new(c, Map::Flavour::weak); }
Value get_text_property(Call& c) {
  Table::Item* item = map(c).table.find(c.text(0));
  if (item != nullptr) return item->value;
  return c.count() == 2 ? c.arg(1) : Value{};
}

constexpr MethodRow kRows[] = {
    {kMap, "get", "O", get},
    {kMap, "get", "OO", get_or},
    {kMap, "getAt", "O", get},
    {"groovy.json.internal.LazyMap", "toString", "",
     [](Call& c) -> Value { return text(c, java_text(c.task, c.self)); }},
    {kMap, "getOrDefault", "OO", get_or_default},
    {kMap, "put", "OO", put},
    {kMap, "putAt", "OO", put_at_of},
    {kMap, "putIfAbsent", "OO", put_if_absent},
    {kMap, "computeIfAbsent", "OC", compute_if_absent},
    {kMap, "merge", "OOC", merge},
    {kMap, "putAll", "M", put_all},
    {kMap, "putAll", "K", put_all},
    {kMap, "remove", "O", remove},
    {kMap, "clear", "", clear},
    {kMap, "containsKey", "O", contains_key},
    {kMap, "containsValue", "O", contains_value},
    {kMap, "contains", "O", contains_key},
    {kMap, "keySet", "", key_set},
    {kMap, "values", "", values},
    {kMap, "entrySet", "", entry_set},
    {kMap, "size", "", size},
    {kMap, "isEmpty", "", is_empty},
    {kMap, "plus", "M", plus},
    {kMap, "plus", "K", plus},
    {kMap, "minus", "M", minus},
    {kMap, "minus", "O", minus_nothing},
    {kMap, "intersect", "M", intersect},
    {kMap, "leftShift", "O", left_shift},
    {kMap, "subMap", "K", sub_map},
    {kMap, "subMap", "KO", sub_map},
    {kMap, "withDefault", "C", with_default},
    {kMap, "asImmutable", "", as_immutable},
    {kMap, "asSynchronized", "", same},
    {kMap, "clone", "", copy_of},
    {kMap, "reverseEach", "C", reverse_each},
    {kMap, "equals", "O", equals_map},
    {kMap, "hashCode", "", hash_self},
    {kMap, "isCase", "O", is_case_key},
    {kMap, "removeAll", "C", remove_all},
    {kMap, "retainAll", "C", retain_all},
    {kMap, "replaceAll", "C", replace_all},
    {kMap, "spread", "", spread},
    {kSorted, "firstKey", "", first_key},
    {kSorted, "lastKey", "", last_key},
    {kSorted, "firstEntry", "", first_entry},
    {kSorted, "lastEntry", "", last_entry},
    {kSorted, "headMap", "O", head_map},
    {kSorted, "tailMap", "O", tail_map},
    {kEntry, "getKey", "", entry_key},
    {kEntry, "getValue", "", entry_value},
    {kEntry, "setValue", "O", entry_set_value},
    {kEntry, "asMap", "", entry_to_map},
    {"groovy.util.MapEntry", "new", "OO",
     [](Call& c) -> Value { return c.heap().make<Entry>(c.arg(0), c.arg(1)); }},
    {"java.util.LinkedHashMap", "new", "", new_linked},
    {"java.util.LinkedHashMap", "new", "I", new_linked},
    {"java.util.LinkedHashMap", "new", "M", new_linked},
    {"java.util.HashMap", "new", "", new_hash},
    {"java.util.HashMap", "new", "I", new_hash},
    {"java.util.HashMap", "new", "M", new_hash},
    {"java.util.WeakHashMap", "new", "", new_weak},
    {"java.util.TreeMap", "new", "", new_tree},
    {"java.util.TreeMap", "new", "M", new_tree},
    {"java.util.TreeMap", "new", "O", new_tree},
    {"java.util.Hashtable", "new", "", new_hashtable},
    {"java.util.Hashtable", "new", "M", new_hashtable},
    {"java.util.concurrent.ConcurrentHashMap", "new", "", new_concurrent},
    {"java.util.concurrent.ConcurrentHashMap", "new", "M", new_concurrent},
    {"java.util.Properties", "new", "", new_properties},
    {"java.util.Properties", "getProperty", "S", get_text_property},
    {"java.util.Properties", "getProperty", "SO", get_text_property},
    {"java.util.Properties", "setProperty", "SS", put},
};

}  // namespace

LibraryPart map_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
