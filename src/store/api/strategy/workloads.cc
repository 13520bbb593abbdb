#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"
#include "kube/selector.h"
#include "store/api/strategy/pod_spec.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

json::object& spec_of(json::value& object) { return object_in(object.as_object(), "spec"); }

json::object first_status(std::string_view kind) {
  if (kind == "DaemonSet") {
    return {{"currentNumberScheduled", 0},
            {"numberMisscheduled", 0},
            {"desiredNumberScheduled", 0},
            {"numberReady", 0}};
  }
  if (kind == "StatefulSet") return {{"replicas", 0}, {"availableReplicas", 0}};
  if (kind == "ReplicaSet") return {{"replicas", 0}};
  return {};
}

void check_template(const json::value& pod_template, const std::string& path,
                    const std::vector<std::string>& policies, FieldErrors& errors) {
  const json::value* spec = find(pod_template, {"spec"});
  check_pod_spec(spec == nullptr ? json::value(json::object()) : *spec, path + ".spec", errors);
  const std::string_view policy = text_at(pod_template, {"spec", "restartPolicy"});
  if (std::ranges::find(policies, policy) != policies.end()) return;
  errors.push_back(kube::field_not_supported(path + ".spec.restartPolicy",
                                             fmt::format("\"{}\"", policy), policies));
}

/// The Pods that a workload makes must be those that it looks for.
void check_selector(const json::value& object, const json::value& pod_template,
                    FieldErrors& errors) {
  const json::value* selector = find(object, {"spec", "selector"});
  if (selector == nullptr || !selector->is_object()) {
    errors.push_back(kube::field_required("spec.selector"));
    return;
  }
  Result<kube::LabelSelector> parsed = kube::LabelSelector::from_object(*selector);
  if (!parsed) {
    errors.push_back(
        kube::field_invalid("spec.selector", to_json(*selector), parsed.error().message));
    return;
  }
  if (parsed->empty()) {
    errors.push_back(
        kube::field_invalid("spec.selector", "{}", "empty selector is invalid for deployment"));
    return;
  }
  const json::value* labels = find(pod_template, {"metadata", "labels"});
  const json::object none;
  const json::object& has = labels != nullptr && labels->is_object() ? labels->get_object() : none;
  if (!parsed->matches(has)) {
    errors.push_back(kube::field_invalid("spec.template.metadata.labels", to_json(has),
                                         "`selector` does not match template `labels`"));
  }
}

const json::value& template_of(const json::value& object) {
  static const json::value kNone = json::object();
  const json::value* found = find(object, {"spec", "template"});
  return found == nullptr ? kNone : *found;
}

void check_schedule(const json::value& object, FieldErrors& errors) {
  const std::string_view schedule = trim(text_at(object, {"spec", "schedule"}));
  if (schedule.empty()) {
    errors.push_back(kube::field_required("spec.schedule"));
    return;
  }
  if (schedule.starts_with('@')) return;
  std::vector<std::string_view> fields;
  for (std::string_view field : split(schedule, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  const bool known = std::ranges::all_of(fields, [](std::string_view field) {
    return std::ranges::all_of(field, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view("*/,-?").contains(c);
    });
  });
  if (fields.size() == 5 && known) return;
  errors.push_back(kube::field_invalid(
      "spec.schedule", fmt::format("\"{}\"", schedule),
      fields.size() == 5
          ? std::string("failed to parse: only digits, names and `*/,-` may be in it")
          : fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(),
                        join({std::string(schedule)}, ""))));
}

void add_job_labels(json::value& object) {
  const std::string uid(kube::uid_of(object));
  const std::string name(kube::name_of(object));
  json::object& spec = spec_of(object);
  const json::value* manual = spec.if_contains("manualSelector");
  if (manual != nullptr && manual->is_bool() && manual->get_bool()) return;
  json::object& labels = object_in(object_in(object_in(spec, "template"), "metadata"), "labels");
  set_default(labels, "controller-uid", json::value(uid));
  set_default(labels, "job-name", json::value(name));
  set_default(labels, "batch.kubernetes.io/controller-uid", json::value(uid));
  set_default(labels, "batch.kubernetes.io/job-name", json::value(name));
  object_in(object_in(spec, "selector"), "matchLabels")["batch.kubernetes.io/controller-uid"] = uid;
}

}  // namespace

Outcome<> prepare_workload(json::value& object, const StrategyContext&) {
  object.as_object()["status"] = first_status(kube::kind_of(object));
  return {};
}

Outcome<> prepare_job(json::value& object, const StrategyContext& context) {
  add_job_labels(object);
  return prepare_workload(object, context);
}

void check_workload(const json::value& object, FieldErrors& errors) {
  check_not_negative(object, "spec", "replicas", errors);
  check_not_negative(object, "spec", "revisionHistoryLimit", errors);
  check_selector(object, template_of(object), errors);
  check_template(template_of(object), "spec.template", {"Always"}, errors);
}

void check_workload_change(const json::value& next, const json::value& before,
                           FieldErrors& errors) {
  const json::value* old = find(before, {"spec", "selector"});
  const json::value* now = find(next, {"spec", "selector"});
  if (old == nullptr || now == nullptr || *old == *now) return;
  errors.push_back(kube::field_invalid("spec.selector", to_json(*now), "field is immutable"));
}

void check_stateful_set_change(const json::value& next, const json::value& before,
                               FieldErrors& errors) {
  const auto lasting = [](const json::value& set) {
    const json::value* found = find(set, {"spec"});
    json::value spec = found == nullptr ? json::value() : *found;
    if (!spec.is_object()) return spec;
    for (std::string_view name :
         {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
          "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
      spec.get_object().erase(name);
    }
    return spec;
  };
  if (lasting(next) == lasting(before)) return;
  errors.push_back(kube::field_forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
      "'minReadySeconds' are forbidden"));
}

void check_job(const json::value& object, FieldErrors& errors) {
  for (std::string_view field : {"parallelism", "completions", "backoffLimit"}) {
    check_not_negative(object, "spec", field, errors);
  }
  check_selector(object, template_of(object), errors);
  check_template(template_of(object), "spec.template", {"OnFailure", "Never"}, errors);
}

void check_job_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  check_workload_change(next, before, errors);
  for (std::string_view field : {"template", "completions", "completionMode"}) {
    const json::value* old = find(before, {"spec", field});
    const json::value* now = find(next, {"spec", field});
    const bool same = old == nullptr || now == nullptr ? old == now : *old == *now;
    // The template of a suspended Job may still change.
    if (same || (field == "template" && bool_at(before, {"spec", "suspend"}))) continue;
    errors.push_back(kube::field_invalid(fmt::format("spec.{}", field),
                                         now == nullptr ? "null" : to_json(*now),
                                         "field is immutable"));
  }
}

void check_cron_job(const json::value& object, FieldErrors& errors) {
  check_schedule(object, errors);
  const std::string_view policy = text_at(object, {"spec", "concurrencyPolicy"});
  if (policy != "Allow" && policy != "Forbid" && policy != "Replace") {
    errors.push_back(kube::field_not_supported(
        "spec.concurrencyPolicy", fmt::format("\"{}\"", policy), {"Allow", "Forbid", "Replace"}));
  }
  const json::value* job = find(object, {"spec", "jobTemplate"});
  check_template(job == nullptr ? template_of(object) : template_of(*job),
                 "spec.jobTemplate.spec.template", {"OnFailure", "Never"}, errors);
}

}  // namespace ks::store::rules
