#include <algorithm>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/ranges.h"

/// java.util.List and its kinds, java.util.Set, ranges, iterators.

namespace ks::groovy {

namespace {

constexpr std::string_view kList = "java.util.List";
constexpr std::string_view kCollection = "java.util.Collection";
constexpr std::string_view kSet = "java.util.Set";
constexpr std::string_view kDeque = "java.util.Deque";
constexpr std::string_view kLinked = "java.util.LinkedList";
constexpr std::string_view kStack = "java.util.Stack";
constexpr std::string_view kVector = "java.util.Vector";
constexpr std::string_view kRange = "groovy.lang.Range";
constexpr std::string_view kIterator = "java.util.Iterator";

std::vector<Value> items(Call& c) { return items_of(c.task, c.self); }

size_t index_for_adding(Call& c, const List& list, int64_t index) {
  if (index < 0 || static_cast<size_t>(index) > list.items.size())
    throw_index(c.task, index, list.items.size());
  return static_cast<size_t>(index);
}
size_t index_of_item(Call& c, const List& list, int64_t index) {
  if (index < 0 || static_cast<size_t>(index) >= list.items.size()) {
    throw_error(c.task, "java.lang.IndexOutOfBoundsException",
                "Index " + std::to_string(index) + " out of bounds for length " +
                    std::to_string(list.items.size()));
  }
  return static_cast<size_t>(index);
}

// ----- collections that change -----

Set& changeable_set(Call& c) {
  auto* set = c.self.as<Set>();
  if (set == nullptr || set->flavour == Set::Flavour::unmodifiable) throw_unsupported(c.task);
  return *set;
}

/// After something was removed from the keys, values or entries of a map: takes it out of the map.
/// What is left of equal values are the last ones.
void write_through(Call& c) {
  const Value& view = c.self;
  const Value kept = view.is<Set>() ? view.as<Set>()->view_of : view.as<List>()->view_of;
  auto* map = kept.as<Map>();
  if (map == nullptr) return;
  if (map->flavour == Map::Flavour::unmodifiable) throw_unsupported(c.task);
  std::vector<Value> left = items(c);
  std::vector<Value> entries = items_of(c.task, kept);
  for (auto each = entries.rbegin(); each != entries.rend(); ++each) {
    const Entry& entry = *each->as<Entry>();
    const Value& shown = view.is<List>() ? entry.value : entry.key;
    bool stays = !left.empty() && (left.back().is<Entry>() && view.is<Set>()
                                       ? key_equals(c.task, left.back().as<Entry>()->key, entry.key)
                                       : key_equals(c.task, left.back(), shown));
    if (stays) {
      left.pop_back();
    } else {
      map->table.remove(c.task, entry.key);
    }
  }
}

Value add(Call& c) {
  if (c.self.is<Set>()) {
    Set& set = changeable_set(c);
    if (!set.view_of.is_null()) throw_unsupported(c.task);
    bool is_new = set.table.put(c.task, c.arg(0), {});
    c.heap().grew(&set);
    return Value::of_bool(is_new);
  }
  List& list = changeable_list(c);
  list.items.push_back(c.arg(0));
  changed(c, list);
  return Value::of_bool(true);
}

Value add_at(Call& c) {
  List& list = changeable_list(c);
  size_t at = index_for_adding(c, list, c.to_int(0));
  list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(at), c.arg(1));
  changed(c, list);
  return {};
}

Value add_all(Call& c) {
  std::vector<Value> more = items_of(c.task, c.arg(0));
  bool changed_any = false;
  if (c.self.is<Set>()) {
    Set& set = changeable_set(c);
    for (const Value& item : more) changed_any = set.table.put(c.task, item, {}) || changed_any;
    c.heap().grew(&set);
    return Value::of_bool(changed_any);
  }
  List& list = changeable_list(c);
  list.items.insert(list.items.end(), more.begin(), more.end());
  changed(c, list);
  return Value::of_bool(!more.empty());
}

Value add_all_at(Call& c) {
  List& list = changeable_list(c);
  size_t at = index_for_adding(c, list, c.to_int(0));
  std::vector<Value> more = items_of(c.task, c.arg(1));
  list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
  changed(c, list);
  return Value::of_bool(!more.empty());
}

Value left_shift(Call& c) {
  add_to(c.task, c.self, c.arg(0));
  return c.self;
}

bool remove_one(Call& c, const Value& item);

Value remove_at(Call& c) {
  List& list = changeable_list(c);
  // The values of a map are no list: `remove(1)` takes the value 1 out.
  if (!list.view_of.is_null()) return Value::of_bool(remove_one(c, c.arg(0)));
  size_t at = index_of_item(c, list, c.to_int(0));
  Value gone = std::move(list.items[at]);
  list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(at));
  ++list.changes;
  return gone;
}

