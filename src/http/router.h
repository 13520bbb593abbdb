#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace ks::http {

/// Where a handler may run.
enum class Runs : uint8_t {
  on_reactor,  ///< Reads memory only and returns within microseconds.
  on_worker,   ///< May block: commits, files, other servers.
};

/// A request in, a response out. Must be callable from several threads at once.
using Handler = std::function<Response(Request&)>;

/// Finds the handler for a method and path.
///
///   Router router;
///   router.add(Method::get, "/healthz", [](Request&) { return Response::text(200, "ok"); },
///   Runs::on_reactor); router.add(Method::get, "/kapis/x/{name}", show); router.add_prefix("/api",
///   kube_handler, [](const Request& r) { return runs_where(r); });
///
/// A literal segment beats `{name}`, which beats `{rest...}` (the rest of the path, slashes
/// included), which beats a prefix; of two prefixes the longer wins. A path that exists with
/// another method answers 405 with `Allow`; one that does not exist, 404. Build it, then share it:
/// adding is not thread-safe, handling is.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  void add(Method method, std::string_view pattern, Handler handler, Runs runs = Runs::on_worker);
  /// Every method and path at or below `prefix`; `where` decides for each request.
  void add_prefix(std::string_view prefix, Handler handler,
                  std::function<Runs(const Request&)> where = nullptr);
  /// Wraps every handler, the first added outermost: authentication, audit, metrics.
  using Filter = std::function<Response(Request&, const Handler& next)>;
  void add_filter(Filter filter);

  Runs where(const Request& request) const;
  /// A handler that throws is answered with 500.
  Response handle(Request& request) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::http
