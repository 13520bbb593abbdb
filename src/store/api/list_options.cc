#include "store/api/list_options.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace ks::store {
namespace {

constexpr size_t kMaxToken = 4096;

Outcome<uint64_t> number(const http::Request& request, std::string_view name) {
  const std::string_view text = request.query.get(name);
  if (text.empty()) return uint64_t{0};
  const std::optional<int64_t> value = parse_int(text);
  if (!value || *value < 0) {
    return kube::bad_request(fmt::format(
        "{}: Invalid value: \"{}\": must be a number that is not negative", name, text));
  }
  return static_cast<uint64_t>(*value);
}

kube::Status refused(std::string field, std::string_view why) {
  return kube::invalid("meta.k8s.io", "ListOptions", "",
                       {kube::field_forbidden(std::move(field), why)});
}

Outcome<> read_token(std::string_view token, ListOptions& options) {
  const auto broken = [] { return kube::bad_request("continue key is not valid"); };
  if (token.size() > kMaxToken) return broken();
  Result<std::string> text = base64url_decode(token);
  if (!text) return broken();
  Result<json::value> value = parse_json(*text, {.max_depth = 4});
  if (!value || text_at(*value, {"v"}) != "meta.k8s.io/v1") return broken();
  const int64_t revision = int_at(*value, {"rv"});
  options.after = text_at(*value, {"start"});
  // A token without a revision goes on with the newest state.
  if (revision < -1 || options.after.empty()) return broken();
  options.at = revision > 0 ? static_cast<uint64_t>(revision) : 0;
  return {};
}

Outcome<> read_match(const http::Request& request, ListOptions& options) {
  const std::string_view match = request.query.get("resourceVersionMatch");
  if (match.empty()) return {};
  if (options.initial_given) {
    if (match != "NotOlderThan") {
      return refused("resourceVersionMatch",
                     "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
  } else if (!options.revision_given) {
    return refused("resourceVersionMatch",
                   "resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (match == "Exact") {
    if (options.revision == 0) {
      return refused("resourceVersionMatch",
                     "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    options.match = ListOptions::Match::exact;
  } else if (match == "NotOlderThan") {
    options.match = ListOptions::Match::not_older;
  } else {
    return kube::invalid(
        "meta.k8s.io", "ListOptions", "",
        {kube::field_not_supported("resourceVersionMatch", fmt::format("\"{}\"", match),
                                   {"Exact", "NotOlderThan", ""})});
  }
  return {};
}

Outcome<ListOptions> common(const http::Request& request) {
  ListOptions options;
  const std::string_view revision = request.query.get("resourceVersion");
  options.revision_given = !revision.empty();
  if (const std::optional<int64_t> value = parse_int(revision); value && *value >= 0) {
    options.revision = static_cast<uint64_t>(*value);
  } else if (options.revision_given) {
    return kube::invalid("meta.k8s.io", "ListOptions", "",
                         {kube::field_invalid("resourceVersion", fmt::format("\"{}\"", revision),
                                              "must be a number that a list or watch gave")});
  }
  const uint64_t seconds = TRY(number(request, "timeoutSeconds"));
  options.timeout = std::chrono::seconds(std::min<uint64_t>(seconds, 86'400));
  options.limit = TRY(number(request, "limit"));
  return options;
}

}  // namespace

Outcome<ListOptions> list_options(const http::Request& request) {
  ListOptions options = TRY(common(request));
  if (request.query.has("sendInitialEvents")) {
    return refused("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  TRY(read_match(request, options));
  const std::string_view token = request.query.get("continue");
  if (token.empty()) return options;
  if (options.match != ListOptions::Match::unset) {
    return refused("resourceVersionMatch",
                   "resourceVersionMatch is forbidden when continue is provided");
  }
  if (options.revision != 0) {
    return kube::bad_request("specifying resource version is not allowed when using continue");
  }
  TRY(read_token(token, options));
  return options;
}

Outcome<ListOptions> watch_options(const http::Request& request) {
  ListOptions options = TRY(common(request));
  options.initial_given = request.query.has("sendInitialEvents");
  options.send_initial = query_flag(request, "sendInitialEvents");
  options.bookmarks = query_flag(request, "allowWatchBookmarks");
  if (!options.initial_given && request.query.has("resourceVersionMatch") &&
      !request.query.get("resourceVersionMatch").empty()) {
    return refused("resourceVersionMatch",
                   "resourceVersionMatch is forbidden for watch unless "
                   "sendInitialEvents is provided");
  }
  TRY(read_match(request, options));
  if (options.initial_given && options.match != ListOptions::Match::not_older) {
    return refused("resourceVersionMatch",
                   "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  return options;
}

std::string continue_token(uint64_t revision, std::string_view key) {
  return base64url_encode(
      to_json(json::object{{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"start", key}}));
}

kube::Status too_new(uint64_t asked, uint64_t current) {
  kube::Status status =
      kube::timeout(fmt::format("Too large resource version: {}, current: {}", asked, current));
  status.retry_after_seconds = 1;
  status.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  return status;
}

}  // namespace ks::store