bool remove_one(Call& c, const Value& item) {
  if (c.self.is<Set>()) {
    bool was_there = changeable_set(c).table.remove(c.task, item);
    write_through(c);
    return was_there;
  }
  List& list = changeable_list(c);
  for (size_t i = 0; i < list.items.size(); ++i) {
    c.task.spend();
    if (!key_equals(c.task, Value(list.items[i]), item)) continue;
    list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(i));
    ++list.changes;
    write_through(c);
    return true;
  }
  return false;
}
Value remove(Call& c) { return Value::of_bool(remove_one(c, c.arg(0))); }

/// Keeps the items that `keep` says; true when any went.
Value keep_where(Call& c, const std::function<bool(const Value&)>& keep) {
  std::vector<Value> stay;
  std::vector<Value> all = items(c);
  for (const Value& item : all) {
    if (keep(item)) stay.push_back(item);
  }
  bool any = stay.size() != all.size();
  if (c.self.is<Set>()) {
    Set& set = changeable_set(c);
    if (any) {
      set.table.clear();
      for (const Value& item : stay) set.table.put(c.task, item, {});
    }
  } else {
    List& list = changeable_list(c);
    if (any) {
      list.items = std::move(stay);
      ++list.changes;
    }
  }
  write_through(c);
  return Value::of_bool(any);
}

Value remove_all(Call& c) {
  if (c.arg(0).is<Closure>())
    return keep_where(c, [&](const Value& item) { return !holds(c.task, c.arg(0), item); });
  return keep_where(c, [&](const Value& item) { return !contains(c.task, c.arg(0), item); });
}
Value retain_all(Call& c) {
  if (c.arg(0).is<Closure>())
    return keep_where(c, [&](const Value& item) { return holds(c.task, c.arg(0), item); });
  return keep_where(c, [&](const Value& item) { return contains(c.task, c.arg(0), item); });
}
Value remove_if(Call& c) {
  return keep_where(c, [&](const Value& item) { return !holds(c.task, c.arg(0), item); });
}

Value clear(Call& c) {
  if (c.self.is<Set>()) {
    changeable_set(c).table.clear();
    write_through(c);
    return {};
  }
  List& list = changeable_list(c);
  std::vector<Value> gone = std::move(list.items);
  list.items = {};
  write_through(c);
  changed(c, list);
  return {};
}

// ----- lists -----

const std::vector<Value>& list_items(Call& c) { return c.self.as<List>()->items; }

Value get(Call& c) {
  if (c.self.is<List>() && !c.self.as<List>()->default_maker.is_null())
    return get_at(c.task, c.self, c.arg(0));
  int64_t index = c.to_int(0);
  std::vector<Value> all = c.self.is<List>() ? std::vector<Value>{} : items(c);
  const std::vector<Value>& from = c.self.is<List>() ? list_items(c) : all;
  if (index < 0 || static_cast<size_t>(index) >= from.size()) {
    throw_error(c.task, "java.lang.IndexOutOfBoundsException",
                "Index " + std::to_string(index) + " out of bounds for length " +
                    std::to_string(from.size()));
  }
  return from[static_cast<size_t>(index)];
}
Value set(Call& c) {
  auto* list = c.self.as<List>();
  if (list == nullptr || list->is_constant()) throw_unsupported(c.task);
  size_t at = index_of_item(c, *list, c.to_int(0));
  return std::exchange(list->items[at], c.arg(1));
}
Value get_at_of(Call& c) { return get_at(c.task, c.self, c.arg(0)); }
Value put_at_of(Call& c) {
  put_at(c.task, c.self, c.arg(0), c.arg(1));
  return {};
}

