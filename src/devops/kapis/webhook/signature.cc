#include "devops/kapis/webhook/signature.h"

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

/// Of Gitee's signed times.
constexpr std::chrono::hours kStaysFresh{1};

Error missing(std::string_view header) {
  return {Code::unauthenticated,
          fmt::format("the webhook carries no {}; set a secret where it is sent from", header)};
}
Error wrong(std::string_view header) {
  return {Code::unauthenticated,
          fmt::format("{} does not fit: the secret at the sender is another one", header)};
}

Result<> verify_hmac(const http::Request& request, std::string_view header, std::string_view prefix,
                     std::string_view secret) {
  std::string_view given = request.headers.get(header);
  if (given.empty()) return missing(header);
  if (!given.starts_with(prefix)) return wrong(header);
  given.remove_prefix(prefix.size());
  const std::string expected = hex_encode(hmac_sha256(secret, request.body.view()));
  if (!equal_in_constant_time(to_lower(given), expected)) return wrong(header);
  return {};
}

Result<> verify_token(std::string_view given, std::string_view what, std::string_view secret) {
  if (given.empty()) return missing(what);
  // Digests have one length: how long the secret is does not show either.
  if (!equal_in_constant_time(sha256(given), sha256(secret))) return wrong(what);
  return {};
}

/// The password itself, or an HMAC of the time in milliseconds.
Result<> verify_gitee(const http::Request& request, std::string_view secret, const Clock& clock) {
  const std::string_view given = request.headers.get("X-Gitee-Token");
  const std::string_view time = request.headers.get("X-Gitee-Timestamp");
  if (verify_token(given, "X-Gitee-Token", secret)) return {};
  if (given.empty() || time.empty()) return missing("X-Gitee-Token");
  const std::string expected =
      base64_encode(hmac_sha256(secret, fmt::format("{}\n{}", time, secret)));
  const std::string plain = given.contains('%') ? percent_decode(given) : std::string(given);
  if (!equal_in_constant_time(plain, expected)) return wrong("X-Gitee-Token");
  const auto sent = parse_int(time);
  const auto age = clock.now() - WallTime(std::chrono::milliseconds(sent.value_or(0)));
  if (age > kStaysFresh || age < -kStaysFresh) {
    return Error{Code::unauthenticated, "X-Gitee-Timestamp is more than an hour away from now"};
  }
  return {};
}

}  // namespace

Result<> verify_webhook(const std::optional<ScmSender>& sender, const http::Request& request,
                        std::string_view secret, const Clock& clock) {
  if (secret.empty()) return Error{Code::unauthenticated, "there is no secret to verify it with"};
  if (!sender) return verify_token(request.query.get("token"), "token", secret);
  switch (*sender) {
    case ScmSender::github: return verify_hmac(request, "X-Hub-Signature-256", "sha256=", secret);
    case ScmSender::bitbucket: return verify_hmac(request, "X-Hub-Signature", "sha256=", secret);
    case ScmSender::gitea:
      return verify_hmac(
          request,
          request.headers.has("X-Gitea-Signature") ? "X-Gitea-Signature" : "X-Gogs-Signature", "",
          secret);
    case ScmSender::gitlab:
      return verify_token(request.headers.get("X-Gitlab-Token"), "X-Gitlab-Token", secret);
    case ScmSender::gitee: return verify_gitee(request, secret, clock);
  }
  return wrong("the webhook");
}

std::string delivery_key(const std::optional<ScmSender>& sender, const http::Request& request) {
  if (!sender) return {};
  return hex_encode(sha256(request.body.view()));
}

}  // namespace ks::devops::kapis
