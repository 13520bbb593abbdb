#include <fmt/format.h>

#include "base/file.h"
#include "engine/files.h"
#include "engine/step.h"
#include "pipeline/compile.h"

// validateDeclarativePipeline: is a file of the workspace a right Declarative Pipeline?

namespace ks::engine {
namespace {

constexpr size_t kMaxFileBytes = 8 << 20;

groovy::Value validate_declarative(StepCall& call) {
  const std::string name = call.text("path");
  const std::string path = resolve(call, name);
  // Read once: a replay has the text from the journal.
  const json::value text = outside(call, "read", [&]() -> Result<json::value> {
    Result<std::string> read = read_file(path, kMaxFileBytes);
    if (!read && read.error().code == Code::not_found) return json::value(nullptr);
    return json::value(json::string(TRY(std::move(read))));
  });
  auto answer = [&](bool valid, const std::string& line) {
    call.run.print_line(line);
    return groovy::Value::of_bool(valid);
  };
  if (text.is_null()) {
    return answer(false, fmt::format("Declarative Pipeline file '{}' does not exist.", name));
  }
  const pipeline::Checked checked = pipeline::check_pipeline(text.as_string());
  if (!checked.errors.empty()) {
    return answer(
        false,
        fmt::format("Error(s) validating Declarative Pipeline file '{}' - "
                    "org.codehaus.groovy.control.MultipleCompilationErrorsException: {}",
                    name,
                    groovy::format_errors(text.as_string(), "WorkflowScript", checked.errors)));
  }
  if (checked.pipelines.empty()) {
    return answer(false, fmt::format("Declarative Pipeline file '{}' does not contain the "
                                     "'pipeline' step.",
                                     name));
  }
  return answer(true, fmt::format("Declarative Pipeline file '{}' is valid.", name));
}

}  // namespace

void add_declarative_steps(StepRegistry& registry) {
  registry.add({.name = "validateDeclarativePipeline",
                .parameters = {"path"},
                .sole = "path",
                .needs = Needs::node,
                .function = validate_declarative});
}

}  // namespace ks::engine
