#include "base/text.h"
#include "store/api/test_server.h"

namespace ks::store {
namespace {

std::string in_default(std::string_view group_version, std::string_view rest) {
  return std::string(group_version) + "/namespaces/default/" + std::string(rest);
}
std::string core(std::string_view rest) { return in_default("/api/v1", rest); }
std::string apps(std::string_view rest) { return in_default("/apis/apps/v1", rest); }

std::string deployment(std::string_view selector = "web", std::string_view image = "i:1") {
  return R"({"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"app":")" +
         std::string(selector) +
         R"("}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":")" +
         std::string(image) + R"("}]}}}})";
}

TEST(Kinds, SecretsTakeTextsAndKeepBase64) {
  TestServer server;
  const Reply made =
      server.post(core("secrets"),
                  R"({"metadata":{"name":"s"},"stringData":{"user":"rick"},"data":{"x":"YQ=="}})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text({"type"}), "Opaque");
  EXPECT_EQ(made.text({"data", "user"}), "cmljaw==");
  EXPECT_EQ(made.text({"data", "x"}), "YQ==");
  EXPECT_EQ(find(made.object(), {"stringData"}), nullptr);
  EXPECT_GE(server.post(core("secrets"), R"({"metadata":{"name":"t"},"data":{"x":"%%"}})").status,
            400);
  const Reply tls =
      server.post(core("secrets"), R"({"metadata":{"name":"t"},"type":"kubernetes.io/tls"})");
  EXPECT_EQ(tls.status, 422);
  EXPECT_NE(tls.message().find("data[tls.crt]: Required value"), std::string::npos);
  const Reply changed =
      server.put(core("secrets/s"), R"({"metadata":{"name":"s"},"type":"other","data":{}})");
  EXPECT_EQ(changed.status, 422);
  EXPECT_NE(changed.message().find("field is immutable"), std::string::npos);
}

TEST(Kinds, ImmutableConfigMapsStayAsTheyAre) {
  TestServer server;
  server.post(core("configmaps"), R"({"metadata":{"name":"a"},"immutable":true,"data":{"k":"1"}})");
  EXPECT_EQ(server
                .put(core("configmaps/a"),
                     R"({"metadata":{"name":"a"},"immutable":true,"data":{"k":"2"}})")
                .status,
            422);
  EXPECT_EQ(server.put(core("configmaps/a"), config_map("a")).status, 422);
  EXPECT_EQ(
      server.post(core("configmaps"), R"({"metadata":{"name":"b"},"data":{"a b":"x"}})").status,
      422);
}

TEST(Kinds, ServicesGetAddresses) {
  TestServer server;
  const std::string body =
      R"({"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})";
  const Reply made = server.post(core("services"), body);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string address = made.text({"spec", "clusterIP"});
  EXPECT_TRUE(address.starts_with("10.96."));
  EXPECT_EQ(made.text({"spec", "type"}), "ClusterIP");
  const json::value port = made.object().at("spec").at("ports").at(0);
  EXPECT_EQ(int_at(port, {"targetPort"}), 80);
  EXPECT_EQ(text_at(port, {"protocol"}), "TCP");
  EXPECT_EQ(server.put(core("services/web"), body).text({"spec", "clusterIP"}), address);

  const Reply headless =
      server.post(core("services"),
                  R"({"metadata":{"name":"h"},"spec":{"clusterIP":"None","ports":[{"port":80}]}})");
  EXPECT_EQ(headless.text({"spec", "clusterIP"}), "None");
  const Reply node =
      server.post(core("services"),
                  R"({"metadata":{"name":"n"},"spec":{"type":"NodePort","ports":[{"port":80}]}})");
  EXPECT_GE(int_at(node.object().at("spec").at("ports").at(0), {"nodePort"}), 30000);
  EXPECT_EQ(
      server
          .post(core("services"), R"({"metadata":{"name":"p"},"spec":{"ports":[{"port":70000}]}})")
          .status,
      422);
  EXPECT_EQ(
      server.post(core("services"), R"({"metadata":{"name":"1x"},"spec":{"ports":[{"port":1}]}})")
          .status,
      422);
}

TEST(Kinds, PodsArePendingAndHaveWhatKubernetesFillsIn) {
  TestServer server;
  const Reply made =
      server.post(core("pods"),
                  R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text({"status", "phase"}), "Pending");
  EXPECT_EQ(made.text({"status", "qosClass"}), "BestEffort");
  EXPECT_EQ(made.text({"spec", "restartPolicy"}), "Always");
  EXPECT_EQ(text_at(made.object().at("spec").at("containers").at(0), {"imagePullPolicy"}),
            "Always");
  EXPECT_EQ(server.get(core("pods/p/log")).status, 204);
  EXPECT_EQ(server.get(core("pods/q/log")).status, 404);
  EXPECT_EQ(server.post(core("pods"), R"({"metadata":{"name":"q"},"spec":{}})").status, 422);
  const Reply gone = server.remove(core("pods/p"));
  EXPECT_EQ(gone.text({"kind"}), "Pod");
  EXPECT_EQ(server.get(core("pods/p")).status, 404);
}

