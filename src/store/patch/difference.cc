#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "store/patch/typed.h"
#include "store/schema/value_text.h"

namespace ks::store {
namespace {

bool is_empty(const json::value& value) {
  if (const json::object* object = value.if_object()) return object->empty();
  if (const json::array* array = value.if_array()) return array->empty();
  return value.is_null();
}

/// How one field differs: the field itself, and what is below it.
struct Outcome {
  bool added = false, removed = false, modified = false;
  Difference below;
};

void append(Difference& to, const PathElement& element, Outcome outcome) {
  to.added.append(element, outcome.added, std::move(outcome.below.added));
  to.removed.append(element, outcome.removed, std::move(outcome.below.removed));
  to.modified.append(element, outcome.modified, std::move(outcome.below.modified));
}

void sort(Difference& difference) {
  difference.added.sort();
  difference.removed.sort();
  difference.modified.sort();
}

Outcome compare(const json::value& before, const json::value& after, const Schema* schema,
                Level level);
Difference compare_objects(const json::object& before, const json::object& after,
                           const Schema* schema, Level level);

/// The elements of a list, sorted by what identifies them.
struct Entry {
  PathElement element;
  const json::value* value;
};
using Entries = std::vector<Entry>;

std::optional<Entries> entries_of(const json::array& list, const Schema* schema) {
  std::optional<std::vector<PathElement>> elements = elements_of(list, schema);
  if (!elements) return std::nullopt;
  Entries entries;
  entries.reserve(list.size());
  for (size_t i = 0; i < list.size(); i++) {
    entries.push_back({std::move((*elements)[i]), &list[i]});
  }
  std::ranges::stable_sort(entries, {}, &Entry::element);
  return entries;
}

Difference compare_lists(const Entries& before, const Entries& after, const Schema* items);

Outcome only_added(const json::value& value, const Schema* schema) {
  Outcome outcome{.added = true, .below = {}};
  outcome.below.added = fields_below(value, schema);
  return outcome;
}

Outcome only_removed(const json::value& value, const Schema* schema) {
  Outcome outcome{.removed = true, .below = {}};
  outcome.below.removed = fields_below(value, schema);
  return outcome;
}

/// Of two values of different shapes, or of one piece.
Outcome compare_pieces(const json::value& before, const json::value& after, const Schema* schema) {
  Outcome outcome;
  if (same_value(before, after)) return outcome;
  // Null stands for an empty container of whatever the other one is.
  outcome.modified = !(before.is_null() && shape_of(after, schema) != Shape::leaf) &&
                     !(after.is_null() && shape_of(before, schema) != Shape::leaf);
  outcome.below.removed = fields_below(before, schema);
  outcome.below.added = fields_below(after, schema);
  return outcome;
}

Outcome compare(const json::value& before, const json::value& after, const Schema* schema,
                Level level) {
  const Shape shape = shape_of(before, schema);
  if (is_empty(before) && is_empty(after)) {
    return {.modified = !same_value(before, after), .below = {}};
  }
  if (shape == Shape::leaf || shape != shape_of(after, schema)) {
    return compare_pieces(before, after, schema);
  }
  Outcome outcome;
  if (shape == Shape::map) {
    outcome.below = compare_objects(before.get_object(), after.get_object(), schema, level);
    return outcome;
  }
  if (same_value(before, after)) return outcome;
  const std::optional<Entries> left = entries_of(before.get_array(), schema);
  const std::optional<Entries> right = entries_of(after.get_array(), schema);
  if (!left || !right) return compare_pieces(before, after, schema);
  outcome.below = compare_lists(*left, *right, schema->items);
  return outcome;
}

Difference compare_objects(const json::object& before, const json::object& after,
                           const Schema* schema, Level level) {
  static const json::value kNothing = json::object();
  Difference out;
  for (const auto& [key, now] : after) {
    if (is_unowned(level, key)) continue;
    const Schema* type = schema_below(schema, key);
    const json::value* then = before.if_contains(key);
    if (then == nullptr && is_always_there(level, key, schema)) then = &kNothing;
    Outcome outcome = then == nullptr ? only_added(now, type)
                                      : compare(*then, now, type, level_below(level, key));
    append(out, field_element(key), std::move(outcome));
  }
  for (const auto& [key, then] : before) {
    if (is_unowned(level, key) || after.contains(key)) continue;
    const Schema* type = schema_below(schema, key);
    append(out, field_element(key),
           is_always_there(level, key, schema)
               ? compare(then, kNothing, type, level_below(level, key))
               : only_removed(then, type));
  }
  sort(out);
  return out;
}

/// Elements that are there more than once have no identity: they are compared as one piece.
Outcome compare_repeated(std::span<const Entry> before, std::span<const Entry> after) {
  const bool same = std::ranges::equal(
      before, after, [](const Entry& a, const Entry& b) { return same_value(*a.value, *b.value); });
  return {.added = before.empty(),
          .removed = after.empty(),
          .modified = !same && !before.empty() && !after.empty(),
          .below = {}};
}

Outcome compare_elements(std::span<const Entry> before, std::span<const Entry> after,
                         const Schema* items) {
  if (before.size() > 1 || after.size() > 1) return compare_repeated(before, after);
  if (before.empty()) return only_added(*after[0].value, items);
  if (after.empty()) return only_removed(*before[0].value, items);
  return compare(*before[0].value, *after[0].value, items, Level::inner);
}

/// Takes the entries of `element` from the front.
std::span<const Entry> take(std::span<const Entry>& entries, const PathElement& element) {
  size_t count = 0;
  while (count < entries.size() && entries[count].element == element) count++;
  const std::span<const Entry> taken = entries.first(count);
  entries = entries.subspan(count);
  return taken;
}

Difference compare_lists(const Entries& before, const Entries& after, const Schema* items) {
  Difference out;
  std::span<const Entry> left(before), right(after);
  while (!left.empty() || !right.empty()) {
    const bool from_right =
        left.empty() || (!right.empty() && right.front().element < left.front().element);
    const PathElement& element = (from_right ? right : left).front().element;
    const std::span<const Entry> then = take(left, element);
    const std::span<const Entry> now = take(right, element);
    append(out, element, compare_elements(then, now, items));
  }
  return out;
}

}  // namespace

Difference difference(const json::value& before, const json::value& after, const Schema* schema) {
  return compare(before, after, schema, Level::root).below;
}

}  // namespace ks::store
