#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

/// What git servers send when something changed, whoever made them (devops-api, section 12.6).

namespace ks::devops::kapis {

enum class ScmSender : uint8_t { github, gitlab, gitea, gitee, bitbucket };

struct ScmEvent {
  ScmSender sender = ScmSender::github;
  /// `push`: commits for a branch or tag came; `change`: branches or pull requests came or went;
  /// `other`: nothing that pipelines would follow, such as a ping.
  enum class Kind : uint8_t { push, change, other } kind = Kind::other;
  std::vector<std::string> urls;  ///< of the repository: page, http, ssh
  std::vector<std::string> refs;  ///< `refs/heads/main`, that were pushed and are there
};

/// Who sent the request, by its headers; nothing when it is no webhook that we know.
std::optional<ScmSender> scm_sender(const http::Request& request);
/// Reads the body, JSON or a form with `payload`. `invalid` when it cannot be.
Result<ScmEvent> read_scm_event(ScmSender sender, const http::Request& request);

/// An address of a repository as all its spellings have it: `git.example.org/a/b` for
/// `https://git.example.org/a/b.git`, `git@git.example.org:a/b`. Empty when it is none.
std::string repository_name(std::string_view url);

}  // namespace ks::devops::kapis
