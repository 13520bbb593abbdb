#include "engine/scm/jenkinsfile.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/scm/repository.h"
#include "engine/scm/retries.h"
#include "engine/scm/scm_objects.h"
#include "engine/step.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxFileBytes = 8u << 20;

/// The names of the branch that the Jenkinsfile is read from.
std::vector<std::string> names_of(Run& run, groovy::Task& task, const GitSpec& spec) {
  std::vector<std::string> names;
  // Of a pull request whose author is not trusted, its target says what is run.
  if (const std::string_view trusted = text_at(spec.source, {"trustedBranch"}); !trusted.empty()) {
    run.print_line(
        fmt::format("The Jenkinsfile is that of {}: whose pull request this is may not "
                    "change what is run",
                    trusted));
    return {fmt::format("refs/remotes/origin/{}", trusted)};
  }
  if (!spec.revision.empty()) names.push_back(spec.revision);
  if (const std::string_view ref = text_at(spec.source, {"ref"}); !ref.empty()) {
    names.emplace_back(ref);
    return names;
  }
  for (const std::string& branch : spec.branches) {
    if (branch == "**") {
      names.insert(names.end(), {"refs/remotes/origin/main", "refs/remotes/origin/master"});
      continue;
    }
    Result<BranchSpec> parsed = parse_branch(branch, spec.remotes);
    if (!parsed) run.fail(task, parsed.error().message);
    if (parsed->is_pattern()) {
      run.fail(task, fmt::format("the branch of a Pipeline from SCM must be one, '{}' may be many",
                                 branch));
    }
    names.insert(names.end(), parsed->names.begin(), parsed->names.end());
  }
  return names;
}

/// One file of the repository; nothing when it has none of that path.
std::optional<std::string> file_at(Run& run, groovy::Task& task, const RepositoryCommit& at,
                                   const std::string& path) {
  for (RepositoryFile& file :
       read_files(run, task, at, {path}, {.bytes = kMaxFileBytes, .files = 1})) {
    if (file.path == path) return to_utf8_lossy(file.content);
  }
  return std::nullopt;
}

bool leads_out(std::string_view path) {
  if (path.starts_with('/') || path.empty()) return true;
  for (std::string_view part : split(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

}  // namespace

void obtain_jenkinsfile(Run& run, groovy::Task& task) {
  const std::string path(text_at(run.spec().scm, {"scriptPath"}));
  if (path.empty()) return;
  GitSpec spec = git_spec_of(run, task, run.spec().scm);
  // The engine's copy of a repository has one remote.
  spec.remotes.resize(1);
  spec.remotes[0].name = "origin";
  const std::string& url = spec.remotes[0].url;
  if (leads_out(path))
    run.fail(task, fmt::format("'{}' is no path in the repository {}", path, url));
  const std::vector<std::string> names = names_of(run, task, spec);
  std::optional<RepositoryCommit> at;
  with_checkout_retries(run, task, [&] {
    at = fetch_commit(run, task, spec.remotes[0], names, {}, false);
    if (!at) {
      run.fail(task,
               "Couldn't find any revision to build. Verify the repository and branch "
               "configuration for this job.");
    }
  });
  run.jenkinsfile_commit = std::make_shared<RepositoryCommit>(std::move(*at));
  std::optional<std::string> text = file_at(run, task, *run.jenkinsfile_commit, path);
  if (!text) run.fail(task, fmt::format("Unable to find {} from git {}", path, url));
  run.print_line(fmt::format("Obtained {} from git {}", path, url));
  // A replay may have a script of its own.
  if (!bool_at(run.spec().scm, {"edited"})) run.set_script(std::move(*text));
}

std::optional<json::object> resolve_target(StepCall& call, const std::string& url,
                                           const std::string& credentials_id,
                                           const std::string& branch) {
  const GitRemote remote{
      .name = "origin", .url = url, .refspec = {}, .credentials_id = credentials_id};
  Result<> valid = check_git_ref(branch, "target");
  if (!valid) call.fail(valid.error().message);
  const auto at = fetch_commit(call.run, call.task, remote,
                               {"refs/remotes/origin/" + branch, "refs/tags/" + branch}, {}, false);
  if (!at) return std::nullopt;
  json::object description = git_description(url, branch, credentials_id);
  // Later checkouts get this commit, also when the branch moves on.
  description["revision"] = at->commit;
  return description;
}

std::string read_trusted(StepCall& call, const std::string& path) {
  Run& run = call.run;
  if (leads_out(path))
    call.fail(fmt::format("'{}' is no path in the repository of the Jenkinsfile", path));
  const std::string missing =
      fmt::format("{} not found in the repository of the Jenkinsfile", path);
  if (const std::string& folder = run.services().trusted_folder; !folder.empty()) {
    const json::value text = outside(call, "readTrusted", [&]() -> Result<json::value> {
      // A link may lead out of the folder.
      std::error_code error;
      const auto real = std::filesystem::canonical(folder + "/" + path, error);
      const auto top = std::filesystem::canonical(folder, error);
      if (error || !real.string().starts_with(top.string() + "/")) return json::value(nullptr);
      return json::value(json::string(to_utf8_lossy(TRY(read_file(real.string(), kMaxFileBytes)))));
    });
    if (text.is_null()) call.fail(missing);
    return std::string(text.as_string());
  }
  if (run.jenkinsfile_commit == nullptr) {
    call.fail(
        "‘readTrusted’ is only available when using “Multibranch Pipeline” or “Pipeline script "
        "from SCM”");
  }
  std::optional<std::string> text = file_at(run, call.task, *run.jenkinsfile_commit, path);
  if (!text) call.fail(missing);
  run.print_line(fmt::format("Obtained {} from {}", path, run.jenkinsfile_commit->commit));
  return *text;
}

}  // namespace ks::engine
