#include "devops/kapis/listing.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::devops::kapis {
namespace {

kube::ObjectRef object(std::string_view name, std::string_view created,
                       std::string_view labels = "{}") {
  return std::make_shared<const json::value>(
      json::object{{"metadata", json::object{{"name", name},
                                             {"creationTimestamp", created},
                                             {"labels", json::parse(labels)}}}});
}

std::vector<kube::ObjectRef> three() {
  return {object("a", "2026-01-01T00:00:00Z", R"({"k":"v"})"), object("b", "2026-01-03T00:00:00Z"),
          object("c", "2026-01-02T00:00:00Z", R"({"k":"w"})")};
}

std::string names(std::string_view query, Generation generation = Generation::v3) {
  const json::object list = list_of(three(), http::Query::parse(query), generation);
  std::string out;
  for (const json::value& item : list.at("items").get_array()) out += kube::name_of(item);
  return out + "/" + to_json(list.at("totalItems"));
}

TEST(Listing, SortsByCreationOrName) {
  EXPECT_EQ(names(""), "bca/3");
  EXPECT_EQ(names("ascending=true"), "acb/3");
  EXPECT_EQ(names("sortBy=name"), "cba/3");
  EXPECT_EQ(names("sortBy=name&ascending=1"), "abc/3");
}

TEST(Listing, CutsPages) {
  EXPECT_EQ(names("limit=2"), "bc/3");
  EXPECT_EQ(names("limit=2&page=2"), "a/3");
  EXPECT_EQ(names("limit=2&page=9"), "/3");
  EXPECT_EQ(names("limit=2&start=1"), "ca/3");
  EXPECT_EQ(names("limit=2&start=2&page=1"), "bc/3");
  EXPECT_EQ(names("limit=0"), "/3");
  EXPECT_EQ(names("limit=x"), "bca/3");
  EXPECT_EQ(names("start=-1&limit=1"), "bca/3");
  EXPECT_EQ(names("page=9223372036854775807&limit=9223372036854775807"), "/3");
}

TEST(Listing, WithoutLimitTheNewerGenerationGivesAll) {
  std::vector<kube::ObjectRef> many;
  for (int i = 0; i < 15; ++i) many.push_back(object("x", "2026-01-01T00:00:00Z"));
  const auto size = [&](std::string_view query, Generation generation) {
    return list_of(many, http::Query::parse(query), generation).at("items").get_array().size();
  };
  EXPECT_EQ(size("", Generation::v3), 10u);
  EXPECT_EQ(size("limit=-1", Generation::v3), 10u);
  EXPECT_EQ(size("", Generation::v4), 15u);
}

TEST(Listing, Filters) {
  EXPECT_EQ(names("name=b"), "b/1");
  EXPECT_EQ(names("names=a,c"), "ca/2");
  EXPECT_EQ(names("label=k"), "ca/2");
  EXPECT_EQ(names("label=k%3Dv"), "a/1");
  EXPECT_EQ(names("label=k!%3Dv"), "c/1");
  EXPECT_EQ(names("label=k%3D*"), "ca/2");
  EXPECT_EQ(names("namespace=x"), "/0");
  EXPECT_EQ(names("whatever=x"), "bca/3");
}

TEST(Listing, KnowsWhatIsAFilter) {
  EXPECT_FALSE(has_filter(http::Query::parse("page=1&limit=2&sortBy=name&ascending=true")));
  EXPECT_TRUE(has_filter(http::Query::parse("page=1&branch=main")));
  EXPECT_TRUE(has_filter(http::Query::parse("start=0")));
}

}  // namespace
}  // namespace ks::devops::kapis
