#pragma once

#include <string>
#include <string_view>

#include "engine/testing/run_bench.h"

// For tests of steps: a script, run to its end.

namespace ks::engine {

struct Ended {
  BuildResult result = BuildResult::failure;
  std::string log;
};

/// Runs a script in a folder of its own; its workspace is FOLDER/node/workspace/demo/web.
inline Ended run_in(const std::string& folder, std::string_view script, RunLimits limits = {}) {
  Bench bench(folder);
  std::string log = bench.finish(script, limits);
  return {bench.run().result(), std::move(log)};
}

inline Ended run_script(std::string_view script, RunLimits limits = {}) {
  const TempDir folder;
  return run_in(folder.path(), script, limits);
}

}  // namespace ks::engine
