#include "engine/fiber.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ks::engine {
namespace {

TEST(Fiber, GoesOnWhereItSuspended) {
  std::string trace;
  Fiber fiber([&](Fiber& self) {
    trace += "a";
    self.suspend();
    trace += "b";
  });
  fiber.resume();
  trace += "-";
  EXPECT_FALSE(fiber.done());
  fiber.resume();
  EXPECT_EQ(trace, "a-b");
  EXPECT_TRUE(fiber.done());
}

TEST(Fiber, ExceptionsAndDestructorsWorkOnItsStack) {
  std::string trace;
  Fiber fiber([&](Fiber& self) {
    struct Tell {
      std::string& trace;
      ~Tell() { trace += "destroyed "; }
    } tell{trace};
    try {
      self.suspend();
      throw std::runtime_error("x");
    } catch (const std::runtime_error& error) {
      trace += error.what();
      trace += " ";
    }
  });
  fiber.resume();
  fiber.resume();
  EXPECT_EQ(trace, "x destroyed ");
}

TEST(Fiber, MayMoveBetweenThreads) {
  int sum = 0;
  Fiber fiber([&](Fiber& self) {
    for (int i = 0; i < 10; i++) {
      sum += i;
      self.suspend();
    }
  });
  while (!fiber.done()) std::jthread([&] { fiber.resume(); });
  EXPECT_EQ(sum, 45);
}

int deep(int depth) {
  volatile char block[512] = {};
  block[0] = static_cast<char>(depth);
  return depth == 0 ? block[0] : deep(depth - 1) + block[0];
}

TEST(Fiber, TrimKeepsWhatIsInUse) {
  int total = 0;
  Fiber fiber([&](Fiber& self) {
    const std::vector<int> kept = {1, 2, 3};
    total = deep(2000);
    self.suspend();
    for (int value : kept) total += value * 0 + 1;
  });
  fiber.resume();
  fiber.trim();
  const int before = total;
  fiber.resume();
  EXPECT_EQ(total, before + 3);
}

TEST(Fiber, ThousandsAreCheap) {
  std::vector<std::unique_ptr<Fiber>> fibers;
  int ended = 0;
  for (int i = 0; i < 5000; i++) {
    fibers.push_back(std::make_unique<Fiber>([&](Fiber& self) {
      self.suspend();
      ended++;
    }));
    fibers.back()->resume();
  }
  for (auto& fiber : fibers) fiber->resume();
  EXPECT_EQ(ended, 5000);
}

}  // namespace
}  // namespace ks::engine
