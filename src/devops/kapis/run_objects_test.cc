#include "devops/kapis/run_objects.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::devops::kapis {
namespace {

std::string value_of(std::string_view payload) {
  const Result<json::value> body = parse_json(keep_decimals(payload));
  if (!body) return "error";
  const Result<json::array> list = run_parameters(*body);
  return list && list->size() == 1 ? std::string(text_at(list->front(), {"value"})) : "none";
}

TEST(RunParameters, AreTheTextsThatGoPrints) {
  const auto value = [](std::string_view text) {
    return value_of(R"({"parameters":[{"name":"a","value":)" + std::string(text) + "}]}");
  };
  EXPECT_EQ(value("1.50"), "1.50");
  EXPECT_EQ(value("-1e3"), "-1e3");
  EXPECT_EQ(value("7"), "7");
  EXPECT_EQ(value("true"), "true");
  EXPECT_EQ(value("null"), "<nil>");
  EXPECT_EQ(value(R"(["a",1.50])"), "[a 1.50]");
  EXPECT_EQ(value(R"({"b":2.0})"), "map[b:2.0]");
  EXPECT_EQ(value(R"("a \" 1.50")"), "a \" 1.50");
  EXPECT_EQ(value(R"("\\")"), "\\");
  for (const char* wrong : {"1.", "1.5.0", "--1.5", "1e", "\"", ".5"})
    EXPECT_EQ(value(wrong), "error") << wrong;
}

}  // namespace
}  // namespace ks::devops::kapis
