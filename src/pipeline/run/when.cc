#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/catalog.h"
#include "pipeline/run/executor.h"

/// `when` (section 4).

namespace ks::pipeline {
namespace {

/// The fields of changeRequest() and the variables they are held against.
constexpr std::pair<std::string_view, std::string_view> kChangeRequest[] = {
    {"id", "CHANGE_ID"},
    {"target", "CHANGE_TARGET"},
    {"branch", "CHANGE_BRANCH"},
    {"fork", "CHANGE_FORK"},
    {"url", "CHANGE_URL"},
    {"title", "CHANGE_TITLE"},
    {"author", "CHANGE_AUTHOR"},
    {"authorDisplayName", "CHANGE_AUTHOR_DISPLAY_NAME"},
    {"authorEmail", "CHANGE_AUTHOR_EMAIL"}};

const Value* find(const EvaluatedCall& call, std::string_view name) {
  auto found = std::ranges::find(call.named, name, &std::pair<std::string, Value>::first);
  return found == call.named.end() ? nullptr : &found->second;
}

}  // namespace

bool Executor::holds(Task& task, const When& when) {
  return std::ranges::all_of(when.conditions,
                             [&](const Condition& one) { return holds(task, one); });
}

bool Executor::holds(Task& task, const Condition& condition) {
  auto child = [&](const Condition& one) { return holds(task, one); };
  if (condition.name == "allOf") return std::ranges::all_of(condition.children, child);
  if (condition.name == "anyOf") return std::ranges::any_of(condition.children, child);
  if (condition.name == "not") return !child(condition.children.at(0));
  if (condition.name == "expression") {
    return task.interpreter().truth(task,
                                    task.interpreter().call(task, closure(condition.closure)));
  }
  return plain_condition(task, condition);
}

/// As text; `sole`: it may also be the only, unnamed argument. Empty when absent or null.
std::string Executor::argument(Task& task, const EvaluatedCall& call, std::string_view name,
                               bool sole) {
  const Value* found = find(call, name);
  if (found == nullptr && sole && !call.positional.empty()) found = call.positional.data();
  return found == nullptr || found->is_null() ? "" : task.interpreter().to_string(task, *found);
}

bool Executor::plain_condition(Task& task, const Condition& condition) {
  EvaluatedCall call = evaluate(task, condition);
  groovy::Interpreter& interpreter = task.interpreter();
  auto truth = [&](std::string_view name) {
    const Value* found = find(call, name);
    return found != nullptr && interpreter.truth(task, *found);
  };
  if (call.name == "branch") {
    std::string branch = runtime_.env(task, "BRANCH_NAME").value_or("");
    if (branch.empty()) branch = runtime_.env(task, "GIT_LOCAL_BRANCH").value_or("");
    std::string pattern = argument(task, call, "pattern", true);
    if (pattern.empty() || branch.empty()) return pattern.empty() && branch.empty();
    return matches(task, argument(task, call, "comparator"), "GLOB", pattern, branch);
  }
  if (call.name == "tag") {
    std::string tag = runtime_.env(task, "TAG_NAME").value_or("");
    std::string pattern = argument(task, call, "pattern", true);
    return !tag.empty() && (pattern.empty() || matches(task, argument(task, call, "comparator"),
                                                       "GLOB", pattern, tag));
  }
  if (call.name == "buildingTag") return !runtime_.env(task, "TAG_NAME").value_or("").empty();
  if (call.name == "changeRequest") return change_request(task, call);
  if (call.name == "changelog") return changed(task, call, false);
  if (call.name == "changeset") return changed(task, call, true);
  if (call.name == "triggeredBy") return triggered_by(task, call);
  if (call.name == "isRestartedRun") return runtime_.restart_stage().has_value();
  if (call.name == "equals") {
    const Value* expected = find(call, "expected");
    const Value* actual = find(call, "actual");
    return interpreter.equals(task, expected == nullptr ? Value() : *expected,
                              actual == nullptr ? Value() : *actual);
  }
  if (call.name == "environment") {
    std::string is = runtime_.env(task, argument(task, call, "name")).value_or("");
    std::string wanted = argument(task, call, "value");
    return truth("ignoreCase") ? to_lower(is) == to_lower(wanted) : is == wanted;
  }
  interpreter.raise(task, "java.lang.IllegalStateException",
                    fmt::format("when condition '{}' is not known", call.name));
}

bool Executor::change_request(Task& task, const EvaluatedCall& call) {
  if (runtime_.env(task, "CHANGE_ID").value_or("").empty()) return false;
  std::string comparator = argument(task, call, "comparator");
  return std::ranges::all_of(kChangeRequest, [&](const auto& field) {
    const auto& [name, variable] = field;
    if (find(call, name) == nullptr) return true;
    return matches(task, comparator, "EQUALS", argument(task, call, name),
                   runtime_.env(task, variable).value_or(""), true);
  });
}

/// The start of a cause's simple class name; UserIdCause also knows who.
bool Executor::triggered_by(Task& task, const EvaluatedCall& call) {
  std::string wanted = argument(task, call, "cause", true);
  std::string detail = argument(task, call, "detail");
  return std::ranges::any_of(runtime_.causes(), [&](const Cause& cause) {
    std::string_view name = cause.class_name;
    // The step `build` has a cause of its own, which is one of the other kind too.
    const bool fits =
        to_lower(name).starts_with(to_lower(wanted)) ||
        (name == "BuildUpstreamCause" && to_lower(name.substr(5)).starts_with(to_lower(wanted)));
    if (!fits) return false;
    return wanted != "UserIdCause" || detail.empty() || cause.user == detail;
  });
}

bool Executor::changed(Task& task, const EvaluatedCall& call, bool paths) {
  std::vector<Change> changes = runtime_.changes();
  bool of_request = !runtime_.env(task, "CHANGE_ID").value_or("").empty();
  if (of_request)
    runtime_.console(task, "Examining changelog from all builds of this change request.");
  if (changes.empty()) {
    runtime_.console(task,
                     runtime_.previous_result(task)
                         ? "Warning, empty changelog. Have you run checkout?"
                         : "Warning, empty changelog. Probably because this is the first build.");
    return false;
  }
  std::string pattern = argument(task, call, "pattern", true);
  std::string comparator = argument(task, call, "comparator");
  const Value* case_sensitive = find(call, "caseSensitive");
  bool sensitive = case_sensitive != nullptr && task.interpreter().truth(task, *case_sensitive);
  for (const Change& change : changes) {
    if (paths) {
      bool any = std::ranges::any_of(change.paths, [&](const std::string& path) {
        return matches(task, comparator, "GLOB", pattern, path, sensitive);
      });
      if (any) return true;
      continue;
    }
    // The whole message, or a part of one of its lines.
    const std::string within = "[^\\r\\n]*(?:" + pattern + ")[^\\r\\n]*";
    std::vector<std::string_view> lines = split(change.message, '\n');
    bool any = matches(task, "REGEXP", "REGEXP", pattern, change.message, true) ||
               std::ranges::any_of(lines, [&](std::string_view line) {
                 return matches(task, "REGEXP", "REGEXP", within, line, true);
               });
    if (any) return true;
  }
  return false;
}

}  // namespace ks::pipeline
