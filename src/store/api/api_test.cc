#include "store/api/api.h"

#include "store/api/test_server.h"

namespace ks::store {
namespace {

using http::Method;

std::string under(std::string_view collection, std::string_view name) {
  return std::string(collection) + "/" + std::string(name);
}

std::string names(const Reply& list) {
  std::string out;
  const json::value object = list.object();
  for (const json::value& item : object.at("items").as_array()) {
    out += std::string(text_at(item, {"metadata", "name"})) + ",";
  }
  return out;
}

TEST(KubeApi, ServesTheNamespacesThatEveryClusterHas) {
  TestServer server;
  EXPECT_EQ(names(server.get("/api/v1/namespaces")),
            "default,kube-node-lease,kube-public,kube-system,");
  EXPECT_EQ(server.get("/api/v1/namespaces/default").text({"status", "phase"}), "Active");
  EXPECT_EQ(
      server.get("/api/v1/namespaces/default/services/kubernetes").text({"spec", "clusterIP"}),
      "10.96.0.1");
}

TEST(KubeApi, CreatesReadsUpdatesAndDeletes) {
  TestServer server;
  const Reply made = server.post(kConfigMaps, config_map("a"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text({"metadata", "namespace"}), "default");
  EXPECT_EQ(made.text({"metadata", "creationTimestamp"}), "2023-11-14T22:13:20Z");
  EXPECT_EQ(made.text({"metadata", "uid"}).size(), 36u);

  const Reply read = server.get(under(kConfigMaps, "a"));
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, made.body);

  json::value next = read.object();
  set_at(next, {"data", "k"}, "2");
  const Reply changed = server.put(under(kConfigMaps, "a"), to_json(next));
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.text({"data", "k"}), "2");
  EXPECT_NE(changed.text({"metadata", "resourceVersion"}),
            made.text({"metadata", "resourceVersion"}));

  const Reply gone = server.remove(under(kConfigMaps, "a"));
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.text({"status"}), "Success");
  EXPECT_EQ(gone.text({"details", "name"}), "a");
  EXPECT_EQ(gone.text({"details", "uid"}), made.text({"metadata", "uid"}));
  const Reply missing = server.get(under(kConfigMaps, "a"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.message(), "configmaps \"a\" not found");
  EXPECT_EQ(missing.text({"reason"}), "NotFound");
}

TEST(KubeApi, AnswersAStaleUpdateWithConflict) {
  TestServer server;
  const json::value first = server.post(kConfigMaps, config_map("a")).object();
  json::value next = first;
  set_at(next, {"data", "k"}, "2");
  ASSERT_EQ(server.put(under(kConfigMaps, "a"), to_json(next)).status, 200);
  const Reply stale = server.put(under(kConfigMaps, "a"), to_json(next));
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(
      stale.message(),
      "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please "
      "apply your changes to the latest version and try again");
}

TEST(KubeApi, UpdatesWithoutAVersionWhateverIsThere) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  EXPECT_EQ(server.put(under(kConfigMaps, "a"), config_map("a", "9")).text({"data", "k"}), "9");
}

TEST(KubeApi, LeavesTheVersionWhenNothingChanges) {
  TestServer server;
  const Reply made = server.post(kConfigMaps, config_map("a"));
  EXPECT_EQ(server.put(under(kConfigMaps, "a"), made.body).body, made.body);
}

TEST(KubeApi, RefusesASecondObjectOfAName) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  const Reply second = server.post(kConfigMaps, config_map("a"));
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.text({"reason"}), "AlreadyExists");
  EXPECT_EQ(second.message(), "configmaps \"a\" already exists");
}

TEST(KubeApi, GeneratesNames) {
  TestServer server;
  const std::string body =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"run-"}})";
  const std::string first = server.post(kConfigMaps, body).text({"metadata", "name"});
  const std::string second = server.post(kConfigMaps, body).text({"metadata", "name"});
  EXPECT_TRUE(first.starts_with("run-"));
  EXPECT_EQ(first.size(), 9u);
  EXPECT_NE(first, second);
}

