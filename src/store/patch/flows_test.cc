#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "store/api/test_server.h"
#include "store/patch/field_set.h"

// What people do to an object one after the other, through the API and with the real types.

namespace ks::store {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kDeployments = "/apis/apps/v1/namespaces/default/deployments";
constexpr std::string_view kWidgets = "/apis/example.com/v1/namespaces/default/widgets";

std::string deployment(int replicas, std::string_view image, std::string_view annotations = "{}") {
  return fmt::format(R"({{"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{{"name":"web","annotations":{}}},
    "spec":{{"replicas":{},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{
      "metadata":{{"labels":{{"app":"web"}}}},
      "spec":{{"containers":[{{"name":"web","image":"{}","ports":[{{"containerPort":80}}]}}]}}}}}}}})",
                     annotations, replicas, image);
}

/// One object behind the API.
struct Target {
  TestServer server;
  std::string path;

  explicit Target(std::string_view collection, std::string_view name)
      : path(std::string(collection) + "/" + std::string(name)) {}

  Reply apply(const std::string& configuration, std::string_view manager,
              std::string_view subresource = "", bool force = false) {
    return server.patch(fmt::format("{}{}?fieldManager={}&force={}", path, subresource, manager,
                                    force ? "true" : "false"),
                        "apply-patch+yaml", configuration);
  }
  Reply patch(std::string_view type, const std::string& body, std::string_view manager,
              std::string_view subresource = "") {
    return server.patch(fmt::format("{}{}?fieldManager={}", path, subresource, manager), type,
                        body);
  }
  json::value object() { return server.get(path).object(); }
  std::string version() { return server.get(path).text({"metadata", "resourceVersion"}); }

  /// `alice Apply: .spec.replicas;`
  std::string managers(bool with_fields) {
    std::string out;
    const json::value now = object();
    const json::value* entries = find(now, {"metadata", "managedFields"});
    if (entries == nullptr) return out;
    for (const json::value& entry : entries->as_array()) {
      out += fmt::format("{} {}", text_at(entry, {"manager"}), text_at(entry, {"operation"}));
      const std::string_view sub = text_at(entry, {"subresource"});
      if (!sub.empty()) out += fmt::format(" {}", sub);
      if (with_fields) {
        out += ':';
        const std::vector<std::string> paths = decode_fields(entry.at("fieldsV1")).value().paths();
        for (const std::string& one : paths) out += " " + one;
      }
      out += ';';
    }
    return out;
  }
};

TEST(Flows, ADeploymentIsAppliedScaledAndAppliedAgain) {
  Target web(kDeployments, "web");
  ASSERT_EQ(web.apply(deployment(2, "a"), "kubectl").status, 201);
  const std::string version = web.version();
  ASSERT_EQ(web.apply(deployment(2, "a"), "kubectl").status, 200);
  EXPECT_EQ(web.version(), version) << "nothing changed";

  const Reply scaled =
      web.patch("merge-patch+json", R"({"spec":{"replicas":5}})", "kubectl", "/scale");
  ASSERT_EQ(scaled.status, 200) << scaled.body;
  EXPECT_EQ(web.managers(false), "kubectl Apply;kubectl Update scale;");
  const Reply conflict = web.apply(deployment(2, "a"), "kubectl");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.message(),
            "Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" "
            "using apps/v1: .spec.replicas");
  EXPECT_EQ(web.apply(deployment(2, "a"), "kubectl", "", true).status, 200);
  EXPECT_EQ(web.managers(false), "kubectl Apply;");
}

TEST(Flows, DefaultsBelongToNobodyAndSurviveAnApply) {
  Target web(kDeployments, "web");
  ASSERT_EQ(web.apply(deployment(2, "a"), "kubectl").status, 201);
  const std::string owned = web.managers(true);
  EXPECT_THAT(owned, HasSubstr(".ports[containerPort=80,protocol=\"TCP\"].containerPort"));
  EXPECT_THAT(owned, ::testing::Not(HasSubstr("imagePullPolicy")));
  EXPECT_THAT(owned, ::testing::Not(HasSubstr(".spec.strategy")));
  ASSERT_EQ(web.apply(deployment(2, "b"), "kubectl").status, 200);
  const json::value now = web.object();
  EXPECT_EQ(text_at(now, {"spec", "strategy", "type"}), "RollingUpdate");
  const json::value& container = now.at("spec").at("template").at("spec").at("containers").at(0);
  EXPECT_EQ(text_at(container, {"imagePullPolicy"}), "Always");
  EXPECT_EQ(text_at(container, {"image"}), "b");
}

