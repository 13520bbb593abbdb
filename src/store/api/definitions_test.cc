#include "base/text.h"
#include "store/api/test_server.h"

namespace ks::store {
namespace {

constexpr std::string_view kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr std::string_view kShirts = "/apis/example.com/v1/namespaces/default/shirts";

std::string shirts() {
  return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"shirts.example.com"},
    "spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"shirts","kind":"Shirt","shortNames":["sh"]},
      "versions":[
        {"name":"v1","served":true,"storage":true,
         "subresources":{"status":{},"scale":{"specReplicasPath":".spec.count","statusReplicasPath":".status.count"}},
         "selectableFields":[{"jsonPath":".spec.color"}],
         "schema":{"openAPIV3Schema":{"type":"object","properties":{
           "spec":{"type":"object","required":["color"],"properties":{
             "color":{"type":"string","enum":["red","blue"]},
             "size":{"type":"string","default":"M"},
             "count":{"type":"integer"}}},
           "status":{"type":"object","properties":{"count":{"type":"integer"}}}}}}},
        {"name":"v2","served":true,"storage":false,
         "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})";
}

std::string shirt(std::string_view name, std::string_view color = "red",
                  std::string_view version = "v1") {
  return "{\"apiVersion\":\"example.com/" + std::string(version) +
         "\",\"kind\":\"Shirt\",\"metadata\":{\"name\":\"" + std::string(name) +
         "\"},\"spec\":{\"color\":\"" + std::string(color) + "\"}}";
}

TEST(CustomDefinitions, ServeTheirKindAtOnce) {
  TestServer server;
  EXPECT_EQ(server.get(kShirts).status, 404);
  const Reply made = server.post(kCrds, shirts());
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text({"status", "acceptedNames", "singular"}), "shirt");
  EXPECT_EQ(text_at(made.object().at("status").at("conditions").at(1), {"type"}), "Established");
  EXPECT_EQ(server.get(kShirts).status, 200);
  const Reply object = server.post(kShirts, shirt("a"));
  ASSERT_EQ(object.status, 201) << object.body;
  EXPECT_EQ(object.text({"spec", "size"}), "M");
  EXPECT_EQ(int_at(object.object(), {"metadata", "generation"}), 1);
}

TEST(CustomDefinitions, HoldObjectsAgainstTheirSchema) {
  TestServer server;
  server.post(kCrds, shirts());
  const Reply color = server.post(kShirts, shirt("a", "green"));
  EXPECT_EQ(color.status, 422);
  EXPECT_NE(color.message().find("spec.color: Unsupported value: \"green\": supported values: "
                                 "\"red\", \"blue\""),
            std::string::npos)
      << color.message();
  const Reply pruned = server.post(
      kShirts,
      R"({"apiVersion":"example.com/v1","kind":"Shirt","metadata":{"name":"b"},"spec":{"color":"red","wool":true}})");
  EXPECT_EQ(pruned.status, 201);
  EXPECT_EQ(find(pruned.object(), {"spec", "wool"}), nullptr);
  EXPECT_EQ(pruned.headers.get("Warning"), "299 - \"unknown field \\\"spec.wool\\\"\"");
  EXPECT_EQ(server.post(kShirts, R"({"metadata":{"name":"c"}})").status, 400);
}

TEST(CustomDefinitions, AnUpdateMustNameItsVersion) {
  TestServer server;
  server.post(kCrds, shirts());
  server.post(kShirts, shirt("a"));
  const Reply blind = server.put(std::string(kShirts) + "/a", shirt("a", "blue"));
  EXPECT_EQ(blind.status, 422);
  EXPECT_NE(blind.message().find("metadata.resourceVersion: Invalid value: 0x0: must be specified "
                                 "for an update"),
            std::string::npos);
}

TEST(CustomDefinitions, ServeSeveralVersions) {
  TestServer server;
  server.post(kCrds, shirts());
  server.post(kShirts, shirt("a"));
  const std::string second = "/apis/example.com/v2/namespaces/default/shirts";
  const Reply read = server.get(second + "/a");
  EXPECT_EQ(read.text({"apiVersion"}), "example.com/v2");
  auto watch = server.watch(second + "?watch=1");
  ASSERT_EQ(server.post(second, shirt("b", "blue", "v2")).text({"apiVersion"}), "example.com/v2");
  const std::vector<std::string> lines = watch->lines(2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("example.com/v2"), std::string::npos);
  EXPECT_NE(lines[1].find("example.com/v2"), std::string::npos);
  EXPECT_EQ(server.get(std::string(kShirts) + "/b").text({"apiVersion"}), "example.com/v1");
}

TEST(CustomDefinitions, HaveStatusScaleAndSelectableFields) {
  TestServer server;
  server.post(kCrds, shirts());
  server.post(kShirts, shirt("a"));
  server.post(kShirts, shirt("b", "blue"));
  const std::string path = std::string(kShirts) + "/a";
  const Reply status =
      server.patch(path + "/status", "merge-patch+json", R"({"status":{"count":3}})");
  EXPECT_EQ(int_at(status.object(), {"status", "count"}), 3);
  EXPECT_EQ(server.patch(path + "/scale", "merge-patch+json", R"({"spec":{"replicas":4}})").status,
            200);
  EXPECT_EQ(int_at(server.get(path).object(), {"spec", "count"}), 4);
  EXPECT_EQ(int_at(server.get(path + "/scale").object(), {"status", "replicas"}), 3);
  const Reply blue = server.get(std::string(kShirts) + "?fieldSelector=spec.color%3Dblue");
  ASSERT_EQ(blue.status, 200) << blue.body;
  EXPECT_EQ(blue.object().at("items").as_array().size(), 1u);
  EXPECT_EQ(server.get(std::string(kShirts) + "?fieldSelector=spec.size%3DM").status, 400);
  EXPECT_EQ(server.patch(path, "strategic-merge-patch+json", "{}").status, 415);
}

TEST(CustomDefinitions, GoAfterTheirObjects) {
  TestServer server;
  server.post(kCrds, shirts());
  server.post(kShirts, shirt("a"));
  server.post(
      kShirts,
      R"({"apiVersion":"example.com/v1","kind":"Shirt","metadata":{"name":"b","finalizers":["example.com/x"]},"spec":{"color":"red"}})");
  const std::string path = std::string(kCrds) + "/shirts.example.com";
  const Reply removed = server.remove(path);
  EXPECT_EQ(removed.status, 200);
  EXPECT_FALSE(removed.text({"metadata", "deletionTimestamp"}).empty());
  EXPECT_EQ(server.post(kShirts, shirt("c")).status, 405);
  for (int i = 0; i < 1000 && server.get(std::string(kShirts) + "/a").status == 200; i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(server.get(std::string(kShirts) + "/a").status, 404);
  EXPECT_EQ(server.get(path).status, 200);
  server.patch(std::string(kShirts) + "/b", "merge-patch+json",
               R"({"metadata":{"finalizers":null}})");
  for (int i = 0; i < 1000 && server.get(kShirts).status == 200; i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(server.get(path).status, 404);
  EXPECT_EQ(server.get(kShirts).status, 404);
}

TEST(CustomDefinitions, MayFollowOneAnotherUnderTheSameName) {
  TestServer server;
  const std::string path = std::string(kCrds) + "/shirts.example.com";
  for (int round = 0; round < 50; round++) {
    ASSERT_EQ(server.post(kCrds, shirts()).status, 201);
    // At once, while the end of the one before may still be seen to.
    ASSERT_EQ(server.post(kShirts, shirt("a")).status, 201) << round;
    std::this_thread::sleep_for(std::chrono::microseconds(round * 20));
    ASSERT_EQ(server.get(std::string(kShirts) + "/a").status, 200) << round;
    server.remove(path);
    for (int i = 0; i < 5000 && server.get(path).status == 200; i++)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    ASSERT_EQ(server.get(path).status, 404);
  }
}

TEST(CustomDefinitions, AreServedAgainAfterARestart) {
  TestServer server;
  server.post(kCrds, shirts());
  server.post(kShirts, shirt("a"));
  Registry registry;
  KubeApi second(server.store, registry, {});
  ASSERT_TRUE(second.start().ok());
  EXPECT_NE(registry.catalog()->find("example.com", "v1", "shirts"), nullptr);
}

TEST(CustomDefinitions, AreRefusedWhenTheyAreNone) {
  TestServer server;
  EXPECT_EQ(
      server.post(kCrds, replace_all(shirts(), "shirts.example.com", "wrong.example.com")).status,
      422);
  server.post(kCrds, shirts());
  const Reply renamed = server.patch(std::string(kCrds) + "/shirts.example.com", "merge-patch+json",
                                     R"({"spec":{"group":"other.com"}})");
  EXPECT_EQ(renamed.status, 422);
}

TEST(CustomDefinitions, TellApplyThatTheyTakeNoStrategicPatches) {
  TestServer server;
  server.post(kCrds, shirts());
  const Reply document = server.get("/openapi/v3/apis/example.com/v1");
  EXPECT_EQ(document.status, 200);
  EXPECT_NE(document.body.find("application/merge-patch+json"), std::string::npos);
  EXPECT_EQ(document.body.find("application/strategic-merge-patch+json"), std::string::npos);
}

TEST(CustomDefinitions, InstallBringsAnObjectToItsState) {
  TestServer server;
  const json::value definition = *parse_json(shirts());
  ASSERT_TRUE(server.api->install(definition).ok());
  ASSERT_TRUE(server.api->install(definition).ok());
  EXPECT_EQ(server.get(kShirts).status, 200);
  const Result<> unknown = server.api->install(*parse_json(shirt("a", "red", "v9")));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().message,
            "example.com/v9 Shirt \"a\" cannot be installed: no such kind is served");
}

}  // namespace
}  // namespace ks::store