TEST(KubeApi, SaysWhatIsWrongWithAName) {
  TestServer server;
  const Reply bad = server.post(kConfigMaps, config_map("Not_A_Name"));
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.text({"reason"}), "Invalid");
  EXPECT_TRUE(bad.message().starts_with(
      "ConfigMap \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\": a "
      "lowercase RFC 1123 subdomain must consist of"))
      << bad.message();
  const Reply none = server.post(kConfigMaps, R"({"metadata":{}})");
  EXPECT_EQ(none.status, 422);
  EXPECT_NE(none.message().find("metadata.name: Required value: name or generateName is required"),
            std::string::npos);
}

TEST(KubeApi, RefusesObjectsThatAreNotWhatThePathSays) {
  TestServer server;
  const Reply kind =
      server.post(kConfigMaps, R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}})");
  EXPECT_EQ(kind.status, 400);
  const Reply version =
      server.post(kConfigMaps, R"({"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}})");
  EXPECT_EQ(version.status, 400);
  EXPECT_EQ(version.message(),
            "the API version in the data (v2) does not match the expected API version (v1)");
  const Reply space = server.post(kConfigMaps, R"({"metadata":{"name":"a","namespace":"other"}})");
  EXPECT_EQ(space.status, 400);
  EXPECT_TRUE(space.message().starts_with(
      "the namespace of the provided object does not match the namespace sent on the request"));
  server.post(kConfigMaps, config_map("a"));
  const Reply name = server.put(under(kConfigMaps, "a"), config_map("b"));
  EXPECT_EQ(name.status, 400);
  EXPECT_EQ(name.message(), "the name of the object (b) does not match the name on the URL (a)");
}

TEST(KubeApi, RefusesBodiesThatAreNoObjects) {
  TestServer server;
  for (const char* body :
       {"{", "[]", "\"x\"", "null", "{\"a\":\"\xff\"}", "{\"metadata\":3}",
        "{\"metadata\":{\"name\":3}}", "{\"metadata\":{\"labels\":{\"a\":1}}}"}) {
    const Reply bad = server.post(kConfigMaps, body);
    EXPECT_EQ(bad.status, 400) << body << bad.body;
    EXPECT_EQ(bad.text({"kind"}), "Status");
    EXPECT_EQ(bad.text({"reason"}), "BadRequest");
  }
  EXPECT_EQ(server.post(kConfigMaps, R"({"metadata":null})").status, 422);
}

TEST(KubeApi, BoundsTheDepthOfJson) {
  TestServer server;
  std::string deep = "{\"metadata\":{\"name\":\"a\"},\"data\":";
  deep += std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const Reply bad = server.post(kConfigMaps, deep);
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.message().find("nested deeper than 512 levels"), std::string::npos);
}