TEST(Flows, ClientSideApplyGoesOnToServerSideApply) {
  Target web(kDeployments, "web");
  const std::string annotations =
      R"({"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":2,\"paused\":true}}"})";
  ASSERT_EQ(web.server
                .post(std::string(kDeployments) + "?fieldManager=kubectl-client-side-apply",
                      deployment(2, "a", annotations))
                .status,
            201);
  ASSERT_EQ(
      web.patch("strategic-merge-patch+json",
                R"({"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"web"}],
                    "containers":[{"name":"web","image":"b"}]}}}})",
                "kubectl-set")
          .status,
      200);
  const Reply conflict = web.apply(deployment(3, "c"), "kubectl");
  EXPECT_EQ(conflict.message(),
            "Apply failed with 1 conflict: conflict with \"kubectl-set\" using apps/v1: "
            ".spec.template.spec.containers[name=\"web\"].image")
      << "replicas are as the annotation says, so kubectl may change them; the image is not in it";
  EXPECT_EQ(web.apply(deployment(3, "b"), "kubectl").status, 200);
  EXPECT_EQ(int_at(web.object(), {"spec", "replicas"}), 3);
}

TEST(Flows, WhatChangedSinceClientSideApplyIsAConflict) {
  Target web(kDeployments, "web");
  const std::string annotations =
      R"({"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"replicas\":2}}"})";
  web.server.post(std::string(kDeployments) + "?fieldManager=kubectl-client-side-apply",
                  deployment(2, "a", annotations));
  web.patch("merge-patch+json", R"({"spec":{"replicas":7}})", "kubectl", "/scale");
  EXPECT_THAT(web.apply(deployment(3, "a"), "kubectl").message(),
              HasSubstr("conflict with \"kubectl\" with subresource \"scale\" using apps/v1: "
                        ".spec.replicas"));
}

TEST(Flows, AServiceKeepsItsAddressAndTellsPortsApartByProtocol) {
  Target service("/api/v1/namespaces/default/services", "dns");
  const auto configuration = [](std::string_view ports) {
    return fmt::format(R"({{"apiVersion":"v1","kind":"Service","metadata":{{"name":"dns"}},
        "spec":{{"selector":{{"app":"dns"}},"ports":[{}]}}}})",
                       ports);
  };
  ASSERT_EQ(service
                .apply(configuration(R"({"name":"tcp","port":53},
                {"name":"udp","port":53,"protocol":"UDP"})"),
                       "me")
                .status,
            201);
  const std::string address(text_at(service.object(), {"spec", "clusterIP"}));
  EXPECT_NE(address, "");
  const Reply less =
      service.apply(configuration(R"({"name":"udp","port":53,"protocol":"UDP"})"), "me");
  ASSERT_EQ(less.status, 200) << less.body;
  const json::value now = service.object();
  EXPECT_EQ(text_at(now, {"spec", "clusterIP"}), address);
  ASSERT_EQ(now.at("spec").at("ports").as_array().size(), 1u);
  EXPECT_EQ(now.at("spec").at("ports").at(0).at("protocol"), "UDP");
}

