#include "store/patch/managed_fields.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "store/patch/testing/managers.h"

namespace ks::store {
namespace {

using namespace testing;

TEST(TrackUpdate, GivesACreationEverythingButWhatTheServerSets) {
  json::value object = yaml(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default, uid: u, resourceVersion: "1", creationTimestamp: now, labels: {app: web}, finalizers: [x]}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    containers: [{name: web, image: nginx, command: [a, b], ports: [{containerPort: 80}]}]
    tolerations: [{key: a}]
  free: {a: {b: [1]}}
)");
  track_update(object, nullptr, by("kubectl-create"), workload());
  EXPECT_EQ(
      to_json(object.at("metadata").at("managedFields")),
      R"([{"manager":"kubectl-create","operation":"Update","apiVersion":"apps/v1",)"
      R"("time":"2023-11-14T22:13:20Z","fieldsType":"FieldsV1","fieldsV1":)"
      R"({"f:metadata":{"f:finalizers":{".":{},"v:\"x\"":{}},"f:labels":{".":{},"f:app":{}}},)"
      R"("f:spec":{".":{},"f:free":{".":{},"f:a":{".":{},"f:b":{}}},"f:replicas":{},)"
      R"("f:selector":{},"f:template":{".":{},"f:containers":{".":{},"k:{\"name\":\"web\"}":)"
      R"({".":{},"f:command":{},"f:image":{},"f:name":{},"f:ports":{".":{},)"
      R"("k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}},)"
      R"("f:tolerations":{}}}}}])");
}

TEST(TrackUpdate, MovesFieldsToWhoChangedThem) {
  Flow flow;
  flow.create("spec: {replicas: 1, paused: true}\ndata: {a: x, b: x}", "alice");
  flow.update("spec: {replicas: 2, paused: true}\ndata: {a: x, c: x}", "bob");
  EXPECT_EQ(flow.owned("alice"), ".data .data.a .spec .spec.paused");
  EXPECT_EQ(flow.owned("bob"), ".data.c .spec.replicas");
}

TEST(TrackUpdate, MovesTimeOnlyWhenSomethingWasTaken) {
  Flow flow;
  flow.create("spec: {replicas: 1, paused: true}", "alice");
  const std::string before = flow.managed();
  flow.update("spec: {replicas: 1, paused: true}", "alice");
  EXPECT_EQ(flow.managed(), before);
  flow.update("spec: {replicas: 1}", "alice");
  EXPECT_THAT(flow.managed(), ::testing::HasSubstr("22:13:20Z"));
  flow.update("spec: {replicas: 2}", "alice");
  EXPECT_THAT(flow.managed(), ::testing::HasSubstr("22:13:23Z"));
}

TEST(TrackUpdate, KeepsManagersThatTheWriterDoesNotSend) {
  Flow flow;
  flow.create("spec: {replicas: 1}", "alice");
  flow.update("spec: {replicas: 1}\nmetadata: {managedFields: []}", "bob");
  EXPECT_EQ(flow.owned("alice"), ".spec .spec.replicas");
  flow.update("spec: {replicas: 1}\nmetadata: {managedFields: [{manager: x}]}", "bob");
  EXPECT_EQ(flow.owned("alice"), ".spec .spec.replicas");
  EXPECT_EQ(flow.owned("x"), "");
}

TEST(TrackUpdate, TakesManagersThatTheWriterChanged) {
  Flow flow;
  flow.create("spec: {replicas: 1}", "alice");
  flow.update(R"(
spec: {replicas: 1}
metadata:
  managedFields:
  - {manager: carol, operation: Apply, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}}}}
)",
              "bob");
  EXPECT_EQ(flow.owned("alice"), "");
  EXPECT_EQ(flow.owned("carol", true), ".spec.replicas");
}

TEST(TrackUpdate, ForgetsManagersWhenAskedTo) {
  Flow flow;
  flow.create("spec: {replicas: 1}", "alice");
  flow.update("spec: {replicas: 1}\nmetadata: {managedFields: [{}]}", "bob");
  EXPECT_EQ(flow.managed(), "");
  flow.update("spec: {replicas: 2}", "bob");
  EXPECT_EQ(flow.managed(), "") << "an object without managers stays so until an apply";
}

