#include "store/api/json_path.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/api/table.h"

namespace ks::store {
namespace {

json::value object() {
  return parse_json(R"({
    "metadata": {"name": "web", "annotations": {"kubesphere.io/creator": "ann", "a": "b"}},
    "spec": {"replicas": 3, "on": true, "ratio": 0.5, "none": null, "weird name": 1,
             "list": ["a", "b", "c", "d"], "map": {"x": {"v": 1}, "y": {"v": 2}}},
    "status": {"conditions": [
      {"type": "Ready", "status": "True", "weight": 1},
      {"type": "Synced", "status": "False", "weight": 5}]}
  })")
      .value();
}

std::string text(std::string_view path) { return json_path_text(object(), path); }

/// All values, separated by spaces.
std::string all(std::string_view path) {
  const json::value root = object();
  std::string out;
  for (const json::value* one : JsonPath::parse(path).value().all(root, 100)) {
    out += (out.empty() ? "" : " ") + text_of(*one);
  }
  return out;
}

TEST(JsonPath, FindsScalarsByName) {
  EXPECT_EQ(text(".metadata.name"), "web");
  EXPECT_EQ(text("{.spec.replicas}"), "3");
  EXPECT_EQ(text("$.spec.on"), "true");
  EXPECT_EQ(text("spec.ratio"), "0.5");
  EXPECT_EQ(text(".spec.none"), "");
  EXPECT_EQ(text(".spec.absent.deeper"), "");
  EXPECT_EQ(text(".spec.replicas.deeper"), "");
}

TEST(JsonPath, ReadsNamesWithDotsAndSpaces) {
  EXPECT_EQ(text(R"(.metadata.annotations.kubesphere\.io/creator)"), "ann");
  EXPECT_EQ(text(R"(.metadata.annotations['kubesphere.io/creator'])"), "ann");
  EXPECT_EQ(text(R"(.metadata.annotations["kubesphere.io/creator"])"), "ann");
  EXPECT_EQ(text(R"(.metadata.annotations['kubesphere\.io/creator'])"), "ann");
  EXPECT_EQ(text(R"(.spec['weird name'])"), "1");
  EXPECT_EQ(all(R"(.metadata.annotations['a', 'kubesphere.io/creator'])"), "b ann");
}

TEST(JsonPath, TakesElementsByIndexSliceAndWildcard) {
  EXPECT_EQ(text(".spec.list[0]"), "a");
  EXPECT_EQ(text(".spec.list[-1]"), "d");
  EXPECT_EQ(text(".spec.list[4]"), "");
  EXPECT_EQ(text(".spec.list[-9223372036854775808]"), "");
  EXPECT_EQ(all(".spec.list[1:3]"), "b c");
  EXPECT_EQ(all(".spec.list[-2:]"), "c d");
  EXPECT_EQ(all(".spec.list[:]"), "a b c d");
  EXPECT_EQ(all(".spec.list[0,2]"), "a c");
  EXPECT_EQ(all(".spec.list[*]"), "a b c d");
  EXPECT_EQ(all(".spec.map.*.v"), "1 2");
  EXPECT_EQ(all(".status.conditions[*].type"), "Ready Synced");
  EXPECT_EQ(all("..type"), "Ready Synced");
  EXPECT_EQ(all(".spec..v"), "1 2");
}

TEST(JsonPath, FiltersByComparison) {
  EXPECT_EQ(text(R"(.status.conditions[?(@.type=="Ready")].status)"), "True");
  EXPECT_EQ(text(R"(.status.conditions[?(@.type == 'Synced')].status)"), "False");
  EXPECT_EQ(text(R"(.status.conditions[?(@.weight > 2)].type)"), "Synced");
  EXPECT_EQ(all(R"(.status.conditions[?(@.weight>=1)].type)"), "Ready Synced");
  EXPECT_EQ(text(R"(.status.conditions[?(@.type!="Ready")].type)"), "Synced");
  EXPECT_EQ(all(R"(.status.conditions[?(@.weight)].type)"), "Ready Synced");
  EXPECT_EQ(all(R"(.status.conditions[?(@.absent)].type)"), "");
  EXPECT_EQ(text(R"(.status.conditions[?(@.type=="a]b")].type)"), "");
  EXPECT_EQ(text(R"(.spec.list[?(@=="b")])"), "b");
}

TEST(JsonPath, ShowsStructuresAsJson) {
  EXPECT_EQ(text(".spec.list"), R"(["a","b","c","d"])");
  EXPECT_EQ(text(".spec.map.x"), R"({"v":1})");
}

TEST(JsonPath, RefusesWhatIsNoPath) {
  for (const char* bad :
       {".a.", ".a[", ".a[]", ".a[x]", ".a['x]", ".a['x'", ".a['x'y]", ".a[1:2:3]", ".a[1", "a]b[",
        ".a[?(@.b==)]", ".a[?(@.b==[1])]", ".a[?(@.b==@.c[?(@.d)])]", ".a[99999999999999999999]",
        "[?(", "[?()]", ".a[?(@.b=='x' y)]"}) {
    EXPECT_FALSE(JsonPath::parse(bad).ok()) << bad;
    EXPECT_EQ(json_path_text(object(), bad), "") << bad;
  }
  EXPECT_FALSE(JsonPath::parse(std::string(5'000, 'a')).ok());
  std::string many;
  for (int i = 0; i < 65; i++) many += ".a";
  EXPECT_EQ(JsonPath::parse(many).error().message.substr(0, 8), "JSONPath");
}

TEST(JsonPath, StopsWherePathsExplode) {
  json::value wide = json::array();
  for (int i = 0; i < 300; i++) {
    json::array inner;
    for (int j = 0; j < 300; j++) inner.push_back(json::object{{"a", json::array{1, 2, 3}}});
    wide.get_array().push_back(std::move(inner));
  }
  const JsonPath path = JsonPath::parse("..*..*..*..*..nothing").value();
  EXPECT_EQ(path.first(wide), nullptr);
  const JsonPath filter = JsonPath::parse("..[?(@..nothing==@..more)]").value();
  EXPECT_EQ(filter.first(wide), nullptr);

  json::value deep = 1;
  for (int i = 0; i < 500; i++) deep = json::array{std::move(deep)};
  EXPECT_EQ(JsonPath::parse("..nothing").value().first(deep), nullptr);
}

}  // namespace
}  // namespace ks::store
