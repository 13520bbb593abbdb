#include "store/api/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "store/api/documents.h"

namespace ks::store {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kAggregatedGroup = "apidiscovery.k8s.io";

json::array words(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

// ----- the older documents, one for each group and version -----

json::object resource_entry(const Kind& kind) {
  json::object out{{"name", kind.resource.plural},
                   {"singularName", kind.singular},
                   {"namespaced", kind.resource.namespaced},
                   {"kind", kind.resource.kind},
                   {"verbs", words(kind.verbs)}};
  if (!kind.short_names.empty()) out["shortNames"] = words(kind.short_names);
  if (!kind.categories.empty()) out["categories"] = words(kind.categories);
  return out;
}

json::object subresource_entry(const Kind& kind, const Kind::Subresource& sub) {
  json::object out{{"name", kind.resource.plural + "/" + sub.name},
                   {"singularName", ""},
                   {"namespaced", kind.resource.namespaced}};
  if (!sub.version.empty()) {
    if (!sub.group.empty()) out["group"] = sub.group;
    out["version"] = sub.version;
  }
  out["kind"] = sub.kind;
  out["verbs"] = words(sub.verbs);
  return out;
}

json::value resource_list(const Catalog& catalog, std::string_view group,
                          std::string_view version) {
  json::array resources;
  for (const KindRef& kind : catalog.kinds(group, version)) {
    resources.push_back(resource_entry(*kind));
    for (const Kind::Subresource& sub : kind->subresources) {
      resources.push_back(subresource_entry(*kind, sub));
    }
  }
  return json::object{
      {"kind", "APIResourceList"},
      {"apiVersion", "v1"},
      {"groupVersion", group.empty() ? std::string(version) : fmt::format("{}/{}", group, version)},
      {"resources", std::move(resources)}};
}

json::object group_entry(const Catalog::Group& group) {
  json::array versions;
  for (const std::string& version : group.versions) {
    versions.push_back(
        json::object{{"groupVersion", group.name + "/" + version}, {"version", version}});
  }
  json::object out{{"name", group.name}, {"versions", versions}};
  if (!versions.empty()) out["preferredVersion"] = versions.front();
  return out;
}

json::value group_list(const Catalog& catalog) {
  json::array groups;
  for (const Catalog::Group& group : catalog.groups()) {
    if (!group.name.empty()) groups.push_back(group_entry(group));
  }
  return json::object{
      {"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

json::value api_group(const Catalog::Group& group) {
  json::object out{{"kind", "APIGroup"}, {"apiVersion", "v1"}};
  for (auto& member : group_entry(group)) out[member.key()] = std::move(member.value());
  return out;
}

const Catalog::Group* find_group(const Catalog& catalog, std::string_view name) {
  for (const Catalog::Group& group : catalog.groups()) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

bool has_version(const Catalog& catalog, std::string_view group, std::string_view version) {
  const Catalog::Group* found = find_group(catalog, group);
  return found != nullptr && std::ranges::find(found->versions, version) != found->versions.end();
}

// ----- the aggregated form: everything in one -----

json::object response_kind(std::string_view group, std::string_view version,
                           std::string_view kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

json::object aggregated_resource(const Kind& kind) {
  const kube::Resource& of = kind.resource;
  json::object out{{"resource", of.plural},
                   {"responseKind", response_kind(of.group, of.version, of.kind)},
                   {"scope", of.namespaced ? "Namespaced" : "Cluster"},
                   {"singularResource", kind.singular},
                   {"verbs", words(kind.verbs)}};
  if (!kind.short_names.empty()) out["shortNames"] = words(kind.short_names);
  if (!kind.categories.empty()) out["categories"] = words(kind.categories);
  json::array subresources;
  for (const Kind::Subresource& sub : kind.subresources) {
    const bool own = sub.version.empty();
    subresources.push_back(json::object{
        {"subresource", sub.name},
        {"responseKind",
         response_kind(own ? of.group : sub.group, own ? of.version : sub.version, sub.kind)},
        {"verbs", words(sub.verbs)}});
  }
  if (!subresources.empty()) out["subresources"] = std::move(subresources);
  return out;
}

json::object aggregated_group(const Catalog& catalog, const Catalog::Group& group) {
  json::array versions;
  for (const std::string& version : group.versions) {
    json::array resources;
    for (const KindRef& kind : catalog.kinds(group.name, version)) {
      resources.push_back(aggregated_resource(*kind));
    }
    versions.push_back(json::object{
        {"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
  }
  json::object metadata{{"creationTimestamp", nullptr}};
  if (!group.name.empty()) metadata["name"] = group.name;
  return {{"metadata", std::move(metadata)}, {"versions", std::move(versions)}};
}

/// Of the core group alone (`/api`), or of all others (`/apis`).
json::value aggregated(const Catalog& catalog, bool core, std::string_view version) {
  json::array items;
  for (const Catalog::Group& group : catalog.groups()) {
    if (group.name.empty() == core) items.push_back(aggregated_group(catalog, group));
  }
  return json::object{{"kind", "APIGroupDiscoveryList"},
                      {"apiVersion", fmt::format("{}/{}", kAggregatedGroup, version)},
                      {"metadata", json::object()},
                      {"items", std::move(items)}};
}

/// `v2` or `v2beta1` when the client would rather have the aggregated form; else empty.
std::string_view aggregated_version(const http::Request& request) {
  for (const MediaRange& range : accepted(request)) {
    const std::string_view as = range.parameter("as");
    if (as.empty()) return {};
    const std::string_view version = range.parameter("v");
    if (range.type == kJson && as == "APIGroupDiscoveryList" &&
        range.parameter("g") == kAggregatedGroup) {
      if (version == "v2") return "v2";
      if (version == "v2beta1") return "v2beta1";
    }
  }
  return {};
}

/// The one document that depends on the request: how the client reached us.
http::Response api_versions(const http::Request& request) {
  const json::value document =
      json::object{{"kind", "APIVersions"},
                   {"versions", json::array{"v1"}},
                   {"serverAddressByClientCIDRs",
                    json::array{json::object{{"clientCIDR", "0.0.0.0/0"},
                                             {"serverAddress", request.headers.get("Host")}}}}};
  const std::string text = to_json(document);
  return send_document(request, std::make_shared<const std::string>(text), hash_of(text), kJson);
}

/// The document of a name: a path, or a path and the version of the aggregated form. Null when
/// there is none.
json::value make_document(const Catalog& catalog, std::string_view path,
                          std::string_view aggregated_as) {
  if (!aggregated_as.empty()) return aggregated(catalog, path == "/api", aggregated_as);
  if (path == "/apis") return group_list(catalog);
  if (path.starts_with("/api/")) {
    const std::string_view version = path.substr(5);
    return has_version(catalog, "", version) ? resource_list(catalog, "", version) : nullptr;
  }
  if (!path.starts_with("/apis/")) return nullptr;
  const std::vector<std::string_view> parts = split(path.substr(6), '/');
  if (parts.empty() || parts[0].empty()) return nullptr;
  if (parts.size() == 1) {
    const Catalog::Group* group = find_group(catalog, parts[0]);
    return group == nullptr ? json::value() : api_group(*group);
  }
  if (parts.size() > 2 || !has_version(catalog, parts[0], parts[1])) return nullptr;
  return resource_list(catalog, parts[0], parts[1]);
}

}  // namespace

Discovery::Document Discovery::document(const Catalog& catalog, std::string_view path,
                                        std::string_view aggregated_as) {
  const std::string name = fmt::format("{} {}", path, aggregated_as);
  const std::optional<Document> kept = cache_.with([&](Cache& cache) -> std::optional<Document> {
    const auto found = cache.documents.find(name);
    if (cache.generation != catalog.generation() || found == cache.documents.end()) return {};
    return found->second;
  });
  if (kept) return *kept;
  const json::value made = make_document(catalog, path, aggregated_as);
  // What does not exist is not kept: its names are the caller's.
  if (made.is_null()) return {};
  Document document;
  document.body = std::make_shared<const std::string>(to_json(made));
  document.hash = hash_of(*document.body);
  cache_.with([&](Cache& cache) {
    if (cache.generation > catalog.generation()) return;
    if (cache.generation < catalog.generation()) cache.documents.clear();
    cache.generation = catalog.generation();
    cache.documents.insert_or_assign(name, document);
  });
  return document;
}

http::Response Discovery::answer(const Catalog& catalog, const http::Request& request) {
  std::string_view path = request.path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::string_view aggregated_as;
  if (path == "/api" || path == "/apis") aggregated_as = aggregated_version(request);
  const bool plain_root = path == "/api" && aggregated_as.empty();
  const Document found = plain_root ? Document() : document(catalog, path, aggregated_as);
  if (!plain_root && found.body == nullptr) return send_status(kube::path_not_found());
  if (!is_read(request)) {
    return send_status(kube::method_not_supported({}, http::to_string(request.method)));
  }
  if (plain_root) return api_versions(request);
  const std::string content_type =
      aggregated_as.empty() ? std::string(kJson)
                            : fmt::format("application/json;g={};v={};as=APIGroupDiscoveryList",
                                          kAggregatedGroup, aggregated_as);
  return send_document(request, found.body, found.hash, content_type);
}

}  // namespace ks::store
