#include <boost/json.hpp>
#include <ctime>
#include <functional>

#include "base/json.h"
#include "report.h"
#include "store/patch/managed_fields.h"
#include "store/patch/patch.h"
#include "store/schema/catalog.h"

// What patches and the bookkeeping of managers cost: track_update runs with every write.

namespace ks::store {
namespace {

constexpr int kRounds = 2'000;

/// About 1 KiB, as most objects are that people write.
constexpr std::string_view kDeployment = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{
"name":"web","namespace":"default","uid":"0b9d2c1e-7a51-4b6e-9d0e-2f4f6f1c3a55","generation":1,
"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"app":"web","tier":"front"}},"spec":{
"replicas":2,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,"selector":{"matchLabels":{
"app":"web"}},"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":
"25%"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Always","dnsPolicy":
"ClusterFirst","schedulerName":"default-scheduler","securityContext":{},
"terminationGracePeriodSeconds":30,"containers":[{"name":"web","image":"nginx:1.25","imagePullPolicy":
"IfNotPresent","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":443,"protocol":"TCP"}],
"env":[{"name":"MODE","value":"production"},{"name":"LEVEL","value":"info"}],"resources":{"limits":{
"cpu":"500m","memory":"256Mi"}},"terminationMessagePath":"/dev/termination-log",
"terminationMessagePolicy":"File"}]}}}})";

json::value config_map() {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "web"}, {"namespace", "default"}, {"labels", {{"app", "web"}}}}},
          {"data", {{"text", std::string(900, 'x')}, {"a", "b"}}}};
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Microseconds of processor time of one call, which a busy machine does not change much. `prepare`
/// makes what the call may use up, and is not measured.
double microseconds(const std::function<json::value()>& prepare,
                    const std::function<void(json::value&)>& call) {
  std::vector<json::value> inputs;
  inputs.reserve(kRounds);
  for (int i = 0; i < kRounds; i++) inputs.push_back(prepare());
  const double start = cpu_seconds();
  for (json::value& input : inputs) call(input);
  return (cpu_seconds() - start) / kRounds * 1e6;
}

void show(std::string_view what, double time, std::string_view target = {}) {
  bench::report(what, fmt::format("{:.1f} us", time), target);
}

void bench_kind(const Kind& kind, const json::value& object, std::string_view changed_field) {
  const Schema& schema = *kind.schema;
  const FieldManager manager{.name = "bench", .api_version = kind.resource.api_version()};
  const std::string name = kind.resource.kind;
  json::value stored = object;
  track_update(stored, nullptr, manager, schema);
  bench::report(name + ": copy, for comparison",
                fmt::format("{:.1f} us", microseconds([] { return json::value(); },
                                                      [&](json::value& to) { to = object; })),
                "", fmt::format("{} bytes", to_json(object).size()));
  show(name + ": track a creation",
       microseconds([&] { return object; },
                    [&](json::value& next) { track_update(next, nullptr, manager, schema); }),
       "<= 15 us");
  show(name + ": track an update of nothing",
       microseconds([&] { return stored; },
                    [&](json::value& next) { track_update(next, stored, manager, schema); }));
  json::value changed = stored;
  set_at(changed, {changed_field, "paused"}, changed_field == "data" ? json::value("x") : true);
  FieldManager other = manager;
  other.name = "other";
  show(name + ": track an update of a field",
       microseconds([&] { return changed; },
                    [&](json::value& next) { track_update(next, stored, other, schema); }));
  json::value applied = std::get<json::value>(apply(nullptr, object, manager, false, schema));
  show(name + ": apply to nothing",
       microseconds([] { return json::value(); },
                    [&](json::value&) { (void)apply(nullptr, object, manager, false, schema); }));
  show(name + ": apply the same again",
       microseconds([] { return json::value(); },
                    [&](json::value&) { (void)apply(applied, object, manager, false, schema); }));
  const json::value patch = {{"metadata", {{"labels", {{"app", "other"}}}}}};
  show(name + ": merge patch of a label",
       microseconds([&] { return stored; },
                    [&](json::value& next) { next = merge_patch(std::move(next), patch); }));
  show(name + ": strategic merge patch of a label",
       microseconds(
           [&] { return stored; },
           [&](json::value& next) { next = strategic_merge_patch(next, patch, schema).value(); }));
}

}  // namespace
}  // namespace ks::store

int main() {
  using namespace ks::store;
  const CatalogRef catalog = Registry().catalog();
  bench_kind(*catalog->find("", "v1", "configmaps"), config_map(), "data");
  bench_kind(*catalog->find("apps", "v1", "deployments"), ks::parse_json(kDeployment).value(),
             "spec");
}