Value index_of(Call& c) {
  std::vector<Value> all = items(c);
  for (size_t i = 0; i < all.size(); ++i) {
    c.task.spend();
    if (key_equals(c.task, all[i], c.arg(0))) return of_size(i);
  }
  return Value::of_int(-1);
}
Value last_index_of(Call& c) {
  std::vector<Value> all = items(c);
  for (size_t i = all.size(); i > 0; --i) {
    c.task.spend();
    if (key_equals(c.task, all[i - 1], c.arg(0))) return of_size(i - 1);
  }
  return Value::of_int(-1);
}

Value reverse(Call& c) {
  std::vector<Value> all = items(c);
  std::reverse(all.begin(), all.end());
  bool in_place = c.count() == 1 && c.arg(0).as_bool();
  if (in_place && c.self.is<List>()) {
    c.self.as<List>()->items = std::move(all);
    return c.self;
  }
  return similar(c, std::move(all));
}

Value sub_list(Call& c) {
  std::vector<Value> all = items(c);
  int64_t from = c.to_int(0);
  int64_t to = c.to_int(1);
  if (from < 0)
    throw_error(c.task, "java.lang.IndexOutOfBoundsException",
                "fromIndex = " + std::to_string(from));
  if (to > static_cast<int64_t>(all.size())) {
    throw_error(c.task, "java.lang.IndexOutOfBoundsException", "toIndex = " + std::to_string(to));
  }
  if (from > to) {
    throw_error(c.task, "java.lang.IllegalArgumentException",
                "fromIndex(" + std::to_string(from) + ") > toIndex(" + std::to_string(to) + ")");
  }
  if (const auto* range = c.self.as<Range>(); range != nullptr && range->is_int() && from < to) {
    auto first = static_cast<int32_t>(long_value(range->from()) + from);
    return c.heap().make<Range>(first, first + static_cast<int32_t>(to - from) - 1, true);
  }
  Value part = make_list(c, std::vector<Value>(all.begin() + from, all.begin() + to));
  if (auto* list = c.self.as<List>()) {
    part.as<List>()->default_maker = list->default_maker;
    part.as<List>()->eager_default = list->eager_default;
    const bool tuple =
        list->flavour == List::Flavour::tuple || list->flavour == List::Flavour::tuple2;
    if (tuple) part.as<List>()->flavour = List::Flavour::tuple;
  }
  return part;
}

Value transpose(Call& c) {
  std::vector<std::vector<Value>> rows;
  size_t shortest = SIZE_MAX;
  for (const Value& row : items(c)) {
    if (row.is_null()) throw_error(c.task, "java.lang.NullPointerException");
    if (!row.is<List>() && !row.is<Range>() && !row.is<Array>())
      throw_cast(c.task, row, "java.util.List");
    rows.push_back(items_of(c.task, row));
    shortest = std::min(shortest, rows.back().size());
  }
  std::vector<Value> out;
  for (size_t i = 0; !rows.empty() && i < shortest; ++i) {
    std::vector<Value> column;
    column.reserve(rows.size());
    for (const std::vector<Value>& row : rows) column.push_back(row[i]);
    out.push_back(make_list(c, std::move(column)));
  }
  return make_list(c, std::move(out));
}

Value pop(Call& c) {
  List& list = changeable_list(c);
  if (list.items.empty()) {
    if (list.flavour == List::Flavour::stack) throw_error(c.task, "java.util.EmptyStackException");
    throw_no_such_element(c.task, "Cannot pop() an empty List");
  }
  Value out;
  // Groovy 2.4: the end of a list, but the head of a LinkedList.
  if (list.flavour == List::Flavour::linked_list) {
    out = std::move(list.items.front());
    list.items.erase(list.items.begin());
  } else {
    out = std::move(list.items.back());
    list.items.pop_back();
  }
  ++list.changes;
  return out;
}
Value push(Call& c) {
  List& list = changeable_list(c);
  if (list.flavour == List::Flavour::linked_list) {
    list.items.insert(list.items.begin(), c.arg(0));
  } else {
    list.items.push_back(c.arg(0));
  }
  changed(c, list);
  return list.flavour == List::Flavour::stack ? c.arg(0) : Value::of_bool(true);
}
Value peek(Call& c) {
  const List& list = *c.self.as<List>();
  if (list.items.empty()) {
    if (list.flavour == List::Flavour::stack) throw_error(c.task, "java.util.EmptyStackException");
    return {};
  }
  return list.flavour == List::Flavour::linked_list ? list.items.front() : list.items.back();
}

