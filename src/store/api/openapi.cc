#include "store/api/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "store/api/documents.h"
#include "store/api/openapi_paths.h"
#include "store/api/openapi_proto.h"
#include "store/api/openapi_proto3.h"
#include "store/api/openapi_types.h"
#include "store/api/wire_writer.h"

namespace ks::store {
namespace {

constexpr std::string_view kTitle = "Kubernetes";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProto = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/// What clients before RFC 6838 was read closely ask for.
constexpr std::string_view kOldProto = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr std::string_view kProto3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
constexpr std::string_view kOldProto3 =
    "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
constexpr std::string_view kProto3Mark = " protobuf";  // in the names of kept documents

void append_member(std::string& out, std::string_view name, const json::object& value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  out += to_json(value);
}

std::string info() {
  return fmt::format(R"("info":{{"title":"{}","version":"{}"}})", kTitle, kKubernetesVersion);
}

std::string v2_json(const std::vector<KindRef>& kinds) {
  OpenApiTypes types(OpenApiForm::v2);
  std::string out = R"({"swagger":"2.0",)" + info() + R"(,"paths":{)";
  for (const KindRef& kind : kinds) {
    each_path(*kind, OpenApiForm::v2, types,
              [&](auto path, const auto& item) { append_member(out, path, item); });
  }
  out += R"(},"definitions":{)";
  types.each([&](auto name, const auto& type) { append_member(out, name, type); });
  out += R"(},"securityDefinitions":{"BearerToken":{"type":"apiKey","name":"authorization",)"
         R"("in":"header","description":"Bearer token"}},"security":[{"BearerToken":[]}]})";
  return out;
}

std::string v2_proto(const std::vector<KindRef>& kinds) {
  OpenApiTypes types(OpenApiForm::v2);
  std::string paths, definitions;
  for (const KindRef& kind : kinds) {
    each_path(*kind, OpenApiForm::v2, types, [&](auto path, const auto& item) {
      proto::append_field(paths, proto::kPath, proto::named_path(path, item));
    });
  }
  types.each([&](auto name, const auto& type) {
    proto::append_field(definitions, proto::kDefinition, proto::named_schema(name, type));
  });
  return proto::document(kTitle, kKubernetesVersion, paths, definitions);
}

std::string v3_json(const std::vector<KindRef>& kinds) {
  OpenApiTypes types(OpenApiForm::v3);
  std::string out = R"({"openapi":"3.0.0",)" + info() + R"(,"paths":{)";
  for (const KindRef& kind : kinds) {
    each_path(*kind, OpenApiForm::v3, types,
              [&](auto path, const auto& item) { append_member(out, path, item); });
  }
  out += R"(},"components":{"schemas":{)";
  types.each([&](auto name, const auto& type) { append_member(out, name, type); });
  out += R"(},"securitySchemes":{"BearerToken":{"type":"apiKey","name":"authorization",)"
         R"("in":"header","description":"Bearer token"}}}})";
  return out;
}

std::string v3_proto(const std::vector<KindRef>& kinds) {
  OpenApiTypes types(OpenApiForm::v3);
  std::string paths, schemas;
  for (const KindRef& kind : kinds) {
    each_path(*kind, OpenApiForm::v3, types, [&](auto path, const auto& item) {
      proto::append_field(paths, proto3::kPath, proto3::named_path(path, item));
    });
  }
  types.each([&](auto name, const auto& type) {
    proto::append_field(schemas, proto3::kSchema, proto3::named_schema(name, type));
  });
  return proto3::document(kTitle, kKubernetesVersion, paths, schemas);
}

/// `api/v1`, `apis/apps/v1`
std::string path_of(std::string_view group, std::string_view version) {
  return group.empty() ? fmt::format("api/{}", version) : fmt::format("apis/{}/{}", group, version);
}

struct GroupVersion {
  std::string path, group, version;
};

std::vector<GroupVersion> group_versions(const Catalog& catalog) {
  std::vector<GroupVersion> out;
  for (const Catalog::Group& group : catalog.groups()) {
    for (const std::string& version : group.versions) {
      out.push_back({path_of(group.name, version), group.name, version});
    }
  }
  return out;
}

bool takes_json(const MediaRange& range) {
  return range.type == kJson || range.type == "application/*" || range.type == "*/*";
}

/// The type to answer with; nothing when the client takes none that we have.
std::optional<std::string_view> v2_type(const http::Request& request) {
  for (const MediaRange& range : accepted(request)) {
    if (range.type == kProto || range.type == kOldProto) return kProto;
    if (takes_json(range)) return kJson;
  }
  return {};
}

std::optional<std::string_view> v3_type(const http::Request& request) {
  for (const MediaRange& range : accepted(request)) {
    if (range.type == kProto3 || range.type == kOldProto3) return kProto3;
    if (takes_json(range)) return kJson;
  }
  return {};
}

std::string url_of(std::string_view path, std::string_view hash) {
  return fmt::format("/openapi/v3/{}?hash={}", path, hash);
}

}  // namespace

std::string OpenApi::known_hash(const std::string& name, const std::vector<KindRef>& kinds) const {
  return entries_.with([&](const Entries& entries) {
    const auto found = entries.find(name);
    const bool fresh = found != entries.end() && found->second.kinds == kinds;
    return fresh ? found->second.hash : std::string();
  });
}

std::string OpenApi::hash(const std::string& name, const std::vector<KindRef>& kinds,
                          Writer* write) {
  const std::string known = known_hash(name, kinds);
  return known.empty() ? document(name, kinds, write).hash : known;
}

OpenApi::Document OpenApi::document(const std::string& name, const std::vector<KindRef>& kinds,
                                    Writer* write) {
  const std::optional<Document> kept =
      entries_.with([&](const Entries& entries) -> std::optional<Document> {
        const auto found = entries.find(name);
        if (found == entries.end() || found->second.kinds != kinds) return {};
        http::Bytes body = found->second.body.lock();
        if (body == nullptr) return {};
        return Document{std::move(body), found->second.hash};
      });
  if (kept) return *kept;
  Document made;
  made.body = std::make_shared<const std::string>(write(kinds));
  made.hash = hash_of(*made.body);
  entries_.with([&](Entries& entries) {
    entries.insert_or_assign(name, Entry{kinds, made.hash, made.body});
  });
  return made;
}

http::Response OpenApi::send(const http::Request& request, const std::string& name,
                             const std::vector<KindRef>& kinds, Writer* write,
                             std::string_view content_type) {
  const std::string known = known_hash(name, kinds);
  if (!known.empty() && client_has(request, known)) {
    return send_document(request, nullptr, known, content_type);
  }
  const Document made = document(name, kinds, write);
  return send_document(request, made.body, made.hash, content_type);
}

http::Response OpenApi::v2(const Catalog& catalog, const http::Request& request) {
  const std::optional<std::string_view> type = v2_type(request);
  if (!type) return send_status(kube::not_acceptable({std::string(kJson), std::string(kProto)}));
  return *type == kJson ? send(request, "v2", catalog.all(), v2_json, kJson)
                        : send(request, "v2 protobuf", catalog.all(), v2_proto, kProto);
}

http::Response OpenApi::v3_index(const Catalog& catalog, const http::Request& request) {
  json::object paths;
  std::set<std::string, std::less<>> served{"v2", "v2 protobuf"};
  for (const GroupVersion& one : group_versions(catalog)) {
    const std::string now = hash(one.path, catalog.kinds(one.group, one.version), v3_json);
    paths[one.path] = json::object{{"serverRelativeURL", url_of(one.path, now)}};
    served.insert(one.path);
    served.insert(one.path + std::string(kProto3Mark));
  }
  entries_.with([&](Entries& entries) {
    std::erase_if(entries, [&](const auto& entry) { return !served.contains(entry.first); });
  });
  const json::value index = json::object{{"paths", std::move(paths)}};
  const std::string text = to_json(index);
  return send_document(request, std::make_shared<const std::string>(text), hash_of(text), kJson);
}

http::Response OpenApi::v3(const Catalog& catalog, const http::Request& request,
                           std::string_view path) {
  const std::vector<GroupVersion> all = group_versions(catalog);
  const auto found = std::ranges::find(all, path, &GroupVersion::path);
  if (found == all.end()) return send_status(kube::path_not_found());
  const std::vector<KindRef> kinds = catalog.kinds(found->group, found->version);
  const std::string_view asked = request.query.get("hash");
  if (!asked.empty()) {
    const std::string now = hash(found->path, kinds, v3_json);
    if (asked != now) {
      http::Response moved;
      moved.status = 301;
      moved.headers.add("Location", url_of(found->path, now));
      return moved;
    }
  }
  const std::optional<std::string_view> type = v3_type(request);
  if (!type) return send_status(kube::not_acceptable({std::string(kJson), std::string(kProto3)}));
  http::Response response = *type == kJson ? send(request, found->path, kinds, v3_json, kJson)
                                           : send(request, found->path + std::string(kProto3Mark),
                                                  kinds, v3_proto, kProto3);
  // What has its hash in its address never changes.
  response.headers.add("Cache-Control",
                       asked.empty() ? "no-cache, private" : "public, immutable, max-age=31536000");
  return response;
}

http::Response OpenApi::answer(const Catalog& catalog, const http::Request& request) {
  std::string_view path = request.path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (!path.starts_with("/openapi/")) return send_status(kube::path_not_found());
  path.remove_prefix(9);
  if (path != "v2" && path != "v3" && !path.starts_with("v3/")) {
    return send_status(kube::path_not_found());
  }
  if (!is_read(request)) return send_status(kube::method_not_supported({}, "post"));
  if (path == "v2") return v2(catalog, request);
  if (path == "v3") {
    if (std::ranges::any_of(accepted(request), takes_json)) return v3_index(catalog, request);
    return send_status(kube::not_acceptable({std::string(kJson)}));
  }
  return v3(catalog, request, path.substr(3));
}

}  // namespace ks::store
