#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "pipeline/compile.h"

namespace ks::cmd {
namespace {

constexpr size_t kMaxBytes = 8 << 20;

/// One file: its errors on the terminal, or added to the list for machines. False when it is wrong.
Result<bool> lint(const std::string& path, json::array* report) {
  const std::string text = TRY(read_file(path, kMaxBytes));
  const pipeline::Checked checked = pipeline::check_pipeline(text);
  if (report != nullptr) {
    json::array errors;
    for (const groovy::CompileError& error : checked.errors) {
      errors.push_back(
          {{"line", error.line}, {"column", error.column}, {"message", error.message}});
    }
    report->push_back({{"file", path},
                       {"language", checked.pipelines.empty() ? "scripted" : "declarative"},
                       {"errors", std::move(errors)}});
  } else if (!checked.errors.empty()) {
    fmt::print("Errors encountered validating {}:\n{}", path,
               groovy::format_errors(text, "WorkflowScript", checked.errors));
  } else if (checked.pipelines.empty()) {
    fmt::print("{} is a Scripted Pipeline: its syntax is right, nothing else was checked.\n", path);
  } else {
    fmt::print("{} successfully validated.\n", path);
  }
  return checked.errors.empty();
}

void lint_all(Context& context, const std::vector<std::string>& files) {
  json::array report;
  for (const std::string& file : files) {
    const Result<bool> right = lint(file, context.output == "json" ? &report : nullptr);
    if (!right) return fail(context, right.error(), kUsageExit);
    if (!*right) context.exit_code = 1;
  }
  if (context.output == "json") fmt::print("{}\n", to_pretty_json(report));
}

}  // namespace

void add_lint(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("lint", "all errors of a Jenkinsfile, without running anything");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("JENKINSFILE", *files, "the files to check")
      ->required()
      ->check(CLI::ExistingFile);
  add_output(*command, context);
  command->footer(R"(
Exit code: 0 all are right, 1 something is wrong, 64 usage.

Examples:
  ks lint Jenkinsfile
  ks lint -o json */Jenkinsfile
)");
  command->callback([files, &context] { lint_all(context, *files); });
}

}  // namespace ks::cmd
