#include "cmd/up/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ks::cmd {
namespace {

using testing::HasSubstr;

Result<> read(UpSettings& settings, const std::string& text) {
  return read_settings(text, "ks.yaml", settings_of(settings));
}

TEST(Settings, AFileSetsWhatItNames) {
  UpSettings settings;
  ASSERT_TRUE(read(settings, R"(
server:
  dataDir: /srv/ks
  bind: "[::1]:9000"
  demo: false
limits:
  operations: 1e6
  heap: 64Mi
  callDepth: 50
  body: 1Mi
)"));
  EXPECT_EQ(settings.data_dir, "/srv/ks");
  EXPECT_EQ(settings.bind, "[::1]:9000");
  EXPECT_FALSE(settings.demo);
  EXPECT_EQ(settings.run.fuel, 1'000'000u);
  EXPECT_EQ(settings.run.heap_bytes, 64u << 20);
  EXPECT_EQ(settings.run.call_depth, 50);
  EXPECT_EQ(settings.max_body_bytes, 1u << 20);
  EXPECT_EQ(settings.max_watchers, 10'000u);
}

TEST(Settings, AnEmptyFileAndEmptySectionsAreFine) {
  UpSettings settings;
  EXPECT_TRUE(read(settings, ""));
  EXPECT_TRUE(read(settings, "limits:\n"));
}

TEST(Settings, AnUnknownKeyIsNamedWithTheOneThatIsNear) {
  UpSettings settings;
  const Result<> wrong = read(settings, "limits:\n  bodyy: 1Mi\n");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("ks.yaml: there is no setting 'limits.bodyy'"));
  EXPECT_THAT(wrong.error().message, HasSubstr("did you mean 'limits.body'?"));
}

TEST(Settings, AWrongValueIsNamedWithItsKey) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"limits: {body: lots}", "ks.yaml: limits.body: "},
           {"limits: {branches: -1}", "ks.yaml: limits.branches: '-1' is no number"},
           {"limits: {branches: [1]}", "ks.yaml: limits.branches: must be a single value"},
           {"limits: {callDepth: 9999999}", "limits.callDepth: 9999999 is too large"},
           {"server: {demo: maybe}", "server.demo: 'maybe' is neither true nor false"},
           {"limits: 5", "there is no setting 'limits'"},
           {"[1, 2]", "must hold sections"}}) {
    UpSettings settings;
    const Result<> wrong = read(settings, text);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr(message)) << text;
  }
}

TEST(Settings, TheDefaultsThatHelpShowsAreTheOnesThatHold) {
  UpSettings settings;
  const std::vector<Setting> all = settings_of(settings);
  for (const Setting& setting : all) {
    if (setting.shown_default.empty()) continue;
    const UpSettings before = settings;
    ASSERT_TRUE(assign(setting, setting.shown_default, setting.key)) << setting.key;
    std::visit(
        [&](auto* target) {
          const auto offset =
              reinterpret_cast<const char*>(target) - reinterpret_cast<const char*>(&settings);
          const auto* old = reinterpret_cast<decltype(target)>(
              const_cast<char*>(reinterpret_cast<const char*>(&before) + offset));
          EXPECT_EQ(*target, *old) << setting.key;
        },
        setting.target);
  }
}

TEST(Bind, TakesAddressesWithPorts) {
  EXPECT_EQ(parse_bind("127.0.0.1:7443")->port, 7443);
  EXPECT_EQ(parse_bind("localhost:0")->host, "127.0.0.1");
  EXPECT_EQ(parse_bind(":7443")->host, "0.0.0.0");
  EXPECT_EQ(parse_bind("[::1]:1")->host, "::1");
  EXPECT_TRUE(is_loopback(*parse_bind("[::1]:1")));
  EXPECT_FALSE(is_loopback(*parse_bind("0.0.0.0:1")));
}

TEST(Bind, SaysWhatIsWrong) {
  for (const char* text : {"7443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x",
                           "example.org:1", "1.2.3:4"}) {
    const Result<Address> wrong = parse_bind(text);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr(text));
  }
}

}  // namespace
}  // namespace ks::cmd
