#pragma once

#include <functional>
#include <string>

#include "devops/kapis/api.h"
#include "devops/kapis/git/repository_access.h"
#include "devops/kapis/git/working_copies.h"

namespace ks::devops::kapis {

/// A request below one GitRepository.
struct GitRequest {
  http::Request& request;
  const RepositoryAccess& access;
  const WorkingCopy& copy;
  WorkingCopies& copies;

  std::string branch() const;
  /// What the remote has of the branch.
  Result<> fetch();
  /// The commit of the branch; fetched when it was not yet.
  Result<std::string> head();
  /// The commit of the path, which must have been fetched.
  Result<std::string> commit() const;
};

/// A route below `/namespaces/{namespace}/gitrepositories/{gitrepository}`.
void add_git_route(RouteTable& table, Api& api, WorkingCopies& copies, http::Method method,
                   const std::string& below, const char* summary,
                   std::function<http::Response(GitRequest&)> answer, std::string consumes = {});

/// All routes of working copies; `copies` must outlive the table.
void add_git(RouteTable& table, Api& api, WorkingCopies& copies);
void add_git_writing(RouteTable& table, Api& api, WorkingCopies& copies);

}  // namespace ks::devops::kapis
