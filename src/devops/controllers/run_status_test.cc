#include "devops/controllers/run_status.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::devops {
namespace {

const WallTime first{std::chrono::seconds{1'000}}, second{std::chrono::seconds{2'000}};

jenkins::Run build(std::string state, std::string result = "UNKNOWN") {
  jenkins::Run out;
  out.id = "12";
  out.pipeline = "build";
  out.state = std::move(state);
  out.result = std::move(result);
  return out;
}

struct Case {
  const char *state, *result, *phase, *type, *status;
  bool complete;
};

TEST(RunStatus, FollowsTheTable) {
  for (const Case& c : std::initializer_list<Case>{
           {"QUEUED", "UNKNOWN", "Running", "Ready", "Unknown", false},
           {"RUNNING", "UNKNOWN", "Running", "Ready", "Unknown", false},
           {"PAUSED", "UNKNOWN", "Pending", "Ready", "Unknown", false},
           {"SKIPPED", "NOT_BUILT", "Succeeded", "Succeeded", "True", false},
           {"NOT_BUILT", "NOT_BUILT", "Unknown", "Ready", "Unknown", false},
           {"FINISHED", "SUCCESS", "Succeeded", "Succeeded", "True", true},
           {"FINISHED", "UNSTABLE", "Failed", "Succeeded", "False", true},
           {"FINISHED", "FAILURE", "Failed", "Succeeded", "False", true},
           {"FINISHED", "ABORTED", "Failed", "Succeeded", "False", true},
           {"FINISHED", "NOT_BUILT", "Unknown", "Succeeded", "Unknown", true},
           {"FINISHED", "NEW", "Unknown", "Succeeded", "Unknown", true},
           {"NEW", "", "Unknown", "Ready", "Unknown", false},
       }) {
    const json::value status = status_of_run(nullptr, build(c.state, c.result), first);
    SCOPED_TRACE(std::string(c.state) + "/" + c.result);
    EXPECT_EQ(text_at(status, {"phase"}), c.phase);
    const json::value& condition = status.at("conditions").at(0);
    EXPECT_EQ(text_at(condition, {"type"}), c.type);
    EXPECT_EQ(text_at(condition, {"status"}), c.status);
    EXPECT_EQ(text_at(condition, {"reason"}), c.state);
    EXPECT_EQ(!text_at(status, {"completionTime"}).empty(), c.complete);
  }
}

TEST(RunStatus, KeepsOneConditionOfATypeAndTheNewestFirst) {
  json::value status = status_of_run(nullptr, build("QUEUED"), first);
  status = status_of_run(status, build("RUNNING"), first);
  status = status_of_run(status, build("FINISHED", "SUCCESS"), second);
  const json::array& conditions = status.at("conditions").as_array();
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(text_at(conditions[0], {"type"}), "Succeeded");
  EXPECT_EQ(text_at(conditions[0], {"reason"}), "FINISHED");
  EXPECT_EQ(text_at(conditions[1], {"reason"}), "RUNNING");
}

TEST(RunStatus, AConditionThatStaysKeepsItsTime) {
  json::value status = status_of_run(nullptr, build("RUNNING"), first);
  status = status_of_run(status, build("RUNNING"), second);
  const json::value& condition = status.at("conditions").at(0);
  EXPECT_EQ(text_at(condition, {"lastTransitionTime"}), format_rfc3339(first));
  EXPECT_EQ(text_at(condition, {"lastProbeTime"}), format_rfc3339(second));
}

TEST(RunStatus, TakesItsTimesFromTheBuild) {
  jenkins::Run ended = build("FINISHED", "SUCCESS");
  ended.started = first;
  ended.ended = second;
  const json::value status = status_of_run(nullptr, ended, second + std::chrono::seconds{5});
  EXPECT_EQ(text_at(status, {"startTime"}), format_rfc3339(first));
  EXPECT_EQ(text_at(status, {"completionTime"}), format_rfc3339(second));
  // While queued, Jenkins has no start time: the one we have stays.
  const json::value before = json::parse(R"({"startTime":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(text_at(status_of_run(before, build("QUEUED"), first), {"startTime"}),
            "2026-01-01T00:00:00Z");
}

TEST(RunSummary, LeavesOutWhatIsEmptyButNotTimes) {
  EXPECT_EQ(
      to_json(run_summary(build("QUEUED"))),
      R"({"enQueueTime":null,"endTime":null,"startTime":null,"id":"12","organization":"jenkins",)"
      R"("pipeline":"build","result":"UNKNOWN","state":"QUEUED","type":"WorkflowRun"})");
}

jenkins::Node stage(std::string id, size_t steps) {
  jenkins::Node out;
  out.id = std::move(id);
  out.name = "build";
  out.state = "FINISHED";
  out.result = "SUCCESS";
  out.restartable = true;
  for (size_t i = 0; i < steps; ++i) {
    jenkins::Step step;
    step.id = std::to_string(i);
    step.name = "Shell Script";
    step.state = "FINISHED";
    out.steps.push_back(step);
  }
  return out;
}

TEST(Stages, AreAnArrayWithSteps) {
  EXPECT_EQ(stages_text({}), "[]");
  EXPECT_EQ(
      stages_text({stage("6", 1)}),
      R"([{"displayName":"build","id":"6","result":"SUCCESS","startTime":null,)"
      R"("state":"FINISHED","type":"STAGE","restartable":true,)"
      R"("steps":[{"id":"0","displayName":"Shell Script","type":"STEP","state":"FINISHED","startTime":null}]}])");
}

TEST(Stages, ThatAreTooLargeLoseTheirEarliestSteps) {
  const std::string text = stages_text({stage("6", 100), stage("9", 10), stage("12", 10)}, 4'000);
  EXPECT_LE(text.size(), 4'000u);
  const json::value stages = json::parse(text);
  EXPECT_EQ(find(stages.at(0), {"steps"}), nullptr);
  EXPECT_NE(find(stages.at(1), {"steps"}), nullptr);
  EXPECT_NE(find(stages.at(2), {"steps"}), nullptr);
}

}  // namespace
}  // namespace ks::devops
