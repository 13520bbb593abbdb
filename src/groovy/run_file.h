#pragma once

#include <string>

#include "groovy/interpreter.h"

namespace ks::groovy {

/// Plain Groovy without a pipeline around it: no steps, no globals, the machine's clock and random
/// numbers, what is printed goes to a FILE.
class PlainHost : public Host {
 public:
  /// `out` is a descriptor, written in blocks; flush() or the destructor writes the rest.
  explicit PlainHost(int out) : out_(out) {}
  ~PlainHost() override;
  /// `sleep(millis)`, and no other.
  std::optional<Value> call_step(Task&, std::string_view, Args) override;
  std::optional<Value> global(Task&, std::string_view) override { return std::nullopt; }
  void print(Task&, std::string_view text) override;
  int64_t now_millis(Task&) override;
  int64_t nano_time(Task&) override;
  uint64_t random_bits(Task&) override;
  void flush();

 private:
  int out_;
  std::string pending_;
};

/// `ks groovy FILE`: runs the script; println goes to `out`, an uncaught exception or a compile
/// error to `err`, in Groovy's form. Returns the exit code: 0, or 1 when anything went wrong.
int groovy_main(const std::string& path, int out = 1, int err = 2);

}  // namespace ks::groovy