TEST(Flows, AConfigMapIsLabelledEditedReplacedAndReset) {
  Target map(kConfigMaps, "m");
  ASSERT_EQ(map.apply(config_map("m", "1"), "kubectl").status, 201);
  map.patch("merge-patch+json", R"({"metadata":{"labels":{"a":"b"}}})", "kubectl-label");
  map.patch("strategic-merge-patch+json", R"({"data":{"k":"2"}})", "kubectl-edit");
  EXPECT_EQ(map.managers(true),
            "kubectl-edit Update: .data.k;"
            "kubectl-label Update: .metadata.labels .metadata.labels.a;");
  map.server.put(map.path + "?fieldManager=kubectl-replace", config_map("m", "3"));
  EXPECT_EQ(map.managers(true), "kubectl-replace Update: .data.k;");
  map.patch("json-patch+json",
            R"([{"op":"replace","path":"/metadata/managedFields","value":[{}]}])", "me");
  EXPECT_EQ(map.managers(true), "");
  EXPECT_EQ(map.apply(config_map("m", "4"), "me").message(),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.k");
}

std::string widget(std::string_view parts, std::string_view more = "") {
  return fmt::format(R"({{"apiVersion":"example.com/v1","kind":"Widget","metadata":{{"name":"w"}},
      "spec":{{"parts":[{}]}}{}}})",
                     parts, more);
}

void define_widgets(TestServer& server) {
  const Reply made =
      server.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                  R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
    "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
    "schema":{"openAPIV3Schema":{"type":"object","properties":{
      "spec":{"type":"object","properties":{"size":{"type":"integer","default":3},
        "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
          "items":{"type":"object","required":["name"],"properties":{
            "name":{"type":"string"},"color":{"type":"string"}}}}}},
      "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}})");
  ASSERT_EQ(made.status, 201) << made.body;
}

TEST(Flows, SpecAndStatusOfACustomKindHaveManagersOfTheirOwn) {
  Target one(kWidgets, "w");
  define_widgets(one.server);
  const std::string status = R"(,"status":{"phase":"Ready"})";
  const Reply made = one.apply(widget(R"({"name":"a","color":"red"},{"name":"b"})", status), "me");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_FALSE(one.object().as_object().contains("status"));
  ASSERT_EQ(one.apply(widget(R"({"name":"z"})", status), "controller", "/status").status, 200);
  ASSERT_EQ(one.apply(widget(R"({"name":"b"})"), "me").status, 200);
  EXPECT_EQ(one.managers(true),
            "controller Apply status: .status.phase;"
            "me Apply: .spec.parts[name=\"b\"] .spec.parts[name=\"b\"].name;");
  EXPECT_EQ(to_json(one.object().at("spec")), R"({"parts":[{"name":"b"}],"size":3})");
  const std::string version = one.version();
  one.apply(widget(R"({"name":"b"})"), "me");
  one.apply(widget("", status), "controller", "/status");
  EXPECT_EQ(one.version(), version);
}

TEST(Flows, AConfigurationMaySayWhichStateItIsFor) {
  Target map(kConfigMaps, "m");
  ASSERT_EQ(map.apply(config_map("m", "1"), "me").status, 201);
  const auto with = [](std::string_view metadata) {
    return fmt::format(R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"m",{}}},
        "data":{{"k":"2"}}}})",
                       metadata);
  };
  EXPECT_EQ(map.apply(with(R"("resourceVersion":"1")"), "me").status, 409);
  EXPECT_EQ(map.apply(with(R"("uid":"somebody-else")"), "me").status, 409);
  EXPECT_EQ(map.apply(with(fmt::format(R"("resourceVersion":"{}")", map.version())), "me").status,
            200);
  EXPECT_EQ(text_at(map.object(), {"data", "k"}), "2");
}

TEST(Flows, BadPatchesSayWhatIsWrong) {
  Target web(kDeployments, "web");
  ASSERT_EQ(web.apply(deployment(2, "a"), "me").status, 201);
  const Reply keyless =
      web.patch("strategic-merge-patch+json",
                R"({"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}})", "me");
  EXPECT_EQ(keyless.status, 400);
  EXPECT_EQ(keyless.message(), "map: map[image:x] does not contain declared merge key: name");
  const Reply test =
      web.patch("json-patch+json", R"([{"op":"test","path":"/spec/replicas","value":9}])", "me");
  EXPECT_EQ(test.status, 422);
  EXPECT_THAT(test.message(), HasSubstr("testing value /spec/replicas failed: test failed"));
  EXPECT_EQ(find(test.object(), {"details", "causes"}), nullptr) << "kubectl would show only those";
}

}  // namespace
}  // namespace ks::store
