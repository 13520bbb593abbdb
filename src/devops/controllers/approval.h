#pragma once

#include <chrono>
#include <string>
#include <string_view>

/// Questions of runs that somebody outside answers: a signed webhook asks, a callback answers.

namespace ks::devops {

/// Who is asked.
struct ApprovalOptions {
  std::string url;         ///< where questions are sent; empty: nowhere
  std::string secret;      ///< they are signed with it: `X-Hub-Signature-256`
  std::string ca_file;     ///< PEM of the authority of `url`; empty: the system's
  std::string server_url;  ///< what callback addresses begin with
  std::string token_key;   ///< what their tokens are made with; never leaves this process
  std::chrono::milliseconds first_retry{1'000};
  std::chrono::milliseconds most_retry{300'000};
};

namespace approval {
/// Annotations of a PipelineRun, with the step's id at the end: what was asked, what was answered.
inline constexpr std::string_view kAsked = "approval.devops.kubesphere.io/asked-";
inline constexpr std::string_view kAnswered = "approval.devops.kubesphere.io/answered-";
/// Below `/kapis/devops.kubesphere.io/v1alpha3`.
inline constexpr std::string_view kPath = "/approvals";
}  // namespace approval

/// The token of one question. It opens nothing but this, and nothing more once that is answered.
/// Made of what the question is, so that a delivery that is repeated, also after a restart, has the
/// same one and nothing secret need be kept.
std::string approval_token(std::string_view token_key, std::string_view run_uid,
                           std::string_view step);

}  // namespace ks::devops
