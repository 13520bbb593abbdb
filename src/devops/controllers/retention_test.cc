#include "devops/controllers/retention.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "devops/controllers/hash.h"
#include "devops/controllers/keys.h"

namespace ks::devops {
namespace {

using std::chrono::hours;
const WallTime now{hours{24 * 1'000}};

/// A run that ended `age` ago; a negative age: it still runs.
ObjectRef ended_run(std::string_view name, hours age, std::string_view phase = "Succeeded") {
  json::value out = json::object{{"metadata", json::object{{"name", name}, {"namespace", "p"}}}};
  set_at(out, {"status", "phase"}, json::value(phase));
  if (age.count() >= 0) {
    set_at(out, {"status", "completionTime"}, json::value(format_rfc3339(now - age)));
  }
  return std::make_shared<const json::value>(std::move(out));
}

std::vector<std::string> expired(const std::vector<ObjectRef>& runs, Discarder discarder) {
  std::vector<std::string> out;
  for (const Key& key : runs_to_delete(runs, discarder, now).expired) out.push_back(key.name);
  return out;
}

using Names = std::vector<std::string>;

TEST(Retention, KeepsTheNewest) {
  const std::vector<ObjectRef> runs{ended_run("c", hours{1}), ended_run("a", hours{3}),
                                    ended_run("b", hours{2})};
  EXPECT_EQ(expired(runs, {.runs = 2, .days = {}}), (Names{"a"}));
  EXPECT_EQ(expired(runs, {.runs = 3, .days = {}}), Names{});
  EXPECT_EQ(expired(runs, {}), Names{});
}

TEST(Retention, RunsOfOneSecondGoByTheirNumbers) {
  auto numbered = [](std::string_view name, std::string_view number) {
    json::value out = *ended_run(name, hours{1});
    kube::set_annotation(out, run::kId, number);
    return std::make_shared<const json::value>(std::move(out));
  };
  const std::vector<ObjectRef> runs{numbered("a", "10"), numbered("b", "9"), numbered("c", "8")};
  EXPECT_EQ(expired(runs, {.runs = 1, .days = {}}), (Names{"c", "b"}));
}

TEST(Retention, SparesTheLastSuccessAndTheLastRun) {
  const std::vector<ObjectRef> runs{
      ended_run("good", hours{9}), ended_run("bad1", hours{3}, "Failed"),
      ended_run("bad2", hours{2}, "Failed"), ended_run("bad3", hours{1}, "Failed")};
  EXPECT_EQ(expired(runs, {.runs = 0, .days = {}}), (Names{"bad1", "bad2"}));
  EXPECT_EQ(expired(runs, {.runs = 1, .days = {}}), (Names{"bad1", "bad2"}));
  EXPECT_EQ(expired(runs, {.runs = 3, .days = {}}), (Names{"bad1"}));
}

TEST(Retention, NeverDeletesWhatRuns) {
  const std::vector<ObjectRef> runs{ended_run("live", hours{-1}, "Running"),
                                    ended_run("old", hours{5}), ended_run("older", hours{6})};
  EXPECT_EQ(expired(runs, {.runs = 1, .days = 0}), (Names{"older", "old"}));
}

TEST(Retention, ByAgeTellsWhenTheNextExpires) {
  const std::vector<ObjectRef> runs{ended_run("old", hours{49}), ended_run("new", hours{25})};
  const Retention retention = runs_to_delete(runs, {.runs = {}, .days = 2}, now);
  EXPECT_EQ(retention.expired.size(), 1u);
  EXPECT_EQ(retention.next, now + hours{23});
}

TEST(Retention, NegativeAndUnreadableNumbersAreNoBound) {
  const json::value pipeline = json::parse(
      R"({"spec":{"pipeline":{"discarder":{"days_to_keep":"-1","num_to_keep":"many"}}}})");
  EXPECT_EQ(discarder_of(pipeline).runs, std::nullopt);
  EXPECT_EQ(discarder_of(pipeline).days, std::nullopt);
  const json::value other =
      json::parse(R"({"spec":{"pipeline":{"discarder":{"days_to_keep":"7","num_to_keep":"10"}}}})");
  EXPECT_EQ(discarder_of(other).runs, 10);
  EXPECT_EQ(discarder_of(other).days, 7);
}

TEST(Hash, DependsOnContentNotOnOrder) {
  EXPECT_EQ(hash_of(json::parse(R"({"a":1,"b":[2,{"c":3}]})")),
            hash_of(json::parse(R"({"b":[2,{"c":3}],"a":1})")));
  EXPECT_NE(hash_of(json::parse(R"({"a":1})")), hash_of(json::parse(R"({"a":"1"})")));
  EXPECT_NE(hash_of(json::parse(R"([1,2])")), hash_of(json::parse(R"([2,1])")));
  EXPECT_NE(hash_of(json::parse(R"(["ab","c"])")), hash_of(json::parse(R"(["a","bc"])")));
  // Stored in objects: a new version must give the same.
  EXPECT_EQ(hash_of(json::parse(R"({"name":"demo"})")), hash_of(json::parse(R"({"name":"demo"})")));
}

std::vector<std::string> expired_of_project(const std::vector<ObjectRef>& runs,
                                            const ProjectRetention& bounds) {
  std::vector<std::string> out;
  for (const Key& key : runs_to_delete(runs, bounds, now).expired) out.push_back(key.name);
  return out;
}

TEST(Retention, BoundsOfAProjectHoldForAllItsRunsTogether) {
  const std::vector<ObjectRef> runs{ended_run("a", hours{4}), ended_run("b", hours{3}, "Failed"),
                                    ended_run("c", hours{2}), ended_run("d", hours{1}),
                                    ended_run("runs", hours{-1})};
  EXPECT_EQ(expired_of_project(runs, {}), Names{});
  EXPECT_EQ(expired_of_project(runs, {.runs = 3}), (Names{"a", "b"}));
  EXPECT_EQ(expired_of_project(runs, {.runs = 9}), Names{});
  EXPECT_EQ(expired_of_project(runs, {.age = hours{2}}), (Names{"a", "b", "c"}));
  EXPECT_EQ(expired_of_project(runs, {.runs = 4, .age = hours{3}}), (Names{"a", "b"}));
  EXPECT_EQ(expired_of_project(runs, {.runs = 4, .age = hours{3}, .both = true}), (Names{"a"}));
  EXPECT_EQ(runs_to_delete(runs, ProjectRetention{.age = hours{3}}, now).next, now + hours{1});
}

TEST(Retention, RunsThatDoNotEndAreStopped) {
  auto started = [](std::string_view name, hours age) {
    json::value out = *ended_run(name, hours{-1}, "Running");
    set_at(out, {"status", "startTime"}, json::value(format_rfc3339(now - age)));
    return std::make_shared<const json::value>(std::move(out));
  };
  const std::vector<ObjectRef> runs{started("old", hours{5}), started("new", hours{1}),
                                    ended_run("done", hours{9}), ended_run("waits", hours{-1})};
  const Retention overdue = runs_to_stop(runs, {.abort = hours{4}}, now);
  ASSERT_EQ(overdue.expired.size(), 1U);
  EXPECT_EQ(overdue.expired[0].name, "old");
  EXPECT_EQ(overdue.next, now + hours{3});
  EXPECT_TRUE(runs_to_stop(runs, {}, now).expired.empty());
}

}  // namespace
}  // namespace ks::devops
