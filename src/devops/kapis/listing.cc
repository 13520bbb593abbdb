#include "devops/kapis/listing.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "kube/object.h"

namespace ks::devops::kapis {
namespace {

using http::Query;

constexpr size_t kDefaultLimit = 10;
constexpr std::array<std::string_view, 6> kNoFilters = {
    "page", "limit", "sortBy", "ascending", "labelSelector", "fieldSelector"};

std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> out;
  for (std::string_view one : split(list, ',')) out.push_back(trim(one));
  return out;
}

/// `k=v`, `k!=v` (the key must be there), `k` and `k=*`: there.
bool has_pair(const json::value* map, std::string_view condition) {
  const size_t equals = condition.find('=');
  const bool negated = equals != condition.npos && equals > 0 && condition[equals - 1] == '!';
  const std::string_view key =
      condition.substr(0, equals == condition.npos ? equals : equals - (negated ? 1 : 0));
  const json::value* found =
      map != nullptr && map->is_object() ? map->get_object().if_contains(key) : nullptr;
  if (found == nullptr || !found->is_string()) return false;
  if (equals == condition.npos) return true;
  const std::string_view value = condition.substr(equals + 1);
  if (value == "*" && !negated) return true;
  return (found->get_string() == value) != negated;
}

bool all_pairs(const json::value& object, std::string_view part, std::string_view conditions) {
  const json::value* map = find(object, {"metadata", part});
  return std::ranges::all_of(items_of(conditions),
                             [&](std::string_view one) { return has_pair(map, one); });
}

bool any_owner(const json::value& object, std::string_view field, std::string_view value) {
  const json::value* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return false;
  return std::ranges::any_of(owners->get_array(), [&](const json::value& owner) {
    return text_at(owner, {field}) == value;
  });
}

bool passes(const json::value& object, std::string_view key, std::string_view value,
            Generation generation) {
  if (key == "name") {
    if (kube::name_of(object).find(value) != std::string_view::npos) return true;
    return generation == Generation::v4 &&
           kube::annotation(object, "kubesphere.io/alias-name").find(value) !=
               std::string_view::npos;
  }
  if (key == "names") {
    return std::ranges::any_of(items_of(value),
                               [&](std::string_view one) { return one == kube::name_of(object); });
  }
  if (key == "uid") return kube::uid_of(object) == value;
  if (key == "namespace") return kube::space_of(object) == value;
  if (key == "ownerReference") return any_owner(object, "uid", value);
  if (key == "ownerKind") return any_owner(object, "kind", value);
  if (key == "label") return all_pairs(object, "labels", value);
  if (key == "annotation") return all_pairs(object, "annotations", value);
  if (key == "type" && generation == Generation::v4)
    return text_at(object, {"spec", "type"}) == value;
  return true;
}

std::optional<int64_t> number(const Query& query, std::string_view name) {
  return parse_int(query.get(name));
}

}  // namespace

std::optional<bool> parse_go_bool(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  static constexpr std::array<std::string_view, 6> kFalse = {"0",     "f",     "F",
                                                             "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  return std::nullopt;
}

Page page_of(const Query& query, Generation generation) {
  const std::optional<int64_t> limit = number(query, "limit");
  Page out;
  if (!limit && generation == Generation::v4) {
    out.limit = SIZE_MAX;
  } else {
    out.limit = limit && *limit >= 0 ? static_cast<size_t>(*limit) : kDefaultLimit;
  }
  if (query.has("page")) {
    const int64_t page = number(query, "page").value_or(1);
    if (page > 1 && out.limit != SIZE_MAX) {
      out.offset = static_cast<size_t>(std::min<int64_t>(page - 1, 1'000'000'000)) * out.limit;
    }
  } else if (generation == Generation::v3) {
    const int64_t start = number(query, "start").value_or(0);
    if (start < 0) {
      out.limit = kDefaultLimit;
    } else {
      out.offset = static_cast<size_t>(start);
    }
  }
  return out;
}

bool has_filter(const Query& query) {
  return std::ranges::any_of(query, [](const auto& pair) {
    return std::ranges::find(kNoFilters, pair.first) == kNoFilters.end();
  });
}

bool passes_filters(const json::value& object, const Query& query, Generation generation) {
  return std::ranges::all_of(
      query, [&](const auto& pair) { return passes(object, pair.first, pair.second, generation); });
}

void sort_objects(std::vector<kube::ObjectRef>& objects, const Query& query) {
  const bool by_name = query.get("sortBy") == "name";
  const bool ascending = parse_go_bool(query.get("ascending")).value_or(false);
  const auto before = [&](const kube::ObjectRef& a, const kube::ObjectRef& b) {
    if (!by_name) {
      // RFC 3339 in UTC sorts as text.
      const std::string_view made_a = text_at(*a, {"metadata", "creationTimestamp"});
      const std::string_view made_b = text_at(*b, {"metadata", "creationTimestamp"});
      if (made_a != made_b) return ascending ? made_a < made_b : made_a > made_b;
    }
    return ascending ? kube::name_of(*a) < kube::name_of(*b)
                     : kube::name_of(*a) > kube::name_of(*b);
  };
  std::ranges::sort(objects, before);
}

json::object envelope(json::array all, Page page) {
  const size_t total = all.size();
  json::array items;
  const size_t from = std::min(page.offset, total);
  const size_t to = from + std::min(page.limit, total - from);
  for (size_t i = from; i < to; ++i) items.push_back(std::move(all[i]));
  return {{"items", std::move(items)}, {"totalItems", total}};
}

json::object list_of(std::vector<kube::ObjectRef> objects, const Query& query,
                     Generation generation,
                     const std::function<json::value(const json::value&)>& show) {
  std::erase_if(objects, [&](const kube::ObjectRef& object) {
    return !passes_filters(*object, query, generation);
  });
  sort_objects(objects, query);
  const Page page = page_of(query, generation);
  const size_t from = std::min(page.offset, objects.size());
  const size_t to = from + std::min(page.limit, objects.size() - from);
  json::array items;
  items.reserve(to - from);
  for (size_t i = from; i < to; ++i) items.push_back(show ? show(*objects[i]) : *objects[i]);
  return {{"items", std::move(items)}, {"totalItems", objects.size()}};
}

}  // namespace ks::devops::kapis