TEST(Kinds, DeploymentsSelectWhatTheyMake) {
  TestServer server;
  const Reply wrong = server.post(apps("deployments"), deployment("db"));
  EXPECT_EQ(wrong.status, 422);
  EXPECT_NE(wrong.message().find("spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: "
                                 "`selector` does not match template `labels`"),
            std::string::npos)
      << wrong.message();
  const Reply made = server.post(apps("deployments"), deployment());
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(int_at(made.object(), {"spec", "replicas"}), 1);
  EXPECT_EQ(made.text({"spec", "strategy", "type"}), "RollingUpdate");
  EXPECT_EQ(int_at(made.object(), {"metadata", "generation"}), 1);
}

TEST(Kinds, GenerationCountsChangesOfTheSpecAlone) {
  TestServer server;
  ASSERT_EQ(server.post(apps("deployments"), deployment()).status, 201);
  const std::string path = apps("deployments/web");
  const auto generation = [](const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return int_at(reply.object(), {"metadata", "generation"});
  };
  EXPECT_EQ(
      generation(server.patch(path, "merge-patch+json", R"({"metadata":{"labels":{"a":"b"}}})")),
      1);
  EXPECT_EQ(generation(server.patch(path, "merge-patch+json", R"({"spec":{"replicas":3}})")), 2);
  EXPECT_EQ(generation(
                server.patch(path + "/status", "merge-patch+json", R"({"status":{"replicas":3}})")),
            2);
}

TEST(Kinds, SpecAndStatusHaveWritersOfTheirOwn) {
  TestServer server;
  ASSERT_EQ(server.post(apps("deployments"), deployment()).status, 201);
  const std::string path = apps("deployments/web");
  const Reply by_spec =
      server.patch(path, "merge-patch+json", R"({"spec":{"replicas":2},"status":{"replicas":9}})");
  EXPECT_EQ(int_at(by_spec.object(), {"spec", "replicas"}), 2);
  EXPECT_EQ(int_at(by_spec.object(), {"status", "replicas"}), 0);
  const Reply by_status = server.patch(path + "/status", "merge-patch+json",
                                       R"({"spec":{"replicas":7},"status":{"replicas":5}})");
  EXPECT_EQ(int_at(by_status.object(), {"spec", "replicas"}), 2);
  EXPECT_EQ(int_at(by_status.object(), {"status", "replicas"}), 5);
  EXPECT_EQ(server.get(path + "/status").status, 200);
}

TEST(Kinds, ScalesDeployments) {
  TestServer server;
  ASSERT_EQ(server.post(apps("deployments"), deployment()).status, 201);
  const std::string path = apps("deployments/web/scale");
  const Reply scale = server.get(path);
  EXPECT_EQ(scale.text({"kind"}), "Scale");
  EXPECT_EQ(int_at(scale.object(), {"spec", "replicas"}), 1);
  EXPECT_EQ(scale.text({"status", "selector"}), "app=web");
  const Reply more = server.patch(path, "merge-patch+json", R"({"spec":{"replicas":4}})");
  EXPECT_EQ(int_at(more.object(), {"spec", "replicas"}), 4);
  json::value next = more.object();
  set_at(next, {"spec", "replicas"}, 5);
  EXPECT_EQ(server.put(path, to_json(next)).status, 200);
  EXPECT_EQ(server.put(path, to_json(next)).status, 409);
  EXPECT_EQ(int_at(server.get(apps("deployments/web")).object(), {"spec", "replicas"}), 5);
  set_at(next, {"spec", "replicas"}, -1);
  EXPECT_EQ(server.put(path, to_json(next)).status, 422);
}

TEST(Kinds, PatchesInEveryWay) {
  TestServer server;
  ASSERT_EQ(server.post(apps("deployments"), deployment()).status, 201);
  const std::string path = apps("deployments/web");
  const Reply strategic =
      server.patch(path, "strategic-merge-patch+json",
                   R"({"spec":{"template":{"spec":{"containers":[{"name":"d","image":"j:1"}]}}}})");
  ASSERT_EQ(strategic.status, 200) << strategic.body;
  EXPECT_EQ(
      strategic.object().at("spec").at("template").at("spec").at("containers").as_array().size(),
      2u);
  const Reply operations = server.patch(path, "json-patch+json",
                                        R"([{"op":"replace","path":"/spec/replicas","value":6}])");
  EXPECT_EQ(int_at(operations.object(), {"spec", "replicas"}), 6);
  EXPECT_EQ(
      server.patch(path, "json-patch+json", R"([{"op":"test","path":"/spec/replicas","value":1}])")
          .status,
      422);
  EXPECT_EQ(server.patch(path, "json-patch+json", R"({"op":"test"})").status, 400);
  EXPECT_EQ(server.patch(path, "xml", "<a/>").status, 415);
  EXPECT_EQ(server.patch(path, "merge-patch+json", R"({"metadata":{"name":"other"}})").status, 400);
  EXPECT_EQ(server
                .patch(path, "merge-patch+json",
                       R"({"metadata":{"resourceVersion":"1"},"spec":{"replicas":2}})")
                .status,
            409);
  EXPECT_EQ(server.patch(apps("deployments/none"), "merge-patch+json", "{}").status, 404);
}

