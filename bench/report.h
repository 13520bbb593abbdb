#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

/// How benchmarks print: one row a figure, with what it should reach and what it is held against.

namespace ks::bench {

/// `figure` beside its target and, when there is one, a peer's or the floor's figure from the same
/// run.
inline void report(std::string_view what, std::string_view figure, std::string_view target = {},
                   std::string_view beside = {}) {
  fmt::print("{:<52} {:>18}   {:<22} {}\n", what, figure,
             target.empty() ? "" : fmt::format("target {}", target), beside);
  std::fflush(stdout);
}

/// Times of many operations; percentiles in milliseconds.
class Samples {
 public:
  void add(std::chrono::nanoseconds time) { times_.push_back(time); }
  size_t count() const { return times_.size(); }
  double percentile_ms(double percent) {
    if (times_.empty()) return 0;
    std::ranges::sort(times_);
    const auto at =
        static_cast<size_t>(std::lround(percent / 100 * static_cast<double>(times_.size() - 1)));
    return std::chrono::duration<double, std::milli>(times_[at]).count();
  }
  std::string p50_p99() {
    return fmt::format("p50 {:.1f} p99 {:.1f} ms", percentile_ms(50), percentile_ms(99));
  }

 private:
  std::vector<std::chrono::nanoseconds> times_;
};

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace ks::bench
