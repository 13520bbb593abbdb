#include "engine/scm/repository.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/run_command.h"
#include "engine/scm/changes.h"
#include "engine/scm/git_credentials.h"

namespace ks::engine {
namespace {

std::shared_ptr<Workspace> copy_of(Run& run, const GitRemote& remote) {
  return run.services().node->own_folder(copy_name(remote, run.spec().job));
}

json::object run_script(Run& run, groovy::Task& task, const std::shared_ptr<Workspace>& folder,
                        std::string script,
                        std::vector<std::pair<std::string, std::string>> secrets) {
  // Not the run's environment: a script must not choose what git the engine runs, and how.
  std::vector<std::pair<std::string, std::string>> env = std::move(secrets);
  env.insert(env.end(), {{"PATH", base_path()}, {"HOME", home_folder()}, {"LANG", "C.UTF-8"}});
  return run_command(run, task, folder,
                     {.what = "git",
                      .script = std::move(script),
                      .folder = folder->path(),
                      .env = std::move(env),
                      .keep_stdout = true});
}

}  // namespace

std::string copy_name(const GitRemote& remote, std::string_view job) {
  // Runs that read the same repository share its copy, with credentials only those of one folder of
  // jobs: the id names another secret elsewhere.
  std::string key = remote.url;
  if (!remote.credentials_id.empty()) {
    const size_t slash = job.rfind('/');
    key += "\n" + remote.credentials_id + "\n";
    key += job.substr(0, slash == job.npos ? 0 : slash);
  }
  return hex_encode(sha256(key)).substr(0, 32);
}

void check_local(Run& run, groovy::Task& task, const std::string& url, bool trusted) {
  if (trusted || !is_local_url(url) || run.services().local_repositories) return;
  run.fail(task, fmt::format("{} is a folder of the server, which would be read with the server's "
                             "rights; give an address, or allow it with "
                             "--allow-local-repositories",
                             url));
}

std::optional<RepositoryCommit> fetch_commit(Run& run, groovy::Task& task, const GitRemote& remote,
                                             const std::vector<std::string>& names,
                                             const std::string& previous, bool trusted) {
  check_local(run, task, remote.url, trusted);
  const std::shared_ptr<Workspace> folder = copy_of(run, remote);
  const std::string keys =
      fmt::format("{}/keys-{}-{}", folder->path(), run.spec().number, run.next_await());
  auto secrets = credential_env(run, task, {remote}, keys);
  struct RemoveKeys {
    const std::string& folder;
    ~RemoveKeys() { (void)remove_tree(folder); }
  } remove{keys};
  const json::object result =
      run_script(run, task, folder, cache_script(remote, names, previous), std::move(secrets));
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (exit == 3) return std::nullopt;
  if (exit != 0) {
    run.fail(task,
             fmt::format("Error fetching {}: git ended with exit code {}; see the lines above",
                         remote.url, exit));
  }
  const CheckedOut found = parse_checked_out(result.at("stdout").as_string());
  RepositoryCommit out{.remote = remote, .commit = found.commit, .ref = found.ref, .changes = {}};
  if (found.has_changes) out.changes = parse_changes(found.changes);
  return out;
}

std::vector<RepositoryFile> read_files(Run& run, groovy::Task& task, const RepositoryCommit& at,
                                       const std::vector<std::string>& paths,
                                       const FileBounds& bounds) {
  const json::object result =
      run_script(run, task, copy_of(run, at.remote),
                 files_script(at.commit, paths, bounds.bytes, bounds.files), {});
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (exit == 4) return {};
  if (exit == 5) {
    run.fail(task, fmt::format("{} at {} has more than {} files or {} bytes to read", at.remote.url,
                               at.commit, bounds.files, bounds.bytes));
  }
  if (exit != 0) {
    run.fail(task, fmt::format("Error reading {} at {}: git ended with exit code {}", at.remote.url,
                               at.commit, exit));
  }
  Result<std::vector<RepositoryFile>> files = parse_files(result.at("stdout").as_string());
  if (!files) run.fail(task, files.error().message);
  return std::move(*files);
}

}  // namespace ks::engine
