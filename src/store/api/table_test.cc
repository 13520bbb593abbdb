#include "store/api/table.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/table_cells.h"

namespace ks::store {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = parse_rfc3339("2026-01-02T03:00:00Z").value();

Kind built_in(std::string group, std::string plural) {
  Kind kind;
  kind.resource.group = std::move(group);
  kind.resource.version = "v1";
  kind.resource.plural = std::move(plural);
  return kind;
}

/// The cells of a row, as `kubectl get -o wide` shows them.
std::string row(const Kind& kind, std::string_view object) {
  const json::value parsed = parse_json(object).value();
  const json::value made = parse_json(table_row(kind, parsed, IncludeObject::none, kNow)).value();
  std::string out;
  for (const json::value& cell : made.at("cells").as_array()) {
    out += out.empty() ? "" : " | ";
    out += cell.is_string() ? std::string(cell.get_string()) : to_json(cell);
  }
  return out;
}

std::string names(const Kind& kind) {
  std::string out;
  const json::value columns = parse_json(table_columns(kind)).value();
  for (const json::value& column : columns.as_array()) {
    out += out.empty() ? "" : ";";
    out += text_at(column, {"name"});
    if (int_at(column, {"priority"}) > 0) out += "*";
  }
  return out;
}

TEST(HumanDuration, ShowsTwoUnitsAtMost) {
  const std::pair<std::chrono::milliseconds, const char*> cases[] = {
      {0s, "0s"},          {-1s, "0s"},       {-5s, "<invalid>"},   {59s, "59s"},
      {119s, "119s"},      {120s, "2m"},      {125s, "2m5s"},       {10min, "10m"},
      {179min, "179m"},    {180min, "3h"},    {192min, "3h12m"},    {8h, "8h"},
      {47h, "47h"},        {48h, "2d"},       {52h, "2d4h"},        {24h * 8, "8d"},
      {24h * 400, "400d"}, {24h * 730, "2y"}, {24h * 800, "2y70d"}, {24h * 4000, "10y"}};
  for (const auto& [duration, text] : cases) EXPECT_EQ(human_duration(duration), text);
  EXPECT_EQ(time_ago("", kNow), "<unknown>");
  EXPECT_EQ(time_ago("yesterday", kNow), "<invalid>");
  EXPECT_EQ(time_ago("2026-01-02T02:55:00Z", kNow), "5m");
}

TEST(Table, NamesTheColumnsOfBuiltInKinds) {
  EXPECT_EQ(names(built_in("", "pods")),
            "Name;Ready;Status;Restarts;Age;IP*;Node*;Nominated Node*;Readiness Gates*");
  EXPECT_EQ(names(built_in("apps", "deployments")),
            "Name;Ready;Up-to-date;Available;Age;Containers*;Images*;Selector*");
  EXPECT_EQ(names(built_in("rbac.authorization.k8s.io", "roles")), "Name;Created At");
}

TEST(Table, ShowsARunningPod) {
  EXPECT_EQ(row(built_in("", "pods"), R"({
    "metadata": {"name": "web", "creationTimestamp": "2026-01-02T02:00:00Z"},
    "spec": {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}],
             "readinessGates": [{"conditionType": "lb"}]},
    "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}],
      "containerStatuses": [
        {"ready": true, "restartCount": 2, "state": {"running": {}},
         "lastState": {"terminated": {"finishedAt": "2026-01-02T02:58:00Z"}}},
        {"ready": false, "restartCount": 1, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})"),
            "web | 1/2 | CrashLoopBackOff | 3 (2m ago) | 60m | 10.0.0.1 | n1 | <none> | 0/1");
}

TEST(Table, ShowsWhyAPodIsNotRunning) {
  auto status = [](std::string_view rest) {
    const std::string shown =
        row(built_in("", "pods"), R"({"metadata":{"name":"p"},)" + std::string(rest) + "}");
    return std::string(split(shown, '|')[2]);
  };
  EXPECT_EQ(status(R"("status":{"phase":"Pending"})"), " Pending ");
  EXPECT_EQ(status(R"("status":{"phase":"Failed","reason":"Evicted"})"), " Evicted ");
  EXPECT_EQ(
      status(R"("spec":{"initContainers":[{"name":"i"},{"name":"j"}]},"status":{"phase":"Pending",
    "initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},
                             {"name":"j","state":{"running":{}}}]})"),
      " Init:1/2 ");
  EXPECT_EQ(status(R"("spec":{"initContainers":[{"name":"i"}]},"status":{"phase":"Pending",
    "initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":3}}}]})"),
            " Init:ExitCode:3 ");
  EXPECT_EQ(status(R"("status":{"phase":"Succeeded",
    "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]})"),
            " Completed ");
  EXPECT_EQ(status(R"("status":{"phase":"Failed",
    "containerStatuses":[{"state":{"terminated":{"signal":9}}}]})"),
            " Signal:9 ");
  EXPECT_EQ(row(built_in("", "pods"),
                R"({"metadata":{"name":"p","deletionTimestamp":"2026-01-02T02:00:00Z"},
                    "status":{"phase":"Running"}})"),
            "p | 0/0 | Terminating | 0 | <unknown> | <none> | <none> | <none> | <none>");
}