Value add_first(Call& c) {
  List& list = changeable_list(c);
  list.items.insert(list.items.begin(), c.arg(0));
  changed(c, list);
  return {};
}
Value add_last(Call& c) {
  add(c);
  return {};
}
Value take_end(Call& c, bool front, bool must) {
  List& list = changeable_list(c);
  if (list.items.empty()) {
    if (must) throw_no_such_element(c.task);
    return {};
  }
  Value out = front ? list.items.front() : list.items.back();
  if (front) {
    list.items.erase(list.items.begin());
  } else {
    list.items.pop_back();
  }
  ++list.changes;
  return out;
}
Value remove_first(Call& c) { return take_end(c, true, true); }
Value remove_last(Call& c) { return take_end(c, false, true); }
Value poll(Call& c) { return take_end(c, true, false); }
Value poll_last(Call& c) { return take_end(c, false, false); }
Value get_first(Call& c) {
  if (list_items(c).empty()) throw_no_such_element(c.task);
  return list_items(c).front();
}
Value get_last(Call& c) {
  if (list_items(c).empty()) throw_no_such_element(c.task);
  return list_items(c).back();
}
Value remove_last_item(Call& c) {
  if (list_items(c).empty()) throw_no_such_element(c.task, "Cannot removeLast() on an empty List");
  return take_end(c, false, true);
}

Value swap_items(Call& c) {
  List& list = changeable_list(c);
  size_t a = index_of_item(c, list, c.to_int(0));
  size_t b = index_of_item(c, list, c.to_int(1));
  std::swap(list.items[a], list.items[b]);
  return c.self;
}

Value with_default(Call& c, bool eager) {
  Ref<List> made = c.heap().make<List>(items(c));
  made->default_maker = c.arg(0);
  made->eager_default = eager;
  return made;
}
Value with_lazy_default(Call& c) { return with_default(c, false); }
Value with_eager_default(Call& c) { return with_default(c, true); }

Value copy_of(Call& c) { return similar(c, items(c)); }

Value search_sorted(Call& c) {
  std::vector<Value> all = items(c);
  for (size_t i = all.size(); i > 0; --i) {
    if (key_equals(c.task, all[i - 1], c.arg(0))) return of_size(all.size() - i + 1);
  }
  return Value::of_int(-1);
}

Value equals_collection(Call& c) { return Value::of_bool(equals(c.task, c.self, c.arg(0))); }
Value hash_self(Call& c) { return Value::of_int(hash_of(c.task, c.self)); }

Value new_tuple(Call& c) {
  std::vector<Value> parts(c.args.begin(), c.args.end());
  if (parts.size() == 1 && parts[0].is<Array>()) parts = parts[0].as<Array>()->items;
  return c.heap().make<List>(std::move(parts), List::Flavour::tuple);
}
Value new_tuple2(Call& c) {
  return c.heap().make<List>(std::vector<Value>{c.arg(0), c.arg(1)}, List::Flavour::tuple2);
}
Value second_of(Call& c) { return list_items(c)[1]; }

Value make_new(Call& c, List::Flavour flavour) {
  std::vector<Value> initial;
  if (c.count() == 1 && !is_number(c.arg(0))) initial = items_of(c.task, c.arg(0));
  if (c.count() == 1 && is_number(c.arg(0)) && c.to_long(0) < 0) {
    throw_error(c.task, "java.lang.IllegalArgumentException",
                "Illegal Capacity: " + std::to_string(c.to_long(0)));
  }
  return c.heap().make<List>(std::move(initial), flavour);
}
Value new_array_list(Call& c) { return make_new(c, List::Flavour::array_list); }
Value new_linked_list(Call& c) { return make_new(c, List::Flavour::linked_list); }
Value new_vector(Call& c) { return make_new(c, List::Flavour::vector); }
Value new_stack(Call& c) { return make_new(c, List::Flavour::stack); }

