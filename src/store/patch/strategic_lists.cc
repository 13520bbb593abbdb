#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "store/patch/measure.h"
#include "store/patch/strategic_merge.h"

namespace ks::store::strategic {
namespace {

using Places = absl::flat_hash_map<std::string, size_t>;

enum class ElementKind : uint8_t { none, primitive, map };

/// What two lists hold: all maps, or none.
Result<ElementKind> element_kind(const json::array& a, const json::array& b) {
  ElementKind kind = ElementKind::none;
  const json::value* first = nullptr;
  for (const json::array* list : {&a, &b}) {
    for (const json::value& item : *list) {
      if (item.is_array()) return Error{Code::invalid, "lists of lists are not supported"};
      const ElementKind one = item.is_object() ? ElementKind::map : ElementKind::primitive;
      if (kind != ElementKind::none && kind != one) {
        return Error{Code::invalid, fmt::format("list element types are not identical: {} and {}",
                                                go_text(*first), go_text(item))};
      }
      kind = one;
      if (first == nullptr) first = &item;
    }
  }
  return kind;
}

/// What makes an element the same as another: its merge key, or itself.
Result<std::string> identity(const json::value& item, std::string_view key) {
  if (!item.is_object()) return to_json(item);
  const json::value* value = item.get_object().if_contains(key);
  if (value == nullptr || value->is_structured()) {
    return Error{Code::invalid, fmt::format("map: {} does not contain declared merge key: {}",
                                            go_text(item), key)};
  }
  return to_json(*value);
}

Result<std::vector<std::string>> identities(const json::array& items, std::string_view key) {
  std::vector<std::string> out;
  out.reserve(items.size());
  for (const json::value& item : items) out.push_back(TRY(identity(item, key)));
  return out;
}

/// Where each element first stands.
Result<Places> places_of(const json::array& items, std::string_view key) {
  Places places;
  for (size_t i = 0; i < items.size(); i++) places.emplace(TRY(identity(items[i], key)), i);
  return places;
}

size_t place_in(const Places& places, const std::string& id) {
  const auto found = places.find(id);
  return found == places.end() ? SIZE_MAX : found->second;
}

/// Orders `items`: those of `order` as they stand there, the others between them as near as can be
/// to where `before` had them.
Result<json::array> arranged(json::array items, const json::array& order, const json::array& before,
                             std::string_view key) {
  const Places wanted = TRY(places_of(order, key));
  const Places stood = TRY(places_of(before, key));
  struct Item {
    json::value* value;
    size_t wanted, stood;
  };
  std::vector<Item> named, others;
  for (json::value& item : items) {
    const std::string id = TRY(identity(item, key));
    const Item entry{&item, place_in(wanted, id), place_in(stood, id)};
    (entry.wanted == SIZE_MAX ? others : named).push_back(entry);
  }
  std::ranges::stable_sort(named, {}, &Item::wanted);
  std::ranges::stable_sort(others, {}, &Item::stood);
  json::array out(items.storage());
  out.reserve(items.size());
  auto other = others.begin();
  for (const Item& item : named) {
    while (other != others.end() && item.stood != SIZE_MAX && other->stood < item.stood) {
      out.push_back(std::move(*(other++)->value));
    }
    out.push_back(std::move(*item.value));
  }
  for (; other != others.end(); ++other) out.push_back(std::move(*other->value));
  return out;
}

/// The elements of a patch by what they ask for.
struct Asked {
  json::array merge;
  absl::flat_hash_set<std::string> remove;
  bool replace = false;
};

Result<Asked> sort_elements(const json::array& patch, std::string_view key) {
  Asked asked;
  for (const json::value& item : patch) {
    const json::value* directive = item.get_object().if_contains(kPatch);
    if (directive == nullptr || *directive == "merge") {
      asked.merge.push_back(item);
      if (directive != nullptr) asked.merge.back().get_object().stable_erase(kPatch);
    } else if (*directive == "delete") {
      asked.remove.insert(TRY(identity(item, key)));
    } else if (*directive == "replace") {
      asked.replace = true;
    } else {
      return Error{Code::invalid, fmt::format("unknown patch type: {} in map: {}",
                                              go_text(*directive), go_text(item))};
    }
  }
  return asked;
}

json::array stripped(json::array items) {
  json::value value(std::move(items));
  strip_directives(value);
  return std::move(value.get_array());
}

Result<json::array> merge_maps(json::array original, const json::array& patch,
                               const ListRule& rule) {
  if (rule.key.empty()) {
    return Error{Code::invalid,
                 fmt::format("cannot merge lists without merge key for {}",
                             rule.items == nullptr ? "an unknown type" : rule.items->name)};
  }
  Asked asked = TRY(sort_elements(patch, rule.key));
  if (asked.replace) return stripped(std::move(asked.merge));
  json::array before;
  for (json::value& item : original) {
    if (!asked.remove.contains(TRY(identity(item, rule.key)))) before.push_back(std::move(item));
  }
  Places places = TRY(places_of(before, rule.key));
  json::array merged = before;
  for (const json::value& item : asked.merge) {
    const std::string id = TRY(identity(item, rule.key));
    const auto [place, added] = places.emplace(id, merged.size());
    if (added) {
      json::value next = item;
      strip_directives(next);
      merged.push_back(std::move(next));
    } else {
      json::value& target = merged[place->second];
      target = TRY(merge_map(std::move(target.get_object()), item.get_object(), rule.items));
    }
  }
  return arranged(std::move(merged), asked.merge, before, rule.key);
}

Result<json::array> merge_primitives(const json::array& original, const json::array& patch) {
  json::array merged;
  absl::flat_hash_set<std::string> seen;
  for (const json::array* list : {&original, &patch}) {
    for (const json::value& item : *list) {
      if (seen.insert(to_json(item)).second) merged.push_back(item);
    }
  }
  return arranged(std::move(merged), patch, original, {});
}

/// The patch's elements must stand in the order list, and in its order.
Result<> check_order(const json::array& patch, const json::array& order, std::string_view key) {
  if (order.empty()) return {};
  const std::vector<std::string> wanted = TRY(identities(order, key));
  auto at = wanted.begin();
  for (const json::value& item : patch) {
    const json::value* directive =
        item.is_object() ? item.get_object().if_contains(kPatch) : nullptr;
    if (directive != nullptr && (*directive == "delete" || *directive == "replace")) continue;
    at = std::find(at, wanted.end(), TRY(identity(item, key)));
    if (at == wanted.end()) {
      return Error{
          Code::invalid,
          fmt::format("The order in patch list:\n{}\n doesn't match {} list:\n{}\n", go_text(patch),
                      kElementOrder.substr(0, kElementOrder.size() - 1), go_text(order))};
    }
    ++at;
  }
  return {};
}

}  // namespace

Result<json::array> merge_list(json::array original, const json::array& patch,
                               const ListRule& rule) {
  switch (TRY(element_kind(original, patch))) {
    case ElementKind::none: break;
    case ElementKind::primitive: return merge_primitives(original, patch);
    case ElementKind::map: return merge_maps(std::move(original), patch, rule);
  }
  return original;
}

json::array delete_from(const json::array& original, const json::array& unwanted) {
  absl::flat_hash_set<std::string> gone;
  for (const json::value& item : unwanted) gone.insert(to_json(item));
  json::array kept(original.storage());
  for (const json::value& item : original) {
    if (!gone.contains(to_json(item))) kept.push_back(item);
  }
  return kept;
}

Result<json::array> merge_ordered(const json::array* original, const json::array* patch,
                                  const json::array& order, const ListRule& rule) {
  static const json::array kNone;
  if (patch != nullptr) TRY(check_order(*patch, order, rule.key));
  json::array merged;
  if (patch == nullptr) {
    merged = *original;
  } else if (rule.merge) {
    merged = TRY(merge_list(original == nullptr ? kNone : *original, *patch, rule));
  } else {
    merged = stripped(*patch);
  }
  TRY(element_kind(merged, kNone));
  return arranged(std::move(merged), order, original == nullptr ? kNone : *original, rule.key);
}

}  // namespace ks::store::strategic
