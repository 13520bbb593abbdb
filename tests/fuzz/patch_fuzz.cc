// Lines of JSON: an object, a patch or configuration for it, and managedFields. Whatever they are,
// every patch ends; what an apply gives can be applied again without a change, and can be read.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "store/patch/field_set.h"
#include "store/patch/managed_fields.h"
#include "store/patch/patch.h"
#include "store/schema/catalog.h"

namespace {

using namespace ks;
using namespace ks::store;

void require(bool condition, const char* what, const json::value& shown) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s\n", what, to_json(shown).c_str());
  std::abort();
}

const Schema& deployment() {
  static const CatalogRef kCatalog = Registry().catalog();
  static const KindRef kKind = kCatalog->find("apps", "v1", "deployments");
  return *kKind->schema;
}

void check_sets(const json::value& fields) {
  const Result<FieldSet> set = decode_fields(fields);
  if (!set) return;
  const json::value encoded = encode_fields(*set, {});
  require(decode_fields(encoded).value() == *set, "FieldsV1 changes", encoded);
  require(
      subtract(*set, *set).empty() && unite(*set, *set) == *set && intersect(*set, *set) == *set,
      "a set differs from itself", encoded);
}

void check_apply(const json::value& live, const json::value& configuration) {
  const FieldManager manager{.name = "fuzz", .api_version = "apps/v1"};
  for (const bool force : {false, true}) {
    const Applied once = apply(live, configuration, manager, force, deployment());
    const json::value* first = std::get_if<json::value>(&once);
    if (first == nullptr) continue;
    const Applied twice = apply(*first, configuration, manager, force, deployment());
    const json::value* second = std::get_if<json::value>(&twice);
    require(second != nullptr && *second == *first, "a second apply changes", *first);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  json::value inputs[3];
  const std::vector<std::string_view> lines = split(text, '\n');
  for (size_t i = 0; i < lines.size() && i < 3; i++) {
    if (Result<json::value> value = parse_json(lines[i], {.max_depth = 100})) inputs[i] = *value;
  }
  auto& [object, patch, managed] = inputs;
  (void)json_patch(object, patch);
  (void)merge_patch(object, patch);
  (void)strategic_merge_patch(object, patch, deployment());
  check_sets(managed);
  if (!object.is_object()) return 0;
  json::value& metadata = object.get_object()["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.get_object()["managedFields"] = managed;
  check_apply(object, patch);
  check_apply(nullptr, patch);
  if (!patch.is_object()) return 0;
  json::value next = patch;
  if (!next.get_object()["metadata"].is_object()) next.get_object()["metadata"].emplace_object();
  track_update(next, object, {.name = "fuzz", .api_version = "apps/v1"}, deployment());
  track_update(next, nullptr, {.name = "fuzz", .api_version = "apps/v1"}, deployment());
  return 0;
}
