#include <boost/json.hpp>
#include <utility>

#include "store/patch/patch.h"

namespace ks::store {
namespace {

void merge_into(json::value& target, const json::value& patch) {
  const json::object* changes = patch.if_object();
  if (changes == nullptr) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  json::object& object = target.get_object();
  for (const auto& [key, change] : *changes) {
    if (change.is_null()) {
      object.stable_erase(key);
    } else {
      merge_into(object[key], change);
    }
  }
}

}  // namespace

json::value merge_patch(json::value object, const json::value& patch) {
  merge_into(object, patch);
  return object;
}

}  // namespace ks::store
