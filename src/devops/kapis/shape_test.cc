#include "devops/kapis/shape.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "devops/kapis/relay_shapes.h"

namespace ks::devops::kapis {
namespace {

std::string shaped(std::string_view shapes, std::string_view value) {
  const ShapeCatalogue catalogue(shapes);
  const Result<json::value> out = catalogue.get("X").apply(json::parse(value));
  return out ? to_json(*out) : out.error().message;
}

TEST(Shape, DropsWhatItDoesNotNameAndLeavesOutWhatIsEmpty) {
  EXPECT_EQ(
      shaped("X = {a: string, b?: int, c?: string, d: bool}", R"({"a":"x","b":0,"c":"","z":1})"),
      R"({"a":"x","d":false})");
}

TEST(Shape, NestedObjectsAreAlwaysThere) {
  EXPECT_EQ(shaped("L = {href?: string} X = {_links: {self: L, log: L}, list?: [L], n: [L]}",
                   R"({"_links":{"self":{"href":"/a","x":1}}})"),
            R"({"_links":{"self":{"href":"/a"},"log":{}},"n":null})");
}

TEST(Shape, AnyKeepsEverythingButNull) {
  EXPECT_EQ(shaped("X = {a?: any, b?: any, c?: any}", R"({"a":false,"b":null,"c":{"d":[1]}})"),
            R"({"a":false,"c":{"d":[1]}})");
}

TEST(Shape, AWrongTypeIsNamedByItsPath) {
  EXPECT_EQ(shaped("X = {a: [{b: int}]}", R"({"a":[{"b":1},{"b":"x"}]})"),
            "a[1].b is no whole number");
  EXPECT_EQ(shaped("X = [string]", R"({})"), "the answer is no list");
}

TEST(Shape, TheCatalogueOfJenkinsAnswersParses) {
  const Result<json::value> out = relay_shapes().get("JRun").apply(json::parse(R"({"id":"7"})"));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(text_at(*out, {"id"}), "7");
  EXPECT_NE(find(*out, {"_links", "prevRun"}), nullptr);
}

}  // namespace
}  // namespace ks::devops::kapis
