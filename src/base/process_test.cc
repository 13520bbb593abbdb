#include "base/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace ks {
namespace {

TEST(Process, AChildHoldsNoFileOfOurs) {
  // As a library opens it: without close-on-exec.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Fd reader(ends[0]), writer(ends[1]);
  const std::string script = "for fd in " + std::to_string(ends[0]) + " " +
                             std::to_string(ends[1]) +
                             "; do [ ! -e /proc/$$/fd/$fd ] || echo holds $fd; done";
  const Output output =
      run_process({.argv = {"sh", "-c", script}, .env = current_environment()}).value();
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.out, "");
}

}  // namespace
}  // namespace ks
