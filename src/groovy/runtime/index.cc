#include <algorithm>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/ranges.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/state.h"
#include "groovy/runtime/text.h"

/// `a[b]` and `a[b] = c`.

namespace ks::groovy {

namespace {

bool is_index(const Value& key) { return is_number(key) || key.kind() == Kind::character; }

/// An index that counts from the end when it is negative.
int64_t from_start(int64_t index, int64_t size, Task& task) {
  if (index >= 0) return index;
  if (index + size < 0) {
    throw_error(task, "java.lang.ArrayIndexOutOfBoundsException",
                "Negative array index [" + std::to_string(index) + "] too large for array size " +
                    std::to_string(size));
  }
  return index + size;
}

Value list_at(const std::vector<Value>& items, int64_t index, Task& task) {
  auto size = static_cast<int64_t>(items.size());
  index = from_start(index, size, task);
  return index < size ? items[static_cast<size_t>(index)] : Value{};
}

std::vector<Value> items_of_sequence(Task& task, const Value& sequence) {
  if (auto* list = sequence.as<List>()) return list->items;
  if (auto* array = sequence.as<Array>()) return array->items;
  return items_of(task, sequence);
}

/// Item of a list made by withDefault: what is missing is made.
Value default_at(Task& task, const Value& sequence, int64_t index) {
  Ref<List> list(sequence.as<List>());
  auto size = static_cast<int64_t>(list->items.size());
  if (index < 0) {
    index += size;
    if (index < 0) return list_at(list->items, index - size, task);
  }
  auto make = [&](int64_t at) {
    Value args[] = {Value::of_int(static_cast<int32_t>(at))};
    return call_value(task, Value(list->default_maker), args);
  };
  if (index >= size) {
    task.heap().check_room(static_cast<size_t>(index) * sizeof(Value));
    for (int64_t i = size; i < index; ++i) {
      task.spend();
      list->items.push_back(list->eager_default ? make(i) : Value{});
    }
    Value made = make(index);
    list->items.push_back(made);
    ++list->changes;
    task.heap().grew(list.get());
    return made;
  }
  auto at = static_cast<size_t>(index);
  if (!list->items[at].is_null() || list->eager_default) return list->items[at];
  Value made = make(index);
  if (at < list->items.size()) list->items[at] = made;
  return made;
}

Value sequence_range(Task& task, const Value& sequence, const Value& range) {
  auto* with_default = sequence.as<List>();
  if (with_default != nullptr && !with_default->default_maker.is_null()) {
    Ref<List> kept(with_default);
    Bounds bounds = bounds_of(task, range, kept->items.size());
    // Reaching for the last item fills the list up to it.
    if (bounds.to > std::max(bounds.from, kept->items.size()))
      default_at(task, sequence, static_cast<int64_t>(bounds.to) - 1);
    std::vector<Value> out(kept->items.begin() + static_cast<std::ptrdiff_t>(bounds.from),
                           kept->items.begin() + static_cast<std::ptrdiff_t>(bounds.to));
    if (bounds.reverse) std::reverse(out.begin(), out.end());
    Ref<List> made = task.heap().make<List>(std::move(out));
    made->default_maker = with_default->default_maker;
    made->eager_default = with_default->eager_default;
    return made;
  }
  std::vector<Value> items = items_of_sequence(task, sequence);
  Bounds bounds = bounds_of(task, range, items.size());
  if (bounds.to > items.size()) {
    throw_error(task, "java.lang.IndexOutOfBoundsException",
                "toIndex = " + std::to_string(bounds.to));
  }
  std::vector<Value> out(
      items.begin() + static_cast<std::ptrdiff_t>(bounds.from),
      items.begin() + static_cast<std::ptrdiff_t>(std::max(bounds.from, bounds.to)));
  if (bounds.reverse) std::reverse(out.begin(), out.end());
  List::Flavour flavour = List::Flavour::array_list;
  if (with_default != nullptr && with_default->flavour == List::Flavour::linked_list) {
    flavour = List::Flavour::linked_list;
  }
  return task.heap().make<List>(std::move(out), flavour);
}

Value sequence_at(Task& task, const Value& sequence, const Value& key) {
  if (is_index(key)) {
    int64_t index = long_value(key);
    if (const auto* list = sequence.as<List>()) {
      if (!list->default_maker.is_null()) return default_at(task, sequence, index);
      // A list read past its end is null, an array is an error.
      return list_at(list->items, index, task);
    }
    if (const auto* range = sequence.as<Range>()) {
      auto size = static_cast<int64_t>(range->size());
      if (index < 0) index += size;
      if (index < 0 || index >= size) throw_index(task, index, range->size());
      return range->at(static_cast<size_t>(index));
    }
    const auto& items = sequence.as<Array>()->items;
    auto size = static_cast<int64_t>(items.size());
    if (index < 0) {
      index += size;
      if (index < 0) return list_at(items, index - size, task);
    }
    if (index >= size) {
      throw_error(
          task, "java.lang.ArrayIndexOutOfBoundsException",
          "Index " + std::to_string(index) + " out of bounds for length " + std::to_string(size));
    }
    return items[static_cast<size_t>(index)];
  }
  if (key.is<Range>()) return sequence_range(task, sequence, key);
  if (is_collection(key)) {
    std::vector<Value> out;
    for (const Value& each : items_of(task, key)) {
      Value part = get_at(task, sequence, each);
      if (is_collection(each)) {
        for (const Value& item : items_of(task, part)) out.push_back(item);
      } else {
        out.push_back(part);
      }
    }
    Ref<List> made = task.heap().make<List>(std::move(out));
    if (auto* list = sequence.as<List>()) {
      made->default_maker = list->default_maker;
      made->eager_default = list->eager_default;
    }
    return made;
  }
  if (key.is<String>() || key.is<GString>()) {
    if (const auto* list = sequence.as<List>();
        list != nullptr && list->flavour == List::Flavour::nodes) {
      static const Name kGetAt("getAt");
      Value args[] = {key};
      if (std::optional<Value> out = call_library(task, sequence, kGetAt, args))
        return std::move(*out);
    }
    std::vector<Value> out;
    const Name& name = name_of(task, to_string(task, key));
    for (const Value& each : items_of_sequence(task, sequence)) {
      if (each.is_null()) continue;
      out.push_back(get_property(task, each, name));
    }
    return task.heap().make<List>(std::move(out));
  }
  Value args[] = {key};
  throw_missing_method(task, sequence, "getAt", args);
}

Value text_at(Task& task, const Value& receiver, const Value& key) {
  Value text =
      receiver.is<String>() ? receiver : Value(task.heap().string(to_string(task, receiver)));
  size_t size = text.as<String>()->length();
  if (is_index(key)) {
    int64_t index = long_value(key);
    if (index < 0) index += static_cast<int64_t>(size);
    if (index < 0 || index >= static_cast<int64_t>(size)) {
      throw_error(task, "java.lang.StringIndexOutOfBoundsException",
                  "begin " + std::to_string(index) + ", end " + std::to_string(index + 1) +
                      ", length " + std::to_string(size));
    }
    return substring(task, text, static_cast<size_t>(index), static_cast<size_t>(index) + 1);
  }
  if (key.is<Range>()) {
    Bounds bounds = bounds_of(task, key, size);
    if (bounds.to > size) {
      throw_error(task, "java.lang.StringIndexOutOfBoundsException",
                  "begin " + std::to_string(bounds.from) + ", end " + std::to_string(bounds.to) +
                      ", length " + std::to_string(size));
    }
    Value part = substring(task, text, bounds.from, bounds.to);
    if (!bounds.reverse) return part;
    std::u16string units = to_utf16(part.as<String>()->text());
    std::reverse(units.begin(), units.end());
    return task.heap().string(to_utf8(units));
  }
  if (is_collection(key)) {
    std::string out;
    for (const Value& each : items_of(task, key))
      append_string(task, text_at(task, text, each), out);
    return task.heap().string(out);
  }
  Value args[] = {key};
  throw_missing_method(task, text, "getAt", args);
}

Value map_at(Task& task, const Value& receiver, const Value& key) {
  auto* map = receiver.as<Map>();
  if (Table::Item* item = map->table.find(task, key)) return item->value;
  if (map->default_maker.is_null()) return {};
  Value args[] = {key};
  Value made = call_value(task, map->default_maker, args);
  if (map->grow_on_default) {
    map->table.put(task, key, made);
    task.heap().grew(map);
  }
  return made;
}

}  // namespace

Value get_at(Task& task, const Value& receiver, const Value& key) {
  if (!receiver.is_object()) {
    if (receiver.is_null()) throw_null_call(task, "getAt");
    Value args[] = {key};
    throw_missing_method(task, receiver, "getAt", args);
  }
  static const Name kGetAt("getAt");
  switch (receiver.object()->object_kind()) {
    case ObjectKind::list:
    case ObjectKind::range:
    case ObjectKind::array: return sequence_at(task, receiver, key);
    case ObjectKind::map: return map_at(task, receiver, key);
    case ObjectKind::string:
    case ObjectKind::gstring:
    case ObjectKind::builder: return text_at(task, receiver, key);
    case ObjectKind::matcher: return matcher_at(task, receiver, key);
    case ObjectKind::host:
      if (std::optional<Value> out = receiver.as<HostObject>()->get_at(task, key))
        return std::move(*out);
      break;
    case ObjectKind::entry:
      if (is_index(key))
        return long_value(key) == 0 ? receiver.as<Entry>()->key : receiver.as<Entry>()->value;
      break;
    case ObjectKind::instance: {
      Value args[] = {key};
      if (std::optional<Value> out = call_user_method(task, receiver, kGetAt, args))
        return std::move(*out);
      const Value& base = underlying(receiver);
      if (!base.same(receiver)) return get_at(task, base, key);
      break;
    }
    default: break;
  }
  Value args[] = {key};
  if (std::optional<Value> out = try_call_method(task, receiver, kGetAt, args))
    return std::move(*out);
  if (key.is<String>() || key.is<GString>())
    return get_property(task, receiver, name_of(task, to_string(task, key)));
  throw_missing_method(task, receiver, "getAt", args);
}

namespace {

void list_put(Task& task, const Value& receiver, int64_t index, const Value& value) {
  auto* list = receiver.as<List>();
  auto size = static_cast<int64_t>(list->items.size());
  if (list->is_constant()) throw_unsupported(task);
  index = from_start(index, size, task);
  if (index >= size) {
    if (list->is_fixed_size()) throw_unsupported(task);
    task.heap().check_room(static_cast<size_t>(index) * sizeof(Value));
    list->items.resize(static_cast<size_t>(index) + 1);
    ++list->changes;
    task.heap().grew(list);
  }
  list->items[static_cast<size_t>(index)] = value;
}

void array_put(Task& task, const Value& receiver, int64_t index, const Value& value) {
  auto* array = receiver.as<Array>();
  auto size = static_cast<int64_t>(array->items.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) {
    throw_error(
        task, "java.lang.ArrayIndexOutOfBoundsException",
        "Index " + std::to_string(index) + " out of bounds for length " + std::to_string(size));
  }
  Value stored = cast(task, value, array->element);
  array->items[static_cast<size_t>(index)] = std::move(stored);
}

/// `list[1..3] = x`: the part is replaced by the items of x.
void list_put_range(Task& task, const Value& receiver, const Value& range, const Value& value) {
  auto* list = receiver.as<List>();
  if (list->is_constant()) throw_unsupported(task);
  Bounds bounds = bounds_of(task, range, list->items.size());
  size_t from = std::min(bounds.from, list->items.size());
  size_t to = std::min(std::max(bounds.to, from), list->items.size());
  std::vector<Value> put = is_collection(value) ? items_of(task, value) : std::vector<Value>{value};
  if (bounds.from > list->items.size()) list->items.resize(bounds.from);
  auto begin = list->items.begin();
  list->items.erase(begin + static_cast<std::ptrdiff_t>(from),
                    begin + static_cast<std::ptrdiff_t>(to));
  list->items.insert(
      list->items.begin() + static_cast<std::ptrdiff_t>(bounds.from > from ? bounds.from : from),
      put.begin(), put.end());
  ++list->changes;
  task.heap().grew(list);
}

}  // namespace

void check_not_null(Task& task, const Map& map, const Value& key, const Value& value) {
  bool refuses = map.flavour == Map::Flavour::hashtable ||
                 map.flavour == Map::Flavour::properties || map.flavour == Map::Flavour::concurrent;
  if (refuses && (key.is_null() || value.is_null()))
    throw_error(task, "java.lang.NullPointerException");
}

void put_at(Task& task, const Value& receiver, const Value& key, const Value& value) {
  if (receiver.is_null()) throw_null_call(task, "putAt");
  static const Name kPutAt("putAt");
  if (receiver.is_object()) {
    switch (receiver.object()->object_kind()) {
      case ObjectKind::list:
        if (is_index(key)) return list_put(task, receiver, long_value(key), value);
        if (key.is<Range>()) return list_put_range(task, receiver, key, value);
        if (is_collection(key)) {
          std::vector<Value> put = items_of(task, value);
          std::vector<Value> keys = items_of(task, key);
          for (size_t i = 0; i < keys.size(); ++i) {
            put_at(task, receiver, keys[i],
                   is_collection(value) ? (i < put.size() ? put[i] : Value{}) : value);
          }
          return;
        }
        break;
      case ObjectKind::array:
        if (is_index(key)) return array_put(task, receiver, long_value(key), value);
        break;
      case ObjectKind::map: {
        auto* map = receiver.as<Map>();
        if (map->flavour == Map::Flavour::unmodifiable) throw_unsupported(task);
        check_not_null(task, *map, key, value);
        map->table.put(task, key, value);
        task.heap().grew(map);
        return;
      }
      case ObjectKind::entry: {
        auto* entry = receiver.as<Entry>();
        entry->value = value;
        if (!entry->map.is_null()) put_at(task, Value(entry->map), Value(entry->key), value);
        return;
      }
      case ObjectKind::host:
        if (receiver.as<HostObject>()->put_at(task, key, value)) return;
        break;
      case ObjectKind::instance: {
        Value args[] = {key, value};
        if (call_user_method(task, receiver, kPutAt, args)) return;
        const Value& base = underlying(receiver);
        if (!base.same(receiver)) return put_at(task, base, key, value);
        break;
      }
      default: break;
    }
  }
  Value args[] = {key, value};
  if (try_call_method(task, receiver, kPutAt, args)) return;
  if (key.is<String>() || key.is<GString>()) {
    return set_property(task, receiver, name_of(task, to_string(task, key)), value);
  }
  throw_missing_method(task, receiver, "putAt", args);
}

}  // namespace ks::groovy
