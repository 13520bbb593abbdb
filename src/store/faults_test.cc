#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "store/test_objects.h"

// What the disk and the machine may do to a store.

namespace ks::store {
namespace {

/// Commits nothing when its dice say so, and takes its time when they say that.
class FaultyBackend final : public Backend {
 public:
  explicit FaultyBackend(uint32_t seed) : random_(seed) {}
  Result<Loaded> load(const std::function<void(Record)>&) override { return Loaded{}; }
  Result<> commit(std::span<const Record> batch) override {
    if (random_() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random_() % 500));
    if (random_() % 3 == 0) return Error{Code::exhausted, "the disk is full"};
    committed_ += batch.size();
    return {};
  }
  Result<> compact(uint64_t, std::span<const uint64_t>) override {
    return Error{Code::exhausted, "the disk is full"};
  }
  Result<> backup(const std::string&) override { return {}; }

 private:
  std::mt19937 random_;
  size_t committed_ = 0;
};

TEST(StoreFaults, WhatFailsLeavesNoTraceAndWhatSucceedsStays) {
  set_log_level(LogLevel::error);
  Store store(std::make_unique<FaultyBackend>(42), {.max_batch = 3});
  ASSERT_TRUE(store.open().ok());
  auto recorder = std::make_shared<Recorder>();
  auto watch = store.watch({"things"}, store.revision(), recorder).value();
  std::atomic<size_t> written{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(6);
    for (int t = 0; t < 6; t++) {
      threads.emplace_back([&, t] {
        uint64_t revision = 0;
        const std::string name = "n" + std::to_string(t);
        for (int i = 0; i < 200; i++) {
          const std::string data = std::to_string(i);
          const Result<ObjectRef> result = revision == 0
                                               ? store.create(draft(name, data))
                                               : store.update(draft(name, data), revision);
          const ObjectRef now = store.get(key(name));
          if (result) {
            revision = (*result)->revision;
            written++;
            EXPECT_EQ(now, *result);
          } else {
            EXPECT_EQ(result.error().code, Code::exhausted);
            EXPECT_EQ(now == nullptr ? 0 : now->revision, revision);
          }
        }
      });
    }
  }
  uint64_t last = 0;
  const auto seen = recorder->wait_for(written);
  EXPECT_EQ(seen.size(), written);
  for (const Delivery& delivery : seen)
    EXPECT_GT(delivery.revision, std::exchange(last, delivery.revision));
  EXPECT_EQ(last, store.revision());
  set_log_level(LogLevel::info);
}

void limit_file_size(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

/// In a process of its own, for the limit is one of the process. Gives what went wrong, empty when
/// nothing did.
std::string fill_the_disk(const std::string& dir) {
  signal(SIGXFSZ, SIG_IGN);
  set_log_level(LogLevel::error);
  Opened store(dir);
  const std::string text(2000, 'x');
  if (!store->create(draft("before", text))) return "the first write failed";
  limit_file_size(1 << 20);
  int made = 0;
  Result<ObjectRef> result = store->create(draft("n0", text));
  while (result && made < 5000) result = store->create(draft("n" + std::to_string(++made), text));
  if (result) return "the disk never became full";
  if (result.error().code != Code::exhausted) return "another code: " + result.error().message;
  if (!result.error().message.contains("disk"))
    return "the message names no disk: " + result.error().message;
  if (store->get(key("n" + std::to_string(made))) != nullptr)
    return "a write that failed is visible";
  for (int i = 0; i < 20; i++) {
    if (store->create(draft("more" + std::to_string(i), text + text)))
      return "a write succeeded on a full disk";
  }
  if (store->get(key("before")) == nullptr) return "reads fail on a full disk";
  limit_file_size(RLIM_INFINITY);
  const Result<ObjectRef> after = store->create(draft("after", text));
  if (!after) return "no write after there was room again: " + after.error().message;
  if (!write_file_atomic(dir + "/count", std::to_string(made))) return "cannot write the count";
  return "";
}

TEST(StoreFaults, AFullDiskRefusesWritesLosesNothingAndRecovers) {
  TempDir dir;
  const pid_t child = fork();
  if (child == 0) {
    const std::string fault = fill_the_disk(dir.path());
    if (!fault.empty()) dprintf(2, "%s\n", fault.c_str());
    _exit(fault.empty() ? 0 : 1);  // no orderly end: only what was acknowledged may count
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  Opened store(dir.path());
  const int made = std::stoi(read_file(dir / "count").value());
  EXPECT_GT(made, 20);
  for (int i = 0; i < made; i++) ASSERT_NE(store->get(key("n" + std::to_string(i))), nullptr) << i;
  EXPECT_EQ(store->get(key("n" + std::to_string(made))), nullptr);
  EXPECT_NE(store->get(key("after")), nullptr);
  EXPECT_EQ(store->size(), static_cast<size_t>(made) + 2);
}

TEST(StoreFaults, ADirectoryThatCannotBeWrittenIsNamed) {
  const Result<std::unique_ptr<Backend>> opened = open_sqlite("/proc/no-such-place");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("/proc/no-such-place"), std::string::npos)
      << opened.error().message;
}

/// Blocks, which no sink may do.
class SlowSink final : public Sink {
 public:
  void on_events(std::span<const Delivery>) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
};

TEST(StoreFaults, WritersDoNotWaitForWatchers) {
  Opened store;
  auto watch = store->watch({"things"}, store->revision(), std::make_shared<SlowSink>()).value();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; i++) {
    ASSERT_TRUE(store->create(draft("n" + std::to_string(i))).ok());
    ASSERT_NE(store->get(key("n" + std::to_string(i))), nullptr);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
}

TEST(StoreFaults, ManyWaitingWritesAreRefusedRatherThanKept) {
  Store store(std::make_unique<FaultyBackend>(1), {.max_batch = 1, .max_queue = 1});
  ASSERT_TRUE(store.open().ok());
  std::atomic<int> refused{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(16);
    for (int t = 0; t < 16; t++) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; i++) {
          const Result<ObjectRef> made =
              store.create(draft(std::to_string(t) + "-" + std::to_string(i)));
          if (!made && made.error().code == Code::unavailable) refused++;
        }
      });
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace ks::store
