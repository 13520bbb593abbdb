#include "kube/status.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace ks::kube {
namespace {

TEST(Status, SpeaksAsKubernetesDoes) {
  EXPECT_EQ(not_found({"", "pods"}, "web").message, "pods \"web\" not found");
  EXPECT_EQ(already_exists({"apps", "deployments"}, "web").message,
            "deployments.apps \"web\" already exists");
  EXPECT_EQ(conflict({"", "pods"}, "web").message,
            "Operation cannot be fulfilled on pods \"web\": the object has been modified; please "
            "apply your changes to the latest version and try again");
  EXPECT_EQ(forbidden({"", "pods"}, "", "no").message, "pods is forbidden: no");
  EXPECT_EQ(invalid("", "Pod", "web", {field_required("spec.containers")}).message,
            "Pod \"web\" is invalid: spec.containers: Required value");
  EXPECT_EQ(
      invalid("apps", "Deployment", "web",
              {field_required("a", "must be set"), field_not_supported("b", "\"x\"", {"y", "z"})})
          .message,
      "Deployment.apps \"web\" is invalid: [a: Required value: must be set, b: Unsupported "
      "value: \"x\": supported values: \"y\", \"z\"]");
}

TEST(Status, SurvivesTheWire) {
  Status sent = invalid("apps", "Deployment", "web", {field_invalid("a", "\"x\"", "no")});
  sent.retry_after_seconds = 3;
  const Status got = parse_status(500, sent.to_json_text());
  EXPECT_EQ(got.code, 422);
  EXPECT_EQ(got.reason, "Invalid");
  EXPECT_EQ(got.message, sent.message);
  EXPECT_EQ(got.group, "apps");
  EXPECT_EQ(got.kind, "Deployment");
  EXPECT_EQ(got.name, "web");
  EXPECT_EQ(got.retry_after_seconds, 3);
  ASSERT_EQ(got.causes.size(), 1u);
  EXPECT_EQ(got.causes[0].field, "a");
  EXPECT_FALSE(got.success);
}

TEST(Status, OfSomethingElseKeepsTheText) {
  const Status status = parse_status(502, " bad gateway \n");
  EXPECT_EQ(status.code, 502);
  EXPECT_EQ(status.message, "bad gateway");
  EXPECT_EQ(parse_status(404, "").reason, "NotFound");
  EXPECT_FALSE(parse_status(404, "").message.empty());
}

TEST(Status, AndErrorsMapBothWays) {
  for (Code code : {Code::unauthenticated, Code::forbidden, Code::not_found, Code::already_exists,
                    Code::conflict, Code::gone, Code::too_large, Code::exhausted, Code::timeout,
                    Code::unavailable, Code::internal, Code::invalid}) {
    EXPECT_EQ(status_of(Error{code, "x"}).to_error().code, code) << to_string(code);
  }
}

TEST(Status, LeavesOutEmptyDetails) {
  EXPECT_EQ(
      path_not_found().to_json_text(),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","code":404})");
}

}  // namespace
}  // namespace ks::kube