TEST(KubeApi, StoresNothingThatItsReadersWouldRefuse) {
  TestServer server;
  ASSERT_TRUE(server.api
                  ->install(*parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"deeps.example.com"},
    "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"deeps","kind":"Deep"},
      "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{
        "type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})"))
                  .ok());
  const std::string path = "/apis/example.com/v1/namespaces/default/deeps";
  int refused = 0;
  for (int depth = 495; depth < 513; depth++) {
    std::string nested = "1";
    for (int i = 0; i < depth; i++) nested = "{\"a\":" + nested + "}";
    const std::string name = "d" + std::to_string(depth);
    const Reply made =
        server.post(path, R"({"apiVersion":"example.com/v1","kind":"Deep","metadata":{"name":")" +
                              name + "\"},\"x\":" + nested + "}");
    if (made.status == 201) {
      EXPECT_TRUE(parse_json(made.body).ok()) << depth;
      EXPECT_EQ(server.get(path + "/" + name, {{"Accept", "application/yaml"}}).status, 200);
      EXPECT_EQ(server.remove(path + "/" + name).status, 200);
    } else {
      EXPECT_EQ(made.status, 400);
      refused++;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(KubeApi, NamesInPathsMayBeAnyBytes) {
  TestServer server;
  const Reply missing = server.get(std::string(kConfigMaps) + "/%ff%01");
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(parse_json(missing.body).ok()) << missing.body;
  EXPECT_EQ(server
                .post("/apis/rbac.authorization.k8s.io/v1/clusterroles",
                      R"({"metadata":{"name":"a\u0001b"},"rules":[]})")
                .status,
            422);
}

TEST(KubeApi, FinalizesNamespaces) {
  TestServer server;
  const json::value space =
      server.post("/api/v1/namespaces", R"({"metadata":{"name":"dev"}})").object();
  EXPECT_EQ(to_json(space.at("spec").at("finalizers")), "[\"kubernetes\"]");
  json::value next = server.remove("/api/v1/namespaces/dev").object();
  next.at("spec").as_object()["finalizers"] = json::array();
  EXPECT_EQ(server.put("/api/v1/namespaces/dev", to_json(next)).status, 200);
  EXPECT_EQ(server.get("/api/v1/namespaces/dev").status, 200);
  EXPECT_EQ(server.put("/api/v1/namespaces/dev/finalize", to_json(next)).status, 200);
  EXPECT_EQ(server.get("/api/v1/namespaces/dev").status, 404);
}

TEST(KubeApi, BoundsTheSizeOfAnObject) {
  TestServer server;
  json::object object{
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", "a"}}},
      {"spec",
       {{"containers",
         json::array{json::object{{"name", "c"},
                                  {"image", "i"},
                                  {"command", json::array{std::string(3u << 20, 'x')}}}}}}}};
  const Reply large = server.post("/api/v1/namespaces/default/pods", to_json(object));
  EXPECT_EQ(large.status, 413) << large.body.substr(0, 500);
  EXPECT_EQ(large.text({"reason"}), "RequestEntityTooLarge");
  EXPECT_NE(large.message().find("the limit is 1572864"), std::string::npos);
}

TEST(KubeApi, ReadsYaml) {
  TestServer server;
  const Reply made = server.send(Method::post, kConfigMaps,
                                 "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\n",
                                 {{"Content-Type", "application/yaml"}});
  EXPECT_EQ(made.status, 201) << made.body;
  const Reply bad =
      server.send(Method::post, kConfigMaps, "a: [", {{"Content-Type", "application/yaml"}});
  EXPECT_EQ(bad.status, 400);
  const Reply yaml = server.get(under(kConfigMaps, "y"), {{"Accept", "application/yaml"}});
  EXPECT_EQ(yaml.headers.get("Content-Type"), "application/yaml");
  EXPECT_TRUE(yaml.body.starts_with("apiVersion: v1\nkind: ConfigMap\n")) << yaml.body;
}

TEST(KubeApi, AnswersMediaTypesThatItDoesNotSpeak) {
  TestServer server;
  EXPECT_EQ(server.send(Method::post, kConfigMaps, "x", {{"Content-Type", "text/plain"}}).status,
            415);
  EXPECT_EQ(server.get(kConfigMaps, {{"Accept", "image/png"}}).status, 406);
  EXPECT_EQ(server.get(kConfigMaps, {{"Accept", "application/vnd.kubernetes.protobuf,*/*"}}).status,
            200);
}

TEST(KubeApi, KeepsTheNamespacesOfTheCluster) {
  TestServer server;
  const Reply refused = server.remove("/api/v1/namespaces/default");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.message(),
            "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

TEST(KubeApi, TellsPathsThatAreNotServed) {
  TestServer server;
  EXPECT_EQ(server.get("/api/v1/namespaces/default/nothings").status, 404);
  EXPECT_EQ(server.get("/apis/none.example.com/v1/things").status, 404);
  EXPECT_EQ(server.post("/api/v1/configmaps", config_map("a")).status, 405);
  EXPECT_EQ(server.remove("/api/v1/namespaces").status, 405);
  EXPECT_EQ(server.put("/api/v1/namespaces/default/pods/x/log", "{}").status, 405);
}

TEST(KubeApi, WantsTheNamespaceToBeThere) {
  TestServer server;
  const Reply none = server.post("/api/v1/namespaces/nowhere/configmaps", config_map("a"));
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.message(), "namespaces \"nowhere\" not found");

  server.post("/api/v1/namespaces", R"({"metadata":{"name":"dev"}})");
  EXPECT_EQ(server.remove("/api/v1/namespaces/dev").text({"status", "phase"}), "Terminating");
  const Reply ending = server.post("/api/v1/namespaces/dev/configmaps", config_map("a"));
  EXPECT_EQ(ending.status, 403);
  EXPECT_EQ(ending.message(),
            "configmaps \"a\" is forbidden: unable to create new content in namespace dev because "
            "it is being terminated");
  EXPECT_EQ(text_at(ending.object().at("details").at("causes").at(0), {"reason"}),
            "NamespaceTerminating");
}

TEST(KubeApi, RemovesANamespaceWithAllThatIsInIt) {
  TestServer server;
  Lifecycle lifecycle(server.store, {});
  lifecycle.start();
  server.post("/api/v1/namespaces", R"({"metadata":{"name":"dev"}})");
  server.post("/api/v1/namespaces/dev/configmaps", config_map("a"));
  server.remove("/api/v1/namespaces/dev");
  ASSERT_TRUE(lifecycle.settle());
  EXPECT_EQ(server.get("/api/v1/namespaces/dev").status, 404);
  EXPECT_EQ(server.get("/api/v1/namespaces/dev/configmaps/a").status, 404);
}

TEST(KubeApi, HoldsAnObjectUntilItsLastFinalizerIsOff) {
  TestServer server;
  server.post(kConfigMaps, R"({"metadata":{"name":"a","finalizers":["example.com/wait"]}})");
  const Reply marked = server.remove(under(kConfigMaps, "a"));
  EXPECT_EQ(marked.status, 200);
  EXPECT_FALSE(marked.text({"metadata", "deletionTimestamp"}).empty());
  json::value object = marked.object();
  json::value more = object;
  set_at(more, {"metadata", "finalizers"}, json::array{"example.com/wait", "example.com/more"});
  EXPECT_EQ(server.put(under(kConfigMaps, "a"), to_json(more)).status, 422);
  object.at("metadata").as_object().erase("finalizers");
  EXPECT_EQ(server.put(under(kConfigMaps, "a"), to_json(object)).status, 200);
  EXPECT_EQ(server.get(under(kConfigMaps, "a")).status, 404);
}

TEST(KubeApi, ChecksThePreconditionsOfADeletion) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  EXPECT_EQ(server.remove(under(kConfigMaps, "a"), R"({"preconditions":{"uid":"other"}})").status,
            409);
  EXPECT_EQ(server.remove(under(kConfigMaps, "a"), R"({"propagationPolicy":"Sideways"})").status,
            422);
  EXPECT_EQ(server.get(under(kConfigMaps, "a")).status, 200);
}

