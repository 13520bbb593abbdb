#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>
#include <string>

#include "base/json.h"
#include "store/patch/managed_fields.h"
#include "store/patch/patch.h"
#include "store/patch/testing/managers.h"
#include "store/schema/value_text.h"

namespace ks::store {
namespace {

using namespace testing;
using ::testing::HasSubstr;

TEST(Apply, CreatesAndClaimsWhatItSays) {
  Flow flow;
  EXPECT_EQ(flow.apply(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {containers: [{name: web, ports: [{containerPort: 80}]}], volumes: [{name: v, emptyDir: {}}]}
)",
                       "alice"),
            "");
  EXPECT_EQ(
      to_json(flow.object.at("metadata").at("managedFields")),
      R"([{"manager":"alice","operation":"Apply","apiVersion":"apps/v1",)"
      R"("time":"2023-11-14T22:13:20Z","fieldsType":"FieldsV1","fieldsV1":)"
      R"({"f:metadata":{"f:annotations":{},"f:labels":{"f:app":{}}},"f:spec":{"f:replicas":{},)"
      R"("f:selector":{},"f:template":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},)"
      R"("f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},)"
      R"("f:containerPort":{}}}}},"f:volumes":{"k:{\"name\":\"v\"}":{".":{},"f:emptyDir":{},)"
      R"("f:name":{}}}}}}}])");
}

TEST(Apply, TwiceChangesNothing) {
  Flow flow;
  flow.apply("spec: {replicas: 1, free: {a: [1]}}\ndata: {a: x}", "alice");
  const json::value before = flow.object;
  EXPECT_EQ(flow.apply("spec: {free: {a: [1.0]}, replicas: 1}\ndata: {a: x}", "alice"), "");
  EXPECT_EQ(to_json(flow.object), to_json(before));
}

TEST(Apply, TellsOfAConflictAsKubectlShowsIt) {
  Flow flow;
  flow.create("spec: {replicas: 1}", "kubectl-create");
  Applied applied =
      apply(flow.object, Flow::whole("spec: {replicas: 2}"), by("alice"), false, workload());
  const kube::Status* status = std::get_if<kube::Status>(&applied);
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(status->code, 409);
  EXPECT_EQ(status->reason, "Conflict");
  EXPECT_EQ(status->message,
            "Apply failed with 1 conflict: conflict with \"kubectl-create\" using apps/v1: "
            ".spec.replicas");
  ASSERT_EQ(status->causes.size(), 1u);
  EXPECT_EQ(status->causes[0].reason, "FieldManagerConflict");
  EXPECT_EQ(status->causes[0].message, "conflict with \"kubectl-create\" using apps/v1");
  EXPECT_EQ(status->causes[0].field, ".spec.replicas");
}

TEST(Apply, ListsManyConflictsByManager) {
  Flow flow;
  flow.create("spec: {replicas: 1, template: {containers: [{name: a, image: x}]}}", "zoe");
  flow.update(
      "spec: {replicas: 1, template: {containers: [{name: a, image: x}]}}\nstatus: {replicas: 1}",
      "zoe", "status");
  EXPECT_EQ(flow.apply("data: {a: x}", "bob"), "");
  EXPECT_EQ(flow.apply(R"(
spec: {replicas: 2, template: {containers: [{name: a, image: y}]}}
data: {a: y}
status: {replicas: 2}
)",
                       "alice"),
            "Apply failed with 4 conflicts: conflicts with \"bob\":\n"
            "- .data.a\n"
            "conflicts with \"zoe\" using apps/v1:\n"
            "- .spec.replicas\n"
            "- .spec.template.containers[name=\"a\"].image\n"
            "conflicts with \"zoe\" with subresource \"status\" using apps/v1:\n"
            "- .status.replicas");
}

