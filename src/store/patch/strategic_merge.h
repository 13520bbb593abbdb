#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "base/result.h"
#include "store/schema/schema.h"

/// The two halves of strategic merge, which call each other: maps and lists.

namespace ks::store::strategic {

namespace json = boost::json;

constexpr std::string_view kPatch = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFrom = "$deleteFromPrimitiveList/";
constexpr std::string_view kElementOrder = "$setElementOrder/";

/// How a list is merged: nothing set, it is replaced.
struct ListRule {
  bool merge = false;
  std::string_view key;           ///< empty: a list of primitives
  const Schema* items = nullptr;  ///< null: not known
};

Result<json::object> merge_map(json::object original, const json::object& patch,
                               const Schema* schema);
Result<json::array> merge_list(json::array original, const json::array& patch,
                               const ListRule& rule);
/// Leaves in a list what a `$deleteFromPrimitiveList/` does not name.
json::array delete_from(const json::array& original, const json::array& unwanted);
/// Merges as `$setElementOrder/` says: what it names in its order, the rest between as it stood.
/// `original` and `patch` may be null, though not both.
Result<json::array> merge_ordered(const json::array* original, const json::array* patch,
                                  const json::array& order, const ListRule& rule);

/// What a patch puts where nothing was: without directives and nulls. False when it asks for
/// nothing to be there.
bool strip_directives(json::value& value);

}  // namespace ks::store::strategic