TEST(Table, ShowsWorkloads) {
  constexpr const char* kTemplate = R"("selector":{"matchLabels":{"app":"web"},
    "matchExpressions":[{"key":"tier","operator":"In","values":["b","a"]},{"key":"old","operator":"DoesNotExist"}]},
    "template":{"spec":{"containers":[{"name":"a","image":"a:1"},{"name":"b","image":"b:2"}]}})";
  EXPECT_EQ(row(built_in("apps", "deployments"),
                R"({"metadata":{"name":"web"},"spec":{"replicas":3,)" + std::string(kTemplate) +
                    R"(},"status":{"readyReplicas":2,"updatedReplicas":3}})"),
            "web | 2/3 | 3 | 0 | <unknown> | a,b | a:1,b:2 | app=web,!old,tier in (a,b)");
  EXPECT_EQ(row(built_in("batch", "jobs"), R"({"metadata":{"name":"j"},"spec":{"completions":4},
    "status":{"succeeded":4,"startTime":"2026-01-02T02:00:00Z","completionTime":"2026-01-02T02:01:30Z",
    "conditions":[{"type":"Complete","status":"True"}]}})"),
            "j | Complete | 4/4 | 90s | <unknown> |  |  | <none>");
  EXPECT_EQ(
      row(built_in("batch", "cronjobs"), R"({"metadata":{"name":"c"},"spec":{"schedule":"@daily",
    "suspend":false},"status":{"active":[{},{}],"lastScheduleTime":"2026-01-02T02:59:00Z"}})"),
      "c | @daily | <none> | False | 2 | 60s | <unknown> |  |  | <none>");
  EXPECT_EQ(row(built_in("autoscaling", "horizontalpodautoscalers"), R"({"metadata":{"name":"h"},
    "spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"minReplicas":1,"maxReplicas":5,"metrics":[
      {"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":80}}},
      {"type":"Pods","pods":{"target":{"averageValue":"1k"}}}, {"type":"Object"}]},
    "status":{"currentReplicas":2,"currentMetrics":[{"resource":{"current":{"averageUtilization":50}}}]}})"),
            "h | Deployment/web | cpu: 50%/80%, <unknown>/1k + 1 more... | 1 | 5 | 2 | <unknown>");
}

TEST(Table, ShowsServicesNodesVolumesAndEvents) {
  EXPECT_EQ(row(built_in("", "services"), R"({"metadata":{"name":"s"},"spec":{"type":"LoadBalancer",
    "clusterIP":"10.0.0.9","ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}],
    "selector":{"app":"web"}}})"),
            "s | LoadBalancer | 10.0.0.9 | <pending> | 80:30080/TCP,53/UDP | <unknown> | app=web");
  EXPECT_EQ(row(built_in("", "nodes"), R"({"metadata":{"name":"n","labels":{
    "node-role.kubernetes.io/worker":"","node-role.kubernetes.io/control-plane":""}},
    "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],
    "addresses":[{"type":"InternalIP","address":"1.2.3.4"}],"nodeInfo":{"kubeletVersion":"v1.32.0"}}})"),
            "n | Ready,SchedulingDisabled | control-plane,worker | <unknown> | v1.32.0 | 1.2.3.4 | "
            "<none> | <unknown> | <unknown> | <unknown>");
  EXPECT_EQ(row(built_in("", "persistentvolumeclaims"), R"({"metadata":{"name":"c"},
    "spec":{"volumeName":"v","storageClassName":"fast","volumeMode":"Block"},
    "status":{"phase":"Bound","capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce","ReadOnlyMany"]}})"),
            "c | Bound | v | 1Gi | RWO,ROX | fast | <unset> | <unknown> | Block");
  EXPECT_EQ(row(built_in("", "events"), R"({"metadata":{"name":"e"},"type":"Warning","reason":"Bad",
    "involvedObject":{"kind":"Pod","name":"web"},"message":" it broke \n","count":3,
    "firstTimestamp":"2026-01-02T02:00:00Z","lastTimestamp":"2026-01-02T02:59:00Z",
    "source":{"component":"ks"}})"),
            "60s | Warning | Bad | pod/web |  | ks | it broke | 60m | 3 | e");
  EXPECT_EQ(row(built_in("events.k8s.io", "events"), R"({"metadata":{"name":"e"},"type":"Normal",
    "regarding":{"kind":"Pod","name":"web"},"note":"fine","eventTime":"2026-01-02T02:59:00.000000Z",
    "reportingController":"c"})"),
            "60s | Normal |  | pod/web |  | c | fine | 60s | 1 | e");
  EXPECT_EQ(row(built_in("", "secrets"),
                R"({"metadata":{"name":"s"},"type":"Opaque","data":{"a":"","b":""}})"),
            "s | Opaque | 2 | <unknown>");
}

