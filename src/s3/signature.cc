#include "s3/signature.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/text.h"

namespace ks::s3 {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

/// `20130524T000000Z`
std::string amz_date(WallTime now) {
  std::string text = format_rfc3339(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string scope_of(const std::string& date, const Keys& keys) {
  return fmt::format("{}/{}/s3/aws4_request", date.substr(0, 8), keys.region);
}

std::string canonical_query(Pairs query) {
  for (auto& [name, value] : query) {
    name = percent_encode(name);
    value = percent_encode(value);
  }
  std::ranges::sort(query);
  std::string out;
  for (const auto& [name, value] : query) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  }
  return out;
}

/// Header names in order, and the lines of them.
struct CanonicalHeaders {
  std::string names, lines;
};
CanonicalHeaders canonical_headers(Pairs headers) {
  for (auto& [name, value] : headers) name = to_lower(name);
  std::ranges::sort(headers);
  CanonicalHeaders out;
  for (const auto& [name, value] : headers) {
    out.names += (out.names.empty() ? "" : ";") + name;
    out.lines += fmt::format("{}:{}\n", name, trim(value));
  }
  return out;
}

std::string signature_of(const Signed& what, const Pairs& query, const CanonicalHeaders& headers,
                         std::string_view payload_hash, const Keys& keys, const std::string& date) {
  const std::string request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", what.method, escape_path(what.path),
                  canonical_query(query), headers.lines, headers.names, payload_hash);
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope_of(date, keys),
                                       hex_encode(sha256(request)));
  std::string key = hmac_sha256("AWS4" + keys.secret_key, date.substr(0, 8));
  key = hmac_sha256(key, keys.region);
  key = hmac_sha256(key, "s3");
  key = hmac_sha256(key, "aws4_request");
  return hex_encode(hmac_sha256(key, text));
}

}  // namespace

std::string escape_path(std::string_view path) { return percent_encode(path, "/"); }

Pairs sign_request(const Signed& what, std::string_view body, const Keys& keys, WallTime now) {
  const std::string date = amz_date(now), hash = hex_encode(sha256(body));
  Pairs added{{"x-amz-content-sha256", hash}, {"x-amz-date", date}};
  if (!keys.session_token.empty()) added.emplace_back("x-amz-security-token", keys.session_token);
  Pairs all = what.headers;
  all.insert(all.end(), added.begin(), added.end());
  all.emplace_back("host", what.host);
  const CanonicalHeaders headers = canonical_headers(std::move(all));
  added.emplace_back("Authorization",
                     fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm,
                                 keys.access_key, scope_of(date, keys), headers.names,
                                 signature_of(what, what.query, headers, hash, keys, date)));
  return added;
}

std::string presign_query(const Signed& what, const Keys& keys, WallTime now,
                          std::chrono::seconds lifetime) {
  const std::string date = amz_date(now);
  Pairs query = what.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential",
                     fmt::format("{}/{}", keys.access_key, scope_of(date, keys)));
  query.emplace_back("X-Amz-Date", date);
  query.emplace_back("X-Amz-Expires", std::to_string(lifetime.count()));
  query.emplace_back("X-Amz-SignedHeaders", "host");
  if (!keys.session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", keys.session_token);
  }
  const CanonicalHeaders headers = canonical_headers({{"host", what.host}});
  return fmt::format("{}&X-Amz-Signature={}", canonical_query(query),
                     signature_of(what, query, headers, kUnsigned, keys, date));
}

}  // namespace ks::s3