TEST(Kinds, AppliesOnTheServer) {
  TestServer server;
  const std::string path = core("configmaps/a");
  const std::string mine =
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: \"1\"\n";
  EXPECT_EQ(server.patch(path, "apply-patch+yaml", mine).status, 422);
  const Reply made = server.patch(path + "?fieldManager=me", "apply-patch+yaml", mine);
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(server.patch(path + "?fieldManager=me", "apply-patch+yaml", mine).status, 200);
  const std::string theirs = replace_all(mine, "\"1\"", "\"2\"");
  const Reply conflict = server.patch(path + "?fieldManager=you", "apply-patch+yaml", theirs);
  EXPECT_EQ(conflict.status, 409);
  EXPECT_NE(conflict.message().find("me"), std::string::npos);
  const Reply forced =
      server.patch(path + "?fieldManager=you&force=true", "apply-patch+yaml", theirs);
  EXPECT_EQ(forced.text({"data", "k"}), "2");
  EXPECT_EQ(server.patch(path + "?force=true", "merge-patch+json", "{}").status, 422);
}

TEST(Kinds, WarnsOfFieldsThatItDoesNotKnow) {
  TestServer server;
  const std::string body = R"({"metadata":{"name":"a"},"data":{"k":"1","k":"2"},"colour":"red"})";
  const Reply warned = server.post(core("configmaps"), body);
  EXPECT_EQ(warned.status, 201);
  std::string warnings;
  for (const auto& [name, value] : warned.headers) {
    if (name == "Warning") warnings += value + ";";
  }
  EXPECT_EQ(warnings,
            "299 - \"duplicate field \\\"data.k\\\"\";299 - \"unknown field \\\"colour\\\"\";");
  EXPECT_EQ(find(warned.object(), {"colour"}), nullptr);
  const Reply strict = server.post(core("configmaps?fieldValidation=Strict"), body);
  EXPECT_EQ(strict.status, 400);
  EXPECT_NE(
      strict.message().find("strict decoding error: duplicate field \"data.k\", unknown field "
                            "\"colour\""),
      std::string::npos);
  EXPECT_FALSE(
      server.put(core("configmaps/a?fieldValidation=Ignore"), body).headers.has("Warning"));
  EXPECT_EQ(server.post(core("configmaps?fieldValidation=Maybe"), body).status, 422);
}

TEST(Kinds, RolesAndBindingsAreChecked) {
  TestServer server;
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
  const std::string body =
      R"({"metadata":{"name":"system:a"},"roleRef":{"kind":"ClusterRole","name":"x","apiGroup":"rbac.authorization.k8s.io"},
          "subjects":[{"kind":"User","name":"rick"}]})";
  const Reply made = server.post(rbac, body);
  ASSERT_EQ(made.status, 201) << made.body;
  const Reply other = server.put(rbac + "/system:a", replace_all(body, "\"x\"", "\"y\""));
  EXPECT_EQ(other.status, 422);
  EXPECT_NE(other.message().find("cannot change roleRef"), std::string::npos);
  EXPECT_EQ(server
                .post("/apis/rbac.authorization.k8s.io/v1/clusterroles",
                      R"({"metadata":{"name":"r"},"rules":[{"verbs":[],"resources":["pods"]}]})")
                .status,
            422);
}

TEST(Kinds, JobsLabelTheirPods) {
  TestServer server;
  const Reply made = server.post(
      in_default("/apis/batch/v1", "jobs"),
      R"({"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text({"spec", "template", "metadata", "labels", "batch.kubernetes.io/job-name"}),
            "j");
  EXPECT_EQ(made.text({"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"}),
            made.text({"metadata", "uid"}));
  EXPECT_EQ(
      server
          .post(
              in_default("/apis/batch/v1", "cronjobs"),
              R"({"metadata":{"name":"c"},"spec":{"schedule":"often","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}})")
          .status,
      422);
}

TEST(Kinds, TokensOfServiceAccountsOpenNothing) {
  TestServer server;
  server.post(core("serviceaccounts"), R"({"metadata":{"name":"robot"}})");
  const Reply token =
      server.post(core("serviceaccounts/robot/token"),
                  R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})");
  EXPECT_EQ(token.status, 201) << token.body;
  EXPECT_FALSE(token.text({"status", "token"}).empty());
  EXPECT_EQ(server.post(core("serviceaccounts/nobody/token"), "{}").status, 404);
}

TEST(Kinds, EventsStandBesideWhatTheyAreAbout) {
  TestServer server;
  const Reply wrong = server.post(
      core("events"),
      R"({"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p","namespace":"other"}})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_NE(wrong.message().find("involvedObject.namespace"), std::string::npos);
}

}  // namespace
}  // namespace ks::store
