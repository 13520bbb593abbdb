#include "kube/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ks::kube {
namespace {

using std::chrono::milliseconds;
const Key a{"", "a"}, b{"", "b"};

struct Fixture : ::testing::Test {
  ManualClock clock;
  WorkQueue queue{clock, {}};
};
using Queue = Fixture;

TEST_F(Queue, AKeyWaitsOnce) {
  queue.add(a);
  queue.add(b);
  queue.add(a);
  EXPECT_EQ(queue.try_take(), a);
  EXPECT_EQ(queue.try_take(), b);
  EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST_F(Queue, AKeyAddedWhileAtWorkComesAgainAfterwards) {
  queue.add(a);
  ASSERT_EQ(queue.try_take(), a);
  queue.add(a);
  queue.add(a);
  EXPECT_EQ(queue.try_take(), std::nullopt);
  queue.done(a);
  EXPECT_EQ(queue.try_take(), a);
  queue.done(a);
  EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST_F(Queue, DelaysGrowWithFailuresAndAreForgotten) {
  for (int delay : {5, 10, 20, 40}) {
    queue.add_failed(a);
    clock.advance(milliseconds{delay - 1});
    EXPECT_EQ(queue.try_take(), std::nullopt) << delay;
    clock.advance(milliseconds{1});
    EXPECT_EQ(queue.try_take(), a) << delay;
    queue.done(a);
  }
  queue.forget(a);
  EXPECT_EQ(queue.failures(a), 0);
  queue.add_failed(a);
  clock.advance(milliseconds{5});
  EXPECT_EQ(queue.try_take(), a);
}

TEST_F(Queue, TheDelayHasABound) {
  for (int i = 0; i < 100; ++i) {
    queue.add_failed(a);
    clock.advance(milliseconds{1'000'000});
    ASSERT_EQ(queue.try_take(), a) << i;
    queue.done(a);
  }
}

TEST_F(Queue, OfTwoDelaysTheEarlierCounts) {
  queue.add_after(a, milliseconds{100});
  queue.add_after(a, milliseconds{50});
  queue.add_after(a, milliseconds{200});
  clock.advance(milliseconds{50});
  EXPECT_EQ(queue.try_take(), a);
  queue.done(a);
  clock.advance(milliseconds{500});
  EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST(QueueOfThreads, WakesForKeysDelaysAndStop) {
  WorkQueue queue;
  std::atomic<int> taken{0};
  {
    std::jthread worker([&](const std::stop_token& stop) {
      while (std::optional<Key> key = queue.take(stop)) {
        queue.done(*key);
        ++taken;
        taken.notify_all();
      }
    });
    queue.add(a);
    taken.wait(0);
    queue.add_after(b, milliseconds{20});
    taken.wait(1);
    EXPECT_EQ(taken, 2);
    queue.add_after(a, std::chrono::hours{1});  // does not keep the worker from stopping
  }
}

TEST(QueueOfThreads, NoKeyIsWithTwoWorkers) {
  WorkQueue queue;
  constexpr int kKeys = 5, kAdds = 2'000;
  std::array<std::atomic<int>, kKeys> inside{};
  std::atomic<bool> overlap{false};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&](const std::stop_token& stop) {
        while (std::optional<Key> key = queue.take(stop)) {
          auto& here = inside[static_cast<size_t>(key->name[0] - '0')];
          if (here.fetch_add(1) != 0) overlap = true;
          std::this_thread::yield();
          --here;
          queue.done(*key);
        }
      });
    }
    for (int i = 0; i < kAdds; ++i)
      queue.add({"", std::string(1, static_cast<char>('0' + i % kKeys))});
    while (queue.size() > 0) std::this_thread::yield();
  }
  EXPECT_FALSE(overlap);
}

}  // namespace
}  // namespace ks::kube