TEST(Apply, ByForceTakesOver) {
  Flow flow;
  flow.apply("spec: {replicas: 1, paused: true}", "alice");
  EXPECT_EQ(flow.apply("spec: {replicas: 2}", "bob", true), "");
  EXPECT_EQ(flow.rest(), R"({"spec":{"replicas":2,"paused":true}})");
  EXPECT_EQ(flow.owned("alice", true), ".spec.paused");
  EXPECT_EQ(flow.owned("bob", true), ".spec.replicas");
}

TEST(Apply, SharesWhatHasTheSameValue) {
  Flow flow;
  flow.apply("spec: {replicas: 1}", "alice");
  EXPECT_EQ(flow.apply("spec: {replicas: 1}", "bob"), "");
  EXPECT_EQ(flow.owned("alice", true), ".spec.replicas");
  EXPECT_EQ(flow.owned("bob", true), ".spec.replicas");
  EXPECT_EQ(flow.apply("{}", "alice"), "");
  EXPECT_EQ(flow.rest(), R"({"spec":{"replicas":1}})") << "bob still has it";
  EXPECT_EQ(flow.apply("{}", "bob"), "");
  EXPECT_EQ(flow.rest(), "{}");
  EXPECT_EQ(flow.managed(), "");
}

TEST(Apply, RemovesWhatIsNotAppliedAnyMore) {
  Flow flow;
  flow.apply(R"(
metadata: {labels: {a: x, b: x}, finalizers: [a, b]}
spec: {template: {containers: [{name: a, env: [{name: X}, {name: Y}]}, {name: b}]}}
data: {a: x, b: x}
)",
             "alice");
  flow.apply(R"(
metadata: {labels: {a: x}, finalizers: [b]}
spec: {template: {containers: [{name: a, env: [{name: Y}]}]}}
data: {b: x}
)",
             "alice");
  EXPECT_EQ(flow.rest(),
            R"({"spec":{"template":{"containers":[{"name":"a","env":[{"name":"Y"}]}]}},)"
            R"("data":{"b":"x"}})");
  EXPECT_EQ(to_json(flow.object.at("metadata").at("labels")), R"({"a":"x"})");
  EXPECT_EQ(to_json(flow.object.at("metadata").at("finalizers")), R"(["b"])");
}

TEST(Apply, LeavesNoEmptyContainerWhereItsLastElementWent) {
  Flow flow;
  flow.apply("spec: {replicas: 1, template: {containers: [{name: a}]}}\ndata: {a: x}", "alice");
  flow.apply("spec: {replicas: 1}", "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"replicas":1}})");
}

TEST(Apply, KeepsAContainerThatItEmptiesItself) {
  Flow flow;
  flow.apply("spec: {template: {volumes: [{name: v, emptyDir: {medium: Memory}}]}}", "alice");
  flow.apply("spec: {template: {volumes: [{name: v, emptyDir: {}}]}}", "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"template":{"volumes":[{"name":"v","emptyDir":{}}]}}})");
}

TEST(Apply, LeavesWhatAnUpdateAddedBesides) {
  Flow flow;
  flow.apply("spec: {replicas: 1}\ndata: {a: x, b: x}", "alice");
  flow.update("spec: {replicas: 1, paused: true}\ndata: {a: x, b: x, c: x}", "bob");
  flow.apply("data: {a: x}", "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"paused":true},"data":{"a":"x","c":"x"}})");
}

TEST(Apply, RemovesAnElementWithWhatOthersChangedInIt) {
  Flow flow;
  flow.apply("spec: {template: {containers: [{name: a, image: x}, {name: b, image: x}]}}", "alice");
  flow.update("spec: {template: {containers: [{name: a, image: x}, {name: b, image: y}]}}", "bob");
  flow.apply("spec: {template: {containers: [{name: a, image: x}]}}", "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"template":{"containers":[{"name":"a","image":"x"}]}}})");
  EXPECT_EQ(flow.owned("bob"), "");
}

