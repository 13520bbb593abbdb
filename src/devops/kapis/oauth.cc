#include "devops/kapis/oauth.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/random.h"
#include "base/text.h"
#include "devops/kapis/objects.h"
#include "devops/kapis/reply.h"

namespace ks::devops::kapis {
namespace {

using http::Request;
using http::Response;

Error refused(std::string message) { return {Code::unauthenticated, std::move(message)}; }

Result<json::value> json_part(std::string_view part) {
  return parse_json(TRY(base64url_decode(part)), {.max_depth = 32});
}

/// Seconds since 1970 of a claim; nothing when it is absent or no number.
std::optional<double> time_claim(const json::value& claims, std::string_view name) {
  const json::value* value = find(claims, {name});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

Result<> check_times(const json::value& claims, WallTime now) {
  const double seconds = static_cast<double>(now.time_since_epoch().count()) / 1000;
  if (const auto end = time_claim(claims, "exp"); end && seconds > *end) {
    return refused(fmt::format("token is expired by {}s", static_cast<int64_t>(seconds - *end)));
  }
  if (const auto start = time_claim(claims, "nbf"); start && seconds < *start) {
    return refused("token is not valid yet");
  }
  if (const auto issued = time_claim(claims, "iat"); issued && seconds < *issued) {
    return refused("Token used before issued");
  }
  return {};
}

Response review(const Request& request, const std::string& secret, const Clock& clock) {
  const Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const std::string_view token = text_at(*body, {"spec", "token"});
  if (token.empty()) return text_error(400, "token must not be null");
  const Result<TokenClaims> claims = verify_token(token, secret, clock.now());
  json::object status;
  if (claims) {
    status["authenticated"] = true;
    status["user"] = json::object{{"uid", ""}, {"username", claims->username}};
    if (!claims->groups.empty()) {
      json::array groups;
      for (const std::string& group : claims->groups) groups.emplace_back(group);
      status["user"].get_object()["groups"] = std::move(groups);
    }
  } else {
    // As Kubernetes has it; the original answers 500 here.
    status["authenticated"] = false;
    status["error"] = claims.error().message;
  }
  return json_reply(json::object{{"apiVersion", text_at(*body, {"apiVersion"})},
                                 {"kind", "TokenReview"},
                                 {"status", std::move(status)}});
}

}  // namespace

Result<TokenClaims> verify_token(std::string_view token, std::string_view secret, WallTime now) {
  const std::vector<std::string_view> parts = split(token, '.');
  if (parts.size() != 3) return refused("token contains an invalid number of segments");
  const Result<json::value> header = json_part(parts[0]);
  const Result<json::value> claims = json_part(parts[1]);
  const Result<std::string> signature = base64url_decode(parts[2]);
  if (!header || !claims || !signature) return refused("token is malformed");
  if (text_at(*header, {"alg"}) != "HS256") {
    return refused(fmt::format("unexpected signing method: {}", text_at(*header, {"alg"})));
  }
  const std::string_view signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (secret.empty() || !equal_in_constant_time(hmac_sha256(secret, signed_part), *signature)) {
    return refused("signature is invalid");
  }
  TRY(check_times(*claims, now));
  TokenClaims out;
  out.username = text_at(*claims, {"username"});
  if (out.username.empty()) out.username = text_at(*claims, {"sub"});
  if (out.username.empty()) return refused("no sub or username found from jwt");
  out.type = text_at(*claims, {"token_type"});
  if (const json::value* groups = find(*claims, {"groups"});
      groups != nullptr && groups->is_array()) {
    for (const json::value& group : groups->get_array()) {
      if (group.is_string()) out.groups.emplace_back(group.get_string());
    }
  }
  return out;
}

void add_token_review(RouteTable& table, const std::string& secret, const Clock& clock) {
  table.add(
      {.method = http::Method::post,
       .pattern = "/authenticate",
       .summary = "Review a token",
       .handler = [secret, &clock](Request& request) { return review(request, secret, clock); },
       .consumes = "application/json"});
}

}  // namespace ks::devops::kapis
