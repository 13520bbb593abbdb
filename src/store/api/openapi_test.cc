#include "store/api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/test_definitions.h"

namespace ks::store {
namespace {

constexpr const char* kOldProto = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

http::Response get(OpenApi& openapi, const Catalog& catalog, std::string_view target,
                   std::string accept = "", std::string etag = "") {
  http::Request request = http::make_request(http::Method::get, target);
  if (!accept.empty()) request.headers.add("Accept", std::move(accept));
  if (!etag.empty()) request.headers.add("If-None-Match", std::move(etag));
  return openapi.answer(catalog, request);
}

json::value document(OpenApi& openapi, const Catalog& catalog, std::string_view target) {
  const http::Response response = get(openapi, catalog, target);
  EXPECT_EQ(response.status, 200) << target;
  return parse_json(response.body.view()).value();
}

json::value document(Registry& registry, std::string_view target) {
  OpenApi openapi;
  return document(openapi, *registry.catalog(), target);
}

const json::value& pointed(const json::value& root, std::string_view pointer) {
  static const json::value kNone;
  const json::value* at = &root;
  for (const std::string_view step : split(pointer.substr(2), '/')) {
    at = at->is_object() ? at->get_object().if_contains(step) : nullptr;
    if (at == nullptr) return kNone;
  }
  return *at;
}

/// Names every $ref of a document that points nowhere.
void check_refs(const json::value& root, const json::value& value) {
  if (const json::array* array = value.if_array()) {
    for (const json::value& one : *array) check_refs(root, one);
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    if (member.key() == "$ref" && member.value().is_string()) {
      EXPECT_TRUE(pointed(root, member.value().get_string()).is_object()) << member.value();
    } else {
      check_refs(root, member.value());
    }
  }
}

TEST(OpenApi, RefersToNothingThatIsMissing) {
  Registry registry;
  define(registry, R"({"type": "object", "properties": {"spec": {"type": "object"}}})");
  OpenApi openapi;
  const CatalogRef catalog = registry.catalog();
  const json::value v2 = document(openapi, *catalog, "/openapi/v2");
  EXPECT_EQ(text_at(v2, {"swagger"}), "2.0");
  check_refs(v2, v2);

  const json::value index = document(openapi, *catalog, "/openapi/v3");
  EXPECT_TRUE(index.at("paths").as_object().contains("apis/example.com/v1"));
  for (const auto& one : index.at("paths").as_object()) {
    const json::value v3 = document(
        openapi, *catalog, std::string_view(one.value().at("serverRelativeURL").as_string()));
    check_refs(v3, v3);
    EXPECT_TRUE(find(v3, {"paths"})->is_object()) << one.key();
  }
}

TEST(OpenApi, HasAnObjectAndPathsForEveryKind) {
  Registry registry;
  define(registry, R"({"type": "object"})");
  const json::value v2 = document(registry, "/openapi/v2");
  std::set<std::string> marked, patched;
  for (const auto& type : v2.at("definitions").as_object()) {
    const json::value* kinds = find(type.value(), {"x-kubernetes-group-version-kind"});
    if (kinds == nullptr) continue;
    for (const json::value& one : kinds->as_array()) marked.insert(to_json(one));
  }
  for (const auto& path : v2.at("paths").as_object()) {
    const json::value* kind = find(path.value(), {"patch", "x-kubernetes-group-version-kind"});
    if (kind != nullptr) patched.insert(to_json(*kind));
  }
  for (const KindRef& kind : registry.catalog()->all()) {
    const std::string marker = to_json(json::object{{"group", kind->resource.group},
                                                    {"version", kind->resource.version},
                                                    {"kind", kind->resource.kind}});
    EXPECT_TRUE(marked.contains(marker)) << marker;
    EXPECT_EQ(patched.contains(marker), kind->has_verb("patch")) << marker;
  }
}

TEST(OpenApi, TellsHowListsAreMerged) {
  Registry registry;
  for (const char* target : {"/openapi/v2", "/openapi/v3/api/v1"}) {
    const json::value found = document(registry, target);
    const json::value* types = find(found, {"definitions"});
    if (types == nullptr) types = find(found, {"components", "schemas"});
    const json::value* containers =
        find(*types, {"io.k8s.api.core.v1.PodSpec", "properties", "containers"});
    ASSERT_NE(containers, nullptr);
    EXPECT_EQ(text_at(*containers, {"x-kubernetes-patch-strategy"}), "merge");
    EXPECT_EQ(text_at(*containers, {"x-kubernetes-patch-merge-key"}), "name");
    EXPECT_EQ(text_at(*containers, {"x-kubernetes-list-type"}), "map");
    EXPECT_EQ(text_at(*find(*types, {"io.k8s.api.core.v1.PodSpec", "properties", "volumes"}),
                      {"x-kubernetes-patch-strategy"}),
              "merge,retainKeys");
  }
}

TEST(OpenApi, TellsWhichOptionsAPatchTakes) {
  Registry registry;
  const json::value v3 = document(registry, "/openapi/v3/apis/apps/v1");
  const json::value* patch =
      find(v3, {"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"});
  ASSERT_NE(patch, nullptr);
  std::set<std::string> names;
  for (const json::value& one : patch->at("parameters").as_array()) {
    names.emplace(text_at(one, {"name"}));
  }
  EXPECT_EQ(names, (std::set<std::string>{"dryRun", "fieldManager", "fieldValidation", "force"}));
  EXPECT_EQ(text_at(*patch, {"operationId"}), "patchAppsV1NamespacedDeployment");
  EXPECT_NE(find(v3, {"paths", "/apis/apps/v1/deployments", "get"}), nullptr);
  EXPECT_EQ(text_at(v3, {"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale",
                         "get", "x-kubernetes-group-version-kind", "kind"}),
            "Scale");
}

constexpr const char* kWidget = R"({"type": "object", "description": "A widget.",
  "x-kubernetes-validations": [{"rule": "self.a == self.b", "message": "same"}],
  "required": ["spec"],
  "properties": {"spec": {"type": "object", "properties": {
    "size": {"type": "integer", "format": "int32", "minimum": 1, "default": 3, "description": "How big."},
    "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
    "note": {"type": "string", "nullable": true},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
              "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}}},
    "choice": {"type": "string", "enum": ["a", "b"]},
    "map": {"type": "object", "additionalProperties": {"type": "string"}}}}}})";

