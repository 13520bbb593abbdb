#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/branches/heads.h"
#include "engine/branches/settings.h"

namespace ks::engine {

/// A look at a repository: what its heads are, and which of them hold the Jenkinsfile.
struct ScanRequest {
  BranchSettings settings;
  JobName project;
  std::string copy_folder;  ///< of the engine's copy of the repository (repository.h)
  const CredentialSource* credentials = nullptr;
  bool local_repositories = false;
  std::chrono::milliseconds list_time{60'000};
  /// What earlier scans found, by the head's name: one with the same commit is not looked at again.
  struct Known {
    std::string commit;
    bool has_script = false;
  };
  std::map<std::string, Known> known;
};

struct ScanResult {
  std::string primary;
  std::vector<Head> heads;                   ///< with a Jenkinsfile
  std::map<std::string, std::string> other;  ///< without one: the commit by name
};

/// Asks the git server, and fetches what is new into the copy that runs share. `log` gets the lines
/// of the indexing log, without secrets. Blocks; the errors are those of git, in words for people.
Result<ScanResult> scan_heads(const ScanRequest& request, const std::stop_token& stop,
                              const std::function<void(std::string_view)>& log);

/// What the repository has, without fetching anything. The settings' discovery says what is asked
/// for.
Result<RemoteRefs> list_heads(const ScanRequest& request, const std::stop_token& stop);

}  // namespace ks::engine