TEST(TrackUpdate, KeepsSubresourcesApart) {
  Flow flow;
  flow.create("spec: {replicas: 1}", "controller");
  flow.update("spec: {replicas: 1}\nstatus: {replicas: 1}", "controller", "status");
  EXPECT_THAT(flow.managed(),
              ::testing::HasSubstr(R"("fieldsV1":{"f:status":{".":{},"f:replicas":{}}},)"
                                   R"("subresource":"status"})"));
  flow.update("spec: {replicas: 1}\nstatus: {replicas: 2}\nmetadata: {managedFields: [{}]}",
              "controller", "status");
  EXPECT_NE(flow.managed(), "") << "a subresource does not reset managers";
}

TEST(TrackUpdate, MergesOldUpdatesIntoOneEntry) {
  Flow flow;
  flow.create("spec: {replicas: 1}\ndata: {}", "first");
  std::string data;
  for (int i = 0; i < 30; i++) {
    data += (i > 0 ? ", k" : "k") + std::to_string(i) + ": x";
    flow.update("spec: {replicas: 1}\ndata: {" + data + "}", "writer-" + std::to_string(i));
  }
  const json::array& managers = flow.object.at("metadata").at("managedFields").as_array();
  EXPECT_EQ(managers.size(), 10u);
  EXPECT_EQ(managers.at(0).at("manager"), "ancient-changes");
  EXPECT_THAT(flow.owned("ancient-changes"), ::testing::HasSubstr(".data.k20 "));
  EXPECT_EQ(flow.owned("writer-29"), ".data.k29");
}

TEST(TrackUpdate, ComparesElementsByTheirKeys) {
  Flow flow;
  flow.create("spec: {template: {containers: [{name: a, image: x}, {name: b, image: x}]}}",
              "alice");
  flow.update("spec: {template: {containers: [{name: b, image: x}, {name: a, image: y}]}}", "bob");
  EXPECT_EQ(flow.owned("bob"), ".spec.template.containers[name=\"a\"].image");
}

TEST(TrackUpdate, TakesRepeatedElementsAsOnePiece) {
  Flow flow;
  flow.create("spec: {template: {containers: [{name: a, image: x}, {name: a, image: y}]}}",
              "alice");
  EXPECT_THAT(flow.owned("alice"), ::testing::EndsWith(".spec.template.containers[name=\"a\"]"));
  flow.update("spec: {template: {containers: [{name: a, image: x}, {name: a, image: z}]}}", "bob");
  EXPECT_EQ(flow.owned("bob"), ".spec.template.containers[name=\"a\"]");
}

TEST(TrackUpdate, TakesAListWithAnElementWithoutKeyAsOnePiece) {
  Flow flow;
  flow.create("spec: {template: {containers: [{image: x}]}}", "alice");
  EXPECT_EQ(flow.owned("alice"), ".spec .spec.template .spec.template.containers");
  flow.update("spec: {template: {containers: [{image: y}]}}", "bob");
  EXPECT_EQ(flow.owned("bob"), ".spec.template.containers");
}

TEST(TrackUpdate, NotesThatAValueBecameAnotherKind) {
  Flow flow;
  flow.create("spec: {free: {a: {b: 1, c: 2}}}", "alice");
  flow.update("spec: {free: {a: 5}}", "bob");
  EXPECT_EQ(flow.owned("alice"), ".spec .spec.free");
  EXPECT_EQ(flow.owned("bob"), ".spec.free.a");
  flow.update("spec: {free: {a: {b: 1}}}", "carol");
  EXPECT_EQ(flow.owned("bob"), "");
  EXPECT_EQ(flow.owned("carol"), ".spec.free.a .spec.free.a.b");
}

TEST(TrackUpdate, SurvivesManagedFieldsThatAreNone) {
  for (const char* text : {"1", "{}", "[1]", "[{manager: 1}]", "[[]]", "null", "[null]",
                           "[{operation: Apply, fieldsType: FieldsV1, fieldsV1: {x: {}}}]",
                           "[{operation: Apply, fieldsType: FieldsV9, fieldsV1: {}}]"}) {
    json::value object =
        yaml("spec: {replicas: 1}\nmetadata: {managedFields: " + std::string(text) + "}");
    track_update(object, nullptr, by("alice"), workload());
    EXPECT_EQ(object.at("metadata").at("managedFields").as_array().size(), 1u) << text;
    json::value broken =
        yaml("spec: {replicas: 1}\nmetadata: {managedFields: " + std::string(text) + "}");
    json::value next = yaml("spec: {replicas: 2}\nmetadata: {}");
    track_update(next, broken, by("alice"), workload());
    EXPECT_FALSE(next.at("metadata").as_object().contains("managedFields")) << text;
  }
}

}  // namespace
}  // namespace ks::store
