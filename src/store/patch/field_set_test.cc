#include "store/patch/field_set.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"

namespace ks::store {
namespace {

using Paths = std::vector<std::string>;

FieldSet decoded(std::string_view text) {
  Result<FieldSet> set = decode_fields(parse_json(text).value());
  EXPECT_TRUE(set.ok()) << set.error().message;
  return set ? std::move(*set) : FieldSet{};
}

std::string encoded(const FieldSet& set) { return to_json(encode_fields(set, {})); }

TEST(FieldsV1, TellsMembersFromWhatIsOnlyOnTheWay) {
  const FieldSet set = decoded(R"({"f:a":{".":{},"f:b":{}},"f:c":{"f:d":{}}})");
  EXPECT_EQ(set.paths(), (Paths{".a", ".a.b", ".c.d"}));
}

TEST(FieldsV1, IsWrittenInKubernetesOrder) {
  const FieldSet set = decoded(R"({
    "i:2": {}, "i:10": {}, "v:true": {}, "v:\"b\"": {}, "v:10": {}, "v:9": {}, "v:\"a\"": {},
    "k:{\"port\":443,\"protocol\":\"TCP\"}": {}, "k:{\"port\":80,\"protocol\":\"UDP\"}": {},
    "k:{\"protocol\":\"TCP\", \"port\":80}": {}, "f:z": {}, "f:B": {}, "f:a": {"f:y":{},".":{}}})");
  EXPECT_EQ(
      encoded(set),
      R"({"f:B":{},"f:a":{".":{},"f:y":{}},"f:z":{},)"
      R"("k:{\"port\":80,\"protocol\":\"TCP\"}":{},"k:{\"port\":80,\"protocol\":\"UDP\"}":{},)"
      R"("k:{\"port\":443,\"protocol\":\"TCP\"}":{},)"
      R"("v:9":{},"v:10":{},"v:\"a\"":{},"v:\"b\"":{},"v:true":{},"i:2":{},"i:10":{}})");
}

TEST(FieldsV1, RefusesWhatNobodyWrites) {
  for (const char* text :
       {R"({"x:a":{}})", R"({"a":{}})", R"({"f":{}})", R"({"f:a":1})", R"({"f:a":{"f:b":null}})",
        R"({"k:[1]":{}})", R"({"k:{":{}})", R"({"v:":{}})", R"({"i:x":{}})",
        R"({"i:99999999999999999999":{}})", "[]", "\"f:a\""}) {
    EXPECT_FALSE(decode_fields(parse_json(text).value()).ok()) << text;
  }
}

TEST(FieldsV1, ReadsNullAndNothingAsTheEmptySet) {
  EXPECT_TRUE(decoded("null").empty());
  EXPECT_TRUE(decoded("{}").empty());
  EXPECT_TRUE(decoded(R"({".":{}})").empty());
}

TEST(FieldSet, ShowsPathsAsConflictsDo) {
  const FieldSet set = decoded(R"({"f:metadata":{"f:labels":{"f:app.kubernetes.io/name":{}}},
    "f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:name":{}}},
              "f:finalizers":{"v:\"a\"":{}},"f:list":{"i:3":{}}}})");
  EXPECT_EQ(set.paths(),
            (Paths{".metadata.labels.app.kubernetes.io/name", ".spec.finalizers[=\"a\"]",
                   ".spec.list[3]", ".spec.ports[port=80,protocol=\"TCP\"].name"}));
}

TEST(FieldSet, DifferenceTakesTheFieldAndLeavesWhatIsBelow) {
  const FieldSet a = decoded(R"({"f:a":{".":{},"f:b":{},"f:c":{}},"f:d":{}})");
  EXPECT_EQ(subtract(a, decoded(R"({"f:a":{}})")).paths(), (Paths{".a.b", ".a.c", ".d"}));
  EXPECT_EQ(subtract(a, decoded(R"({"f:a":{"f:b":{}}})")).paths(), (Paths{".a", ".a.c", ".d"}));
  EXPECT_TRUE(subtract(a, a).empty());
}

/// Random sets of few names, so that they overlap.
FieldSet random_set(std::mt19937& random, int depth) {
  static const std::vector<PathElement> kElements = {
      {PathElement::Kind::field, "a"},         {PathElement::Kind::field, "b"},
      {PathElement::Kind::field, "c"},         {PathElement::Kind::key, R"({"name":"x"})"},
      {PathElement::Kind::key, R"({"n":10})"}, {PathElement::Kind::key, R"({"n":9})"},
      {PathElement::Kind::value, R"("v")"},    {PathElement::Kind::index, "7"}};
  FieldSet set;
  for (const PathElement& element : kElements) {
    if (random() % 3 == 0) continue;
    set.append(element, random() % 2 == 0, depth > 0 ? random_set(random, depth - 1) : FieldSet{});
  }
  set.sort();
  return set;
}

TEST(FieldSet, KeepsTheLawsOfSetsAndSurvivesFieldsV1) {
  std::mt19937 random(3);
  for (int i = 0; i < 300; i++) {
    const FieldSet a = random_set(random, 2);
    const FieldSet b = random_set(random, 2);
    EXPECT_EQ(unite(a, b), unite(b, a));
    EXPECT_EQ(intersect(a, b), intersect(b, a));
    EXPECT_EQ(unite(subtract(a, b), intersect(a, b)), a);
    EXPECT_TRUE(intersect(subtract(a, b), b).empty());
    EXPECT_EQ(subtract(unite(a, b), b), subtract(a, b));
    EXPECT_EQ(decode_fields(encode_fields(a, {})).value(), a);
  }
}

}  // namespace
}  // namespace ks::store
