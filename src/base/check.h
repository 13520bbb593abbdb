#pragma once

#include <string_view>

namespace ks {

/// Prints the failed condition with its place and a stack to stderr, then aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message = {});

}  // namespace ks

/// An invariant of ours: false is a bug, not an input. Checked in every build.
#define CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::ks::check_failed(__FILE__, __LINE__, #condition))
#define CHECK_MSG(condition, message)    \
  (static_cast<bool>(condition) ? void() \
                                : ::ks::check_failed(__FILE__, __LINE__, #condition, message))
