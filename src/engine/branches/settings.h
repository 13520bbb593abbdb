#pragma once

#include <string>

#include "engine/branches.h"
#include "engine/scm/git_spec.h"

namespace ks::engine {

/// What a multi-branch pipeline's config.xml says (devops-controllers.md, section 6.5).
struct BranchSettings {
  std::string type;  ///< `git`, `github`, `gitlab`, `bitbucket_server`
  std::string description;
  std::string url;  ///< of the repository, for git
  std::string credentials_id;
  std::string owner, repository;  ///< of a forge
  std::string api;                ///< of a forge: where its API is

  int64_t branches = 0;  ///< 1: not those with a pull request, 2: only those, 3: all
  bool tags = false;
  /// Bits: 1 as merged with the target, 2 as it is.
  int64_t origin_requests = 0, fork_requests = 0;
  enum class Trust : uint8_t { nobody, members, everyone };
  Trust trust = Trust::nobody;
  /// Plain git: refs that pull requests are found by, `refs/pull/*/head`, and what their names
  /// begin with.
  struct RequestRefs {
    std::string before, after;  ///< around the number
    std::string prefix;         ///< `PR-`
  };
  std::vector<RequestRefs> request_refs;

  std::string regex;
  std::string script_path = "Jenkinsfile";
  json::value clone;  ///< CloneOption for checkouts; null for none
  bool prune = true;  ///< branches that are gone are removed, after `days`, all but `count`
  int64_t days = -1, count = -1;
  std::string schedule;              ///< of scans, as cron; empty: never by itself
  std::string on_create, on_delete;  ///< jobs to start, with commas between
  bool disabled = false;

  GitRemote remote() const {
    return {.name = "origin", .url = url, .refspec = {}, .credentials_id = credentials_id};
  }
};

/// `invalid` says what is wrong or not supported: Subversion, an address that git would take for an
/// option.
Result<BranchSettings> read_branch_settings(const std::string& config_xml);

/// The description of a head's checkout, as `scm` and RunSpec::scm have it.
json::object scm_of_head(const BranchSettings& settings, const Head& head);

/// The config.xml of a branch's job, for who asks for it.
std::string config_of_head(const BranchSettings& settings, const Head& head);

}  // namespace ks::engine
