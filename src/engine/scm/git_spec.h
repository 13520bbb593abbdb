#pragma once

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/git_source.h"

/// What a checkout was asked for: the GitSCM of Jenkins, in the form that `checkout scmGit(...)`,
/// `checkout([$class: 'GitSCM', ...])`, a job's configuration and `scm` share.

namespace ks::engine {

namespace json = boost::json;

struct GitRemote {
  std::string name;  ///< `origin`, `origin1`, ... when none was given
  std::string url;
  std::string refspec;  ///< several ones with spaces between; empty: all branches
  std::string credentials_id;
};

/// The extensions of Jenkins that change what is fetched and how files are put into the folder.
struct GitExtensions {
  // CloneOption
  bool shallow = false;
  int64_t depth = 1;
  bool no_tags = false;
  bool honor_refspec = false;
  std::string reference;
  int64_t fetch_minutes = 10;
  // CheckoutOption
  int64_t checkout_minutes = 10;

  std::optional<std::string> local_branch;  ///< `**` or empty: the name that the remote's has
  bool clean_before = false;
  bool clean_after = false;
  bool clean_nested = false;  ///< deleteUntrackedNestedRepositories
  bool wipe = false;
  std::string directory;  ///< RelativeTargetDirectory
  std::vector<std::string> sparse_paths;
  bool prune_branches = false;
  bool prune_tags = false;
  bool lfs_pull = false;

  struct Submodules {
    bool disabled = false;
    bool recursive = false;
    bool tracking = false;
    bool parent_credentials = false;
    bool shallow = false;
    int64_t depth = 1;
    int64_t minutes = 10;
  };
  std::optional<Submodules> submodules;

  struct Merge {
    std::string remote = "origin";
    std::string target;
    std::string strategy;
    std::string fast_forward = "--ff";
  };
  std::optional<Merge> merge;

  std::optional<std::string> changelog_base;  ///< ChangelogToBranch: `origin/main`
  std::string user_name, user_email;          ///< UserIdentity
};

struct GitSpec {
  std::vector<GitRemote> remotes;
  std::vector<std::string> branches;  ///< as written: `*/main`, `refs/tags/v1`, `:regex`
  std::string revision;  ///< commit that is wanted whatever the branches say; may be empty
  GitExtensions extensions;
  json::value source;  ///< what it was read from: `scm` shows it to scripts

  /// Tells one checkout of a job from another over its runs.
  std::string key() const;
};

/// Reads the description that a script or configuration gives. `expand` replaces `${NAME}` and
/// `$NAME` in branches, refspecs and URLs. An error names the field; a URL or name that git would
/// take for an option or a command is one.
Result<GitSpec> read_git_spec(const json::value& description,
                              const std::function<std::string(std::string_view)>& expand);

/// Refuses what is no repository address for git: options, `ext::` and other commands.
Result<> check_git_url(std::string_view url);
/// Refuses what git would take for an option, and what cannot be a ref.
Result<> check_git_ref(std::string_view ref, std::string_view what);
/// An address as it may be kept: without the password in it.
std::string url_without_password(std::string_view url);
/// `$NAME` and `${NAME}` replaced by what `value_of` gives; unknown ones stay.
std::string expand_variables(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view)>& value_of);

}  // namespace ks::engine
