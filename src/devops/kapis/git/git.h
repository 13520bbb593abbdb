#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devops/kapis/git/git_address.h"

namespace ks::devops::kapis {

/// How a remote repository is reached, and who writes to it.
struct GitAccess {
  GitAddress address;
  std::string username, password;       ///< of http; a token is a password
  std::string private_key, passphrase;  ///< of ssh
  std::string ca_pem;                   ///< empty: the system's authorities
  bool insecure = false;                ///< does not verify the server
  bool allow_private = false;           ///< also hosts at private addresses
};

/// What one command of git is given besides its arguments.
struct GitInput {
  std::string stdin_text = {};
  std::vector<std::string> env = {};  ///< `K=V`
  size_t max_output = 64u << 20;
};
struct GitRan {
  int code = 0;
  std::string out, err;
};

/// Runs the git program on one bare repository, each command in a process of its own with bounds on
/// time and output. Blocks; for workers.
///
/// Git sees nothing of this machine's configuration, runs no hooks and asks nobody. Secrets reach
/// it by its environment alone, and only for the remote's own host.
class Git {
 public:
  using Input = GitInput;
  using Ran = GitRan;

  explicit Git(std::string folder) : folder_(std::move(folder)) {}
  const std::string& folder() const { return folder_; }

  /// A command without the network. Its exit code is the caller's to judge.
  Result<Ran> run(std::vector<std::string> arguments, Input input = {}) const;
  /// The same; another exit code than 0 is `internal` with what git said.
  Result<std::string> output(std::vector<std::string> arguments, Input input = {}) const;
  /// A command that talks to the remote, as `origin` in its arguments.
  Result<Ran> run_remote(const GitAccess& access, std::vector<std::string> arguments) const;

 private:
  std::string folder_;
};

/// The last lines of what git said, as one line for people.
std::string git_words(std::string_view err);
/// What a failed command with a remote means: who is refused, what is not there or out of reach.
Error remote_error(const Git::Ran& ran);

}  // namespace ks::devops::kapis
