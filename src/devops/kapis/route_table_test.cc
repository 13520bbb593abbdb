#include "devops/kapis/route_table.h"

#include <gtest/gtest.h>

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

RouteTable table() {
  RouteTable out({"/kapis/x/v1", "/v1"});
  const auto say = [](const char* what) {
    return [what](Request& request) {
      std::string text = what;
      for (const auto& [name, value] : request.params) text += " " + name + "=" + value;
      return Response::text(200, text);
    };
  };
  out.add({.method = Method::get, .pattern = "/things", .summary = "", .handler = say("list")});
  out.add({.method = Method::get, .pattern = "/things/{a}", .summary = "", .handler = say("one")});
  out.add(
      {.method = Method::get, .pattern = "/things/best", .summary = "", .handler = say("best")});
  out.add({.method = Method::post,
           .pattern = "/things",
           .summary = "",
           .handler = say("make"),
           .consumes = "application/json"});
  out.add({.method = Method::get,
           .pattern = "/raw/{path...}",
           .summary = "",
           .handler = say("raw"),
           .produces = "*/*"});
  return out;
}

Response ask(Method method, std::string_view target, http::Headers headers = {},
             std::string body = {}) {
  Request request = http::make_request(method, target, std::move(body), std::move(headers));
  return table().handle(request);
}
std::string text(std::string_view target) {
  return std::string(ask(Method::get, target).body.view());
}

TEST(RouteTable, MatchesBelowEachRoot) {
  EXPECT_EQ(text("/kapis/x/v1/things"), "list");
  EXPECT_EQ(text("/v1/things/q"), "one a=q");
  EXPECT_EQ(text("/v1/things/best"), "best");
  EXPECT_EQ(text("/v1/raw/a/b/c"), "raw path=a/b/c");
}

TEST(RouteTable, ExtraSlashesCountForNothing) {
  EXPECT_EQ(text("/kapis/x/v1//things/q/"), "one a=q");
}

TEST(RouteTable, AnEncodedSlashMakesTwoSegments) {
  EXPECT_EQ(ask(Method::get, "/v1/things/a%2Fb").status, 404);
  EXPECT_EQ(text("/v1/things/a%252Fb"), "one a=a%2Fb");
}

TEST(RouteTable, SaysWhatItDoesNotTake) {
  const Response missing = ask(Method::get, "/v1/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body.view(), "404: Page Not Found");
  const Response method = ask(Method::delete_, "/v1/things");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.get("Allow"), "GET, POST");
  EXPECT_EQ(ask(Method::post, "/v1/things", {{"Content-Type", "text/xml"}}, "<a/>").status, 415);
  EXPECT_EQ(
      ask(Method::post, "/v1/things", {{"Content-Type", "application/json; charset=utf-8"}}, "{}")
          .status,
      200);
  const Response accept = ask(Method::get, "/v1/things", {{"Accept", "text/xml"}});
  EXPECT_EQ(accept.status, 406);
  EXPECT_EQ(accept.body.view(),
            "406: Not Acceptable\n\nAvailable representations: application/json");
  EXPECT_EQ(ask(Method::get, "/v1/things", {{"Accept", "text/html, application/*;q=0.8"}}).status,
            200);
}

}  // namespace
}  // namespace ks::devops::kapis
