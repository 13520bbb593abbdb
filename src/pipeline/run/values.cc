#include "pipeline/run/executor.h"

/// Evaluating what the model holds.

namespace ks::pipeline {

Value Executor::value(Task& task, const Expression& from) {
  if (from.closure != kNoClosure) return task.interpreter().call(task, closure(from.closure));
  if (const std::string* text = from.string()) return string(task, *text);
  if (const bool* flag = std::get_if<bool>(&from.data)) return Value::of_bool(*flag);
  if (const int64_t* number = std::get_if<int64_t>(&from.data)) {
    bool small = *number >= INT32_MIN && *number <= INT32_MAX;
    return small ? Value::of_int(static_cast<int32_t>(*number)) : Value::of_long(*number);
  }
  if (const double* number = std::get_if<double>(&from.data)) return Value::of_double(*number);
  return nullptr;
}

std::string Executor::text(Task& task, const Expression& from) {
  return task.interpreter().to_string(task, value(task, from));
}

/// The closure of a call gives [[name: value], [positional]].
EvaluatedCall Executor::evaluate(Task& task, const Call& call) {
  EvaluatedCall made{.name = call.name, .named = {}, .positional = {}};
  if (call.closure == kNoClosure) return made;
  std::vector<Value> both =
      groovy::list_items(task, task.interpreter().call(task, closure(call.closure)));
  made.named = groovy::map_entries(task, both.at(0));
  made.positional = groovy::list_items(task, both.at(1));
  return made;
}

NamedValues Executor::settings(Task& task, const std::vector<AgentSetting>& settings) {
  NamedValues made;
  for (const AgentSetting& setting : settings) {
    made.emplace_back(setting.name, setting.is_block ? task.interpreter().make_map(
                                                           this->settings(task, setting.nested))
                                                     : value(task, setting.value));
  }
  return made;
}

void Executor::block(Task& task, std::string_view name, NamedValues named,
                     const std::function<void(Task&)>& inside) {
  step(task, name, std::move(named), [&inside](Task& own) -> Value {
    inside(own);
    return nullptr;
  });
}

const Call* Executor::option(const std::optional<Calls>& options, std::string_view name) const {
  if (!options) return nullptr;
  for (const Call& call : options->list) {
    if (call.name == name) return &call;
  }
  return nullptr;
}

/// `name()`, `name(true)`, but not `name(false)`.
bool Executor::option_set(Task& task, const std::optional<Calls>& options, std::string_view name) {
  const Call* call = option(options, name);
  if (call == nullptr) return false;
  EvaluatedCall evaluated = evaluate(task, *call);
  if (!evaluated.positional.empty()) return task.interpreter().truth(task, evaluated.positional[0]);
  return evaluated.named.empty() || task.interpreter().truth(task, evaluated.named[0].second);
}

}  // namespace ks::pipeline
