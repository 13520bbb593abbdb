#include "http/health.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>

#include "base/log.h"
#include "base/text.h"
#include "base/version.h"

namespace ks::http {
namespace {

namespace json = boost::json;

Response plain(int status, std::string text) {
  Response response = Response::text(status, std::move(text));
  response.headers.add("Cache-Control", "no-cache, private");
  response.headers.add("X-Content-Type-Options", "nosniff");
  return response;
}

Response run_checks(const Request& request, std::string_view endpoint,
                    const std::vector<HealthCheck>& checks) {
  const auto excluded = request.query.all("exclude");
  std::string listing = "[+]ping ok\n";
  bool well = true;
  for (const HealthCheck& check : checks) {
    if (std::ranges::find(excluded, check.name) != excluded.end()) {
      listing += fmt::format("[+]{} excluded: ok\n", check.name);
      continue;
    }
    if (const Result<> result = check.run(); result) {
      listing += fmt::format("[+]{} ok\n", check.name);
    } else {
      well = false;
      LOG(warn, "a health check failed", {"check", check.name}, {"why", result.error().message});
      listing += fmt::format("[-]{} failed: reason withheld\n", check.name);
    }
  }
  if (well && !request.query.has("verbose")) return plain(200, "ok");
  return plain(well ? 200 : 500,
               fmt::format("{}{} check {}\n", listing, endpoint, well ? "passed" : "failed"));
}

void add_endpoint(Router& router, const std::string& name, std::vector<HealthCheck> checks) {
  for (const HealthCheck& check : checks) {
    router.add(Method::get, "/" + name + "/" + check.name,
               [name, check](Request& request) { return run_checks(request, name, {check}); });
  }
  router.add(
      Method::get, "/" + name + "/ping", [](Request&) { return plain(200, "ok"); },
      Runs::on_reactor);
  router.add(Method::get, "/" + name, [name, checks = std::move(checks)](Request& request) {
    return run_checks(request, name, checks);
  });
}

/// `version.Info`, which clients decide by what they may ask for.
std::string version_info() {
  const std::string_view release = kKubernetesVersion.substr(1);
  const size_t dot = release.find('.');
  utsname machine{};
  uname(&machine);
  const std::string_view kind = machine.machine;
  const std::string_view architecture = kind == "x86_64"    ? "amd64"
                                        : kind == "aarch64" ? "arm64"
                                                            : kind;
  return json::serialize(
      json::value{{"major", release.substr(0, dot)},
                  {"minor", release.substr(dot + 1, release.find('.', dot + 1) - dot - 1)},
                  {"gitVersion", fmt::format("{}+ks{}", kKubernetesVersion, kVersion)},
                  {"gitCommit", ""},
                  {"gitTreeState", "clean"},
                  {"buildDate", "1970-01-01T00:00:00Z"},
                  {"goVersion", ""},
                  {"compiler", fmt::format("g++ {}.{}", __GNUC__, __GNUC_MINOR__)},
                  {"platform", fmt::format("linux/{}", architecture)}});
}

}  // namespace

void add_health(Router& router, HealthOptions options) {
  std::vector<HealthCheck> all = options.live;
  all.insert(all.end(), options.ready.begin(), options.ready.end());
  add_endpoint(router, "livez", std::move(options.live));
  add_endpoint(router, "readyz", all);
  add_endpoint(router, "healthz", std::move(all));
  router.add(
      Method::get, "/version",
      [body = std::make_shared<const std::string>(version_info())](Request&) {
        return Response::json(200, body);
      },
      Runs::on_reactor);
  if (options.metrics == nullptr) return;
  router.add(Method::get, "/metrics", [metrics = options.metrics](Request&) {
    Response response = Response::text(200, metrics->text());
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return response;
  });
}

Router::Filter measure_requests(Metrics& metrics) {
  struct Series {
    Histogram* seconds = nullptr;
    std::array<Counter*, 6> by_class{};  // 1xx to 5xx; 0 for what is none
  };
  // All series are made here: a request looks nothing up.
  auto series = std::make_shared<std::array<Series, 9>>();
  for (size_t i = 0; i < series->size(); i++) {
    const std::string method(to_string(static_cast<Method>(i)));
    (*series)[i].seconds =
        &metrics.histogram("ks_http_request_duration_seconds",
                           "Time until the answer, or until a stream began.", {{"method", method}});
    for (size_t kind = 0; kind < 6; kind++) {
      (*series)[i].by_class[kind] =
          &metrics.counter("ks_http_requests_total", "Requests that were answered.",
                           {{"method", method}, {"code", fmt::format("{}xx", kind)}});
    }
  }
  return [series](Request& request, const Handler& next) {
    const Series& mine = (*series)[std::to_underlying(request.method)];
    const auto started = std::chrono::steady_clock::now();
    Response response = next(request);
    mine.seconds->observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    const int kind = response.status / 100;
    mine.by_class[kind >= 1 && kind <= 5 ? static_cast<size_t>(kind) : 0]->add();
    return response;
  };
}

}  // namespace ks::http
