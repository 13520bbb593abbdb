#include "devops/kapis/oauth.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

const WallTime kNow{std::chrono::seconds{1'700'000'000}};

std::string token(std::string_view claims, std::string_view secret = "s3cret",
                  std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  const std::string head = base64url_encode(header) + "." + base64url_encode(claims);
  return head + "." + base64url_encode(hmac_sha256(secret, head));
}

std::string said(std::string_view text) {
  const Result<TokenClaims> claims = verify_token(text, "s3cret", kNow);
  return claims ? claims->username : claims.error().message;
}

TEST(Token, AGoodOneNamesItsUser) {
  EXPECT_EQ(said(token(R"({"username":"alice","exp":1700000100,"iat":1699999999})")), "alice");
  EXPECT_EQ(said(token(R"({"sub":"bob"})")), "bob");
}

TEST(Token, OthersAreRefusedWithTheReason) {
  EXPECT_EQ(said(token(R"({"username":"alice"})", "other")), "signature is invalid");
  EXPECT_EQ(said(token(R"({"username":"alice","exp":1699999000})")), "token is expired by 1000s");
  EXPECT_EQ(said(token(R"({"username":"alice","nbf":1700000100})")), "token is not valid yet");
  EXPECT_EQ(said(token(R"({"username":"alice","iat":1700000100})")), "Token used before issued");
  EXPECT_EQ(said(token(R"({})")), "no sub or username found from jwt");
  EXPECT_EQ(said("a.b"), "token contains an invalid number of segments");
  EXPECT_EQ(said("!.!.!"), "token is malformed");
}

TEST(Token, NoSignatureIsNoToken) {
  EXPECT_EQ(said(token(R"({"username":"alice"})", "s3cret", R"({"alg":"none"})")),
            "unexpected signing method: none");
  EXPECT_EQ(said(base64url_encode(R"({"alg":"HS256"})") + "." +
                 base64url_encode(R"({"username":"a"})") + "."),
            "signature is invalid");
  EXPECT_FALSE(verify_token(token(R"({"username":"a"})", ""), "", kNow).ok());
}

}  // namespace
}  // namespace ks::devops::kapis
