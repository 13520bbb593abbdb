// Runs any text as a script with small limits: whatever it does, it must end, and nothing may be
// read that is not there.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "groovy/interpreter.h"
#include "groovy/run_file.h"

namespace {

using namespace ks::groovy;

/// Prints nothing, sleeps never, and ends what runs too long.
class QuietHost : public PlainHost {
 public:
  QuietHost() : PlainHost(1) {}
  std::optional<Value> call_step(Task&, std::string_view, Args) override { return std::nullopt; }
  void print(Task&, std::string_view) override {}
  int64_t now_millis(Task&) override { return 1'700'000'000'000; }
  int64_t nano_time(Task&) override { return 1; }
  uint64_t random_bits(Task&) override { return 42; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Compiled compiled = compile(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!compiled) return 0;
  QuietHost host;
  Interpreter interpreter(host, {.fuel = 200'000, .heap_bytes = 16 << 20});
  Task task(interpreter);
  interpreter.run_script(task, compiled.program);
  return 0;
}
