#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/router.h"

namespace ks::devops::kapis {

/// One route of the DevOps API; also what the API's documentation is made of.
struct Route {
  http::Method method = http::Method::get;
  std::string pattern;  ///< `/devops/{devops}/pipelines`; `{path...}` takes the rest
  std::string summary;  ///< for people
  http::Handler handler;
  std::string produces = "application/json";
  std::string consumes;  ///< comma list; empty: anything
};

/// The routes below one or several roots, matched as the original does (section 1.3): on the
/// decoded path, segment by segment; more literal segments win.
///
/// Doubled slashes and one at the end are what clients send: they count for nothing.
class RouteTable {
 public:
  /// All routes exist below each of `roots`, for instance `/kapis/x/v1` and `/v1`.
  explicit RouteTable(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  void add(Route route);
  const std::vector<std::string>& roots() const { return roots_; }
  const std::vector<Route>& routes() const { return routes_; }

  /// Answers with 404, 405, 406 or 415 where no route fits. The path must be below a root.
  http::Response handle(http::Request& request) const;

 private:
  struct Segmented {
    std::vector<std::string> segments;
    size_t literals = 0;
  };
  const Route* find(const http::Request& request, std::vector<std::string>& allowed,
                    std::vector<std::pair<std::string, std::string>>& params) const;

  std::vector<std::string> roots_;
  std::vector<Route> routes_;
  std::vector<Segmented> patterns_;  // of routes_, in the same order
};

}  // namespace ks::devops::kapis
