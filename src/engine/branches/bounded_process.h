#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>

#include "base/process.h"

namespace ks::engine {

struct ProcessBounds {
  std::chrono::milliseconds time{60'000};  ///< then it and its children are killed
  size_t stdout_bytes = 64u << 20;         ///< more is an error
  std::stop_token stop;                    ///< kills it too
};

/// Runs a program with `input` as its standard input and collects what it printed; `on_error` gets
/// what it writes to standard error as that comes. `timeout`, `too_large`, or `unavailable` when it
/// was stopped. Blocks.
Result<Output> run_bounded(SpawnOptions options, std::string_view input,
                           const ProcessBounds& bounds,
                           const std::function<void(std::string_view)>& on_error);

}  // namespace ks::engine
