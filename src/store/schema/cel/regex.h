#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ks::store::cel {

/// A compiled regular expression with bounds on what a match may cost.
class Regex {
 public:
  static Result<Regex> compile(std::string_view pattern);
  /// Offsets of the first match at or after `from` and of its groups; empty: none. Absent groups
  /// are npos.
  std::vector<std::pair<size_t, size_t>> find(std::string_view text, size_t from = 0) const;

 private:
  struct Free {
    void operator()(void* code) const;
  };
  std::unique_ptr<void, Free> code_;
};

}  // namespace ks::store::cel
