#include "s3/signature.h"

#include <gtest/gtest.h>

namespace ks::s3 {
namespace {

// The examples of Amazon's documentation of Signature Version 4.
const Keys kKeys{.access_key = "AKIAIOSFODNN7EXAMPLE",
                 .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                 .session_token = {},
                 .region = "us-east-1"};
const WallTime kTime{std::chrono::milliseconds{1'369'353'600'000}};  // 2013-05-24T00:00:00Z

std::string authorization(const Signed& what, std::string_view body) {
  for (const auto& [name, value] : sign_request(what, body, kKeys, kTime)) {
    if (name == "Authorization") return value;
  }
  return {};
}

Signed get(std::string path, std::vector<std::pair<std::string, std::string>> query = {}) {
  return {.method = "GET",
          .host = "examplebucket.s3.amazonaws.com",
          .path = std::move(path),
          .query = std::move(query),
          .headers = {}};
}

TEST(Signature, AnObjectIsReadInARange) {
  Signed what = get("/test.txt");
  what.headers = {{"Range", "bytes=0-9"}};
  EXPECT_EQ(authorization(what, ""),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, AnObjectIsWritten) {
  Signed what = get("/test$file.text");
  what.method = "PUT";
  what.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                  {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_TRUE(authorization(what, "Welcome to Amazon S3.")
                  .ends_with("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(Signature, QueriesAreSortedAndMayBeEmpty) {
  EXPECT_TRUE(authorization(get("/", {{"lifecycle", ""}}), "")
                  .ends_with("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  EXPECT_TRUE(authorization(get("/", {{"prefix", "J"}, {"max-keys", "2"}}), "")
                  .ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(Signature, AnAddressIsSignedForADay) {
  const std::string query =
      presign_query(get("/test.txt"), kKeys, kTime, std::chrono::seconds(86400));
  EXPECT_TRUE(query.ends_with(
      "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
      << query;
  EXPECT_TRUE(
      query.starts_with("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
                        "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"));
}

}  // namespace
}  // namespace ks::s3