Value make_new_set(Call& c, Set::Flavour flavour) {
  Ref<Set> set = c.heap().make<Set>(flavour);
  if (c.count() == 1 && flavour == Set::Flavour::tree && !is_collection(c.arg(0))) {
    set->table.set_comparator(c.arg(0));
  } else if (c.count() == 1 && !is_number(c.arg(0))) {
    std::vector<Value> all = items_of(c.task, c.arg(0));
    if (flavour == Set::Flavour::hash) set->table.expect(all.size(), 16);
    for (const Value& item : all) set->table.put(c.task, item, {});
  }
  c.heap().grew(set.get());
  return set;
}
Value new_hash_set(Call& c) { return make_new_set(c, Set::Flavour::hash); }
Value new_linked_set(Call& c) { return make_new_set(c, Set::Flavour::linked); }
Value new_tree_set(Call& c) { return make_new_set(c, Set::Flavour::tree); }

Value first_of_sorted(Call& c) {
  std::vector<Value> all = items(c);
  if (all.empty()) throw_no_such_element(c.task);
  return all.front();
}
Value last_of_sorted(Call& c) {
  std::vector<Value> all = items(c);
  if (all.empty()) throw_no_such_element(c.task);
  return all.back();
}

// ----- ranges -----

Value range_from(Call& c) { return c.self.as<Range>()->from(); }
Value range_to(Call& c) { return c.self.as<Range>()->to(); }
Value range_reverse(Call& c) { return Value::of_bool(c.self.as<Range>()->reverse()); }
Value range_contains(Call& c) {
  auto* range = c.self.as<Range>();
  if (!is_number(c.arg(0)) && !range->is_int())
    return Value::of_bool(contains(c.task, c.self, c.arg(0)));
  if (range->size() == 0) return Value::of_bool(false);
  if (!range->is_int()) {
    return Value::of_bool(compare(c.task, range->from(), c.arg(0)) <= 0 &&
                          compare(c.task, c.arg(0), range->to()) <= 0);
  }
  return Value::of_bool(is_number(c.arg(0)) && compare_numbers(c.arg(0), range->from()) >= 0 &&
                        compare_numbers(c.arg(0), range->to()) <= 0);
}
Value range_step(Call& c) {
  int64_t step = c.to_long(0);
  std::vector<Value> all = items(c);
  if (step < 0) {
    std::reverse(all.begin(), all.end());
    step = -step;
  }
  if (step == 0) {
    if (all.empty()) return make_list(c, {});
    throw_error(c.task, "groovy.lang.GroovyRuntimeException",
                "Infinite loop detected due to step size of 0");
  }
  std::vector<Value> out;
  for (size_t i = 0; i < all.size(); i += static_cast<size_t>(step)) {
    if (c.count() == 2) {
      call1(c.task, c.arg(1), all[i]);
    } else {
      out.push_back(all[i]);
    }
  }
  return c.count() == 2 ? Value{} : make_list(c, std::move(out));
}
Value new_int_range(Call& c) {
  size_t first = c.count() == 3 && c.arg(0).is_bool() ? 1 : 0;
  int64_t size = std::abs(static_cast<int64_t>(c.to_int(first + 1)) - c.to_int(first)) + 1;
  if (size > INT32_MAX) {
    throw_error(c.task, "java.lang.IllegalArgumentException",
                "A range must have no more than 2147483647 elements but attempted " +
                    std::to_string(size) + " elements");
  }
  if (c.count() == 3 && c.arg(2).is_bool()) {
    int32_t from = c.to_int(0);
    int32_t to = c.to_int(1);
    if (from > to) {
      throw_error(c.task, "java.lang.IllegalArgumentException",
                  "'from' must be less than or equal to 'to'");
    }
    return c.arg(2).as_bool() ? c.heap().make<Range>(to, from, true)
                              : c.heap().make<Range>(from, to, true);
  }
  if (c.count() == 3) return c.heap().make<Range>(c.to_int(1), c.to_int(2), c.arg(0).as_bool());
  return c.heap().make<Range>(c.to_int(0), c.to_int(1), true);
}
Value new_object_range(Call& c) { return make_range(c.task, c.arg(0), c.arg(1), true); }

