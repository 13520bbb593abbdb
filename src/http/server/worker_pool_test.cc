#include "http/server/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace ks::http {
namespace {

using namespace std::chrono_literals;

TEST(WorkerPool, RunsAllThatWasTakenBeforeItEnds) {
  std::atomic<int> done{0};
  {
    WorkerPool pool(4, 1000);
    for (int i = 0; i < 500; i++) EXPECT_TRUE(pool.submit([&] { done++; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkerPool, StartsNoMoreThreadsThanAllowedAndRefusesWhenFull) {
  WorkerPool pool(2, 3);
  std::latch hold(1), both(2);
  for (int i = 0; i < 2; i++) {
    ASSERT_TRUE(pool.submit([&] {
      both.count_down();
      hold.wait();
    }));
  }
  both.wait();
  for (int i = 0; i < 3; i++) EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  EXPECT_EQ(pool.thread_count(), 2u);
  hold.count_down();
}

TEST(WorkerPool, IdleThreadsEndAndNewOnesStart) {
  WorkerPool pool(4, 100, 20ms);
  for (int round = 0; round < 3; round++) {
    std::latch all(4);
    for (int i = 0; i < 4; i++) pool.submit([&] { all.arrive_and_wait(); });
    all.wait();
    for (int i = 0; i < 500 && pool.thread_count() > 0; i++) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(pool.thread_count(), 0u);
  }
}

}  // namespace
}  // namespace ks::http
