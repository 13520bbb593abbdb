#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "devops/kapis/webhook/scm_event.h"

namespace ks::devops::kapis {

/// Checks that a webhook comes from somebody who knows `secret`: the HMAC of the body for GitHub,
/// Gitea and Bitbucket, the token of GitLab, password or signed time of Gitee, `token` of the query
/// where there are no headers. Takes the same time wherever two values differ.
///
/// `unauthenticated` with what is missing or wrong. An empty secret fits nothing.
Result<> verify_webhook(const std::optional<ScmSender>& sender, const http::Request& request,
                        std::string_view secret, const Clock& clock);

/// What tells a delivery from all others: its body. The numbers and times that servers send beside
/// it are signed by none of them together with it, so that they could be changed in a recorded
/// request. Empty where there are no headers.
std::string delivery_key(const std::optional<ScmSender>& sender, const http::Request& request);

}  // namespace ks::devops::kapis