TEST(Apply, TakesAtomicPiecesAsAWhole) {
  Flow flow;
  flow.apply("spec: {selector: {matchLabels: {a: x, b: x}}, template: {tolerations: [{key: a}]}}",
             "alice");
  EXPECT_THAT(flow.apply("spec: {selector: {matchLabels: {a: x}}}", "bob"),
              HasSubstr("conflict with \"alice\": .spec.selector"));
  EXPECT_EQ(
      flow.apply("spec: {selector: {matchLabels: {a: y}}, template: {tolerations: []}}", "alice"),
      "");
  EXPECT_EQ(flow.rest(),
            R"({"spec":{"selector":{"matchLabels":{"a":"y"}},"template":{"tolerations":[]}}})");
}

TEST(Apply, OrdersElementsAsTheConfigurationDoes) {
  Flow flow;
  flow.create("spec: {template: {containers: [{name: a}, {name: server}, {name: b}]}}", "x");
  flow.apply("spec: {template: {containers: [{name: new}, {name: b}, {name: a}]}}", "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"template":{"containers":[{"name":"server"},{"name":"new"},)"
                         R"({"name":"b"},{"name":"a"}]}}})");
}

TEST(Apply, FindsElementsByKeysThatHaveDefaults) {
  Flow flow;
  flow.create(
      "spec: {template: {containers: [{name: a, ports: [{containerPort: 53, protocol: UDP}, "
      "{containerPort: 53, protocol: TCP}]}]}}",
      "x");
  flow.apply("spec: {template: {containers: [{name: a, ports: [{containerPort: 53, name: dns}]}]}}",
             "alice");
  EXPECT_EQ(flow.rest(), R"({"spec":{"template":{"containers":[{"name":"a","ports":)"
                         R"([{"containerPort":53,"protocol":"UDP"},)"
                         R"({"containerPort":53,"protocol":"TCP","name":"dns"}]}]}}})");
}

TEST(Apply, OnAnObjectWithoutManagersFindsThatSomebodyWasThereBefore) {
  Flow flow;
  flow.object = Flow::whole("spec: {replicas: 1}");
  EXPECT_EQ(flow.apply("spec: {replicas: 2}", "alice"),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: "
            ".spec.replicas");
  EXPECT_EQ(flow.apply("spec: {replicas: 1}", "alice"), "");
  EXPECT_EQ(flow.owned("before-first-apply"), ".spec .spec.replicas");
  EXPECT_EQ(flow.owned("alice", true), ".spec.replicas");
}

TEST(Apply, NullRemovesAScalarAndSaysNothingOfAContainer) {
  Flow flow;
  flow.create("spec: {replicas: 1, paused: true, note: x}\ndata: {a: x}", "x");
  EXPECT_EQ(flow.apply("spec: {replicas: null, note: null}\ndata: null", "alice", true), "");
  EXPECT_EQ(flow.rest(), R"({"spec":{"paused":true,"note":null},"data":{"a":"x"}})");
}

TEST(Apply, RefusesConfigurationsThatAreNotOfTheType) {
  Flow flow;
  const std::string prefix = "failed to create typed patch object (/web; apps/v1, Kind=): ";
  const auto fault = [&](std::string_view text) {
    const std::string message = flow.apply(text, "alice");
    return message.starts_with(prefix) ? message.substr(prefix.size()) : "?" + message;
  };
  EXPECT_EQ(fault("spec: {foo: 1}"), ".spec.foo: field not declared in schema");
  EXPECT_EQ(fault("spec: {replicas: two, paused: 1}"),
            "errors:\n  .spec.replicas: expected numeric (int or float), got string\n"
            "  .spec.paused: expected boolean, got int64");
  EXPECT_EQ(fault("spec: [1]"), ".spec: expected map, got [1]");
  EXPECT_EQ(fault("spec: {template: {containers: {name: a}}}"),
            ".spec.template.containers: expected list, got map[name:a]");
  EXPECT_EQ(fault("spec: {template: {containers: [{name: a}, {name: a}]}}"),
            ".spec.template.containers: duplicate entries for key [name=\"a\"]");
  EXPECT_EQ(fault("spec: {template: {containers: [{image: a}]}}"),
            ".spec.template.containers: element 0: associative list with keys has an element that "
            "omits key field \"name\" (and doesn't have default value)");
  EXPECT_EQ(fault("metadata: {finalizers: [a, b, a]}"),
            ".metadata.finalizers: duplicate entries for key [=\"a\"]");
  EXPECT_EQ(fault("data: {a: 1}"), ".data.a: expected string, got 1");
  EXPECT_EQ(fault("spec: {template: {containers: [{name: a, command: [1]}]}}"),
            ".spec.template.containers[name=\"a\"].command[0]: expected string, got 1");
  EXPECT_TRUE(flow.object.is_null());
}