TEST(Table, ShowsTheColumnsOfADefinition) {
  Kind kind;
  kind.custom = true;
  kind.columns = {
      {"Phase", "string", "", "Where it is", 0, ".status.phase"},
      {"Count", "integer", "int32", "", 1, ".spec.count"},
      {"On", "boolean", "", "", 0, ".spec.on"},
      {"Started", "date", "", "", 0, ".status.startTime"},
      {"Broken", "string", "", "", 0, ".a["},
      {"Ready", "string", "", "", 0, R"(.status.conditions[?(@.type=="Ready")].status)"}};
  EXPECT_EQ(names(kind), "Name;Phase;Count*;On;Started;Broken;Ready");
  EXPECT_EQ(row(kind, R"({"metadata":{"name":"x"},"spec":{"count":2.7,"on":true},
    "status":{"phase":"Up","startTime":"2026-01-01T23:48:00Z","conditions":[{"type":"Ready","status":"True"}]}})"),
            "x | Up | 2 | true | 3h12m | null | True");
  EXPECT_EQ(
      row(kind,
          R"({"metadata":{"name":"x"},"spec":{"count":"two","on":"yes"},"status":{"startTime":"soon","phase":["a"]}})"),
      R"(x | ["a"] | null | null | <invalid> | null | null)");
  kind.columns.clear();
  EXPECT_EQ(names(kind), "Name;Age");
  EXPECT_EQ(row(kind, R"({"metadata":{"name":"x","creationTimestamp":"2026-01-02T02:55:00Z"}})"),
            "x | 5m");
}

TEST(Table, CarriesTheObjectAsAsked) {
  const json::value object =
      parse_json(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{}})").value();
  const Kind kind = built_in("", "namespaces");
  const std::string none = table_row(kind, object, IncludeObject::none, kNow);
  EXPECT_FALSE(none.contains("object"));
  const json::value some =
      parse_json(table_row(kind, object, IncludeObject::metadata, kNow)).value();
  EXPECT_EQ(some.at("object"), partial_metadata(object));
  EXPECT_EQ(text_at(some, {"object", "kind"}), "PartialObjectMetadata");
  EXPECT_EQ(text_at(some, {"object", "metadata", "name"}), "p");
  const json::value all = parse_json(table_row(kind, object, IncludeObject::object, kNow)).value();
  EXPECT_EQ(all.at("object"), object);
}

TEST(Table, ShowsEveryKindOfAnythingWithoutFault) {
  const char* kGroups[] = {"",
                           "apps",
                           "batch",
                           "autoscaling",
                           "networking.k8s.io",
                           "events.k8s.io",
                           "discovery.k8s.io",
                           "rbac.authorization.k8s.io",
                           "storage.k8s.io",
                           "apiregistration.k8s.io",
                           "admissionregistration.k8s.io",
                           "policy",
                           "coordination.k8s.io",
                           "scheduling.k8s.io"};
  const char* kPlurals[] = {"pods",
                            "services",
                            "nodes",
                            "events",
                            "endpoints",
                            "persistentvolumes",
                            "persistentvolumeclaims",
                            "deployments",
                            "jobs",
                            "cronjobs",
                            "ingresses",
                            "horizontalpodautoscalers",
                            "rolebindings",
                            "endpointslices",
                            "resourcequotas",
                            "apiservices",
                            "controllerrevisions",
                            "daemonsets",
                            "podtemplates",
                            "leases"};
  const char* kObjects[] = {
      "null",
      "[]",
      "1",
      "{}",
      R"({"metadata":[],"spec":"x","status":7})",
      R"({"spec":{"containers":[null,1,[]],"initContainers":{},"ports":[1],"rules":[[]],
                              "selector":[],"metrics":[{}],"tls":1,"accessModes":[{}]},
                              "status":{"containerStatuses":[1,null],"initContainerStatuses":[{}],
                              "conditions":[null],"hard":{"a":{}},"addresses":["x"],"startTime":5},
                              "subsets":[{"addresses":[{"ip":1}],"ports":[{}]}],"subjects":[{}],"data":[]})"};
  for (const char* group : kGroups) {
    for (const char* plural : kPlurals) {
      const Kind kind = built_in(group, plural);
      const size_t columns = parse_json(table_columns(kind)).value().as_array().size();
      for (const char* text : kObjects) {
        const json::value made =
            parse_json(table_row(kind, parse_json(text).value(), IncludeObject::metadata, kNow))
                .value();
        EXPECT_EQ(made.at("cells").as_array().size(), columns)
            << group << "/" << plural << " " << text;
      }
    }
  }
}

}  // namespace
}  // namespace ks::store
