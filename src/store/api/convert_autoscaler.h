#pragma once

#include <boost/json/fwd.hpp>

/// HorizontalPodAutoscalers of autoscaling/v1 know the CPU alone. What v2 knows besides goes
/// through v1 in annotations, as Kubernetes has it, so that a change by a v1 client keeps it.

namespace ks::store {

namespace json = boost::json;

void autoscaler_to_v1(json::object& autoscaler);
void autoscaler_to_v2(json::object& autoscaler);

}  // namespace ks::store
