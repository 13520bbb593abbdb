#include "engine/step.h"

// timestamps, ansiColor.

namespace ks::engine {
namespace {

/// From here on each line of the log begins with the time.
groovy::Value timestamps(StepCall& call) {
  return call.call_body([](StepContext& inner) { inner.timestamps = true; });
}

/// The log keeps the escapes of colours as they are; programs ask for the terminal's name.
groovy::Value ansi_color(StepCall& call) {
  const std::string name = call.text("colorMapName", "xterm");
  return call.call_body([&](StepContext& inner) { inner.env = {{"TERM", name}}; });
}

}  // namespace

void add_log_blocks(StepRegistry& registry) {
  registry.add(
      {.name = "timestamps", .parameters = {}, .sole = {}, .block = true, .function = timestamps});
  registry.add({.name = "ansiColor",
                .parameters = {"colorMapName"},
                .sole = "colorMapName",
                .block = true,
                .function = ansi_color});
}

}  // namespace ks::engine
