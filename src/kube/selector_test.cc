#include "kube/selector.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::kube {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

bool matches(std::string_view selector, const Labels& labels) {
  Result<LabelSelector> parsed = LabelSelector::parse(selector);
  EXPECT_TRUE(parsed.ok()) << selector << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->matches(labels);
}

std::string error_of(std::string_view selector) {
  Result<LabelSelector> parsed = LabelSelector::parse(selector);
  EXPECT_FALSE(parsed.ok()) << selector;
  return parsed ? "" : parsed.error().message;
}

TEST(LabelSelector, KnowsEveryOperator) {
  const Labels web{{"app", "web"}, {"tier", "front"}, {"size", "5"}};
  EXPECT_TRUE(matches("", web));
  EXPECT_TRUE(matches("app=web", web));
  EXPECT_TRUE(matches(" app == web , tier=front", web));
  EXPECT_FALSE(matches("app=db", web));
  EXPECT_FALSE(matches("app!=web", web));
  EXPECT_TRUE(matches("other!=web", web));
  EXPECT_TRUE(matches("app in (db, web)", web));
  EXPECT_FALSE(matches("app notin (db,web)", web));
  EXPECT_TRUE(matches("other notin (a)", web));
  EXPECT_TRUE(matches("app,!other", web));
  EXPECT_FALSE(matches("!app", web));
  EXPECT_TRUE(matches("size>4,size<6", web));
  EXPECT_FALSE(matches("size>5", web));
  EXPECT_FALSE(matches("app>5", web));
  EXPECT_TRUE(matches("app=,!x", Labels{{"app", ""}}));
  EXPECT_TRUE(matches("app in (a,)", Labels{{"app", ""}}));
}

TEST(LabelSelector, TakesOperatorWordsAsKeys) {
  EXPECT_TRUE(matches("in in (in)", Labels{{"in", "in"}}));
  EXPECT_TRUE(matches("notin", Labels{{"notin", "x"}}));
}

TEST(LabelSelector, SaysWhatItExpected) {
  EXPECT_EQ(error_of("a in"), "unable to parse requirement: found '', expected: '('");
  EXPECT_EQ(error_of("a in (x"), "unable to parse requirement: found '', expected: ',' or ')'");
  EXPECT_EQ(error_of("=x"), "found '=', expected: !, identifier, or 'end of string'");
  EXPECT_EQ(error_of("a=b,"), "found '', expected: identifier after ','");
  EXPECT_EQ(error_of("a b"),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
  EXPECT_EQ(error_of("a=b c"), "found 'c', expected: ',' or 'end of string'");
  EXPECT_NE(error_of("-a=b").find("name part must consist of alphanumeric"), std::string::npos);
  EXPECT_NE(error_of("a=-b").find("a valid label must be an empty string"), std::string::npos);
  EXPECT_NE(error_of("a>b").find("must be an integer"), std::string::npos);
}

TEST(LabelSelector, PrintsWhatItParses) {
  for (const char* text : {"a=b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a", "a>3", "a<3"}) {
    EXPECT_EQ(LabelSelector::parse(text)->text(), text);
  }
  EXPECT_EQ(LabelSelector::parse("z=1,a in (c, b, b)")->text(), "a in (b,c),z=1");
}

TEST(LabelSelector, ReadsTheObjectForm) {
  const json::value object = json::parse(
      R"({"matchLabels":{"app":"web"},"matchExpressions":[{"key":"t","operator":"In","values":["b","a"]},{"key":"x","operator":"DoesNotExist"}]})");
  EXPECT_EQ(LabelSelector::from_object(object)->text(), "app=web,t in (a,b),!x");
  EXPECT_FALSE(LabelSelector::from_object(nullptr)->matches(Labels{}));
  EXPECT_TRUE(LabelSelector::from_object(json::object())->matches(Labels{}));
  EXPECT_FALSE(LabelSelector::from_object(
                   json::parse(R"({"matchExpressions":[{"key":"t","operator":"Is"}]})"))
                   .ok());
  EXPECT_FALSE(LabelSelector::from_object(
                   json::parse(R"({"matchExpressions":[{"key":"t","operator":"In"}]})"))
                   .ok());
}

TEST(LabelSelector, MatchesJsonLabels) {
  const json::object labels{{"app", "web"}};
  EXPECT_TRUE(LabelSelector::parse("app in (web)")->matches(labels));
  EXPECT_FALSE(LabelSelector::parse("!app")->matches(labels));
}

TEST(FieldSelector, MatchesAndPrints) {
  const Labels fields{{"metadata.name", "web"}, {"status.phase", "Running"}};
  EXPECT_TRUE(FieldSelector::parse("metadata.name=web")->matches(fields));
  EXPECT_TRUE(FieldSelector::parse("metadata.name==web,status.phase!=Failed")->matches(fields));
  EXPECT_FALSE(FieldSelector::parse("status.phase!=Running")->matches(fields));
  EXPECT_TRUE(FieldSelector::parse("spec.nodeName=")->matches(fields));
  EXPECT_EQ(*FieldSelector::parse("metadata.name=web,x!=y")->required("metadata.name"), "web");
  EXPECT_EQ(FieldSelector::parse("metadata.name=web,x!=y")->required("x"), nullptr);
  EXPECT_EQ(FieldSelector::parse("a=x\\,y\\=z\\\\")->terms()[0].value, "x,y=z\\");
  EXPECT_EQ(FieldSelector::parse("a=x\\,y")->text(), "a=x\\,y");
}

TEST(FieldSelector, SaysWhatItDoesNotUnderstand) {
  EXPECT_EQ(FieldSelector::parse("a=b,c").error().message,
            "invalid selector: 'a=b,c'; can't understand 'c'");
  EXPECT_FALSE(FieldSelector::parse("a=b\\x").ok());
  EXPECT_FALSE(FieldSelector::parse("a=b\\").ok());
  EXPECT_FALSE(FieldSelector::parse("a=b=c").ok());
}

}  // namespace
}  // namespace ks::kube
