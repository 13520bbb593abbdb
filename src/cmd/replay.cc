#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/jenkinsfile/source.h"
#include "cmd/once.h"
#include "engine/replay.h"

namespace ks::cmd {
namespace {

struct Flags : OnceFlags {
  std::string run, from, data_dir = default_data_dir();
  bool edit = false;
};

/// A folder, or `PROJECT/PIPELINE#NUMBER` of a server's data.
Result<std::string> folder_of(const Flags& flags) {
  if (file_exists(flags.run + "/journal")) return flags.run;
  const size_t slash = flags.run.find('/'), hash = flags.run.rfind('#');
  if (slash == std::string::npos || hash == std::string::npos || hash < slash) {
    return Error{Code::invalid,
                 fmt::format("'{}' is neither the folder of a run (of `ks run --keep`) nor "
                             "PROJECT/PIPELINE#NUMBER",
                             flags.run)};
  }
  std::string folder = fmt::format("{}/engine/folders/{}/jobs/{}/builds/{}", flags.data_dir,
                                   percent_encode(flags.run.substr(0, slash)),
                                   percent_encode(flags.run.substr(slash + 1, hash - slash - 1)),
                                   percent_encode(flags.run.substr(hash + 1)));
  if (file_exists(folder + "/journal")) return folder;
  return Error{Code::not_found,
               fmt::format("{}: no such run in {} (--data-dir)", flags.run, flags.data_dir)};
}

/// The script as somebody leaves it in an editor.
Result<std::string> edited(const std::string& script) {
  const TempDir folder;
  const std::string file = folder / "Jenkinsfile";
  TRY(write_file_atomic(file, script, 0600));
  const char* editor = std::getenv("VISUAL");
  if (editor == nullptr || *editor == '\0') editor = std::getenv("EDITOR");
  if (editor == nullptr || *editor == '\0') editor = "vi";
  // A command line of the user's own: it may have arguments.
  SpawnOptions options{.argv = {"/bin/sh", "-c", fmt::format("{} \"$1\"", editor), "sh", file},
                       .env = current_environment()};
  options.stdin_fd = STDIN_FILENO;
  options.stdout_fd = STDOUT_FILENO;
  options.stderr_fd = STDERR_FILENO;
  Process process = TRY(Process::spawn(options));
  const int status = TRY(process.wait());
  if (status != 0) {
    return Error{Code::invalid, fmt::format("the editor '{}' ended with status {}: nothing was run",
                                            editor, status)};
  }
  return read_file(file, kMaxSourceBytes);
}

Result<> replay(Context& context, const Flags& flags) {
  const std::string folder = TRY(folder_of(flags));
  const engine::RunSpec spec = TRY(engine::spec_of_kept_run(folder));
  const std::string script = flags.edit ? TRY(edited(spec.script)) : spec.script;
  engine::OnceOptions options;
  TRY(read_once_flags(flags, options));
  const TempDir temporary;
  if (flags.from.empty()) {
    options.script = script;
    options.job = spec.job;
    options.number = spec.number;
    options.env = spec.env;
    options.scm = spec.scm;
    for (const json::value& one : spec.libraries)
      options.libraries.push_back(engine::library_from_json(one));
    options.causes = {fmt::format("Replayed #{}", spec.number)};
    options.values = spec.values;
  } else {
    if (options.keep.empty()) options.keep = temporary.path();
    if (file_exists(options.keep + "/journal"))
      return Error{Code::already_exists, fmt::format("{}: there is a run already", options.keep)};
    TRY(engine::prepare_replay({.folder = folder,
                                .from = flags.from,
                                .script = flags.edit ? script : "",
                                .target = options.keep}));
    options.resume = true;
  }
  show_once(context, flags, spec.job, std::move(options));
  return {};
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("replay", "run what is kept once more, whole or from a stage on");
  auto flags = std::make_shared<Flags>();
  command
      ->add_option("RUN", flags->run,
                   "the folder of `ks run --keep`, or PROJECT/PIPELINE#NUMBER of a server")
      ->required();
  command->add_option("--from", flags->from,
                      "name of a stage or step, or its id in --trace: what came before is not run "
                      "again, its results are those of the journal");
  command->add_flag("--edit", flags->edit, "change the Jenkinsfile first, in $VISUAL or $EDITOR");
  command->add_option("--data-dir", flags->data_dir, "of the server")->capture_default_str();
  add_once_flags(*command, context, *flags);
  command->footer(R"(
The run has the parameters of the first one; it is a run of its own, here and now, and the first one stays as it is.
With --from it begins with a copy of the workspace and of what was stashed and archived; the Jenkinsfile of --edit must
come to that stage by the same steps. Of a server's run the workspace is as the last run of that pipeline left it.

Exit code: as of ks run.

Examples:
  ks run --keep /tmp/first Jenkinsfile
  ks replay /tmp/first
  ks replay /tmp/first --from Deploy --edit
  ks replay demo/hello#3 --from 12 --trace
)");
  command->callback([flags, &context] {
    if (Result<> done = replay(context, *flags); !done) fail(context, done.error(), kUsageExit);
  });
}

}  // namespace ks::cmd
