#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model.h"

/// Where the time of a run went.

namespace ks::cmd {

namespace json = boost::json;

/// A run that ended, with its stages and steps in the order of starting.
struct Traced {
  std::string name;  ///< of the pipeline
  engine::BuildResult result = engine::BuildResult::success;
  WallTime started{};
  WallTime ended{};
  std::vector<engine::RunNode> nodes;
};

/// A line for each stage and step: when it began, how long it took, and how it ended when that was
/// not well.
std::string trace_tree(const Traced& run, bool color);

/// OTLP as JSON (opentelemetry.proto.trace.v1), with the attributes of CI/CD pipelines. `trace_id`
/// has 16 bytes.
json::value trace_otlp(const Traced& run, std::string_view trace_id);
/// The Trace Event Format of Chrome and Perfetto: a row for the main flow and one for each branch.
json::value trace_chrome(const Traced& run);

/// `FILE`, `otlp:FILE` or `chrome:FILE`.
struct TraceFile {
  bool chrome = false;
  std::string file;
};
TraceFile trace_file(std::string_view text);
Result<> write_trace(const TraceFile& to, const Traced& run);

}  // namespace ks::cmd
