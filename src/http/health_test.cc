#include "http/health.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace ks::http {
namespace {

Response get(const Router& router, std::string_view target) {
  Request request = make_request(Method::get, target);
  return router.handle(request);
}

struct Sample {
  bool store_is_well = true;
  Metrics metrics;
  Router router;
  Sample() {
    router.add_filter(measure_requests(metrics));
    add_health(router, {.live = {{"loop", [] { return Result<>(); }}},
                        .ready = {{"store",
                                   [this]() -> Result<> {
                                     if (store_is_well) return {};
                                     return Error{Code::unavailable, "the disk at /secret is full"};
                                   }}},
                        .metrics = &metrics});
  }
};

TEST(Health, SaysOkAndListsWhenAsked) {
  Sample sample;
  for (const char* path : {"/livez", "/readyz", "/healthz", "/readyz/store", "/livez/ping"}) {
    const Response response = get(sample.router, path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body.view(), "ok") << path;
  }
  EXPECT_EQ(get(sample.router, "/readyz?verbose").body.view(),
            "[+]ping ok\n[+]loop ok\n[+]store ok\nreadyz check passed\n");
  EXPECT_EQ(get(sample.router, "/livez/store").status, 404);
}

TEST(Health, AFailingCheckIsNamedAndItsReasonKept) {
  Sample sample;
  sample.store_is_well = false;
  EXPECT_EQ(get(sample.router, "/livez").status, 200);
  const Response response = get(sample.router, "/readyz");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.view(),
            "[+]ping ok\n[+]loop ok\n[-]store failed: reason withheld\nreadyz check failed\n");
  EXPECT_EQ(get(sample.router, "/readyz?exclude=store").body.view(), "ok");
}

TEST(Health, TheVersionIsThatOfAKubernetesServer) {
  Sample sample;
  const auto info = boost::json::parse(get(sample.router, "/version").body.view()).as_object();
  EXPECT_EQ(info.at("major"), "1");
  EXPECT_EQ(info.at("minor"), "32");
  EXPECT_TRUE(info.at("gitVersion").as_string().starts_with("v1.32.0+ks"));
  EXPECT_TRUE(info.at("platform").as_string().starts_with("linux/"));
}

TEST(Health, RequestsAreCountedByMethodAndStatus) {
  Sample sample;
  get(sample.router, "/livez");
  get(sample.router, "/nothing");
  const std::string text(get(sample.router, "/metrics").body.view());
  EXPECT_TRUE(text.contains("ks_http_requests_total{code=\"2xx\",method=\"GET\"} 1\n")) << text;
  EXPECT_TRUE(text.contains("ks_http_requests_total{code=\"4xx\",method=\"GET\"} 1\n"));
  EXPECT_TRUE(text.contains("ks_http_request_duration_seconds_count{method=\"GET\"} 2\n"));
}

}  // namespace
}  // namespace ks::http
