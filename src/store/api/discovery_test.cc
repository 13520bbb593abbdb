#include "store/api/discovery.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/api/test_definitions.h"

namespace ks::store {
namespace {

constexpr const char* kAggregatedV2 =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
constexpr const char* kAggregatedBeta =
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

struct Got {
  int status;
  std::string type, etag;
  json::value body;
};

Got get(Discovery& discovery, const Catalog& catalog, const char* path, std::string accept = "",
        std::string etag = "") {
  http::Request request = http::make_request(http::Method::get, path);
  if (!accept.empty()) request.headers.add("Accept", std::move(accept));
  if (!etag.empty()) request.headers.add("If-None-Match", std::move(etag));
  request.headers.add("Host", "127.0.0.1:6443");
  const http::Response response = discovery.answer(catalog, request);
  return {response.status, std::string(response.headers.get("Content-Type")),
          std::string(response.headers.get("ETag")),
          response.body.empty() ? json::value() : parse_json(response.body.view()).value()};
}

const json::value* entry(const json::value& list, std::string_view name,
                         std::string_view key = "name") {
  for (const json::value& one : list.as_array()) {
    if (text_at(one, {key}) == name) return &one;
  }
  return nullptr;
}

TEST(Discovery, ListsGroupsVersionsAndResources) {
  Registry registry;
  Discovery discovery;
  const CatalogRef catalog = registry.catalog();
  const Got core = get(discovery, *catalog, "/api");
  EXPECT_EQ(to_json(core.body.at("versions")), R"(["v1"])");
  EXPECT_EQ(text_at(core.body.at("serverAddressByClientCIDRs").at(0), {"serverAddress"}),
            "127.0.0.1:6443");

  const Got groups = get(discovery, *catalog, "/apis");
  EXPECT_EQ(text_at(groups.body, {"kind"}), "APIGroupList");
  const json::value* apps = entry(groups.body.at("groups"), "apps");
  ASSERT_NE(apps, nullptr);
  EXPECT_EQ(text_at(*apps, {"preferredVersion", "groupVersion"}), "apps/v1");
  EXPECT_EQ(entry(groups.body.at("groups"), ""), nullptr);

  const Got group = get(discovery, *catalog, "/apis/apps/");
  EXPECT_EQ(text_at(group.body, {"kind"}), "APIGroup");
  EXPECT_EQ(text_at(group.body, {"name"}), "apps");

  const Got pods = get(discovery, *catalog, "/api/v1");
  EXPECT_EQ(text_at(pods.body, {"groupVersion"}), "v1");
  const json::value* pod = entry(pods.body.at("resources"), "pods");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ(text_at(*pod, {"kind"}), "Pod");
  EXPECT_EQ(text_at(*pod, {"singularName"}), "pod");
  EXPECT_TRUE(bool_at(*pod, {"namespaced"}));
  EXPECT_EQ(to_json(pod->at("shortNames")), R"(["po"])");
  EXPECT_NE(entry(pods.body.at("resources"), "pods/status"), nullptr);

  const Got deployments = get(discovery, *catalog, "/apis/apps/v1");
  const json::value* scale = entry(deployments.body.at("resources"), "deployments/scale");
  ASSERT_NE(scale, nullptr);
  EXPECT_EQ(text_at(*scale, {"group"}), "autoscaling");
  EXPECT_EQ(text_at(*scale, {"kind"}), "Scale");
}

TEST(Discovery, TellsEverythingInOneDocumentToWhoAccepts) {
  Registry registry;
  Discovery discovery;
  const CatalogRef catalog = registry.catalog();
  const std::string accept =
      std::string(kAggregatedV2) + "," + kAggregatedBeta + ",application/json";
  const Got all = get(discovery, *catalog, "/apis", accept);
  EXPECT_EQ(all.type, kAggregatedV2);
  EXPECT_EQ(text_at(all.body, {"apiVersion"}), "apidiscovery.k8s.io/v2");
  const json::value* apps = nullptr;
  for (const json::value& one : all.body.at("items").as_array()) {
    if (text_at(one, {"metadata", "name"}) == "apps") apps = &one;
  }
  ASSERT_NE(apps, nullptr);
  const json::value* deployments =
      entry(apps->at("versions").at(0).at("resources"), "deployments", "resource");
  ASSERT_NE(deployments, nullptr);
  EXPECT_EQ(text_at(*deployments, {"scope"}), "Namespaced");
  EXPECT_EQ(text_at(*deployments, {"responseKind", "kind"}), "Deployment");
  EXPECT_NE(entry(deployments->at("subresources"), "scale", "subresource"), nullptr);

  const Got beta = get(discovery, *catalog, "/api", kAggregatedBeta);
  EXPECT_EQ(beta.type, kAggregatedBeta);
  EXPECT_EQ(text_at(beta.body, {"apiVersion"}), "apidiscovery.k8s.io/v2beta1");
  EXPECT_EQ(beta.body.at("items").as_array().size(), 1u);

  EXPECT_EQ(get(discovery, *catalog, "/apis", "application/json, */*").type, "application/json");
  EXPECT_EQ(get(discovery, *catalog, "/apis",
                "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,*/*")
                .type,
            "application/json");
  EXPECT_EQ(get(discovery, *catalog, "/apis", std::string(kAggregatedV2) + ";q=0,*/*").type,
            "application/json");
}

TEST(Discovery, SendsNothingToWhoHasIt) {
  Registry registry;
  Discovery discovery;
  const CatalogRef catalog = registry.catalog();
  const Got first = get(discovery, *catalog, "/apis", kAggregatedV2);
  ASSERT_FALSE(first.etag.empty());
  const Got second = get(discovery, *catalog, "/apis", kAggregatedV2, first.etag);
  EXPECT_EQ(second.status, 304);
  EXPECT_TRUE(second.body.is_null());
  EXPECT_EQ(get(discovery, *catalog, "/apis", kAggregatedV2, "W/" + first.etag).status, 304);
  EXPECT_EQ(get(discovery, *catalog, "/apis", "", first.etag).status, 200);
}

TEST(Discovery, FollowsTheDefinitions) {
  Registry registry;
  Discovery discovery;
  const Got before = get(discovery, *registry.catalog(), "/apis", kAggregatedV2);
  EXPECT_EQ(get(discovery, *registry.catalog(), "/apis/example.com/v1").status, 404);
  define(registry, R"({"type": "object"})");
  const Got after = get(discovery, *registry.catalog(), "/apis", kAggregatedV2);
  EXPECT_NE(before.etag, after.etag);
  const Got list = get(discovery, *registry.catalog(), "/apis/example.com/v1");
  ASSERT_EQ(list.status, 200);
  const json::value* widget = entry(list.body.at("resources"), "widgets");
  ASSERT_NE(widget, nullptr);
  EXPECT_EQ(to_json(widget->at("categories")), R"(["all"])");
  EXPECT_EQ(to_json(widget->at("shortNames")), R"(["wd"])");
  EXPECT_NE(entry(list.body.at("resources"), "widgets/status"), nullptr);
}

TEST(Discovery, RefusesWhatIsNotServed) {
  Registry registry;
  Discovery discovery;
  const CatalogRef catalog = registry.catalog();
  for (const char* path : {"/apis/nobody.io", "/apis/apps/v9", "/api/v2", "/apis/apps/v1/x", "/x",
                           "/apis//", "/apis//v1", "/api/", "/apis/apps//"}) {
    const int expected = std::string_view(path) == "/api/" || std::string_view(path) == "/apis//" ||
                                 std::string_view(path) == "/apis/apps//"
                             ? 200
                             : 404;
    EXPECT_EQ(get(discovery, *catalog, path).status, expected) << path;
  }
  EXPECT_EQ(discovery.answer(*catalog, http::make_request(http::Method::post, "/apis")).status,
            405);
  std::string many;
  for (int i = 0; i < 10'000; i++) many += "application/json;as=Nothing;q=0.5,";
  EXPECT_EQ(get(discovery, *catalog, "/apis", many).status, 200);
}

}  // namespace
}  // namespace ks::store
