#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

/// What the Jenkins and Blue Ocean REST APIs speak of (engine-rest, section 3). States and results
/// are texts: clients meet values that we do not know.

namespace ks::jenkins {

/// Which job: `folder` is the DevOps project, `branch` empty for a plain pipeline. A branch has the
/// name that Blue Ocean gives it, in which `/` is `%2F`.
struct JobRef {
  std::string folder;
  std::string name;
  std::string branch;
  auto operator<=>(const JobRef&) const = default;

  /// `folder/name[/branch]`
  std::string full_name() const;
  /// `/job/folder/job/name[/job/branch]`
  std::string core_path() const;
  /// `/blue/rest/organizations/jenkins/pipelines/folder/pipelines/name[/branches/branch]`
  std::string blue_path() const;
};

/// A branch's name as that of its job: `feature/x` is `feature%2Fx`.
std::string encode_branch(std::string_view name);
/// The same for a name that may be encoded already: no encoded one has a slash.
std::string branch_job_name(std::string_view name);

/// `2026-01-02T03:04:05.678+0000`, as Blue Ocean writes times.
std::string format_blue_time(WallTime time);
/// Reads that, or RFC 3339; nothing for anything else.
std::optional<WallTime> parse_blue_time(std::string_view text);

struct Parameter {
  std::string name;
  json::value value;  ///< a text, or what the client sent
};

struct Run {
  std::string id;
  std::string name;
  std::string organization = "jenkins";
  std::string pipeline;
  std::string description;
  std::string state = "QUEUED";    ///< QUEUED RUNNING PAUSED SKIPPED NOT_BUILT FINISHED
  std::string result = "UNKNOWN";  ///< SUCCESS UNSTABLE FAILURE NOT_BUILT UNKNOWN ABORTED
  std::string summary;             ///< `stable`, `broken since build #2`, ...
  std::string type = "WorkflowRun";
  std::string queue_id;
  std::string previous_id;  ///< of the runs before and after it; empty: none
  std::string next_id;
  std::string cause_of_blockage;
  std::string artifacts_zip;
  std::string commit_id;
  std::string commit_url;
  std::optional<WallTime> queued;
  std::optional<WallTime> started;
  std::optional<WallTime> ended;
  int64_t duration_ms = 0;
  int64_t estimated_ms = 0;
  bool replayable = false;
  json::array causes;
  json::array changes;
  json::value branch;
  json::value pull_request;

  bool is_finished() const { return state == "FINISHED"; }
};

struct Step {
  std::string id;
  std::string name;         ///< displayName: `Shell Script`
  std::string description;  ///< displayDescription: its argument
  std::string type = "STEP";
  std::string state;
  std::string result;
  std::optional<WallTime> started;
  int64_t duration_ms = 0;
  json::value input;  ///< null, or the question it waits with
  bool has_log = false;
};

/// A stage or a parallel branch.
struct Node {
  struct Edge {
    std::string id;
    std::string type;
  };
  std::string id;
  std::string name;
  std::string description;
  std::string type = "STAGE";  ///< or PARALLEL
  std::string state;           ///< empty: not reached
  std::string result;
  std::optional<WallTime> started;
  int64_t duration_ms = 0;
  std::string cause_of_blockage;
  std::string first_parent;
  bool restartable = false;
  json::value input;
  std::vector<Edge> edges;
  std::vector<Step> steps;  ///< filled by those who ask for them
};

struct Pipeline {
  JobRef job;
  std::string display_name;
  bool disabled = false;
  int64_t estimated_ms = -1;
  int64_t weather_score = 100;
  json::array parameters;  ///< `{_class, name, type, description, defaultParameterValue, choices}`
  std::optional<Run> latest;
  json::value raw;  ///< as it came, for what is not named here
};

// As Blue Ocean writes them. `self` is the path of the thing, for its links.
json::object to_blue(const Run& run, std::string_view self);
json::object to_blue(const Node& node, std::string_view self);
json::object to_blue(const Step& step, std::string_view self);
json::object to_blue(const Pipeline& pipeline, std::string_view self);
// And back; what is missing stays at its default.
Run run_from_blue(const json::value& value);
Node node_from_blue(const json::value& value);
Step step_from_blue(const json::value& value);
Pipeline pipeline_from_blue(const json::value& value, JobRef job);

/// What happened to a run, as the engine's event stream tells.
struct Event {
  enum class Type : uint8_t {
    run,    ///< its state: queued, began, paused, ended
    node,   ///< a stage, branch or step began or ended
    log,    ///< it wrote to its log
    job,    ///< a multi-branch pipeline was scanned: its branches may be others
    reset,  ///< events were missed, or this is the beginning: look at everything again
  };
  std::string id;  ///< resume after it
  Type type = Type::run;
  JobRef job;
  std::string run;  ///< build number
  std::string key;  ///< the idempotency key it was started with
  json::value data;
};
std::string_view to_string(Event::Type type);
std::optional<Event::Type> parse_event_type(std::string_view text);
/// One server-sent event.
std::string to_sse(const Event& event);

enum class CredentialType : uint8_t { username_password, ssh_key, secret_text, kubeconfig };
struct Credential {
  std::string id;
  CredentialType type = CredentialType::secret_text;
  std::string description;
  std::string username;
  std::string secret;  ///< password, text, private key or kubeconfig
  std::string passphrase;
};
/// The form object that Jenkins' pages send (devops-controllers, section 13).
json::object to_form(const Credential& credential);
/// `invalid` for a class that we do not know.
Result<Credential> credential_from_form(const json::value& form);
/// `Username with password`, ...
std::string_view type_name(CredentialType type);

}  // namespace ks::jenkins
