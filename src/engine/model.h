#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

/// The words of the engine: results, stages and steps, credentials, and what a run is given.

namespace ks::engine {

/// From good to bad, as Jenkins orders them: a result only ever gets worse.
enum class BuildResult : uint8_t { success, unstable, failure, not_built, aborted };
std::string_view to_string(BuildResult result);
std::optional<BuildResult> parse_result(std::string_view name);

enum class NodeKind : uint8_t { stage, branch, block, step };
enum class NodeState : uint8_t { running, paused, finished, skipped };

/// One thing in the tree of a run: a stage, a parallel branch, a block step or a step. Ids are
/// numeric, stable over restarts, and grow in the order of starting.
struct RunNode {
  uint32_t id = 0;
  uint32_t parent = 0;  ///< 0: the run itself
  NodeKind kind = NodeKind::step;
  std::string name;   ///< of a stage or branch its name, of a step `sh`
  std::string label;  ///< what it says about itself: the first line of a command, a message
  NodeState state = NodeState::running;
  BuildResult result = BuildResult::success;
  WallTime started{};
  WallTime ended{};
  std::string error;       ///< why it failed, masked
  uint64_t log_begin = 0;  ///< what it wrote lies in these bytes of the log (branches interleave)
  uint64_t log_end = 0;
};

/// A question that a run waits with.
struct PendingInput {
  std::string id;
  std::string message;
  std::string ok = "Proceed";
  std::vector<std::string> submitters;
  std::string submitter_parameter;
  std::string parameters_json;  ///< array of {type, name, description, defaultValue, choices}
  uint32_t node = 0;            ///< the step that asks
  uint64_t await = 0;
};

/// The answer to a question.
struct InputAnswer {
  bool proceed = true;
  std::string by;               ///< who
  std::string parameters_json;  ///< object; may be empty
};

enum class CredentialKind : uint8_t {
  username_password,
  ssh_key,
  secret_text,
  kubeconfig,
  secret_file,
  certificate,
  docker_cert
};

/// A secret that steps may use. Never logged, never journaled.
struct Credential {
  std::string id;
  CredentialKind kind = CredentialKind::secret_text;
  std::string username;  ///< of a certificate its alias
  std::string secret;    ///< password, text, content of a file, key store or private key
  std::string passphrase;
  std::string file_name = {};    ///< of a secret file
  std::string certificate = {};  ///< of a Docker server, PEM
  std::string ca = {};           ///< of a Docker server, PEM
  bool username_secret = false;  ///< the user name is masked too
};

/// Where credentials come from: asked when a step needs one, so that a changed secret is used at
/// once.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  virtual std::optional<Credential> find(std::string_view id) const = 0;
};

/// A program that is installed on the machines: `tools { maven '3.9' }`, `tool 'jdk21'`.
struct Tool {
  std::string name;  ///< `3.9`
  std::string type;  ///< `maven`, `jdk`, `nodejs`, ...
  std::string home;  ///< its folder
};

struct TestSummary {
  int64_t total = 0;
  int64_t failed = 0;
  int64_t skipped = 0;
};

struct Artifact {
  std::string path;  ///< relative, as archived
  uint64_t bytes = 0;
};

/// Limits of one run. Each is a flag of `ks run` and `ks up`, and is reached with an error that
/// names it.
struct RunLimits {
  uint64_t fuel = 1'000'000'000;  ///< --max-operations: of the evaluator, since the last suspension
  size_t heap_bytes = size_t{256} << 20;    ///< --max-heap
  size_t string_bytes = size_t{64} << 20;   ///< --max-string
  int call_depth = 1000;                    ///< --max-call-depth
  size_t branches = 10'000;                 ///< --max-branches: of one run
  size_t steps = 1'000'000;                 ///< --max-steps: of one run, stages included
  size_t log_line_bytes = size_t{1} << 20;  ///< --max-log-line: a longer one is cut and marked
  uint64_t log_bytes = uint64_t{10} << 30;  ///< --max-log
};

}  // namespace ks::engine
