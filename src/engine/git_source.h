#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

/// Where the files of a run come from: repositories, as flags and configurations name them.

namespace ks::engine {

/// The description of one remote and branch, as RunSpec::scm and `checkout` take it. No branch:
/// the commit that is the repository's HEAD.
boost::json::object git_description(std::string_view url, std::string_view branch,
                                    std::string_view credentials_id);
/// Whether the address is a folder of this machine.
bool is_local_url(std::string_view url);

/// The Git work tree that a file lies in.
struct EnclosingRepository {
  std::string folder;  ///< its top
  std::string branch;  ///< that is checked out; empty: a commit without a branch
};
std::optional<EnclosingRepository> enclosing_repository(const std::string& file);

}  // namespace ks::engine