TEST(KubeApi, DryRunsStoreNothing) {
  TestServer server;
  const uint64_t before = server.store.revision();
  const Reply made = server.post(std::string(kConfigMaps) + "?dryRun=All", config_map("a"));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.text({"metadata", "name"}), "a");
  EXPECT_EQ(server.store.revision(), before);
  server.post(kConfigMaps, config_map("a"));
  const Reply next = server.put(under(kConfigMaps, "a?dryRun=All"), config_map("a", "2"));
  EXPECT_EQ(next.text({"data", "k"}), "2");
  EXPECT_EQ(server.send(Method::delete_, under(kConfigMaps, "a?dryRun=All")).status, 200);
  EXPECT_EQ(server.get(under(kConfigMaps, "a")).text({"data", "k"}), "1");
  EXPECT_EQ(server.post(std::string(kConfigMaps) + "?dryRun=Some", config_map("b")).status, 422);
}

TEST(KubeApi, DeletesCollections) {
  TestServer server;
  for (const char* name : {"a", "b", "c"}) server.post(kConfigMaps, config_map(name));
  const Reply removed =
      server.send(Method::delete_, std::string(kConfigMaps) + "?fieldSelector=metadata.name!=b");
  EXPECT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(names(removed), "a,c,");
  EXPECT_EQ(names(server.get(kConfigMaps)), "b,");
}

}  // namespace
}  // namespace ks::store
