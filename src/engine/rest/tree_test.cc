#include "engine/rest/tree.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::engine {
namespace {

std::string kept(std::string_view tree) {
  const json::value all = json::parse(
      R"({"_class":"C","jobs":[{"_class":"J","name":"a","n":1},{"_class":"J","name":"b","n":2}],"x":{"y":1,"z":2}})");
  const Result<json::value> out = keep_tree(all, tree);
  return out ? to_json(*out) : out.error().message;
}

TEST(Tree, KeepsWhatIsNamedAndTheClass) {
  EXPECT_EQ(kept("x"), R"({"_class":"C","x":{"y":1,"z":2}})");
  EXPECT_EQ(
      kept("jobs[name],x[z]"),
      R"({"_class":"C","jobs":[{"_class":"J","name":"a"},{"_class":"J","name":"b"}],"x":{"z":2}})");
  EXPECT_EQ(kept("jobs[*]{1,2}"), R"({"_class":"C","jobs":[{"_class":"J","name":"b","n":2}]})");
  EXPECT_EQ(kept("jobs[name]{0}"), R"({"_class":"C","jobs":[{"_class":"J","name":"a"}]})");
  EXPECT_EQ(kept("jobs[name]{5,}"), R"({"_class":"C","jobs":[]})");
}

TEST(Tree, SaysWhatDoesNotParse) {
  EXPECT_EQ(kept("jobs[name"), "tree: unexpected text at \"\"");
  EXPECT_EQ(kept("a]"), "tree: unexpected text at \"]\"");
  EXPECT_EQ(kept(",a"), "tree: unexpected text at \",a\"");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "a[";
  EXPECT_EQ(kept(deep), "tree: nested too deeply");
}

}  // namespace
}  // namespace ks::engine
