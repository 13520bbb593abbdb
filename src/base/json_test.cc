#include "base/json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks {
namespace {

json::value yaml(std::string_view text) { return parse_yaml(text).value(); }

TEST(Json, ErrorsNameThePlace) {
  Result<json::value> parsed = parse_json("{\n  \"a\": x}");
  ASSERT_FALSE(parsed.ok());
  EXPECT_TRUE(parsed.error().message.starts_with("line 2, column 8:")) << parsed.error().message;
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json("{} x").ok());
  EXPECT_FALSE(parse_json("\"\xFF\"").ok());
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(parse_json(std::string(500, '[') + std::string(500, ']')).ok());
  Result<json::value> deep = parse_json(std::string(100'000, '['));
  ASSERT_FALSE(deep.ok());
  EXPECT_NE(deep.error().message.find("nested deeper than 512 levels"), std::string::npos)
      << deep.error().message;
}

TEST(Json, PathsReachIntoObjects) {
  json::value run = parse_json(R"({"status":{"phase":"Running","n":3}})").value();
  EXPECT_EQ(text_at(run, {"status", "phase"}), "Running");
  EXPECT_EQ(int_at(run, {"status", "n"}), 3);
  EXPECT_EQ(find(run, {"status", "phase", "x"}), nullptr);
  set_at(run, {"spec", "a"}, true);
  EXPECT_TRUE(bool_at(run, {"spec", "a"}));
}

TEST(Yaml, TypesScalarsAsKubernetesToolsDo) {
  EXPECT_EQ(to_json(yaml("a: yes\nb: true\nc: 0o17\nd: 1.5\ne: ~\nf: '1'\ng: 1e3\nh: 0x1F")),
            R"({"a":"yes","b":true,"c":15,"d":1.5E0,"e":null,"f":"1","g":1E3,"h":31})");
}

TEST(Yaml, ReadsSeveralDocumentsAnchorsAndMerges) {
  auto documents =
      parse_yaml_documents("---\na: &x {k: 1}\nb: {<<: *x, l: 2}\n---\n---\nc: 3\n").value();
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(to_json(documents[0]), R"({"a":{"k":1},"b":{"l":2,"k":1}})");
}

TEST(Yaml, RefusesBombsDepthDuplicatesAndGarbage) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; i++) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; j++) bomb += "*a" + std::to_string(i - 1) + ",";
    bomb += "]\n";
  }
  EXPECT_FALSE(parse_yaml(bomb).ok());
  EXPECT_FALSE(parse_yaml(std::string(5000, '[')).ok());
  EXPECT_FALSE(parse_yaml("a: 1\na: 2").ok());
  EXPECT_FALSE(parse_yaml("a: [1").ok());
  EXPECT_FALSE(parse_yaml("\xFF").ok());
}

TEST(Yaml, WhatIsPrintedReadsBackTheSame) {
  for (
      const char* text :
      {R"({"a":"line\nline\n","b":"no newline\nat end","c":["x",{"d":1,"e":[]},[1,2]],"f":{}})",
       R"({"a":"yes","b":"1","c":"- x","d":"a: b","e":"","f":" lead","g":"#c","h":"1.5","i":"2026-01-01"})",
       R"({"a":"\u0001","b":"tab\tin\n  it\n","c":"\n\nlead","d":"x\n\n\n","e":null,"f":-5,"g":"~","h":"null"})",
       R"([])", R"("x")", R"([[["deep"]]])"}) {
    json::value value = parse_json(text).value();
    EXPECT_EQ(yaml(to_yaml(value)), value) << to_yaml(value);
  }
}

}  // namespace
}  // namespace ks
