#include "cmd/jenkinsfile/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace ks::cmd {
namespace {

using engine::BuildResult;
using engine::NodeKind;
using engine::NodeState;
using engine::RunNode;

WallTime at(int64_t millis) {
  return WallTime(std::chrono::milliseconds(1'700'000'000'000 + millis));
}

RunNode node(uint32_t id, uint32_t parent, NodeKind kind, std::string name, int64_t from,
             int64_t to) {
  RunNode made{.id = id, .parent = parent, .kind = kind, .name = std::move(name)};
  made.state = NodeState::finished;
  made.started = at(from);
  made.ended = at(to);
  return made;
}

/// A stage with a step, then two branches of which one fails.
Traced example() {
  Traced run{.name = "hello", .result = BuildResult::failure, .started = at(0), .ended = at(2000)};
  run.nodes = {node(3, 0, NodeKind::stage, "Build", 1, 501),
               node(4, 3, NodeKind::step, "sh", 2, 500),
               node(5, 0, NodeKind::block, "parallel", 600, 1900),
               node(6, 5, NodeKind::branch, "a", 600, 1900),
               node(7, 5, NodeKind::branch, "b", 601, 700),
               node(8, 6, NodeKind::step, "echo", 602, 603),
               node(9, 7, NodeKind::step, "error", 603, 604)};
  run.nodes[1].label = "make\033[1m all";
  run.nodes[6].result = run.nodes[4].result = BuildResult::failure;
  run.nodes[6].error = "no";
  return run;
}

TEST(Trace, TheTreeShowsWhenAndHowLong) {
  EXPECT_EQ(trace_tree(example(), false),
            "   id     start      took\n"
            "            0ms      2.0s  hello  FAILURE\n"
            "    3       1ms     500ms    Build\n"
            "    4       2ms     498ms      sh make all\n"
            "    5     600ms      1.3s    parallel\n"
            "    6     600ms      1.3s      a\n"
            "    8     602ms       1ms        echo\n"
            "    7     601ms      99ms      b  FAILURE\n"
            "    9     603ms       1ms        error  FAILURE\n");
}

TEST(Trace, OtlpHasASpanForEachNodeBelowItsParent) {
  const json::value trace = trace_otlp(example(), std::string(16, '\x01'));
  const json::array& spans =
      trace.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array();
  ASSERT_EQ(spans.size(), 8u);
  EXPECT_EQ(spans[0].at("traceId").as_string(), "01010101010101010101010101010101");
  EXPECT_FALSE(spans[0].as_object().contains("parentSpanId"));
  for (size_t i = 1; i < spans.size(); i++) {
    const bool known = std::ranges::any_of(spans, [&](const json::value& span) {
      return span.at("spanId") == spans[i].at("parentSpanId");
    });
    EXPECT_TRUE(known) << i;
    EXPECT_EQ(spans[i].at("spanId").as_string().size(), 16u);
  }
  EXPECT_EQ(spans[2].at("startTimeUnixNano").as_string(), "1700000000002000000");
  EXPECT_EQ(spans[2].at("endTimeUnixNano").as_string(), "1700000000500000000");
  EXPECT_EQ(to_json(spans[7].at("status")), R"({"code":2,"message":"no"})");
}

TEST(Trace, ChromeHasARowForEachBranch) {
  const json::value trace = trace_chrome(example());
  std::map<std::string, int64_t> rows;
  for (const json::value& event : trace.at("traceEvents").as_array()) {
    if (event.at("ph").as_string() == "X")
      rows[std::string(event.at("name").as_string())] = event.at("tid").to_number<int64_t>();
  }
  EXPECT_EQ(rows["Build"], 0);
  EXPECT_EQ(rows["echo"], 6);
  EXPECT_EQ(rows["error"], 7);
}

TEST(Trace, TheFormatIsInFrontOfTheFile) {
  EXPECT_TRUE(trace_file("chrome:a.json").chrome);
  EXPECT_EQ(trace_file("otlp:a.json").file, "a.json");
  EXPECT_EQ(trace_file("a.json").file, "a.json");
}

}  // namespace
}  // namespace ks::cmd
