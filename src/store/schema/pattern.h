#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ks::store {

/// A regular expression of a schema. Thread-safe; matching takes bounded time and memory, and what
/// passes the bound does not match.
class Pattern {
 public:
  static Result<std::shared_ptr<const Pattern>> compile(std::string_view text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Whether it is found anywhere in the text. `was_hard` becomes true when that took a thousand
  /// times as long as most texts do: for callers with many texts, who must stop at some point.
  bool matches(std::string_view text, bool* was_hard = nullptr) const;

 private:
  explicit Pattern(void* code) : code_(code) {}
  void* code_;
};

}  // namespace ks::store