// ----- iterators -----

Value ask_proxy(Call& c, std::string_view method) {
  if (auto* native = c.self.as_dynamic<NativeObject>()) {
    if (std::optional<Value> out = native->call_method(c.task, method, c.args))
      return std::move(*out);
  }
  throw_missing_method(c.task, c.self, method, c.args);
}

// A script's own iterator answers these itself; when it does not, it has nothing more.
Value has_next(Call& c) {
  auto* iterator = c.self.as<Iterator>();
  if (iterator == nullptr) return ask_proxy(c, "hasNext");
  return Value::of_bool(iterator->has_next(c.task));
}
Value take_next(Call& c) {
  if (!c.self.is<Iterator>()) return ask_proxy(c, "next");
  std::optional<Value> item = c.self.as<Iterator>()->take(c.task);
  if (!item) throw_no_such_element(c.task);
  return *item;
}
Value same_iterator(Call& c) { return c.self; }

Value list_iterator(Call& c) {
  // Removes through to the list, as Java's does.
  struct State {
    Value list;
    size_t next = 0;
    bool can_remove = false;
  };
  auto state = std::make_shared<State>();
  state->list = c.self;
  auto next = [state](Task& task) -> std::optional<Value> {
    std::vector<Value>* all = state->list.is<List>() ? &state->list.as<List>()->items : nullptr;
    if (all == nullptr || state->next >= all->size()) return std::nullopt;
    (void)task;
    state->can_remove = true;
    return (*all)[state->next++];
  };
  auto remove = [state](Task& task) {
    if (!state->can_remove) throw_error(task, "java.lang.IllegalStateException");
    auto* list = state->list.as<List>();
    if (list->is_fixed_size()) throw_unsupported(task);
    list->items.erase(list->items.begin() + static_cast<std::ptrdiff_t>(--state->next));
    ++list->changes;
    state->can_remove = false;
  };
  return c.heap().make<Iterator>(std::vector<Value>{}, std::move(next), std::move(remove));
}
Value remove_by_iterator(Call& c) {
  auto* iterator = c.self.as<Iterator>();
  if (iterator == nullptr) return ask_proxy(c, "remove");
  if (!iterator->remove) throw_unsupported(c.task);
  iterator->remove(c.task);
  return {};
}