TEST(Apply, RefusesManagedFieldsAndAnotherVersion) {
  Flow flow;
  EXPECT_EQ(flow.apply("metadata: {managedFields: [{manager: x}]}", "alice"),
            "metadata.managedFields must be nil");
  EXPECT_EQ(flow.apply("apiVersion: apps/v1beta1", "alice"),
            "Incorrect version specified in apply patch. Specified patch version: apps/v1beta1, "
            "expected: apps/v1");
}

TEST(Apply, AnUpdateOfItsFieldTakesItAway) {
  Flow flow;
  flow.apply("spec: {replicas: 1, paused: true}", "alice");
  flow.update("spec: {replicas: 5, paused: true}", "kubectl-scale");
  EXPECT_EQ(flow.owned("alice", true), ".spec.paused");
  EXPECT_EQ(flow.apply("spec: {replicas: 1, paused: true}", "alice"),
            "Apply failed with 1 conflict: conflict with \"kubectl-scale\" using apps/v1: "
            ".spec.replicas");
  EXPECT_EQ(flow.apply("spec: {paused: true}", "alice"), "");
  EXPECT_EQ(flow.rest(), R"({"spec":{"replicas":5,"paused":true}})");
}

constexpr std::string_view kAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

TEST(Apply, ByKubectlTakesOverWhatItsClientSideApplySet) {
  Flow flow;
  flow.create(R"(
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"spec":{"replicas":1}}'
spec: {replicas: 1, paused: true}
)",
              "kubectl-client-side-apply");
  EXPECT_THAT(flow.apply("spec: {replicas: 2, paused: false}", "kubectl"),
              HasSubstr("1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: "
                        ".spec.paused"));
  EXPECT_THAT(flow.apply("spec: {replicas: 2}", "somebody"), HasSubstr(".spec.replicas"));
  EXPECT_EQ(flow.apply("spec: {replicas: 2}", "kubectl"), "");
  EXPECT_EQ(flow.owned("kubectl", true), ".spec.replicas");
  EXPECT_EQ(text_at(flow.object, {"metadata", "annotations", kAnnotation}),
            "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":2}}\n");
  const std::string before = to_json(flow.object);
  EXPECT_EQ(flow.apply("spec: {replicas: 2}", "kubectl"), "");
  EXPECT_EQ(to_json(flow.object), before);
}

