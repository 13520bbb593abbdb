#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>
#include <vector>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/jenkinsfile/diff.h"
#include "cmd/jenkinsfile/source.h"
#include "groovy/format.h"

namespace ks::cmd {
namespace {

struct Flags {
  std::vector<std::string> files;
  bool check = false, diff = false;
  int indent = 2;
};

/// Keeps the mode of the file.
Result<> write_back(const std::string& file, const std::string& text) {
  struct stat status{};
  const unsigned mode = stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0644;
  return write_file_atomic(file, text, mode);
}

/// False when the file is not as it should be and stays so.
Result<bool> format_one(const std::string& file, const Flags& flags) {
  const std::string text = TRY(read_source(file));
  const groovy::Formatted formatted = groovy::format(text, {.indent = flags.indent});
  if (!formatted) {
    return Error{Code::invalid,
                 fmt::format("{}: {}", file,
                             groovy::format_errors(text, "WorkflowScript", formatted.errors))};
  }
  const bool same = text == formatted.text;
  if (flags.diff) fmt::print("{}", layout_diff(file, text, formatted.text));
  if (flags.check) {
    if (!same && !flags.diff) fmt::print("{}\n", file);
    return same;
  }
  if (flags.diff) return true;
  if (file == "-") {
    fmt::print("{}", formatted.text);
  } else if (!same) {
    TRY(write_back(file, formatted.text));
    fmt::print("{}\n", file);
  }
  return true;
}

void format_all(Context& context, const Flags& flags) {
  for (const std::string& file : flags.files) {
    const Result<bool> right = format_one(file, flags);
    // The other files are not at fault.
    if (!right) fail(context, right.error(), right.error().code == Code::invalid ? 1 : kUsageExit);
    if (right && !*right && context.exit_code == 0) context.exit_code = 1;
  }
}

}  // namespace

void add_fmt(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("fmt", "lay out Jenkinsfiles; comments stay");
  auto flags = std::make_shared<Flags>();
  command->add_option("JENKINSFILE", flags->files, "the files to lay out; - for stdin to stdout")
      ->required();
  command->add_flag("--check", flags->check, "change nothing, name the files that would change");
  command->add_flag("--diff", flags->diff, "change nothing, show what would change");
  command->add_option("--indent", flags->indent, "blanks a level")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->footer(R"(
Indents by brackets, puts single blanks between words and one blank line at most between statements. Lines stay lines,
comments and strings stay as they are, and the program stays the same: that is checked before anything is written.
Prints the names of the files that it changed.

Exit code: 0 all are laid out, 1 with --check a file is not, or a file does not parse, 64 usage.

Examples:
  ks fmt Jenkinsfile
  ks fmt --check */Jenkinsfile
  ks fmt --diff Jenkinsfile
  ks fmt - < Jenkinsfile
)");
  command->callback([flags, &context] { format_all(context, *flags); });
}

}  // namespace ks::cmd
