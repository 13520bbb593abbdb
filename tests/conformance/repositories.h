#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "engine/git_source.h"
#include "engine/run_once.h"
#include "tally.h"

// The repositories that a case needs: that of its Jenkinsfile, and those of its libraries. Real
// ones.

namespace ks::conformance {

inline void must(const Result<>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message);
  std::abort();
}

inline void git(const std::string& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "git");
  const auto done =
      run_process({.argv = arguments, .env = current_environment(), .cwd = folder}, 1 << 20);
  if (done && done->exit_code == 0) return;
  fmt::print(stderr, "git: {}\n", done ? done->err : done.error().message);
  std::abort();
}

/// Makes what is new in `folder` a commit of its repository, which is made when it is missing.
inline void commit_all(const std::string& folder, const std::string& branch) {
  if (!file_exists(folder + "/.git")) git(folder, {"init", "-q", "-b", branch});
  git(folder, {"add", "."});
  git(folder, {"-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q",
               "--allow-empty", "-m", "files"});
}

inline void put(const std::string& folder, std::string_view path, std::string_view text) {
  const std::string whole = folder + "/" + std::string(path);
  must(make_dirs(whole.substr(0, whole.rfind('/'))));
  must(write_file_atomic(whole, text));
}

/// A file of a case: its text, or the name of a file of the corpus.
inline std::string text_of(const json::value& file, const std::string& root) {
  if (file.is_string()) return std::string(file.get_string());
  return read_text(root + "/" + std::string(text_at(file, {"resource"})));
}

inline bool wants_repository(const json::object& one) {
  const std::vector<std::string> needs = texts(one, "needs");
  return std::ranges::find(needs, "git") != needs.end();
}

/// The Jenkinsfile of a case, and what lies beside it, as a repository; then what a build wants
/// committed before it.
inline void make_repository(const json::object& one, const json::object& build,
                            const std::string& root, const std::string& folder,
                            const std::string& script) {
  put(folder, "Jenkinsfile", script);
  if (const json::value* files = one.if_contains("repoFiles")) {
    for (const auto& [path, file] : files->as_object())
      put(folder, path, read_text(root + "/" + std::string(file.as_string())));
  }
  commit_all(folder, "master");
  if (const json::value* commits = build.if_contains("commitsBefore")) {
    for (const json::value& commit : commits->as_array()) {
      for (const auto& [path, text] : commit.at("write").as_object())
        put(folder, path, text.as_string());
      commit_all(folder, "master");
    }
  }
}

/// That repository as the run's own.
inline void use_repository(const std::string& folder, engine::OnceOptions& options) {
  json::object scm = engine::git_description(folder, "*/master", {});
  scm["scriptPath"] = "Jenkinsfile";
  options.scm = std::move(scm);
  options.script.clear();
}

/// Calls with each library of a case and the folder of its repository.
inline void each_library(const json::object& one, const std::string& folder,
                         const std::function<void(const json::value&, const std::string&)>& call) {
  const json::value* libraries = one.if_contains("libraries");
  if (libraries == nullptr) return;
  for (const json::value& library : libraries->as_array())
    call(library, folder + "/" + std::string(text_at(library, {"name"})));
}

/// The libraries of a case, each a repository with the branch that the case asks for.
inline void make_libraries(const json::object& one, const std::string& root,
                           const std::string& folder) {
  each_library(one, folder, [&](const json::value& library, const std::string& source) {
    for (const auto& [path, file] : library.at("files").as_object())
      put(source, path, text_of(file, root));
    const std::string version(text_at(library, {"defaultVersion"}));
    commit_all(source, version.empty() ? "master" : version);
  });
}

inline void use_libraries(const json::object& one, const std::string& folder,
                          engine::OnceOptions& options) {
  each_library(one, folder, [&](const json::value& library, const std::string& source) {
    options.libraries.push_back(
        {.name = std::string(text_at(library, {"name"})),
         .source = source,
         .default_version = std::string(text_at(library, {"defaultVersion"})),
         .implicit = bool_at(library, {"implicit"})});
  });
}

}  // namespace ks::conformance