TEST(Apply, FollowsTheMigrationThatKubectlDoesByPatch) {
  Flow flow;
  flow.create("spec: {replicas: 1}\ndata: {a: x}", "kubectl-client-side-apply");
  json::array managers = flow.object.at("metadata").at("managedFields").as_array();
  managers[0].as_object()["manager"] = "kubectl";
  managers[0].as_object()["operation"] = "Apply";
  const json::value patch = {
      {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", managers}}};
  json::value next = json_patch(flow.object, patch).value();
  track_update(next, flow.object, by("kubectl"), workload());
  flow.object = next;
  EXPECT_EQ(flow.owned("kubectl-client-side-apply"), "");
  EXPECT_EQ(flow.apply("spec: {replicas: 2}", "kubectl"), "");
  EXPECT_EQ(flow.rest(), R"({"spec":{"replicas":2}})") << "data was applied before, and goes";
}

/// A configuration of few fields, for which order of members and elements is random too.
json::value random_configuration(std::mt19937& random, char from, char to) {
  json::object data, groups;
  json::array containers, finalizers;
  for (char name = from; name <= to; name++) {
    const std::string text(1, name);
    if (random() % 2) data[text] = std::to_string(random() % 3);
    if (random() % 2) groups[text] = {{"size", static_cast<int64_t>(random() % 3)}};
    if (random() % 2) finalizers.push_back(json::string(text));
    if (random() % 2) {
      containers.push_back(json::object({{"name", text}, {"image", std::to_string(random() % 3)}}));
    }
  }
  std::shuffle(containers.begin(), containers.end(), random);
  return {{"metadata", {{"name", "web"}, {"finalizers", finalizers}}},
          {"data", data},
          {"spec", {{"groups", groups}, {"template", {{"containers", containers}}}}}};
}

json::value sorted_lists(json::value value) {
  json::array& containers = value.at("spec").at("template").at("containers").as_array();
  std::ranges::sort(containers, {}, [](const json::value& v) { return to_json(v.at("name")); });
  std::ranges::sort(value.at("metadata").at("finalizers").as_array(), {},
                    [](const json::value& v) { return to_json(v); });
  value.at("metadata").as_object().erase("managedFields");
  return value;
}

TEST(Apply, ByManagersThatDoNotOverlapComesToTheSameInAnyOrder) {
  std::mt19937 random(5);
  for (int i = 0; i < 200; i++) {
    const json::value one = random_configuration(random, 'a', 'd');
    const json::value two = random_configuration(random, 'e', 'h');
    Flow forwards, backwards;
    ASSERT_EQ(forwards.apply(to_json(one), "one"), "");
    ASSERT_EQ(forwards.apply(to_json(two), "two"), "");
    ASSERT_EQ(backwards.apply(to_json(two), "two"), "");
    ASSERT_EQ(backwards.apply(to_json(one), "one"), "");
    EXPECT_TRUE(same_value(sorted_lists(forwards.object), sorted_lists(backwards.object)));
    EXPECT_EQ(forwards.owned("one", true), backwards.owned("one", true));
  }
}

TEST(Apply, ByOneManagerAlwaysEndsAtItsConfiguration) {
  std::mt19937 random(9);
  Flow flow;
  for (int i = 0; i < 300; i++) {
    const json::value next = random_configuration(random, 'a', 'f');
    ASSERT_EQ(flow.apply(to_json(next), "one"), "");
    const std::string before = to_json(flow.object);
    Flow fresh;
    ASSERT_EQ(fresh.apply(to_json(next), "one"), "");
    EXPECT_TRUE(same_value(sorted_lists(flow.object), sorted_lists(fresh.object)));
    EXPECT_EQ(flow.owned("one", true), fresh.owned("one", true));
    ASSERT_EQ(flow.apply(to_json(next), "one"), "");
    EXPECT_EQ(to_json(flow.object), before);
  }
}

TEST(Apply, TakesThousandsOfElementsAndMembers) {
  json::array containers;
  json::object data;
  for (int i = 0; i < 20'000; i++) {
    containers.push_back(json::object({{"name", std::to_string(i)}}));
    data[std::to_string(i)] = "x";
  }
  const json::value large = {{"metadata", {{"name", "web"}}},
                             {"data", data},
                             {"spec", {{"template", {{"containers", containers}}}}}};
  Applied applied = apply(nullptr, large, by("alice"), false, workload());
  ASSERT_EQ(applied.index(), 0u);
  json::value live = std::get<0>(std::move(applied));
  applied = apply(live, yaml("{metadata: {name: web}}"), by("alice"), false, workload());
  EXPECT_EQ(to_json(std::get<0>(applied)), R"({"metadata":{"name":"web"}})");
}

}  // namespace
}  // namespace ks::store
