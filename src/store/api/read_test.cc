#include "store/api/test_server.h"

namespace ks::store {
namespace {

std::string names(const Reply& list) {
  std::string out;
  const json::value object = list.object();
  if (object.as_object().contains("items")) {
    for (const json::value& item : object.at("items").as_array()) {
      out += std::string(text_at(item, {"metadata", "name"})) + ",";
    }
  }
  return out;
}

std::string labelled(std::string_view name, std::string_view labels) {
  return "{\"metadata\":{\"name\":\"" + std::string(name) + "\",\"labels\":" + std::string(labels) +
         "}}";
}

std::string pod(std::string_view name, std::string_view node = "") {
  return "{\"metadata\":{\"name\":\"" + std::string(name) + "\"},\"spec\":{\"nodeName\":\"" +
         std::string(node) + "\",\"containers\":[{\"name\":\"c\",\"image\":\"i:1\"}]}}";
}

std::string list_of(std::string_view query) {
  return std::string(kConfigMaps) + "?" + std::string(query);
}

TEST(ReadObjects, ListsWhatSelectorsTake) {
  TestServer server;
  server.post(kConfigMaps, labelled("a", R"({"app":"web","tier":"front"})"));
  server.post(kConfigMaps, labelled("b", R"({"app":"web"})"));
  server.post(kConfigMaps, labelled("c", R"({"app":"db"})"));
  EXPECT_EQ(names(server.get(list_of("labelSelector=app%3Dweb"))), "a,b,");
  EXPECT_EQ(names(server.get(list_of("labelSelector=app%20in%20(web),!tier"))), "b,");
  EXPECT_EQ(names(server.get(list_of("fieldSelector=metadata.name%3Dc"))), "c,");
  EXPECT_EQ(names(server.get(list_of("fieldSelector=metadata.name!%3Dc&labelSelector=app"))),
            "a,b,");
  EXPECT_EQ(names(server.get("/api/v1/configmaps")), "a,b,c,");
  EXPECT_EQ(names(server.get("/api/v1/namespaces/kube-system/configmaps")), "");
}

TEST(ReadObjects, SaysWhichSelectorsItDoesNotTake) {
  TestServer server;
  EXPECT_EQ(server.get(list_of("labelSelector=a%20b%20c")).status, 400);
  EXPECT_EQ(server.get(list_of("fieldSelector=abc")).status, 400);
  const Reply field = server.get("/api/v1/pods?fieldSelector=spec.color%3Dred");
  EXPECT_EQ(field.status, 400);
  EXPECT_EQ(field.message(), "field label not supported: spec.color");
  EXPECT_EQ(server.get(list_of("fieldSelector=spec.x%3D1")).message(),
            "\"spec.x\" is not a known field selector: only \"metadata.name\", "
            "\"metadata.namespace\"");
}

TEST(ReadObjects, SelectsPodsByTheirFields) {
  TestServer server;
  const std::string_view pods = "/api/v1/namespaces/default/pods";
  ASSERT_EQ(server.post(pods, pod("a", "n1")).status, 201);
  ASSERT_EQ(server.post(pods, pod("b", "n2")).status, 201);
  EXPECT_EQ(names(server.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1")), "a,");
  EXPECT_EQ(
      names(server.get("/api/v1/pods?fieldSelector=status.phase%3DPending,spec.nodeName!%3Dn1")),
      "b,");
  EXPECT_EQ(names(server.get("/api/v1/pods?fieldSelector=status.phase%3DRunning")), "");
}

TEST(ReadObjects, PagesShowOneState) {
  TestServer server;
  for (const char* name : {"a", "b", "c", "d", "e"}) server.post(kConfigMaps, config_map(name));
  const Reply first = server.get(list_of("limit=2"));
  EXPECT_EQ(names(first), "a,b,");
  EXPECT_EQ(int_at(first.object(), {"metadata", "remainingItemCount"}), 3);
  server.remove(std::string(kConfigMaps) + "/c");
  server.post(kConfigMaps, config_map("bb"));
  const std::string token = first.text({"metadata", "continue"});
  const Reply second = server.get(list_of("limit=2&continue=" + token));
  EXPECT_EQ(names(second), "c,d,");
  EXPECT_EQ(second.text({"metadata", "resourceVersion"}),
            first.text({"metadata", "resourceVersion"}));
  const Reply last =
      server.get(list_of("limit=2&continue=" + second.text({"metadata", "continue"})));
  EXPECT_EQ(names(last), "e,");
  EXPECT_EQ(last.text({"metadata", "continue"}), "");
}

TEST(ReadObjects, DoesNotCountWhatASelectorLeavesOut) {
  TestServer server;
  for (const char* name : {"a", "b", "c"}) server.post(kConfigMaps, labelled(name, R"({"x":"y"})"));
  const Reply page = server.get(list_of("limit=1&labelSelector=x"));
  EXPECT_FALSE(page.text({"metadata", "continue"}).empty());
  EXPECT_EQ(find(page.object(), {"metadata", "remainingItemCount"}), nullptr);
}

TEST(ReadObjects, AnOldTokenIsExpiredAndOffersAnother) {
  StoreOptions small;
  small.watch.max_events = 4;
  TestServer server({}, small);
  for (const char* name : {"a", "b", "c"}) server.post(kConfigMaps, config_map(name));
  const Reply first = server.get(list_of("limit=1"));
  for (int i = 0; i < 10; i++) {
    server.put(std::string(kConfigMaps) + "/a", config_map("a", "x" + std::to_string(i)));
  }
  const Reply expired =
      server.get(list_of("limit=1&continue=" + first.text({"metadata", "continue"})));
  EXPECT_EQ(expired.status, 410);
  EXPECT_EQ(expired.text({"reason"}), "Expired");
  EXPECT_EQ(names(server.get(list_of("continue=" + expired.text({"metadata", "continue"})))),
            "b,c,");
  EXPECT_EQ(server.get(list_of("continue=rubbish")).status, 400);
}

TEST(ReadObjects, ListsTheStateThatAVersionNames) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  const std::string then = server.get(kConfigMaps).text({"metadata", "resourceVersion"});
  server.post(kConfigMaps, config_map("b"));
  EXPECT_EQ(names(server.get(list_of("resourceVersionMatch=Exact&resourceVersion=" + then))), "a,");
  EXPECT_EQ(names(server.get(list_of("resourceVersionMatch=NotOlderThan&resourceVersion=" + then))),
            "a,b,");
  EXPECT_EQ(names(server.get(list_of("resourceVersion=0"))), "a,b,");
  const Reply future = server.get(list_of("resourceVersion=999999"));
  EXPECT_EQ(future.status, 504);
  EXPECT_EQ(future.headers.get("Retry-After"), "1");
  EXPECT_EQ(server.get(list_of("resourceVersionMatch=Exact")).status, 422);
  EXPECT_EQ(server.get(list_of("resourceVersion=0&resourceVersionMatch=Exact")).status, 422);
  EXPECT_EQ(server.get(list_of("resourceVersion=x")).status, 422);
}

TEST(ReadObjects, AnswersTablesAndBareMetadata) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  const http::Headers table{
      {"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}};
  const Reply list = server.get(kConfigMaps, table);
  EXPECT_EQ(list.text({"kind"}), "Table");
  EXPECT_EQ(text_at(list.object().at("rows").at(0).at("cells").at(0), {}), "a");
  EXPECT_EQ(server.get(std::string(kConfigMaps) + "/a", table).text({"kind"}), "Table");
  const Reply partial =
      server.get(kConfigMaps,
                 {{"Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}});
  EXPECT_EQ(partial.text({"kind"}), "PartialObjectMetadataList");
  EXPECT_EQ(find(partial.object().at("items").at(0), {"data"}), nullptr);
}

TEST(ReadObjects, IndentsForPeople) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  EXPECT_NE(server.get(std::string(kConfigMaps) + "/a?pretty=true").body.find("\n  \"kind\""),
            std::string::npos);
}

TEST(ReadObjects, ShowsEventsInBothVersions) {
  TestServer server;
  const Reply made = server.post(
      "/api/v1/namespaces/default/events",
      R"({"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p","namespace":"default"},
          "message":"hello","reason":"Started","type":"Normal","count":2})");
  ASSERT_EQ(made.status, 201) << made.body;
  const Reply as_new = server.get("/apis/events.k8s.io/v1/namespaces/default/events/e");
  EXPECT_EQ(as_new.text({"apiVersion"}), "events.k8s.io/v1");
  EXPECT_EQ(as_new.text({"note"}), "hello");
  EXPECT_EQ(as_new.text({"regarding", "name"}), "p");
  EXPECT_EQ(int_at(as_new.object(), {"deprecatedCount"}), 2);
  const Reply found = server.get(
      "/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name%3Dp");
  EXPECT_EQ(names(found), "e,");
  EXPECT_EQ(names(server.get("/api/v1/events?fieldSelector=involvedObject.name%3Dq")), "");
}

}  // namespace
}  // namespace ks::store
