#pragma once

#include "groovy/interpreter.h"

namespace ks::groovy {

/// `first..last`, or `first..<last` when not inclusive.
Value make_range(Task& task, const Value& first, const Value& last, bool inclusive);

struct Bounds {
  size_t from = 0;
  size_t to = 0;  ///< one past
  bool reverse = false;
};
/// What `list[range]` means for a list of `size`: negative ends count from the end.
Bounds bounds_of(Task& task, const Value& range, size_t size);

}  // namespace ks::groovy
