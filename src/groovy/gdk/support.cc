#include "groovy/gdk/support.h"

#include <algorithm>

namespace ks::groovy {

Value apply(Task& task, const Value& function, const Value& item) {
  if (auto* entry = item.as<Entry>()) {
    auto* closure = function.as<Closure>();
    if (closure != nullptr && closure->parameter_count() >= 2)
      return call2(task, function, entry->key, entry->value);
  }
  return call1(task, function, item);
}

Value apply_with(Task& task, const Value& function, const Value& item, const Value& extra) {
  if (auto* entry = item.as<Entry>()) {
    auto* closure = function.as<Closure>();
    if (closure != nullptr && closure->parameter_count() >= 3) {
      Value args[] = {entry->key, entry->value, extra};
      return call_value(task, function, args);
    }
  }
  return call2(task, function, item, extra);
}

Value make_list(Call& c, std::vector<Value> items) { return c.heap().make<List>(std::move(items)); }

Value make_set(Task& task, const std::vector<Value>& items) {
  Ref<Set> set = task.heap().make<Set>();
  for (const Value& each : items) set->table.put(task, each, {});
  task.heap().grew(set.get());
  return set;
}

Value make_hash_set(Task& task, const std::vector<Value>& items, size_t capacity) {
  Ref<Set> set = task.heap().make<Set>(Set::Flavour::hash);
  set->table.expect(0, static_cast<uint32_t>(capacity));
  for (const Value& each : items) set->table.put(task, each, {});
  task.heap().grew(set.get());
  return set;
}

Value similar_to(Task& task, const Value& model, std::vector<Value> items) {
  const Value& inner = underlying(model);
  if (auto* set = inner.as<Set>()) {
    Ref<Set> made = task.heap().make<Set>(
        set->flavour == Set::Flavour::tree ? Set::Flavour::tree : Set::Flavour::linked);
    made->table.set_comparator(set->table.comparator());
    for (const Value& each : items) made->table.put(task, each, {});
    task.heap().grew(made.get());
    return made;
  }
  if (auto* list = inner.as<List>()) {
    List::Flavour flavour = list->flavour;
    if (list->is_fixed_size() || flavour == List::Flavour::nodes)
      flavour = List::Flavour::array_list;
    return task.heap().make<List>(std::move(items), flavour);
  }
  if (auto* array = inner.as<Array>()) return make_array(task, array->element, std::move(items));
  return task.heap().make<List>(std::move(items));
}

Value similar(Call& c, std::vector<Value> items) {
  return similar_to(c.task, c.self, std::move(items));
}

List& changeable_list(Call& c) {
  auto* list = c.self.as<List>();
  if (list == nullptr || list->is_fixed_size()) throw_unsupported(c.task);
  return *list;
}

void changed(Call& c, List& list) {
  ++list.changes;
  c.heap().grew(&list);
}

void add_to(Task& task, const Value& collection, const Value& item) {
  const Value& inner = underlying(collection);
  if (auto* list = inner.as<List>()) {
    if (list->is_fixed_size()) throw_unsupported(task);
    list->items.push_back(item);
    ++list->changes;
    if (list->items.size() == list->items.capacity() || list->items.size() % 64 == 0)
      task.heap().grew(list);
  } else if (auto* set = inner.as<Set>()) {
    if (set->flavour == Set::Flavour::unmodifiable || set->flavour == Set::Flavour::key_view)
      throw_unsupported(task);
    set->table.put(task, item, {});
    task.heap().grew(set);
  } else {
    throw_unsupported(task);
  }
}

namespace {

void merge_sort(Task& task, std::vector<Value>& items, std::vector<Value>& spare, size_t from,
                size_t to, const std::function<int(const Value&, const Value&)>& compare) {
  if (to - from < 2) return;
  size_t middle = (from + to) / 2;
  merge_sort(task, items, spare, from, middle, compare);
  merge_sort(task, items, spare, middle, to, compare);
  if (compare(items[middle - 1], items[middle]) <= 0) return;
  size_t a = from;
  size_t b = middle;
  for (size_t out = from; out < to; ++out) {
    task.spend();
    if (b >= to || (a < middle && compare(items[a], items[b]) <= 0)) {
      spare[out] = items[a++];
    } else {
      spare[out] = items[b++];
    }
  }
  for (size_t i = from; i < to; ++i) items[i] = std::move(spare[i]);
}

}  // namespace

void sort_items(Task& task, std::vector<Value>& items,
                const std::function<int(const Value&, const Value&)>& compare) {
  // std::sort must not be given an order that a script made up, nor exceptions out of it.
  std::vector<Value> work = items;
  std::vector<Value> spare(items.size());
  merge_sort(task, work, spare, 0, work.size(), compare);
  items = std::move(work);
}

std::function<int(const Value&, const Value&)> natural_ordering(Task& task) {
  return [&task](const Value& a, const Value& b) { return compare_loosely(task, a, b); };
}

std::function<int(const Value&, const Value&)> ordering(Task& task, const Value& function) {
  if (function.is_null()) return natural_ordering(task);
  auto* closure = function.as<Closure>();
  if (closure != nullptr && closure->parameter_count() == 1) {
    return [&task, function](const Value& a, const Value& b) {
      return compare_loosely(task, call1(task, function, a), call1(task, function, b));
    };
  }
  return [&task, function](const Value& a, const Value& b) {
    return call_comparator(task, function, a, b);
  };
}

}  // namespace ks::groovy
