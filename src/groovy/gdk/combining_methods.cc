#include <algorithm>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// Collections made of collections: sums and differences, flattening, combinations, pieces of equal
/// length.

namespace ks::groovy {

namespace {

constexpr std::string_view kIterable = "java.lang.Iterable";

std::vector<Value> items(Call& c) { return items_of(c.task, c.self); }
void visit(Call& c, const std::function<bool(const Value&)>& each) {
  for_each_item(c.task, c.self, each);
}

Value plus_at(Call& c) {
  std::vector<Value> out = items(c);
  int64_t at = c.to_int(0);
  if (at < 0 || at > static_cast<int64_t>(out.size())) throw_index(c.task, at, out.size());
  std::vector<Value> more = items_of(c.task, c.arg(1));
  out.insert(out.begin() + at, more.begin(), more.end());
  return make_list(c, std::move(out));
}

Value plus(Call& c) {
  std::vector<Value> out = items(c);
  const Value& other = underlying(c.arg(0));
  if (is_collection(other) || (other.is_object() && class_of(other)->is_a(types().iterable))) {
    for (const Value& item : items_of(c.task, other)) out.push_back(item);
  } else {
    out.push_back(other);
  }
  if (const auto* set = c.self.as<Set>(); set != nullptr && set->flavour == Set::Flavour::hash) {
    // A clone, which is as small as it can be, and grows.
    return make_hash_set(c.task, out, set->table.empty() ? 16 : set->table.size() * 4 / 3 + 1);
  }
  return similar(c, std::move(out));
}

Value minus(Call& c) {
  std::vector<Value> gone =
      is_collection(c.arg(0)) ? items_of(c.task, c.arg(0)) : std::vector<Value>{c.arg(0)};
  Value set = make_set(c.task, gone);
  std::vector<Value> out;
  visit(c, [&](const Value& item) {
    if (set.as<Set>()->table.find(c.task, item) != nullptr) return true;
    for (const Value& each_gone : gone) {
      c.task.spend();
      if (equals(c.task, item, each_gone)) return true;
    }
    out.push_back(item);
    return true;
  });
  return similar(c, std::move(out));
}

Value multiply(Call& c) {
  std::vector<Value> all = items(c);
  int64_t times = c.to_long(0);
  if (times < 0)
    throw_error(
        c.task, "java.lang.IllegalArgumentException",
        "multiply() should be called with a number of 0 or greater not: " + std::to_string(times));
  c.heap().check_room(all.size() * static_cast<size_t>(times) * sizeof(Value));
  std::vector<Value> out;
  for (int64_t i = 0; i < times; ++i) {
    c.task.spend(all.size() / 8 + 1);
    out.insert(out.end(), all.begin(), all.end());
  }
  return similar(c, std::move(out));
}

Value intersect(Call& c) {
  std::vector<Value> out;
  const std::vector<Value> mine = items(c);
  const std::vector<Value> others = items_of(c.task, c.arg(0));
  // As in Groovy: the smaller one gives the items and their order, the larger one the class.
  const bool swapped = mine.size() < others.size();
  const std::vector<Value>& larger = swapped ? others : mine;
  for (const Value& item : swapped ? mine : others) {
    const bool in_both = std::any_of(larger.begin(), larger.end(), [&](const Value& other) {
      c.task.spend();
      return equals(c.task, item, other);
    });
    if (in_both) out.push_back(item);
  }
  return similar_to(c.task, swapped && !mine.empty() ? c.arg(0) : c.self, std::move(out));
}

Value disjoint(Call& c) {
  // Numbers of different types count as the same here.
  const std::vector<Value> mine = items(c);
  for (const Value& item : items_of(c.task, c.arg(0))) {
    for (const Value& each : mine) {
      c.task.spend();
      if (equals(c.task, each, item)) return Value::of_bool(false);
    }
  }
  return Value::of_bool(true);
}

void flatten_by(Task& task, const Value& value, const Value& function, std::vector<Value>& out) {
  NestingScope nesting(task);
  for_each_item(task, value, [&](const Value& item) {
    if (is_collection(item)) {
      flatten_by(task, item, function, out);
      return true;
    }
    Value made = apply(task, function, item);
    if (is_collection(made)) {
      for (const Value& each : items_of(task, made)) out.push_back(each);
    } else {
      out.push_back(made);
    }
    return true;
  });
}
Value flatten_with(Call& c) {
  std::vector<Value> out;
  flatten_by(c.task, c.self, c.arg(0), out);
  return similar(c, std::move(out));
}

void flatten_into(Task& task, const Value& value, std::vector<Value>& out) {
  NestingScope nesting(task);
  for_each_item(task, value, [&](const Value& item) {
    if (is_collection(item)) {
      flatten_into(task, item, out);
    } else {
      out.push_back(item);
    }
    if (out.size() % 1024 == 0) task.heap().check_room(out.size() * sizeof(Value));
    return true;
  });
}
Value flatten(Call& c) {
  std::vector<Value> out;
  flatten_into(c.task, c.self, out);
  if (c.self.is<Array>()) return make_list(c, std::move(out));
  return similar(c, std::move(out));
}

Value combinations(Call& c) {
  std::vector<std::vector<Value>> rows{{}};
  for (const Value& part : items(c)) {
    std::vector<Value> choices =
        is_collection(part) ? items_of(c.task, part) : std::vector<Value>{part};
    std::vector<std::vector<Value>> next;
    // The first list runs fastest.
    for (const Value& choice : choices) {
      for (const std::vector<Value>& row : rows) {
        c.task.spend();
        c.heap().check_room((next.size() + 1) * (row.size() + 2) * sizeof(Value));
        next.push_back(row);
        next.back().push_back(choice);
      }
    }
    rows = std::move(next);
  }
  std::vector<Value> out;
  out.reserve(rows.size());
  for (std::vector<Value>& row : rows) out.push_back(make_list(c, std::move(row)));
  Value list = make_list(c, std::move(out));
  if (c.count() == 0) return list;
  std::vector<Value> made;
  for (const Value& row : list.as<List>()->items) made.push_back(call1(c.task, c.arg(0), row));
  return make_list(c, std::move(made));
}

Value subsequences(Call& c) {
  // Step by step as Groovy builds it, which shows in the order of the set.
  std::vector<Value> rows;
  for (const Value& item : items(c)) {
    std::vector<Value> next;
    for (const Value& row : rows) {
      c.task.spend();
      std::vector<Value> longer = row.as<List>()->items;
      c.heap().check_room((next.size() + 1) * (longer.size() + 2) * sizeof(Value));
      longer.push_back(item);
      next.push_back(make_list(c, std::move(longer)));
    }
    next.insert(next.end(), rows.begin(), rows.end());
    next.push_back(make_list(c, {item}));
    rows = items_of(c.task, make_hash_set(c.task, next));
  }
  return make_hash_set(c.task, rows);
}

void permute(Call& c, std::vector<Value> rest, std::vector<Value> front, std::vector<Value>& out) {
  c.task.spend();
  c.heap().check_room(out.size() * (front.size() + 8) * sizeof(Value));
  if (rest.empty()) {
    out.push_back(make_list(c, std::move(front)));
    return;
  }
  for (size_t i = 0; i < rest.size(); ++i) {
    std::vector<Value> fewer = rest;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    std::vector<Value> more = front;
    more.push_back(rest[i]);
    permute(c, std::move(fewer), std::move(more), out);
  }
}
Value permutations(Call& c) {
  std::vector<Value> out;
  permute(c, items(c), {}, out);
  if (c.count() == 0) return make_hash_set(c.task, out);
  std::vector<Value> made;
  made.reserve(out.size());
  for (const Value& row : items_of(c.task, make_hash_set(c.task, out)))
    made.push_back(call1(c.task, c.arg(0), row));
  return make_list(c, std::move(made));
}
Value each_permutation(Call& c) {
  std::vector<Value> out;
  permute(c, items(c), {}, out);
  for (const Value& row : out) call1(c.task, c.arg(0), row);
  return c.self;
}

Value with_index(Call& c) {
  int32_t index = c.count() > 0 ? c.to_int(0) : 0;
  std::vector<Value> out;
  for (const Value& item : items(c)) {
    std::vector<Value> pair{item, Value::of_int(index++)};
    out.push_back(c.heap().make<List>(std::move(pair), List::Flavour::tuple2));
  }
  return make_list(c, std::move(out));
}
Value indexed(Call& c) {
  int32_t index = c.count() > 0 ? c.to_int(0) : 0;
  Ref<Map> out = c.heap().make<Map>();
  for (const Value& item : items(c)) out->table.put(c.task, Value::of_int(index++), item);
  c.heap().grew(out.get());
  return out;
}

Value collate(Call& c) {
  std::vector<Value> all = items(c);
  int32_t length = c.to_int(0);
  int32_t step = c.count() > 1 && !c.arg(1).is_bool() ? c.to_int(1) : length;
  bool keep = !(c.args.back().is_bool() && !c.args.back().as_bool());
  std::vector<Value> out;
  if (length <= 0) {
    out.push_back(make_list(c, all));
    return make_list(c, std::move(out));
  }
  if (step == 0) throw_error(c.task, "java.lang.IllegalArgumentException", "step cannot be zero");
  for (int64_t i = 0; i < static_cast<int64_t>(all.size()) && i > -1; i += step) {
    auto from = static_cast<size_t>(i);
    size_t to = from + static_cast<size_t>(length);
    if (to > all.size() && !keep) break;
    to = std::min(to, all.size());
    out.push_back(make_list(c, std::vector<Value>(all.begin() + static_cast<std::ptrdiff_t>(from),
                                                  all.begin() + static_cast<std::ptrdiff_t>(to))));
  }
  return make_list(c, std::move(out));
}

Value to_spread_map(Call& c) {
  Ref<Map> out = c.heap().make<Map>();
  std::vector<Value> all = items(c);
  if (all.size() % 2 != 0) {
    throw_error(c.task, "groovy.lang.SpreadMapEvaluatingException",
                "The number of elements must be even: keys and values take turns");
  }
  for (size_t i = 0; i < all.size(); i += 2) out->table.put(c.task, all[i], all[i + 1]);
  c.heap().grew(out.get());
  return out;
}

constexpr MethodRow kRows[] = {
    {kIterable, "plus", "O", plus},
    {kIterable, "minus", "O", minus},
    {kIterable, "multiply", "N", multiply},
    {"java.util.List", "plus", "IK", plus_at},
    {kIterable, "intersect", "K", intersect},
    {kIterable, "disjoint", "K", disjoint},
    {kIterable, "flatten", "", flatten},
    {kIterable, "flatten", "C", flatten_with},
    {kIterable, "combinations", "", combinations},
    {kIterable, "combinations", "C", combinations},
    {kIterable, "eachCombination", "C", combinations},
    {kIterable, "subsequences", "", subsequences},
    {kIterable, "permutations", "", permutations},
    {kIterable, "permutations", "C", permutations},
    {kIterable, "eachPermutation", "C", each_permutation},
    {kIterable, "withIndex", "", with_index},
    {kIterable, "withIndex", "I", with_index},
    {kIterable, "indexed", "", indexed},
    {kIterable, "indexed", "I", indexed},
    {kIterable, "collate", "I", collate},
    {kIterable, "collate", "IZ", collate},
    {kIterable, "collate", "II", collate},
    {kIterable, "collate", "IIZ", collate},
    {kIterable, "toSpreadMap", "", to_spread_map},
    {"java.util.Iterator", "collate", "I", collate},
};

}  // namespace

LibraryPart combining_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
