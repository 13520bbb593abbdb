#include "kube/object.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "kube/names.h"

namespace ks::kube {
namespace {

TEST(Object, FinalizersComeAndGo) {
  json::value pod = json::parse(R"({"metadata":{"name":"a"}})");
  EXPECT_TRUE(add_finalizer(pod, "x/y"));
  EXPECT_FALSE(add_finalizer(pod, "x/y"));
  EXPECT_TRUE(has_finalizer(pod, "x/y"));
  EXPECT_TRUE(remove_finalizer(pod, "x/y"));
  EXPECT_FALSE(remove_finalizer(pod, "x/y"));
  EXPECT_EQ(to_json(pod), R"({"metadata":{"name":"a"}})");
}

TEST(Object, LabelsAndAnnotationsDropEmptyMaps) {
  json::value pod = json::object();
  set_label(pod, "a", "1");
  set_annotation(pod, "b", "2");
  EXPECT_EQ(label(pod, "a"), "1");
  EXPECT_EQ(annotation(pod, "b"), "2");
  remove_label(pod, "a");
  remove_annotation(pod, "b");
  EXPECT_EQ(to_json(pod), R"({"metadata":{}})");
}

TEST(Object, AConditionMovesItsTimeOnlyWithItsStatus) {
  json::value run = json::object();
  const WallTime first{std::chrono::seconds{100}}, second{std::chrono::seconds{200}};
  EXPECT_TRUE(set_condition(run, {"Ready", "False", "Starting", ""}, first));
  EXPECT_TRUE(set_condition(run, {"Ready", "False", "Waiting", ""}, second));
  EXPECT_EQ(text_at(*condition(run, "Ready"), {"lastTransitionTime"}), "1970-01-01T00:01:40Z");
  EXPECT_TRUE(set_condition(run, {"Ready", "True", "Waiting", ""}, second));
  EXPECT_EQ(text_at(*condition(run, "Ready"), {"lastTransitionTime"}), "1970-01-01T00:03:20Z");
  EXPECT_FALSE(set_condition(run, {"Ready", "True", "Waiting", ""}, second));
  EXPECT_TRUE(is_condition_true(run, "Ready"));
}

TEST(Object, OwnersAreReplacedByUid) {
  json::value pod = json::object();
  const json::value owner =
      json::parse(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n","uid":"u"}})");
  add_owner(pod, owner_reference(owner, false));
  EXPECT_EQ(controller_of(pod), nullptr);
  add_owner(pod, owner_reference(owner, true));
  ASSERT_NE(controller_of(pod), nullptr);
  EXPECT_EQ(find(pod, {"metadata", "ownerReferences"})->get_array().size(), 1u);
  EXPECT_TRUE(is_owned_by(pod, "Node", "n"));
}

TEST(Object, OddShapesDoNotHurt) {
  for (const char* text : {"null", "[]", R"({"metadata":7})", R"({"metadata":{"finalizers":{}}})",
                           R"({"status":{"conditions":[1,{}]}})"}) {
    json::value odd = json::parse(text);
    EXPECT_EQ(name_of(odd), "");
    EXPECT_FALSE(has_finalizer(odd, "x"));
    EXPECT_EQ(condition(odd, "Ready"), nullptr);
    EXPECT_TRUE(add_finalizer(odd, "x"));
    EXPECT_TRUE(set_condition(odd, {"Ready", "True", "", ""}, WallTime{}));
  }
}

TEST(Names, FollowTheirRules) {
  EXPECT_TRUE(check_dns1123_label("a-1").empty());
  EXPECT_FALSE(check_dns1123_label("A").empty());
  EXPECT_FALSE(check_dns1123_label("").empty());
  EXPECT_FALSE(check_dns1123_label(std::string(64, 'a')).empty());
  EXPECT_TRUE(check_dns1123_subdomain("a.b-c.d").empty());
  EXPECT_FALSE(check_dns1123_subdomain("a..b").empty());
  EXPECT_FALSE(check_dns1035_label("1a").empty());
  EXPECT_TRUE(check_qualified_name("example.com/My_Name.x").empty());
  EXPECT_FALSE(check_qualified_name("/x").empty());
  EXPECT_FALSE(check_qualified_name("a/b/c").empty());
  EXPECT_FALSE(check_qualified_name("").empty());
  EXPECT_FALSE(check_path_segment("a/b").empty());
  EXPECT_TRUE(check_label_value("").empty());
}

}  // namespace
}  // namespace ks::kube
