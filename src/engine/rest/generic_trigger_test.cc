#include "engine/rest/generic_trigger.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>

#include "base/json.h"
#include "engine/rest/pattern.h"

namespace ks::engine {
namespace {

namespace json = boost::json;
using Source = GenericTrigger::Variable::Source;

GenericTrigger of(std::vector<GenericTrigger::Variable> variables) {
  GenericTrigger out;
  out.variables = std::move(variables);
  return out;
}

TEST(GenericTriggers, TakeVariablesOutOfARequest) {
  const http::Request request = http::make_request(http::Method::post, "/x?who=ada&who=bob",
                                                   R"({"pr":{"title":"a b","n":[1,{"x":true}]}})",
                                                   {{"X-Event-Key", "push-7"}});
  const GenericTrigger trigger =
      of({{.source = Source::query, .key = "who"},
          {.source = Source::header, .key = "X-Event-Key", .filter = "[0-9]"},
          {.source = Source::json_path, .key = "t", .expression = "$.pr.title"},
          {.source = Source::json_path, .key = "all", .expression = "$.pr"},
          {.source = Source::json_path, .key = "none", .expression = "$.q", .fallback = "f"}});
  const Result<Variables> got = resolve(trigger, request);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->at("who"), "ada");
  EXPECT_EQ(got->at("x_event_key"), "push-");
  EXPECT_EQ(got->at("t"), "a b");
  EXPECT_EQ(got->at("all_title"), "a b");
  EXPECT_EQ(got->at("all_n_1_x"), "true");
  EXPECT_EQ(got->at("none"), "f");
}

TEST(GenericTriggers, ReadPathsInXmlWithoutItsEntities) {
  const GenericTrigger trigger =
      of({{.source = Source::x_path, .key = "a", .expression = "/r/b[2]/@c"}});
  const auto ask = [&](std::string body) {
    return resolve(trigger, http::make_request(http::Method::post, "/", std::move(body)))
        .value()["a"];
  };
  EXPECT_EQ(ask("<r><b c='1'/><b c='2'/></r>"), "2");
  EXPECT_EQ(ask("<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r><b/><b c='&e;'/></r>"),
            "");
}

TEST(GenericTriggers, MakeNoMoreVariablesThanARunMayHave) {
  const auto code = [](GenericTrigger::Variable variable, std::string body, http::Headers headers,
                       std::string_view target = "/") {
    const Result<Variables> got = resolve(
        of({std::move(variable)}),
        http::make_request(http::Method::post, target, std::move(body), std::move(headers)));
    return got ? std::optional<Code>() : got.error().code;
  };
  const GenericTrigger::Variable all{.source = Source::json_path, .key = "a", .expression = "$"};
  // Each level holds the long text once more.
  const auto nested = [](size_t depth, size_t bytes) {
    std::string out = '"' + std::string(bytes, 'x') + '"';
    for (size_t i = 0; i < depth; ++i) out = "{\"n\":" + out + "}";
    return out;
  };
  EXPECT_EQ(code(all, nested(30, 10'000), {}), std::nullopt);
  EXPECT_EQ(code(all, nested(200, 10'000), {}), Code::too_large);
  EXPECT_EQ(code(all, nested(1, 2u << 20), {}), Code::too_large);
  std::string many = "[1";
  for (int i = 1; i < 998; ++i) many += ",1";
  EXPECT_EQ(code(all, many + ",1]", {}), std::nullopt);
  EXPECT_EQ(code(all, many + ",1,1]", {}), Code::too_large);
  const std::string large(600 << 10, 'x');
  EXPECT_EQ(code({.source = Source::header, .key = "h"}, "", {{"h", large}}), Code::too_large);
  EXPECT_EQ(code({.source = Source::query, .key = "q"}, "", {}, "/?q=" + large), Code::too_large);
}

TEST(GenericTriggers, FollowPaths) {
  const json::value value = json::parse(R"({"a":[{"b":1},{"b":2}],"c d":{"e":null}})");
  const auto at = [&](std::string_view path) { return to_json(at_json_path(value, path)); };
  EXPECT_EQ(at("$.a[1].b"), "2");
  EXPECT_EQ(at("$.a[-1]['b']"), "2");
  EXPECT_EQ(at("$.a[*].b"), "[1,2]");
  EXPECT_EQ(at("$['c d'].e"), "null");
  for (const char* wrong : {"$.", "$.a[", "$.a[x]", "$..a", "$.a[9]", "$.a.b.c"}) {
    EXPECT_EQ(at(wrong), "null") << wrong;
  }
}

TEST(GenericTriggers, PutVariablesIntoTexts) {
  const Variables variables{{"who", "ada"}, {"n", "7"}};
  EXPECT_EQ(substitute("by $who, ${n}!", variables), "by ada, 7!");
  EXPECT_EQ(substitute("$nobody ${nobody} $ ${who", variables), "$nobody ${nobody} $ ${who");
}

TEST(Patterns, AreBoundedAndTellWhatIsWrong) {
  EXPECT_TRUE(pattern_found("^a.*d$", "abcd").value());
  EXPECT_FALSE(pattern_found("^b", "abcd").value());
  EXPECT_EQ(without_matches("[0-9]+", "a1b22c").value(), "abc");
  EXPECT_EQ(without_matches("x*", "axb").value(), "ab");
  EXPECT_EQ(without_matches("a", "").value(), "");
  EXPECT_FALSE(pattern_found("(", "a").ok());
  EXPECT_FALSE(pattern_found("(a+)+$", std::string(40, 'a') + "b").ok());
}

}  // namespace
}  // namespace ks::engine
