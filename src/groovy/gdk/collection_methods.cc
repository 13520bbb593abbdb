#include <algorithm>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// Iteration over anything: lists, sets, ranges, arrays, maps (as entries), strings, iterators,
/// script objects.

namespace ks::groovy {

namespace {

constexpr std::string_view kObject = "java.lang.Object";
constexpr std::string_view kCollection = "java.util.Collection";
constexpr std::string_view kIterable = "java.lang.Iterable";

using Visit = std::function<bool(const Value&)>;
void visit(Call& c, const Visit& each) { for_each_item(c.task, c.self, each); }
std::vector<Value> items(Call& c) { return items_of(c.task, c.self); }

// ----- going over -----

Value each(Call& c) {
  visit(c, [&](const Value& item) {
    apply(c.task, c.arg(0), item);
    return true;
  });
  return c.self;
}

Value each_with_index(Call& c) {
  int32_t index = 0;
  visit(c, [&](const Value& item) {
    apply_with(c.task, c.arg(0), item, Value::of_int(index++));
    return true;
  });
  return c.self;
}

Value reverse_each(Call& c) {
  std::vector<Value> all = items(c);
  for (auto item = all.rbegin(); item != all.rend(); ++item) apply(c.task, c.arg(0), *item);
  return c.self;
}

// ----- mapping -----

Value collect(Call& c) {
  std::vector<Value> out;
  bool transform = c.count() > 0;
  visit(c, [&](const Value& item) {
    out.push_back(transform ? apply(c.task, c.arg(0), item) : item);
    if (out.size() % 1024 == 0) c.heap().check_room(out.size() * sizeof(Value));
    return true;
  });
  return make_list(c, std::move(out));
}

Value collect_into(Call& c) {
  visit(c, [&](const Value& item) {
    add_to(c.task, c.arg(0), apply(c.task, c.arg(1), item));
    return true;
  });
  return c.arg(0);
}

Value collect_many(Call& c) {
  Value out = c.count() == 2 ? c.arg(0) : make_list(c, {});
  const Value& function = c.args.back();
  visit(c, [&](const Value& item) {
    for (const Value& part : items_of(c.task, apply(c.task, function, item)))
      add_to(c.task, out, part);
    return true;
  });
  return out;
}

Value nested(Task& task, const Value& from, const Value& function) {
  NestingScope nesting(task);
  std::vector<Value> out;
  for_each_item(task, from, [&](const Value& item) {
    out.push_back(is_collection(item) ? nested(task, item, function) : call1(task, function, item));
    return true;
  });
  return task.heap().make<List>(std::move(out));
}
Value collect_nested(Call& c) { return nested(c.task, c.self, c.args.back()); }

void put_pair(Call& c, Map& map, const Value& made) {
  if (auto* other = made.as<Map>()) {
    for (size_t i = other->table.begin(); i < other->table.end(); i = other->table.next(i)) {
      Value key = other->table.at(i).key;
      Value value = other->table.at(i).value;
      map.table.put(c.task, key, value);
    }
  } else if (auto* entry = made.as<Entry>()) {
    map.table.put(c.task, entry->key, entry->value);
  } else if (is_collection(made)) {
    std::vector<Value> pair = items_of(c.task, made);
    check_not_null(c.task, map, pair.empty() ? Value{} : pair[0],
                   pair.size() > 1 ? pair[1] : Value{});
    map.table.put(c.task, pair.empty() ? Value{} : pair[0], pair.size() > 1 ? pair[1] : Value{});
  } else {
    throw_cast(c.task, made, "java.util.Map$Entry");
  }
  c.heap().grew(&map);
}

/// An empty map of the same sort as self, as Groovy's createSimilarMap makes it.
Ref<Map> similar_map(Call& c) {
  const Map::Flavour flavour = c.self.as<Map>()->flavour;
  const bool plain = flavour == Map::Flavour::hash || flavour == Map::Flavour::unmodifiable ||
                     flavour == Map::Flavour::lazy;
  return c.heap().make<Map>(plain ? Map::Flavour::linked : flavour);
}

Value collect_entries(Call& c) {
  bool transform = c.count() > 0 && c.args.back().is<Closure>();
  Value into = c.count() > 0 && c.arg(0).is<Map>() ? c.arg(0)
               : c.self.is<Map>()                  ? Value(similar_map(c))
                                                   : Value(c.heap().make<Map>());
  auto& map = *into.as<Map>();
  visit(c, [&](const Value& item) {
    put_pair(c, map, transform ? apply(c.task, c.args.back(), item) : item);
    return true;
  });
  return into;
}

// ----- searching -----

Value find(Call& c) {
  Value found;
  visit(c, [&](const Value& item) {
    bool yes = c.count() == 0 ? truth(c.task, item) : holds(c.task, c.arg(0), item);
    if (yes) found = item;
    return !yes;
  });
  return found;
}

Value find_all(Call& c) {
  std::vector<Value> out;
  visit(c, [&](const Value& item) {
    bool yes = c.count() == 0 ? truth(c.task, item) : holds(c.task, c.arg(0), item);
    if (yes) out.push_back(item);
    return true;
  });
  if (c.self.is<Map>()) {
    Ref<Map> map = similar_map(c);
    map->table.set_comparator(c.self.as<Map>()->table.comparator());
    for (const Value& item : out)
      map->table.put(c.task, item.as<Entry>()->key, item.as<Entry>()->value);
    c.heap().grew(map.get());
    return map;
  }
  return similar(c, std::move(out));
}

Value split_in_two(Call& c) {
  std::vector<Value> yes;
  std::vector<Value> no;
  visit(c, [&](const Value& item) {
    (holds(c.task, c.arg(0), item) ? yes : no).push_back(item);
    return true;
  });
  return make_list(c, {similar(c, std::move(yes)), similar(c, std::move(no))});
}

Value find_result(Call& c) {
  const Value& function = c.args.back();
  Value found = c.count() == 2 ? c.arg(0) : Value{};
  visit(c, [&](const Value& item) {
    Value made = apply(c.task, function, item);
    if (made.is_null()) return true;
    found = made;
    return false;
  });
  return found;
}

Value find_results(Call& c) {
  std::vector<Value> out;
  visit(c, [&](const Value& item) {
    Value made = apply(c.task, c.arg(0), item);
    if (!made.is_null()) out.push_back(made);
    return true;
  });
  return make_list(c, std::move(out));
}

Value index_where(Call& c, bool last) {
  int32_t start = c.count() == 2 ? c.to_int(0) : 0;
  int32_t index = 0;
  int32_t found = -1;
  visit(c, [&](const Value& item) {
    if (index >= start && holds(c.task, c.args.back(), item)) found = index;
    ++index;
    return found < 0 || last;
  });
  return Value::of_int(found);
}
Value find_index_of(Call& c) { return index_where(c, false); }
Value find_last_index_of(Call& c) { return index_where(c, true); }
Value find_index_values(Call& c) {
  std::vector<Value> out;
  int64_t index = 0;
  visit(c, [&](const Value& item) {
    if (holds(c.task, c.args.back(), item)) out.push_back(Value::of_long(index));
    ++index;
    return true;
  });
  return make_list(c, std::move(out));
}

Value any(Call& c) {
  bool found = false;
  visit(c, [&](const Value& item) {
    found = c.count() == 0 ? truth(c.task, item) : holds(c.task, c.arg(0), item);
    return !found;
  });
  return Value::of_bool(found);
}

Value every(Call& c) {
  bool all = true;
  visit(c, [&](const Value& item) {
    all = c.count() == 0 ? truth(c.task, item) : holds(c.task, c.arg(0), item);
    return all;
  });
  return Value::of_bool(all);
}

Value grep(Call& c) {
  std::vector<Value> out;
  visit(c, [&](const Value& item) {
    if (c.count() == 0 ? truth(c.task, item) : is_case(c.task, c.arg(0), item)) out.push_back(item);
    return true;
  });
  return similar(c, std::move(out));
}

Value count(Call& c) {
  int32_t number = 0;
  visit(c, [&](const Value& item) {
    bool yes =
        c.arg(0).is<Closure>() ? holds(c.task, c.arg(0), item) : equals(c.task, item, c.arg(0));
    if (yes) ++number;
    return true;
  });
  return Value::of_int(number);
}

Value contains_item(Call& c) { return Value::of_bool(contains(c.task, c.self, c.arg(0))); }

Value contains_all(Call& c) {
  for (const Value& item : items_of(c.task, c.arg(0))) {
    if (!contains(c.task, c.self, item)) return Value::of_bool(false);
  }
  return Value::of_bool(true);
}

// ----- folding -----

Value inject(Call& c) {
  const Value& function = c.args.back();
  bool started = c.count() == 2;
  Value result = started ? c.arg(0) : Value{};
  auto* closure = function.as<Closure>();
  visit(c, [&](const Value& item) {
    if (!started) {
      started = true;
      result = item;
      return true;
    }
    auto* entry = item.as<Entry>();
    if (entry != nullptr && closure != nullptr && closure->parameter_count() == 3) {
      Value args[] = {result, entry->key, entry->value};
      result = call_value(c.task, function, args);
    } else {
      result = call2(c.task, function, result, item);
    }
    return true;
  });
  if (!started)
    throw_no_such_element(
        c.task, "Cannot call inject() on an empty collection without passing an initial value.");
  return result;
}

Value sum(Call& c) {
  bool transform = c.count() > 0 && c.args.back().is<Closure>();
  bool started = c.count() > (transform ? 1u : 0u);
  Value total = started ? c.arg(0) : Value{};
  if (const auto* array = c.self.as<Array>(); array != nullptr && !started && !transform &&
                                              array->element->primitive != Kind::null &&
                                              array->element->primitive != Kind::character) {
    // Arrays of primitives begin with their zero, and add in their own type.
    Value zero = cast(c.task, Value::of_int(0), array->element);
    for (const Value& item : items(c))
      zero = cast(c.task, binary(c.task, Op::add, zero, item), array->element);
    return zero;
  }
  visit(c, [&](const Value& item) {
    Value part = transform ? apply(c.task, c.args.back(), item) : item;
    total = started ? binary(c.task, Op::add, total, part) : part;
    started = true;
    return true;
  });
  return total;
}

Value extreme(Call& c, int sign) {
  bool started = false;
  Value best;
  Value best_key;
  const Value function = c.count() > 0 ? c.arg(0) : Value{};
  auto* closure = function.as<Closure>();
  const bool by_key = closure != nullptr && closure->parameter_count() == 1;
  visit(c, [&](const Value& item) {
    if (function.is_null() && item.is_null()) return true;
    Value key = by_key ? call1(c.task, function, item) : item;
    bool better = !started;
    if (started) {
      int order = 0;
      if (by_key && sign > 0) {
        order = -compare(c.task, best_key, key);  // asked whether the best one so far is less
      } else if (function.is_null() || by_key) {
        order = compare(c.task, key, best_key);
      } else {
        order = call_comparator(c.task, function, key, best_key);
      }
      better = order * sign > 0;
    }
    if (better) {
      best = item;
      best_key = key;
      started = true;
    }
    return true;
  });
  return best;
}
Value maximum(Call& c) { return extreme(c, 1); }
Value minimum(Call& c) { return extreme(c, -1); }

Value count_by(Call& c) {
  Ref<Map> out = c.heap().make<Map>();
  visit(c, [&](const Value& item) {
    Value key = apply(c.task, c.arg(0), item);
    Table::Item* known = out->table.find(c.task, key);
    if (known != nullptr) {
      known->value = Value::of_int(known->value.as_int() + 1);
    } else {
      out->table.put(c.task, key, Value::of_int(1));
    }
    return true;
  });
  c.heap().grew(out.get());
  return out;
}

Value group(Call& c, const std::vector<Value>& all, size_t level) {
  Ref<Map> out = c.heap().make<Map>();
  for (const Value& item : all) {
    Value key = apply(c.task, c.arg(level), item);
    Table::Item* known = out->table.find(c.task, key);
    if (known != nullptr) {
      add_to(c.task, known->value, item);
    } else {
      out->table.put(c.task, key, make_list(c, {item}));
    }
  }
  c.heap().grew(out.get());
  bool entries = c.self.is<Map>();
  for (size_t i = out->table.begin(); i < out->table.end(); i = out->table.next(i)) {
    std::vector<Value> members = out->table.at(i).value.as<List>()->items;
    if (level + 1 < c.count()) {
      Value inner = group(c, members, level + 1);
      out->table.at(i).value = inner;
    } else if (entries) {
      Ref<Map> map = c.heap().make<Map>();
      for (const Value& member : members)
        map->table.put(c.task, member.as<Entry>()->key, member.as<Entry>()->value);
      c.heap().grew(map.get());
      out->table.at(i).value = Value(map);
    }
  }
  return out;
}
Value group_by(Call& c) {
  // No closure, or an empty list of them: by the items themselves. A list of closures: one level
  // for each.
  std::vector<Value> functions;
  for (const Value& each : c.args) {
    if (is_collection(each)) {
      for (const Value& inner : items_of(c.task, each)) functions.push_back(inner);
    } else {
      functions.push_back(each);
    }
  }
  if (functions.empty()) {
    functions.push_back(c.heap().make<NativeClosure>([](Task&, Args args) { return args[0]; }, 1));
  }
  Call inner{c.task, c.in, c.self, functions};
  return group(inner, items(c), 0);
}

Value join(Call& c) {
  std::string separator = c.count() == 0 ? "" : c.text(0);
  std::string out;
  bool first = true;
  visit(c, [&](const Value& item) {
    if (!first) out += separator;
    first = false;
    append_string(c.task, item, out);
    c.heap().check_string(out.size());
    return true;
  });
  return text(c, std::move(out));
}

// ----- order -----

Value sort(Call& c) {
  bool in_place = !(c.count() > 0 && c.arg(0).is_bool() && !c.arg(0).as_bool());
  Value function = c.count() > 0 && !c.args.back().is_bool() ? c.args.back() : Value{};
  std::vector<Value> all = items(c);
  sort_items(c.task, all, ordering(c.task, function));
  if (c.self.is<Map>()) {
    Ref<Map> map = c.heap().make<Map>(c.count() == 0 ? Map::Flavour::tree : Map::Flavour::linked);
    for (const Value& item : all)
      map->table.put(c.task, item.as<Entry>()->key, item.as<Entry>()->value);
    c.heap().grew(map.get());
    return map;
  }
  if (in_place && c.self.is<List>()) {
    if (c.self.as<List>()->is_constant()) throw_unsupported(c.task);
    c.self.as<List>()->items = std::move(all);
    return c.self;
  }
  if (in_place && c.self.is<Array>()) {
    c.self.as<Array>()->items = std::move(all);
    return c.self;
  }
  if (c.self.is<Array>()) return similar(c, std::move(all));
  return make_list(c, std::move(all));
}

Value to_sorted(Call& c) {
  std::vector<Value> all = items(c);
  if (c.self.is<Map>() && c.count() == 0) {
    // Alone among all ways to sort a map: by its values.
    sort_items(c.task, all, [&](const Value& a, const Value& b) {
      return compare_loosely(c.task, a.as<Entry>()->value, b.as<Entry>()->value);
    });
  } else {
    sort_items(c.task, all, ordering(c.task, c.count() > 0 ? c.arg(0) : Value{}));
  }
  if (c.self.is<Set>()) return make_set(c.task, all);
  if (c.self.is<Map>()) {
    Ref<Map> map = c.heap().make<Map>();
    for (const Value& item : all)
      map->table.put(c.task, item.as<Entry>()->key, item.as<Entry>()->value);
    c.heap().grew(map.get());
    return map;
  }
  return similar(c, std::move(all));
}

std::vector<Value> without_doubles(Call& c, const Value& function) {
  std::vector<Value> out;
  auto* closure = function.as<Closure>();
  if (function.is_null() || (closure != nullptr && closure->parameter_count() == 1)) {
    std::vector<Value> keys;
    visit(c, [&](const Value& item) {
      Value key = function.is_null() ? item : call1(c.task, function, item);
      for (const Value& known : keys) {
        c.task.spend();
        if (equals(c.task, known, key)) return true;
      }
      keys.push_back(key);
      out.push_back(item);
      return true;
    });
    return out;
  }
  visit(c, [&](const Value& item) {
    for (const Value& known : out) {
      c.task.spend();
      if (call_comparator(c.task, function, known, item) == 0) return true;
    }
    out.push_back(item);
    return true;
  });
  return out;
}

Value unique(Call& c) {
  bool in_place = !(c.count() > 0 && c.arg(0).is_bool() && !c.arg(0).as_bool());
  Value function = c.count() > 0 && !c.args.back().is_bool() ? c.args.back() : Value{};
  std::vector<Value> out = without_doubles(c, function);
  if (in_place && c.self.is<List>()) {
    List& list = changeable_list(c);
    list.items = std::move(out);
    changed(c, list);
    return c.self;
  }
  return similar(c, std::move(out));
}
Value to_unique(Call& c) {
  return similar(c, without_doubles(c, c.count() > 0 ? c.arg(0) : Value{}));
}

Value to_list(Call& c) { return make_list(c, items(c)); }
Value to_set(Call& c) {
  std::vector<Value> all = items(c);
  bool counted = is_collection(c.self) && !c.self.is<Array>();
  return make_hash_set(c.task, all, counted ? all.size() : 16);
}
Value to_array(Call& c) { return make_array(c.task, types().object, items(c)); }

Value as_immutable(Call& c) {
  if (c.self.is<Set>()) {
    Ref<Set> set = c.heap().make<Set>(Set::Flavour::unmodifiable);
    for (const Value& item : items(c)) set->table.put(c.task, item, {});
    c.heap().grew(set.get());
    return set;
  }
  return c.heap().make<List>(items(c), List::Flavour::unmodifiable);
}

// ----- size and ends -----

Value size(Call& c) {
  if (auto* list = c.self.as<List>()) return of_size(list->items.size());
  if (auto* set = c.self.as<Set>()) return of_size(set->table.size());
  if (auto* range = c.self.as<Range>()) return of_size(range->size());
  if (auto* array = c.self.as<Array>()) return of_size(array->items.size());
  return of_size(items(c).size());
}
Value is_empty(Call& c) { return Value::of_bool(size(c).as_int() == 0); }

Value first(Call& c) {
  Value out;
  bool any_item = false;
  visit(c, [&](const Value& item) {
    out = item;
    any_item = true;
    return false;
  });
  if (!any_item) throw_no_such_element(c.task, "Cannot access first() element from an empty List");
  return out;
}
Value last(Call& c) {
  if (auto* list = c.self.as<List>(); list != nullptr && !list->items.empty())
    return list->items.back();
  std::vector<Value> all = items(c);
  if (all.empty()) throw_no_such_element(c.task, "Cannot access last() element from an empty List");
  return all.back();
}

Value slice(Call& c, const std::vector<Value>& all, size_t from, size_t to) {
  to = std::min(to, all.size());
  from = std::min(from, to);
  std::vector<Value> out(all.begin() + static_cast<std::ptrdiff_t>(from),
                         all.begin() + static_cast<std::ptrdiff_t>(to));
  if (c.self.is<Map>()) {
    Ref<Map> map = c.heap().make<Map>();
    for (const Value& item : out)
      map->table.put(c.task, item.as<Entry>()->key, item.as<Entry>()->value);
    c.heap().grew(map.get());
    return map;
  }
  return similar(c, std::move(out));
}
size_t amount(Call& c) { return c.to_int(0) < 0 ? 0 : static_cast<size_t>(c.to_int(0)); }

Value tail(Call& c) {
  std::vector<Value> all = items(c);
  if (all.empty()) throw_no_such_element(c.task, "Cannot access tail() for an empty List");
  return slice(c, all, 1, all.size());
}
Value init(Call& c) {
  std::vector<Value> all = items(c);
  if (all.empty()) throw_no_such_element(c.task, "Cannot access init() for an empty List");
  return slice(c, all, 0, all.size() - 1);
}
Value take(Call& c) {
  size_t most = amount(c);
  std::vector<Value> front;
  if (most > 0) {
    visit(c, [&](const Value& item) {
      front.push_back(item);
      return front.size() < most;
    });
  }
  return slice(c, front, 0, most);
}
Value drop(Call& c) {
  std::vector<Value> all = items(c);
  return slice(c, all, amount(c), all.size());
}
Value take_right(Call& c) {
  std::vector<Value> all = items(c);
  return slice(c, all, all.size() - std::min(all.size(), amount(c)), all.size());
}
Value drop_right(Call& c) {
  std::vector<Value> all = items(c);
  return slice(c, all, 0, all.size() - std::min(all.size(), amount(c)));
}
Value take_while(Call& c) {
  std::vector<Value> front;
  visit(c, [&](const Value& item) {
    bool yes = holds(c.task, c.arg(0), item);
    if (yes) front.push_back(item);
    return yes;
  });
  return slice(c, front, 0, front.size());
}
Value drop_while(Call& c) {
  std::vector<Value> all = items(c);
  size_t from = 0;
  while (from < all.size() && holds(c.task, c.arg(0), all[from])) ++from;
  return slice(c, all, from, all.size());
}

Value as_iterator(Call& c) {
  auto next = [all = make_list(c, items(c)), i = size_t{0}](Task&) mutable -> std::optional<Value> {
    auto* list = all.as<List>();
    if (i >= list->items.size()) return std::nullopt;
    return list->items[i++];
  };
  return c.heap().make<Iterator>(std::vector<Value>{}, std::move(next));
}

Value unique_iterator(Call& c) {
  Value list = to_unique(c);
  Call inner{c.task, c.in, list, {}};
  return as_iterator(inner);
}

Value short_text(Call& c) { return text(c, to_short_string(c.task, c.self, c.to_int(0))); }

constexpr MethodRow kRows[] = {
    {kObject, "each", "C", each},
    {kObject, "forEach", "C", each},
    {kObject, "eachWithIndex", "C", each_with_index},
    {kObject, "reverseEach", "C", reverse_each},
    {kObject, "collect", "", collect},
    {kObject, "collect", "C", collect},
    {kObject, "collect", "KC", collect_into},
    {kObject, "collectMany", "C", collect_many},
    {kObject, "collectMany", "KC", collect_many},
    {kIterable, "collectNested", "C", collect_nested},
    {kObject, "collectEntries", "", collect_entries},
    {kObject, "collectEntries", "C", collect_entries},
    {kObject, "collectEntries", "M", collect_entries},
    {kObject, "collectEntries", "MC", collect_entries},
    {kObject, "find", "", find},
    {kObject, "find", "C", find},
    {kObject, "findAll", "", find_all},
    {kObject, "findAll", "C", find_all},
    {kObject, "split", "C", split_in_two},
    {kObject, "findResult", "C", find_result},
    {kObject, "findResult", "OC", find_result},
    {kObject, "findResults", "C", find_results},
    {kObject, "findIndexOf", "C", find_index_of},
    {kObject, "findIndexOf", "IC", find_index_of},
    {kObject, "findLastIndexOf", "C", find_last_index_of},
    {kObject, "findLastIndexOf", "IC", find_last_index_of},
    {kObject, "findIndexValues", "C", find_index_values},
    {kObject, "any", "", any},
    {kObject, "any", "C", any},
    {kObject, "every", "", every},
    {kObject, "every", "C", every},
    {kObject, "grep", "", grep},
    {kObject, "grep", "O", grep},
    {kObject, "inject", "C", inject},
    {kObject, "inject", "OC", inject},
    {kIterable, "count", "O", count},
    {kIterable, "countBy", "C", count_by},
    {kIterable, "groupBy", "O*", group_by},
    {kIterable, "sum", "", sum},
    {kIterable, "sum", "O", sum},
    {kIterable, "sum", "OC", sum},
    {kIterable, "max", "", maximum},
    {kIterable, "max", "O", maximum},
    {kIterable, "min", "", minimum},
    {kIterable, "min", "O", minimum},
    {kIterable, "join", "", join},
    {kIterable, "join", "S", join},
    {kIterable, "sort", "", sort},
    {kIterable, "sort", "Z", sort},
    {kIterable, "sort", "E", sort},
    {kIterable, "sort", "ZE", sort},
    {kIterable, "toSorted", "", to_sorted},
    {kIterable, "toSorted", "E", to_sorted},
    {kIterable, "unique", "", unique},
    {kIterable, "unique", "Z", unique},
    {kIterable, "unique", "E", unique},
    {kIterable, "unique", "ZE", unique},
    {kIterable, "toUnique", "", to_unique},
    {kIterable, "toUnique", "E", to_unique},
    {kIterable, "toList", "", to_list},
    {kIterable, "asList", "",
     [](Call& c) -> Value { return c.self.is<List>() ? c.self : to_list(c); }},
    {kIterable, "asCollection", "",
     [](Call& c) -> Value { return is_collection(c.self) ? c.self : to_list(c); }},
    {kIterable, "getIndices", "",
     [](Call& c) -> Value { return c.heap().make<Range>(0, size(c).as_int(), false); }},
    {kIterable, "toListString", "", [](Call& c) -> Value { return text(c, c.self_text()); }},
    {kIterable, "toListString", "I", short_text},
    {"java.util.Map", "toMapString", "", [](Call& c) -> Value { return text(c, c.self_text()); }},
    {"java.util.Map", "toMapString", "I", short_text},
    {kIterable, "toSet", "", to_set},
    {kIterable, "toArray", "", to_array},
    {kIterable, "toArray", "A", to_array},
    {kIterable, "asImmutable", "", as_immutable},
    {kIterable, "asSynchronized", "", [](Call& c) -> Value { return c.self; }},
    {kIterable, "size", "", size},
    {kIterable, "isEmpty", "", is_empty},
    {kIterable, "first", "", first},
    {kIterable, "head", "", first},
    {kIterable, "last", "", last},
    {kIterable, "tail", "", tail},
    {kIterable, "init", "", init},
    {kIterable, "take", "I", take},
    {kIterable, "drop", "I", drop},
    {kIterable, "takeRight", "I", take_right},
    {kIterable, "dropRight", "I", drop_right},
    {kIterable, "takeWhile", "C", take_while},
    {kIterable, "dropWhile", "C", drop_while},
    {kIterable, "contains", "O", contains_item},
    {kIterable, "containsAll", "K", contains_all},
    {"java.util.List", "eachByte", "C", each},
    {kIterable, "iterator", "", as_iterator},
    {"java.util.Iterator", "toList", "", to_list},
    {"java.util.Iterator", "toSet", "", to_set},
    {"java.util.Iterator", "join", "S", join},
    {"java.util.Iterator", "sort", "", to_sorted},
    {"java.util.Iterator", "sum", "", sum},
    {"java.util.Iterator", "max", "", maximum},
    {"java.util.Iterator", "min", "", minimum},
    {"java.util.Iterator", "count", "O", count},
    {"java.util.Iterator", "size", "", size},
    {"java.util.Iterator", "sum", "O", sum},
    {"java.util.Iterator", "sum", "OC", sum},
    {"java.util.Iterator", "take", "I", take},
    {"java.util.Iterator", "drop", "I", drop},
    {"java.util.Iterator", "takeWhile", "C", take_while},
    {"java.util.Iterator", "dropWhile", "C", drop_while},
    {"java.util.Iterator", "unique", "", unique_iterator},
    {"java.util.Iterator", "unique", "E", unique_iterator},
    {"java.util.Iterator", "reverse", "",
     [](Call& c) -> Value {
       std::vector<Value> all = items(c);
       std::reverse(all.begin(), all.end());
       return make_list(c, std::move(all));
     }},
    {"java.util.Map", "sort", "", sort},
    {"java.util.Map", "sort", "E", sort},
    {"java.util.Map", "toSorted", "", to_sorted},
    {"java.util.Map", "toSorted", "E", to_sorted},
    {"java.util.Map", "max", "C", maximum},
    {"java.util.Map", "min", "C", minimum},
    {"java.util.Map", "sum", "C", sum},
    {"java.util.Map", "count", "C", count},
    {"java.util.Map", "countBy", "C", count_by},
    {"java.util.Map", "groupBy", "O*", group_by},
    {"java.util.Map", "groupEntriesBy", "C",
     [](Call& c) -> Value {
       Value entries = make_list(c, items(c));
       Call inner{c.task, c.in, entries, c.args};
       return group_by(inner);
     }},
    {"java.util.Map", "take", "I", take},
    {"java.util.Map", "drop", "I", drop},
    {"java.util.Map", "takeWhile", "C", take_while},
    {"java.util.Map", "dropWhile", "C", drop_while},
    {"java.util.Map", "toList", "", to_list},
    {"java.util.Map", "iterator", "", as_iterator},
};

}  // namespace

LibraryPart collection_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
