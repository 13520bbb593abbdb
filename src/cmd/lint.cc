#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/jenkinsfile/lint_report.h"
#include "cmd/jenkinsfile/source.h"
#include "cmd/view/style.h"
#include "engine/step_catalog.h"
#include "pipeline/step_guide.h"

namespace ks::cmd {
namespace {

struct Flags {
  std::vector<std::string> files, libraries;
  std::string output;
  bool strict = false, steps = false;
};

/// Every known step: whether it runs here, and what it is for.
void print_steps(bool color) {
  for (const pipeline::StepGuide& guide : pipeline::step_guides()) {
    const bool runs = runs_here(guide.name);
    fmt::print("{} {:28} {}{}\n",
               runs ? paint("runs", Ink::green, color) : paint("no  ", Ink::yellow, color),
               guide.name, guide.summary,
               runs || guide.instead.empty() ? "" : fmt::format(" Instead: {}.", guide.instead));
  }
}

void print_text(const std::vector<LintedFile>& files, bool color) {
  for (const LintedFile& file : files) {
    const size_t errors = static_cast<size_t>(std::ranges::count(
        file.linted.findings, pipeline::Severity::error, &pipeline::Finding::severity));
    const size_t warnings = file.linted.findings.size() - errors;
    fmt::print("{}", lint_text(file, color));
    if (file.linted.findings.empty()) {
      fmt::print("{} successfully validated.\n", file.name);
    } else {
      fmt::print("{}: {} error{}, {} warning{}\n", file.name, errors, errors == 1 ? "" : "s",
                 warnings, warnings == 1 ? "" : "s");
    }
  }
}

void lint_all(Context& context, const Flags& flags) {
  if (flags.steps) return print_steps(context.color);
  if (flags.files.empty())
    return fail(context, {Code::invalid, "ks lint: name a Jenkinsfile, or - for stdin"},
                kUsageExit);
  const pipeline::Catalog catalog = engine::catalog_of(engine::builtin_steps());
  pipeline::LintOptions options{.catalog = &catalog, .runs = runs_here, .library_steps = {}};
  for (const std::string& folder : flags.libraries) {
    for (std::string& name : library_steps(folder))
      options.library_steps.push_back(std::move(name));
  }
  std::vector<LintedFile> files;
  bool right = true;
  for (const std::string& name : flags.files) {
    Result<std::string> text = read_source(name);
    if (!text) return fail(context, text.error(), kUsageExit);
    LintedFile& file =
        files.emplace_back(LintedFile{.name = name, .text = std::move(*text), .linted = {}});
    file.linted = pipeline::lint(file.text, options);
    right = right && !file.linted.has_errors() && (!flags.strict || file.linted.findings.empty());
  }
  if (flags.output == "json") {
    fmt::print("{}\n", to_pretty_json(lint_json(files)));
  } else if (flags.output == "sarif") {
    fmt::print("{}\n", to_pretty_json(lint_sarif(files)));
  } else {
    print_text(files, context.color);
  }
  if (!right) context.exit_code = 1;
}

}  // namespace

void add_lint(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("lint", "what is wrong with a Jenkinsfile, without running anything");
  auto flags = std::make_shared<Flags>();
  command->add_option("JENKINSFILE", flags->files, "the files to check; - for stdin");
  command
      ->add_option("--library", flags->libraries,
                   "folder of a shared library: the names in its vars/ are steps")
      ->allow_extra_args(false)
      ->check(CLI::ExistingDirectory);
  command->add_flag("--strict", flags->strict, "warnings are errors");
  command->add_flag("--steps", flags->steps, "list the steps that are known, and which run here");
  command->add_option("-o,--output", flags->output, "json or sarif (2.1.0) for machines")
      ->check(CLI::IsMember({"json", "sarif"}));
  command->footer(R"(
Finds, in Declarative and Scripted Pipelines: what does not parse or validate, unknown steps and steps of plugins that
do not run here, wrong arguments of steps, code that is never reached, variables that are never read.

Exit code: 0 no errors, 1 an error (with --strict: or a warning), 64 usage.

Examples:
  ks lint Jenkinsfile
  ks lint --strict --library ../shared-library */Jenkinsfile
  ks lint -o sarif Jenkinsfile > lint.sarif
  git show HEAD:Jenkinsfile | ks lint -
)");
  command->callback([flags, &context] { lint_all(context, *flags); });
}

}  // namespace ks::cmd
