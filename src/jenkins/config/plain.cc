#include "jenkins/config/plain.h"

#include <boost/json.hpp>

#include "jenkins/config/parameters.h"
#include "jenkins/xml.h"

namespace ks::jenkins {
namespace {

constexpr const char* kDisableConcurrent =
    "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty";
constexpr const char* kDiscarder = "jenkins.model.BuildDiscarderProperty";
constexpr const char* kParameters = "hudson.model.ParametersDefinitionProperty";
constexpr const char* kTriggers =
    "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty";
constexpr const char* kTimer = "hudson.triggers.TimerTrigger";
constexpr const char* kWebhook = "org.jenkinsci.plugins.gwt.GenericTrigger";

bool is_object(const json::value* value) { return value != nullptr && value->is_object(); }

/// Setting an existing element to nothing keeps what it had, as Jenkins' own form does: an empty
/// `days_to_keep` says "no opinion".
void set_text(pugi::xml_node parent, const char* name, std::string_view text) {
  pugi::xml_node node = child_or_new(parent, name);
  if (!text.empty()) node.text().set(std::string(text).c_str());
}

void set_discarder(pugi::xml_node properties, const json::value& discarder) {
  pugi::xml_node strategy = child_or_new(child_or_new(properties, kDiscarder), "strategy");
  set_attribute(strategy, "class", "hudson.tasks.LogRotator");
  set_text(strategy, "daysToKeep", text_at(discarder, {"days_to_keep"}));
  set_text(strategy, "numToKeep", text_at(discarder, {"num_to_keep"}));
  set_text(strategy, "artifactDaysToKeep", "-1");
  set_text(strategy, "artifactNumToKeep", "-1");
}

void add_variables(pugi::xml_node trigger, const char* list, const char* entry,
                   const json::value* variables) {
  pugi::xml_node node = trigger.append_child(list);
  if (variables == nullptr || !variables->is_array()) return;
  for (const json::value& variable : variables->get_array()) {
    pugi::xml_node one = node.append_child(entry);
    add_text(one, "key", text_at(variable, {"key"}));
    add_text(one, "regexpFilter", text_at(variable, {"regexp_filter"}));
  }
}

void set_webhook(pugi::xml_node triggers, const json::value& webhook) {
  triggers.remove_child(kWebhook);
  pugi::xml_node node = triggers.append_child(kWebhook);
  auto flag = [&](std::string_view name) { return bool_at(webhook, {name}) ? "true" : "false"; };
  add_text(node, "spec", {});
  add_text(node, "token", text_at(webhook, {"token"}));
  add_text(node, "causeString", text_at(webhook, {"cause"}));
  add_text(node, "printContributedVariables", flag("print_variables"));
  add_text(node, "printPostContent", flag("print_post_content"));
  add_text(node, "regexpFilterText", text_at(webhook, {"filter_text"}));
  add_text(node, "regexpFilterExpression", text_at(webhook, {"filter_expression"}));
  add_variables(node, "genericRequestVariables", "org.jenkinsci.plugins.gwt.GenericRequestVariable",
                find(webhook, {"request_variables"}));
  add_variables(node, "genericHeaderVariables", "org.jenkinsci.plugins.gwt.GenericHeaderVariable",
                find(webhook, {"header_variables"}));
}

void set_timer(pugi::xml_node triggers, const json::value& timer) {
  set_text(child_or_new(triggers, kTimer), "spec", text_at(timer, {"cron"}));
}

void add_definition(pugi::xml_node root, const json::value& pipeline) {
  pugi::xml_node definition = root.append_child("definition");
  set_attribute(definition, "class", "org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition");
  set_attribute(definition, "plugin", "workflow-cps");
  add_text(definition, "script", text_at(pipeline, {"jenkinsfile"}));
  add_text(definition, "sandbox", "true");
}

bool has_parameters(const json::value* parameters) {
  return parameters != nullptr && parameters->is_array();
}

void add_declarative_actions(pugi::xml_node root) {
  const std::string prefix = "org.jenkinsci.plugins.pipeline.modeldefinition.actions.";
  pugi::xml_node actions = root.append_child("actions");
  set_attribute(actions.append_child((prefix + "DeclarativeJobAction").c_str()), "plugin",
                "pipeline-model-definition");
  pugi::xml_node tracker =
      actions.append_child((prefix + "DeclarativeJobPropertyTrackerAction").c_str());
  set_attribute(tracker, "plugin", "pipeline-model-definition");
  for (const char* name : {"jobProperties", "triggers", "parameters", "options"}) {
    tracker.append_child(name);
  }
}

/// Puts `key` when the text is not empty: absent and empty are the same in a spec.
void put(json::object& to, std::string_view key, const std::string& text) {
  if (!text.empty()) to[key] = text;
}

json::array read_variables(pugi::xml_node list) {
  json::array out;
  for (pugi::xml_node variable : list.children()) {
    json::object one;
    put(one, "key", child_text(variable, "key"));
    put(one, "regexp_filter", child_text(variable, "regexpFilter"));
    out.push_back(std::move(one));
  }
  return out;
}

json::object read_webhook(pugi::xml_node node) {
  json::object out{{"enable", true}};
  put(out, "token", child_text(node, "token"));
  put(out, "cause", child_text(node, "causeString"));
  if (child_text(node, "printContributedVariables") == "true") out["print_variables"] = true;
  if (child_text(node, "printPostContent") == "true") out["print_post_content"] = true;
  put(out, "filter_text", child_text(node, "regexpFilterText"));
  put(out, "filter_expression", child_text(node, "regexpFilterExpression"));
  if (json::array list = read_variables(node.child("genericRequestVariables")); !list.empty()) {
    out["request_variables"] = std::move(list);
  }
  if (json::array list = read_variables(node.child("genericHeaderVariables")); !list.empty()) {
    out["header_variables"] = std::move(list);
  }
  return out;
}

}  // namespace

void write_plain(pugi::xml_document& document, const json::value& pipeline) {
  pugi::xml_node root = document.append_child("flow-definition");
  set_attribute(root, "plugin", "workflow-job");
  add_declarative_actions(root);
  add_text(root, "description", text_at(pipeline, {"description"}));
  pugi::xml_node properties = root.append_child("properties");
  if (bool_at(pipeline, {"disable_concurrent"})) properties.append_child(kDisableConcurrent);
  if (const json::value* discarder = find(pipeline, {"discarder"}); is_object(discarder)) {
    set_discarder(properties, *discarder);
  }
  if (const json::value* parameters = find(pipeline, {"parameters"}); has_parameters(parameters)) {
    write_parameters(properties.append_child(kParameters), *parameters);
  }
  const json::value* timer = find(pipeline, {"timer_trigger"});
  const json::value* webhook = find(pipeline, {"generic_webhook"});
  const bool with_webhook = is_object(webhook) && bool_at(*webhook, {"enable"});
  if (is_object(timer) || with_webhook) {
    pugi::xml_node triggers = child_or_new(properties.append_child(kTriggers), "triggers");
    if (is_object(timer)) set_timer(triggers, *timer);
    if (with_webhook) set_webhook(triggers, *webhook);
  }
  add_definition(root, pipeline);
  root.append_child("triggers");
  if (const json::value* remote = find(pipeline, {"remote_trigger"}); is_object(remote)) {
    add_text(root, "authToken", text_at(*remote, {"token"}));
  }
  add_text(root, "disabled", "false");
}

void patch_plain(pugi::xml_node root, const json::value& pipeline) {
  pugi::xml_node properties = child_or_new(root, "properties");
  if (bool_at(pipeline, {"disable_concurrent"})) {
    child_or_new(properties, kDisableConcurrent);
  } else {
    properties.remove_child(kDisableConcurrent);
  }
  if (const json::value* discarder = find(pipeline, {"discarder"}); is_object(discarder)) {
    set_discarder(properties, *discarder);
  }
  properties.remove_child(kParameters);
  if (const json::value* parameters = find(pipeline, {"parameters"}); has_parameters(parameters)) {
    write_parameters(properties.append_child(kParameters), *parameters);
  }
  pugi::xml_node triggers = child_or_new(child_or_new(properties, kTriggers), "triggers");
  if (const json::value* timer = find(pipeline, {"timer_trigger"}); is_object(timer)) {
    set_timer(triggers, *timer);
  } else {
    triggers.remove_child(kTimer);
  }
  if (const json::value* webhook = find(pipeline, {"generic_webhook"});
      is_object(webhook) && bool_at(*webhook, {"enable"})) {
    set_webhook(triggers, *webhook);
  }
  root.remove_child("definition");
  add_definition(root, pipeline);
  child_or_new(root, "triggers");
  if (const json::value* remote = find(pipeline, {"remote_trigger"}); is_object(remote)) {
    set_text(root, "authToken", text_at(*remote, {"token"}));
  }
  child_or_new(root, "disabled").text().set("false");
}

json::value read_plain(pugi::xml_node root, bool with_secrets) {
  json::object out{{"name", ""}};
  put(out, "description", child_text(root, "description"));
  const pugi::xml_node properties = root.child("properties");
  if (properties.child(kDisableConcurrent)) out["disable_concurrent"] = true;
  if (const pugi::xml_node strategy = properties.child(kDiscarder).child("strategy")) {
    json::object discarder;
    put(discarder, "days_to_keep", child_text(strategy, "daysToKeep"));
    put(discarder, "num_to_keep", child_text(strategy, "numToKeep"));
    out["discarder"] = std::move(discarder);
  }
  if (json::array parameters = read_parameters(properties.child(kParameters), with_secrets);
      !parameters.empty()) {
    out["parameters"] = std::move(parameters);
  }
  const pugi::xml_node triggers = properties.child(kTriggers).child("triggers");
  if (const pugi::xml_node timer = triggers.child(kTimer)) {
    json::object trigger;
    put(trigger, "cron", child_text(timer, "spec"));
    out["timer_trigger"] = std::move(trigger);
  }
  if (const pugi::xml_node webhook = triggers.child(kWebhook)) {
    out["generic_webhook"] = read_webhook(webhook);
  }
  if (std::string token = child_text(root, "authToken"); !token.empty()) {
    out["remote_trigger"] = json::object{{"token", std::move(token)}};
  }
  put(out, "jenkinsfile", child_text(root.child("definition"), "script"));
  return out;
}

}  // namespace ks::jenkins
