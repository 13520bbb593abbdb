#include "devops/kapis/route_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "devops/kapis/reply.h"

namespace ks::devops::kapis {
namespace {

using http::Request;
using http::Response;

using Params = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> out;
  for (std::string_view segment : split(path, '/')) {
    if (!segment.empty() && segment != ".") out.emplace_back(segment);
  }
  return out;
}

bool is_rest(std::string_view segment) { return segment.ends_with("...}"); }
bool is_param(std::string_view segment) { return segment.starts_with('{'); }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             Params& params) {
  params.clear();
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string& segment = pattern[i];
    if (is_rest(segment)) {
      const std::vector<std::string> rest(
          path.begin() + static_cast<ptrdiff_t>(std::min(i, path.size())), path.end());
      params.emplace_back(segment.substr(1, segment.size() - 5), join(rest, "/"));
      return true;
    }
    if (i >= path.size()) return false;
    if (is_param(segment)) {
      params.emplace_back(segment.substr(1, segment.size() - 2), path[i]);
    } else if (segment != path[i]) {
      return false;
    }
  }
  return pattern.size() == path.size();
}

/// `application/json; charset=utf-8` without what follows the type.
std::string_view media_type(std::string_view header) {
  return trim(header.substr(0, header.find(';')));
}

bool accepts(std::string_view accept, std::string_view produced) {
  if (trim(accept).empty()) return true;
  const std::string_view type = media_type(produced);
  const std::string family = std::string(type.substr(0, type.find('/'))) + "/*";
  for (std::string_view one : split(accept, ',')) {
    const std::string_view wanted = media_type(trim(one));
    if (wanted == "*/*" || wanted == type || wanted == family) return true;
  }
  return false;
}

bool consumes(const Route& route, std::string_view content_type) {
  if (route.consumes.empty()) return true;
  for (std::string_view one : split(route.consumes, ',')) {
    if (equals_ignoring_case(trim(one), media_type(content_type))) return true;
  }
  return false;
}

Response router_error(int status, std::string text) {
  Response response = Response::text(status, std::move(text));
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  return response;
}

}  // namespace

void RouteTable::add(Route route) {
  Segmented pattern{.segments = segments_of(route.pattern), .literals = 0};
  pattern.literals = static_cast<size_t>(std::ranges::count_if(
      pattern.segments, [](const std::string& segment) { return !is_param(segment); }));
  patterns_.push_back(std::move(pattern));
  routes_.push_back(std::move(route));
}

const Route* RouteTable::find(const Request& request, std::vector<std::string>& allowed,
                              Params& params) const {
  std::vector<std::string> path = segments_of(request.path);
  for (const std::string& root : roots_) {
    const std::vector<std::string> prefix = segments_of(root);
    if (path.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), path.begin())) {
      continue;
    }
    path.erase(path.begin(), path.begin() + static_cast<ptrdiff_t>(prefix.size()));
    break;
  }
  const Route* best = nullptr;
  size_t most_literals = 0;
  Params tried;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!matches(patterns_[i].segments, path, tried)) continue;
    if (routes_[i].method != request.method) {
      allowed.emplace_back(to_string(routes_[i].method));
    } else if (best == nullptr || patterns_[i].literals > most_literals) {
      best = &routes_[i];
      most_literals = patterns_[i].literals;
      params = tried;
    }
  }
  return best;
}

Response RouteTable::handle(Request& request) const {
  std::vector<std::string> allowed;
  Params params;
  const Route* route = find(request, allowed, params);
  if (route == nullptr) {
    if (allowed.empty()) return router_error(404, "404: Page Not Found");
    std::ranges::sort(allowed);
    allowed.erase(std::ranges::unique(allowed).begin(), allowed.end());
    Response response = router_error(405, "405: Method Not Allowed");
    response.headers.set("Allow", join(allowed, ", "));
    return response;
  }
  const std::string_view content_type = request.headers.get("Content-Type");
  if (!(content_type.empty() && request.body.empty()) && !consumes(*route, content_type)) {
    return router_error(415, "415: Unsupported Media Type");
  }
  if (!accepts(request.headers.get("Accept"), route->produces)) {
    return router_error(406, fmt::format("406: Not Acceptable\n\nAvailable representations: {}",
                                         media_type(route->produces)));
  }
  request.params = std::move(params);
  return route->handler(request);
}

}  // namespace ks::devops::kapis