constexpr MethodRow kRows[] = {
    {kCollection, "add", "O", add},
    {kCollection, "addAll", "K", add_all},
    {kCollection, "addAll", "A", add_all},
    {kCollection, "leftShift", "O", left_shift},
    {kCollection, "remove", "O", remove},
    {kCollection, "removeElement", "O", remove},
    {kCollection, "removeAll", "K", remove_all},
    {kCollection, "removeAll", "C", remove_all},
    {kCollection, "retainAll", "K", retain_all},
    {kCollection, "retainAll", "C", retain_all},
    {kCollection, "removeIf", "C", remove_if},
    {kCollection, "clear", "", clear},
    {kCollection, "equals", "O", equals_collection},
    {kCollection, "hashCode", "", hash_self},
    {kCollection, "clone", "", copy_of},
    {kList, "add", "IO", add_at},
    {kList, "addAll", "IK", add_all_at},
    {kList, "remove", "I", remove_at},
    {kList, "removeAt", "I", remove_at},
    {kList, "get", "I", get},
    {kList, "getAt", "O", get_at_of},
    {kList, "putAt", "OO", put_at_of},
    {kList, "set", "IO", set},
    {kList, "elementAt", "I", get},
    {kList, "indexOf", "O", index_of},
    {kList, "lastIndexOf", "O", last_index_of},
    {kList, "reverse", "", reverse},
    {kList, "reverse", "Z", reverse},
    {kList, "subList", "II", sub_list},
    {kList, "withDefault", "C", with_lazy_default},
    {kList, "withLazyDefault", "C", with_lazy_default},
    {kList, "withEagerDefault", "C", with_eager_default},
    {kVector, "elements", "", list_iterator},
    {kIterator, "hasMoreElements", "", has_next},
    {kIterator, "nextElement", "", take_next},
    {kList, "transpose", "", transpose},
    {kList, "pop", "", pop},
    {kList, "push", "O", push},
    {kList, "removeLast", "", remove_last_item},
    {kList, "swap", "II", swap_items},
    {kList, "iterator", "", list_iterator},
    {kList, "listIterator", "", list_iterator},
    {kList, "getFirst", "", get_first},
    {kList, "getLast", "", get_last},
    {kStack, "peek", "", peek},
    {kStack, "empty", "",
     [](Call& c) -> Value { return Value::of_bool(c.self.as<List>()->items.empty()); }},
    {kStack, "search", "O", search_sorted},
    {kVector, "addElement", "O", add_last},
    {kVector, "firstElement", "", get_first},
    {kVector, "lastElement", "", get_last},
    {kDeque, "peek", "", peek},
    {kDeque, "peekFirst", "", peek},
    {kLinked, "addFirst", "O", add_first},
    {kLinked, "addLast", "O", add_last},
    {kLinked, "offer", "O", add},
    {kLinked, "removeFirst", "", remove_first},
    {kLinked, "removeLast", "", remove_last},
    {kLinked, "remove", "", remove_first},
    {kLinked, "poll", "", poll},
    {kLinked, "pollFirst", "", poll},
    {kLinked, "pollLast", "", poll_last},
    {"java.util.SortedSet", "first", "", first_of_sorted},
    {"java.util.SortedSet", "last", "", last_of_sorted},
    {"groovy.lang.Tuple", "new", "O*", new_tuple},
    {"groovy.lang.Tuple2", "new", "OO", new_tuple2},
    {"groovy.lang.Tuple2", "getSecond", "", second_of},
    {"java.util.ArrayList", "new", "", new_array_list},
    {"java.util.ArrayList", "new", "I", new_array_list},
    {"java.util.ArrayList", "new", "K", new_array_list},
    {"java.util.LinkedList", "new", "", new_linked_list},
    {"java.util.LinkedList", "new", "K", new_linked_list},
    {"java.util.Vector", "new", "", new_vector},
    {"java.util.Vector", "new", "I", new_vector},
    {"java.util.Vector", "new", "K", new_vector},
    {"java.util.Stack", "new", "", new_stack},
    {"java.util.HashSet", "new", "", new_hash_set},
    {"java.util.HashSet", "new", "I", new_hash_set},
    {"java.util.HashSet", "new", "K", new_hash_set},
    {"java.util.LinkedHashSet", "new", "", new_linked_set},
    {"java.util.LinkedHashSet", "new", "K", new_linked_set},
    {"java.util.TreeSet", "new", "", new_tree_set},
    {"java.util.TreeSet", "new", "K", new_tree_set},
    {"java.util.TreeSet", "new", "O", new_tree_set},
    {kSet, "getAt", "O", get_at_of},
    {kRange, "toString", "", [](Call& c) -> Value { return text(c, range_text(c.task, c.self)); }},
    {kRange, "getFrom", "", range_from},
    {kRange, "getTo", "", range_to},
    {kRange, "getFromInt", "", range_from},
    {kRange, "getToInt", "", range_to},
    {kRange, "isReverse", "", range_reverse},
    {kRange, "containsWithinBounds", "O", range_contains},
    {kRange, "step", "I", range_step},
    {kRange, "step", "IC", range_step},
    {"groovy.lang.IntRange", "new", "II", new_int_range},
    {"groovy.lang.IntRange", "new", "ZII", new_int_range},
    {"groovy.lang.IntRange", "new", "IIZ", new_int_range},
    {"groovy.lang.ObjectRange", "new", "OO", new_object_range},
    {kIterator, "hasNext", "", has_next},
    {kIterator, "next", "", take_next},
    {kIterator, "remove", "", remove_by_iterator},
    {kIterator, "iterator", "", same_iterator},
};

}  // namespace

LibraryPart list_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
