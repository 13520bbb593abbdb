#include <fmt/format.h>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/interruption.h"
#include "engine/step.h"

// input: a run that waits for a person.

namespace ks::engine {
namespace {

/// A type by which a parameter's values are told apart: what `string(...)`, `booleanParam(...)`
/// described.
json::array parameter_list(StepCall& call) {
  json::array list;
  const json::value given = from_groovy(call.task, call.value("parameters"));
  if (const json::array* array = given.if_array()) {
    for (const json::value& parameter : *array) {
      if (!parameter.is_object()) continue;
      json::object copy = parameter.get_object();
      if (const json::value* kind = parameter.get_object().if_contains("$binding"))
        copy["type"] = *kind;
      copy.erase("$binding");
      list.push_back(std::move(copy));
    }
  }
  return list;
}

json::value default_of(const json::object& parameter) {
  if (const json::value* value = parameter.if_contains("defaultValue")) return *value;
  const json::value* choices = parameter.if_contains("choices");
  if (choices != nullptr && choices->is_array() && !choices->get_array().empty())
    return choices->get_array()[0];
  const json::value* type = parameter.if_contains("type");
  if (type != nullptr && type->is_string() && type->get_string() == "booleanParam") return false;
  return json::value("");
}

/// The answer's value of a parameter, in the parameter's type.
json::value value_of(const json::object& parameter, const json::object& given) {
  const std::string name(text_at(parameter, {"name"}));
  const json::value* answer = given.if_contains(name);
  if (answer == nullptr) return default_of(parameter);
  if (text_at(parameter, {"type"}) == "booleanParam" && answer->is_string())
    return answer->get_string() == "true";
  return *answer;
}

groovy::Value input(StepCall& call) {
  Run& run = call.run;
  PendingInput asked;
  asked.message = call.text("message");
  asked.id = call.text("id");
  if (asked.id.empty()) {
    asked.id = hex_encode(md5(asked.message));
    asked.id[0] = to_upper(asked.id.substr(0, 1))[0];
  }
  asked.ok = call.text("ok", "Proceed");
  for (std::string_view name : split(call.text("submitter"), ','))
    if (!trim(name).empty()) asked.submitters.emplace_back(trim(name));
  asked.submitter_parameter = call.text("submitterParameter");
  const json::array parameters = parameter_list(call);
  asked.parameters_json = to_json(parameters);
  asked.node = call.node;
  asked.await = run.next_await();
  if (parameters.empty()) {
    run.print_line(asked.message);
    run.print_line(fmt::format("{} or {}", asked.ok, call.text("cancel", "Abort")));
  } else {
    run.print_line("Input requested");
  }
  run.set_node_state(call.node, NodeState::paused);
  struct Unask {
    Run& run;
    uint64_t await;
    ~Unask() { run.remove_input(await); }
  } unask{run, asked.await};
  const json::value answer =
      run.await(call.task, {.what = "input",
                            .sync = AwaitSpec::Sync::wait,
                            .start = [&run, asked](bool) { run.add_input(asked); },
                            .interrupt = {}});
  run.set_node_state(call.node, NodeState::running);
  const std::string by(text_at(answer, {"by"}));
  if (!bool_at(answer, {"proceed"})) {
    run.print_line("Rejected by " + by);
    throw groovy::Thrown(make_interruption(
        run, call.task,
        {.result = BuildResult::aborted, .cause = "Rejected by " + by, .user = by, .told = true}));
  }
  run.print_line("Approved by " + by);
  const json::value* given = find(answer, {"parameters"});
  const json::object empty;
  const json::object& values = given != nullptr && given->is_object() ? given->get_object() : empty;
  std::vector<std::pair<std::string, groovy::Value>> result;
  for (const json::value& parameter : parameters) {
    result.emplace_back(std::string(text_at(parameter, {"name"})),
                        to_groovy(run.interpreter(), value_of(parameter.get_object(), values)));
  }
  if (!asked.submitter_parameter.empty())
    result.emplace_back(asked.submitter_parameter, call.string(by));
  if (result.empty()) return {};
  if (result.size() == 1) return result[0].second;
  return run.interpreter().make_map(std::move(result));
}

}  // namespace

void add_input_steps(StepRegistry& registry) {
  registry.add({.name = "input",
                .parameters = {"message", "id", "ok", "cancel", "submitter", "submitterParameter",
                               "parameters"},
                .sole = "message",
                .function = input});
}

}  // namespace ks::engine
