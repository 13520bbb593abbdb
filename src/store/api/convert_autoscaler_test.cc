#include "store/api/convert_autoscaler.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace ks::store {
namespace {

json::value parsed(std::string_view text) { return parse_json(text).value(); }

TEST(ConvertAutoscaler, TheShareOfTheCpuHasAFieldOfItsOwnInV1) {
  json::value autoscaler = parsed(R"({"metadata":{"name":"a"},"spec":{"maxReplicas":3,
    "metrics":[{"type":"Resource","resource":{"name":"cpu",
      "target":{"type":"Utilization","averageUtilization":50}}}]}})");
  json::value again = autoscaler;
  autoscaler_to_v1(again.get_object());
  EXPECT_EQ(again, parsed(R"({"metadata":{"name":"a"},"spec":{"maxReplicas":3,
    "targetCPUUtilizationPercentage":50}})"));
  autoscaler_to_v2(again.get_object());
  EXPECT_EQ(again, autoscaler);
}

TEST(ConvertAutoscaler, WhatV1DoesNotKnowComesBackFromIt) {
  const json::value autoscaler = parsed(R"({"metadata":{"name":"a","annotations":{"mine":"x"}},
    "spec":{"maxReplicas":3,"behavior":{"scaleUp":{"stabilizationWindowSeconds":5}},
      "metrics":[{"type":"Resource","resource":{"name":"cpu",
        "target":{"type":"Utilization","averageUtilization":50}}},
        {"type":"Resource","resource":{"name":"memory",
        "target":{"type":"AverageValue","averageValue":"1Gi"}}}]},
    "status":{"currentReplicas":2,"desiredReplicas":3,"conditions":[{"type":"AbleToScale",
      "status":"True"}],"currentMetrics":[{"type":"Resource","resource":{"name":"cpu",
      "current":{"averageUtilization":70}}}]}})");
  json::value again = autoscaler;
  autoscaler_to_v1(again.get_object());
  EXPECT_EQ(find(again, {"spec", "metrics"}), nullptr);
  EXPECT_EQ(int_at(again, {"status", "currentCPUUtilizationPercentage"}), 70);
  autoscaler_to_v2(again.get_object());
  EXPECT_EQ(again, autoscaler);
}

TEST(ConvertAutoscaler, WithoutAMeasureItIsEightyPercentOfTheCpu) {
  json::value autoscaler = parsed(R"({"metadata":{"annotations":{
    "autoscaling.alpha.kubernetes.io/behavior":"no JSON"}},"spec":{"maxReplicas":3}})");
  autoscaler_to_v2(autoscaler.get_object());
  EXPECT_EQ(autoscaler, parsed(R"({"metadata":{},"spec":{"maxReplicas":3,"metrics":[
    {"type":"Resource","resource":{"name":"cpu",
     "target":{"type":"Utilization","averageUtilization":80}}}]}})"));
}

}  // namespace
}  // namespace ks::store