TEST(OpenApi, PublishesDefinitionsInFull) {
  Registry registry;
  define(registry, kWidget);
  const json::value v3 = document(registry, "/openapi/v3/apis/example.com/v1");
  const json::value& type = v3.at("components").at("schemas").at("com.example.v1.Widget");
  EXPECT_EQ(text_at(type, {"description"}), "A widget.");
  EXPECT_EQ(to_json(type.at("required")), R"(["spec"])");
  EXPECT_EQ(text_at(type.at("x-kubernetes-validations").at(0), {"rule"}), "self.a == self.b");
  EXPECT_EQ(text_at(type, {"properties", "apiVersion", "type"}), "string");
  EXPECT_EQ(text_at(type.at("properties").at("metadata").at("allOf").at(0), {"$ref"}),
            "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const json::value& spec = type.at("properties").at("spec").at("properties");
  EXPECT_EQ(int_at(spec, {"size", "default"}), 3);
  EXPECT_EQ(text_at(spec, {"size", "description"}), "How big.");
  EXPECT_TRUE(bool_at(spec, {"note", "nullable"}));
  EXPECT_TRUE(bool_at(spec, {"port", "x-kubernetes-int-or-string"}));
  EXPECT_EQ(to_json(spec.at("items").at("x-kubernetes-list-map-keys")), R"(["k"])");
  EXPECT_EQ(to_json(spec.at("choice").at("enum")), R"(["a","b"])");
  EXPECT_EQ(text_at(spec, {"map", "additionalProperties", "type"}), "string");
}

TEST(OpenApi, TellsOldClientsOnlyWhatTheyUnderstand) {
  Registry registry;
  define(registry, kWidget);
  const json::value v2 = document(registry, "/openapi/v2");
  const json::value& type = v2.at("definitions").at("com.example.v1.Widget");
  EXPECT_EQ(find(type, {"x-kubernetes-validations"}), nullptr);
  const json::value& spec = type.at("properties").at("spec").at("properties");
  EXPECT_EQ(find(spec, {"size", "default"}), nullptr);
  EXPECT_EQ(text_at(spec, {"size", "type"}), "integer");
  // Such a client refuses null where a type is told.
  EXPECT_EQ(find(spec, {"note", "type"}), nullptr);
  EXPECT_EQ(find(spec, {"note", "nullable"}), nullptr);
  EXPECT_EQ(find(spec, {"port", "anyOf"}), nullptr);
  EXPECT_EQ(find(spec, {"free", "type"}), nullptr);
}

TEST(OpenApi, KeepsHashesAndSendsNothingTwice) {
  Registry registry;
  OpenApi openapi;
  const CatalogRef catalog = registry.catalog();
  const http::Response first = get(openapi, *catalog, "/openapi/v2");
  const std::string etag(first.headers.get("ETag"));
  EXPECT_EQ(get(openapi, *catalog, "/openapi/v2", "", etag).status, 304);

  const json::value index = document(openapi, *catalog, "/openapi/v3");
  const std::string url(index.at("paths").at("apis/apps/v1").at("serverRelativeURL").as_string());
  const http::Response exact = get(openapi, *catalog, url);
  EXPECT_TRUE(exact.headers.get("Cache-Control").contains("immutable"));
  EXPECT_EQ(get(openapi, *catalog, "/openapi/v3/apis/apps/v1").headers.get("Cache-Control"),
            "no-cache, private");
  const http::Response moved = get(openapi, *catalog, "/openapi/v3/apis/apps/v1?hash=OLD");
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(moved.headers.get("Location"), url);
}

TEST(OpenApi, ChangesTheHashOfWhatChangedAlone) {
  Registry registry;
  OpenApi openapi;
  define(registry, R"({"type": "object"})");
  const json::value before = document(openapi, *registry.catalog(), "/openapi/v3").at("paths");
  define(registry, kWidget);
  const json::value after = document(openapi, *registry.catalog(), "/openapi/v3").at("paths");
  EXPECT_EQ(before.at("api/v1"), after.at("api/v1"));
  EXPECT_NE(before.at("apis/example.com/v1"), after.at("apis/example.com/v1"));
  registry.remove_definition("widgets.example.com");
  const json::value gone = document(openapi, *registry.catalog(), "/openapi/v3").at("paths");
  EXPECT_FALSE(gone.as_object().contains("apis/example.com/v1"));
}

/// The fields of a message with bytes, by number.
std::multimap<uint64_t, std::string_view> fields_of(std::string_view message) {
  std::multimap<uint64_t, std::string_view> out;
  auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0; !message.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (!message.empty()) {
    const uint64_t tag = varint();
    if ((tag & 7) == 0) {
      varint();
    } else if ((tag & 7) == 1) {
      message.remove_prefix(8);
    } else {
      const uint64_t size = varint();
      EXPECT_LE(size, message.size());
      if (size > message.size()) return out;
      out.emplace(tag >> 3, message.substr(0, size));
      message.remove_prefix(size);
    }
  }
  return out;
}

TEST(OpenApi, SaysTheSameInProtocolBuffers) {
  Registry registry;
  define(registry, kWidget);
  OpenApi openapi;
  const CatalogRef catalog = registry.catalog();
  const json::value text = document(openapi, *catalog, "/openapi/v2");
  const http::Response binary = get(openapi, *catalog, "/openapi/v2", kOldProto);
  EXPECT_EQ(binary.headers.get("Content-Type"),
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  const auto root = fields_of(binary.body.view());
  EXPECT_EQ(root.find(1)->second, "2.0");
  std::map<std::string_view, std::string_view> types;
  for (const auto& [number, one] : fields_of(root.find(9)->second)) {
    const auto named = fields_of(one);
    types[named.find(1)->second] = named.find(2)->second;
  }
  EXPECT_EQ(types.size(), text.at("definitions").as_object().size());
  const auto widget = fields_of(types.at("com.example.v1.Widget"));
  EXPECT_EQ(widget.find(4)->second, "A widget.");
  EXPECT_EQ(widget.find(19)->second, "spec");
  EXPECT_EQ(fields_of(root.find(8)->second).count(2), text.at("paths").as_object().size());
}

TEST(OpenApi, SaysTheSameOfVersion3InProtocolBuffers) {
  constexpr const char* kProto3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
  constexpr const char* kOldProto3 = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
  Registry registry;
  define(registry, kWidget);
  OpenApi openapi;
  const CatalogRef catalog = registry.catalog();
  for (const char* path : {"/openapi/v3/apis/example.com/v1", "/openapi/v3/api/v1"}) {
    const json::value text = document(openapi, *catalog, path);
    const http::Response binary = get(openapi, *catalog, path, kOldProto3);
    EXPECT_EQ(binary.headers.get("Content-Type"), kProto3);
    const auto root = fields_of(binary.body.view());
    EXPECT_EQ(root.find(1)->second, "3.0.0");
    std::map<std::string_view, std::string_view> types;
    const auto components = fields_of(root.find(5)->second);
    for (const auto& [number, one] : fields_of(components.find(1)->second)) {
      const auto named = fields_of(one);
      types[named.find(1)->second] = named.find(2)->second;
    }
    EXPECT_EQ(types.size(), text.at("components").at("schemas").as_object().size());
    EXPECT_EQ(fields_of(root.find(4)->second).count(1), text.at("paths").as_object().size());
    if (!types.contains("com.example.v1.Widget")) continue;
    // SchemaOrReference holds a Schema; its `spec` is a SchemaOrReference again.
    const auto widget = fields_of(fields_of(types.at("com.example.v1.Widget")).find(1)->second);
    EXPECT_EQ(widget.find(25)->second, "object");
    EXPECT_EQ(widget.find(34)->second, "A widget.");
    EXPECT_EQ(widget.find(23)->second, "spec");
    EXPECT_EQ(fields_of(widget.find(31)->second).count(1), text.at("components")
                                                               .at("schemas")
                                                               .at("com.example.v1.Widget")
                                                               .at("properties")
                                                               .as_object()
                                                               .size());
  }
  // Both forms are the same document to who asks by its hash.
  const json::value index = document(openapi, *catalog, "/openapi/v3");
  const std::string url(text_at(index.at("paths").at("api/v1"), {"serverRelativeURL"}));
  EXPECT_EQ(get(openapi, *catalog, url, kProto3).status, 200);
  EXPECT_EQ(get(openapi, *catalog, "/openapi/v3/api/v1", "text/html").status, 406);
}

TEST(OpenApi, RefusesWhatItDoesNotHave) {
  Registry registry;
  OpenApi openapi;
  const CatalogRef catalog = registry.catalog();
  for (const char* path : {"/openapi", "/openapi/v4", "/openapi/v3/apis/apps",
                           "/openapi/v3/apis/x/v1", "/openapi/v3/v2", "/openapi/v2/x"}) {
    EXPECT_EQ(get(openapi, *catalog, path).status, 404) << path;
  }
  EXPECT_EQ(get(openapi, *catalog, "/openapi/v2", "text/html").status, 406);
  EXPECT_EQ(get(openapi, *catalog, "/openapi/v3", "text/html").status, 406);
  EXPECT_EQ(openapi.answer(*catalog, http::make_request(http::Method::post, "/openapi/v2")).status,
            405);
}

TEST(OpenApi, TellsOfDeepDefinitions) {
  Registry registry;
  std::string schema = R"({"type": "string"})";
  for (int i = 0; i < 50; i++) {
    schema = R"({"type": "object", "properties": {"a": )" + schema + "}}";
  }
  define(registry, schema);
  OpenApi openapi;
  EXPECT_EQ(get(openapi, *registry.catalog(), "/openapi/v2").status, 200);
  EXPECT_EQ(get(openapi, *registry.catalog(), "/openapi/v2", kOldProto).status, 200);
  EXPECT_EQ(get(openapi, *registry.catalog(), "/openapi/v3/apis/example.com/v1").status, 200);
}

TEST(OpenApi, DoesNotLetADefinitionTakeTheNameOfABuiltInType) {
  Registry registry;
  json::value definition = widget_definition(R"({"type": "object"})");
  definition.at("spec").at("group") = "core.api.k8s.io";
  definition.at("spec").at("names").at("kind") = "Pod";
  definition.at("spec").at("names").at("listKind") = "PodList";
  definition.at("metadata").at("name") = "widgets.core.api.k8s.io";
  ASSERT_TRUE(registry.put_definition(definition).ok());
  const json::value v2 = document(registry, "/openapi/v2");
  EXPECT_NE(find(v2, {"definitions", "io.k8s.api.core.v1.Pod", "properties", "spec"}), nullptr);
  check_refs(v2, v2);
  const json::value v3 = document(registry, "/openapi/v3/apis/core.api.k8s.io/v1");
  check_refs(v3, v3);
}

}  // namespace
}  // namespace ks::store
