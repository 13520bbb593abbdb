#include "engine/quality_gates.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/random.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr std::string_view kBody =
    R"({"taskId": "T1", "status": "SUCCESS", "qualityGate": {"status": "ERROR"}})";

TEST(QualityGates, OnlyASignedWebhookIsBelieved) {
  QualityGates gates;
  std::optional<AnalysisEnd> plain, secret, other;
  gates.wait({.task = "T1", .secret = "", .heard = [&](const AnalysisEnd& end) { plain = end; }});
  gates.wait(
      {.task = "T1", .secret = "s3cret", .heard = [&](const AnalysisEnd& end) { secret = end; }});
  const uint64_t left = gates.wait(
      {.task = "T2", .secret = "", .heard = [&](const AnalysisEnd& end) { other = end; }});
  EXPECT_TRUE(gates.heard(kBody, hex_encode(hmac_sha256("wrong", kBody))));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->signed_right) << "a reason to ask, no more";
  EXPECT_FALSE(secret) << "its secret is another one";

  EXPECT_TRUE(gates.heard(kBody, hex_encode(hmac_sha256("s3cret", kBody))));
  ASSERT_TRUE(secret);
  EXPECT_TRUE(secret->signed_right);
  EXPECT_EQ(secret->status, "SUCCESS");
  EXPECT_EQ(secret->gate, "ERROR");

  EXPECT_FALSE(other);
  gates.leave(left);
  EXPECT_TRUE(gates.heard(R"({"taskId": "T2", "status": "SUCCESS"})", ""));
  EXPECT_FALSE(other);
  EXPECT_EQ(gates.heard("{}", "").error().code, Code::invalid);
  EXPECT_EQ(gates.heard("no JSON", "").error().code, Code::invalid);
}

}  // namespace
}  // namespace ks::engine
