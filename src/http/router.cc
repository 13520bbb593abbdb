#include "http/router.h"

#include <map>
#include <optional>

#include "base/log.h"
#include "base/text.h"

namespace ks::http {
namespace {

struct Route {
  Handler handler;
  Runs runs = Runs::on_worker;
};

/// One segment of the paths: literal children, one `{name}` child, or the rest of the path.
struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> any;
  std::map<Method, Route> routes;
  std::map<Method, std::vector<std::string>> names;  // of the parameters on the way, per method
  std::map<Method, Route> rest_routes;
  std::map<Method, std::vector<std::string>> rest_names;
};

struct Prefix {
  std::string path;
  Handler handler;
  std::function<Runs(const Request&)> where;
};

struct Match {
  const Route* route = nullptr;
  const std::vector<std::string>* names = nullptr;
  std::vector<std::string> values;
  bool path_exists = false;  // with another method
  std::vector<Method> allowed;
};

bool below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/');
}

void note_allowed(Match& match, const std::map<Method, Route>& routes) {
  match.path_exists = match.path_exists || !routes.empty();
  for (const auto& [method, route] : routes) match.allowed.push_back(method);
}

bool take(Match& match, Method method, const std::map<Method, Route>& routes,
          const std::map<Method, std::vector<std::string>>& names) {
  auto found = routes.find(method);
  // A HEAD is a GET whose body the server leaves out.
  if (found == routes.end() && method == Method::head) found = routes.find(Method::get);
  if (found == routes.end()) {
    note_allowed(match, routes);
    return false;
  }
  match.route = &found->second;
  match.names = &names.find(found->first)->second;
  return true;
}

/// Depth-first: literal, then `{name}`, then `{rest...}`.
bool search(const Node& node, std::string_view rest, Method method, Match& match) {
  if (rest.empty()) return take(match, method, node.routes, node.names);
  const size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  const std::string_view after = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  const bool trailing = slash != rest.npos && after.empty();
  if (!trailing) {
    if (auto child = node.literal.find(segment); child != node.literal.end()) {
      if (search(*child->second, after, method, match)) return true;
    }
    if (node.any != nullptr && !segment.empty()) {
      match.values.emplace_back(segment);
      if (search(*node.any, after, method, match)) return true;
      match.values.pop_back();
    }
  } else {
    const auto take_slash = [&](const Node& child) {
      const auto empty = child.literal.find(std::string_view());
      return empty != child.literal.end() &&
             take(match, method, empty->second->routes, empty->second->names);
    };
    if (auto child = node.literal.find(segment); child != node.literal.end()) {
      if (take_slash(*child->second)) return true;
    }
    if (node.any != nullptr && !segment.empty()) {
      match.values.emplace_back(segment);
      if (take_slash(*node.any)) return true;
      match.values.pop_back();
    }
  }
  if (!node.rest_routes.empty()) {
    match.values.emplace_back(rest);
    if (take(match, method, node.rest_routes, node.rest_names)) return true;
    match.values.pop_back();
  }
  return false;
}

}  // namespace

struct Router::State {
  Node root;
  std::vector<Prefix> prefixes;
  std::vector<Filter> filters;

  const Prefix* prefix_of(std::string_view path) const {
    const Prefix* longest = nullptr;
    for (const Prefix& prefix : prefixes) {
      if (below(path, prefix.path) &&
          (longest == nullptr || prefix.path.size() > longest->path.size())) {
        longest = &prefix;
      }
    }
    return longest;
  }

  Match find(const Request& request) const {
    Match match;
    std::string_view path = request.path;
    if (path.starts_with('/')) path.remove_prefix(1);
    search(root, path, request.method, match);
    return match;
  }

  Response dispatch(Request& request) const {
    Match match = find(request);
    if (match.route != nullptr) {
      request.params.clear();
      for (size_t i = 0; i < match.values.size(); i++) {
        request.params.emplace_back((*match.names)[i], std::move(match.values[i]));
      }
      return match.route->handler(request);
    }
    if (const Prefix* prefix = prefix_of(request.path)) return prefix->handler(request);
    if (match.path_exists) {
      Response response = Response::text(
          405, "this path does not take " + std::string(to_string(request.method)) + "\n");
      std::vector<std::string> names;
      names.reserve(match.allowed.size());
      for (Method method : match.allowed) names.emplace_back(to_string(method));
      response.headers.add("Allow", join(names, ", "));
      return response;
    }
    return Response::text(404, "404 page not found\n");
  }

  Response filtered(Request& request, size_t at) const {
    if (at == filters.size()) return dispatch(request);
    return filters[at](request, [this, at](Request& next) { return filtered(next, at + 1); });
  }
};

Router::Router() : state_(std::make_unique<State>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, Handler handler, Runs runs) {
  CHECK_MSG(pattern.starts_with('/'), pattern);
  Node* node = &state_->root;
  std::vector<std::string> names;
  std::string_view rest = pattern.substr(1);
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    if (segment.starts_with('{') && segment.ends_with("...}")) {
      names.emplace_back(segment.substr(1, segment.size() - 5));
      node->rest_routes[method] = {std::move(handler), runs};
      node->rest_names[method] = std::move(names);
      return;
    }
    if (segment.starts_with('{')) {
      names.emplace_back(segment.substr(1, segment.size() - 2));
      if (node->any == nullptr) node->any = std::make_unique<Node>();
      node = node->any.get();
    } else {
      std::unique_ptr<Node>& child = node->literal[std::string(segment)];
      if (child == nullptr) child = std::make_unique<Node>();
      node = child.get();
    }
    if (slash != std::string_view::npos && rest.empty() && pattern.ends_with('/')) {
      std::unique_ptr<Node>& child = node->literal[std::string()];
      if (child == nullptr) child = std::make_unique<Node>();
      node = child.get();
    }
  }
  node->routes[method] = {std::move(handler), runs};
  node->names[method] = std::move(names);
}

void Router::add_prefix(std::string_view prefix, Handler handler,
                        std::function<Runs(const Request&)> where) {
  state_->prefixes.push_back({std::string(prefix), std::move(handler), std::move(where)});
}

void Router::add_filter(Filter filter) { state_->filters.push_back(std::move(filter)); }

Runs Router::where(const Request& request) const {
  if (const Match match = state_->find(request); match.route != nullptr) return match.route->runs;
  if (const Prefix* prefix = state_->prefix_of(request.path)) {
    return prefix->where ? prefix->where(request) : Runs::on_worker;
  }
  return Runs::on_reactor;
}

Response Router::handle(Request& request) const {
  try {
    return state_->filtered(request, 0);
  } catch (const std::exception& error) {
    // Handlers return their errors. One that throws all the same has a bug, which must cost its
    // caller an answer and not everybody the server.
    LOG(error, "a handler threw; this is a bug", {"path", request.path}, {"request", request.id},
        {"what", error.what()});
    return Response::text(500, "the server failed to handle this request; its log says why\n");
  }
}

}  // namespace ks::http
