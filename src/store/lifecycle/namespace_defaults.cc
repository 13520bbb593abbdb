#include "store/lifecycle/namespace_defaults.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/log.h"

namespace ks::store {
namespace {

constexpr std::string_view kAccounts = "serviceaccounts";
constexpr std::string_view kAccount = "default";
constexpr std::string_view kMaps = "configmaps";
constexpr std::string_view kMap = "kube-root-ca.crt";

bool is_ours(const Object& object) {
  return (object.resource() == kAccounts && object.name() == kAccount) ||
         (object.resource() == kMaps && object.name() == kMap);
}

bool is_going(const Object& space) {
  return !text_at(parse_json(*space.json).value_or(json::value()),
                  {"metadata", "deletionTimestamp"})
              .empty();
}

json::value new_object(std::string_view kind, std::string_view space, std::string_view name) {
  return json::object{{"apiVersion", "v1"},
                      {"kind", kind},
                      {"metadata", json::object{{"name", name}, {"namespace", space}}}};
}

}  // namespace

void NamespaceDefaults::put(const ObjectRef& object) {
  if (!options_.make) return;
  if (object->resource() == "namespaces") {
    dirty_.emplace(object->name());
  } else if (is_ours(*object)) {
    dirty_.emplace(object->space());
  }
}

void NamespaceDefaults::erase(const Object& object) {
  if (options_.make && is_ours(object)) dirty_.emplace(object.space());
}

std::vector<json::value> NamespaceDefaults::missing(const std::string& space) const {
  std::vector<json::value> out;
  const ObjectRef found = store_.get({"namespaces", "", space});
  if (found == nullptr || is_going(*found)) return out;
  if (store_.get({std::string(kAccounts), space, std::string(kAccount)}) == nullptr) {
    out.push_back(new_object("ServiceAccount", space, kAccount));
  }
  if (options_.ca_pem.empty()) return out;
  const ObjectRef map = store_.get({std::string(kMaps), space, std::string(kMap)});
  if (map != nullptr && text_at(parse_json(*map->json).value_or(json::value()),
                                {"data", "ca.crt"}) == options_.ca_pem) {
    return out;
  }
  out.push_back(new_object("ConfigMap", space, kMap));
  out.back().as_object()["data"] = json::object{{"ca.crt", options_.ca_pem}};
  return out;
}

bool NamespaceDefaults::work() {
  std::vector<json::value> all;
  for (const std::string& space : dirty_) {
    for (json::value& object : missing(space)) all.push_back(std::move(object));
  }
  if (!all.empty()) {
    if (const Result<> made = options_.make(all); !made) {
      // A namespace may be on its way out: then nothing is missing in it next time.
      LOG(warn, "what every namespace has is not there yet", {"error", made.error().message});
      return false;
    }
  }
  dirty_.clear();
  return true;
}

}  // namespace ks::store
