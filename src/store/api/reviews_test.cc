#include "store/api/reviews.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace ks::store {
namespace {

Kind kind(std::string group, std::string name) {
  Kind out;
  out.resource.group = std::move(group);
  out.resource.version = "v1";
  out.resource.kind = std::move(name);
  return out;
}

http::User admin() { return {"admin", "1", {"system:masters", "system:authenticated"}}; }

Identity identity() {
  Identity out;
  out.user_of_token = [](std::string_view token) {
    return token == "secret" ? std::optional(admin()) : std::nullopt;
  };
  return out;
}

struct Answered {
  int status;
  json::value body;
};

Answered ask(const char* group, const char* name, std::string_view body, http::User user = admin(),
             const char* path = "/apis/authorization.k8s.io/v1/x") {
  http::Request request = http::make_request(http::Method::post, path);
  request.user = std::move(user);
  const http::Response response =
      review(identity(), request, kind(group, name), parse_json(body).value());
  return {response.status, parse_json(response.body.view()).value()};
}

constexpr const char* kAuthentication = "authentication.k8s.io";
constexpr const char* kAuthorization = "authorization.k8s.io";

TEST(Reviews, KnowATokenAndItsUser) {
  const Answered good = ask(kAuthentication, "TokenReview", R"({"spec":{"token":"secret"}})");
  EXPECT_EQ(good.status, 201);
  EXPECT_EQ(text_at(good.body, {"kind"}), "TokenReview");
  EXPECT_EQ(text_at(good.body, {"apiVersion"}), "authentication.k8s.io/v1");
  EXPECT_TRUE(bool_at(good.body, {"status", "authenticated"}));
  EXPECT_EQ(text_at(good.body, {"status", "user", "username"}), "admin");

  const Answered bad = ask(kAuthentication, "TokenReview", R"({"spec":{"token":"guess"}})");
  EXPECT_EQ(bad.status, 201);
  EXPECT_FALSE(bool_at(bad.body, {"status", "authenticated"}, true));
  EXPECT_EQ(ask(kAuthentication, "TokenReview", "{}").status, 400);
  EXPECT_EQ(ask(kAuthentication, "TokenReview", "[]").status, 400);
}

TEST(Reviews, TellCallersWhoTheyAre) {
  const Answered who = ask(kAuthentication, "SelfSubjectReview", "{}");
  EXPECT_EQ(text_at(who.body, {"status", "userInfo", "username"}), "admin");
  EXPECT_EQ(find(who.body, {"status", "userInfo", "groups"})->as_array().size(), 2u);
  EXPECT_EQ(find(who.body, {"spec"}), nullptr);
}

TEST(Reviews, LetMembersOfMastersDoAllAndOthersNothing) {
  constexpr const char* kQuestion =
      R"({"spec":{"resourceAttributes":{"namespace":"a","verb":"delete","resource":"pods"}}})";
  EXPECT_TRUE(bool_at(ask(kAuthorization, "SelfSubjectAccessReview", kQuestion).body,
                      {"status", "allowed"}));
  EXPECT_FALSE(
      bool_at(ask(kAuthorization, "SelfSubjectAccessReview", kQuestion, {"eve", "", {}}).body,
              {"status", "allowed"}, true));
  EXPECT_TRUE(bool_at(
      ask(kAuthorization, "SubjectAccessReview",
          R"({"spec":{"groups":["system:masters"],"nonResourceAttributes":{"path":"/x","verb":"get"}}})")
          .body,
      {"status", "allowed"}));
  EXPECT_FALSE(
      bool_at(ask(kAuthorization, "SubjectAccessReview",
                  R"({"spec":{"user":"eve","nonResourceAttributes":{"path":"/x","verb":"get"}}})")
                  .body,
              {"status", "allowed"}, true));
}

TEST(Reviews, RefuseQuestionsThatAreNone) {
  EXPECT_EQ(ask(kAuthorization, "SelfSubjectAccessReview", R"({"spec":{}})").status, 422);
  EXPECT_EQ(ask(kAuthorization, "SelfSubjectAccessReview",
                R"({"spec":{"resourceAttributes":{},"nonResourceAttributes":{}}})")
                .status,
            422);
  EXPECT_EQ(
      ask(kAuthorization, "SubjectAccessReview", R"({"spec":{"resourceAttributes":{}}})").status,
      422);
  EXPECT_EQ(ask(kAuthorization, "SelfSubjectRulesReview", R"({"spec":{}})").status, 400);
}

TEST(Reviews, HoldLocalQuestionsToTheirNamespace) {
  constexpr const char* kPath =
      "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews";
  EXPECT_EQ(ask(kAuthorization, "LocalSubjectAccessReview",
                R"({"spec":{"user":"eve","resourceAttributes":{"namespace":"a","verb":"get"}}})",
                admin(), kPath)
                .status,
            201);
  EXPECT_EQ(ask(kAuthorization, "LocalSubjectAccessReview",
                R"({"spec":{"user":"eve","resourceAttributes":{"namespace":"b","verb":"get"}}})",
                admin(), kPath)
                .status,
            400);
}

TEST(Reviews, ListTheRulesOfWhoMayDoAll) {
  const Answered all =
      ask(kAuthorization, "SelfSubjectRulesReview", R"({"spec":{"namespace":"a"}})");
  EXPECT_EQ(to_json(*find(all.body, {"status", "resourceRules"})),
            R"([{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}])");
  EXPECT_FALSE(bool_at(all.body, {"status", "incomplete"}, true));
  const Answered none = ask(kAuthorization, "SelfSubjectRulesReview",
                            R"({"spec":{"namespace":"a"}})", {"eve", "", {}});
  EXPECT_TRUE(find(none.body, {"status", "resourceRules"})->as_array().empty());
}

TEST(Reviews, AskWhoeverDecides) {
  Identity decided;
  std::string seen;
  decided.allowed = [&](const http::User& user, const Identity::Attempt& attempt) {
    seen = user.name + " " + std::string(attempt.verb) + " " + attempt.resource.text();
    return true;
  };
  http::Request request = http::make_request(http::Method::post, "/x");
  request.user = {"bob", "", {}};
  const json::value body =
      parse_json(
          R"({"spec":{"resourceAttributes":{"group":"apps","version":"v1","namespace":"n",
              "resource":"deployments","name":"d","subresource":"scale","verb":"patch"}}})")
          .value();
  review(decided, request, kind(kAuthorization, "SelfSubjectAccessReview"), body);
  EXPECT_EQ(seen, "bob patch /apis/apps/v1/namespaces/n/deployments/d/scale");
}

TEST(Reviews, AreNotWhatDefinitionsCallSo) {
  Kind custom = kind(kAuthentication, "TokenReview");
  EXPECT_TRUE(is_review(custom));
  custom.custom = true;
  EXPECT_FALSE(is_review(custom));
  EXPECT_FALSE(is_review(kind("", "Pod")));
}

}  // namespace
}  // namespace ks::store
