#include <fcntl.h>
#include <malloc.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "report.h"
#include "store/store.h"

// The store without a server around it: what HTTP and JSON cost comes on top (api_bench).

namespace ks::store {
namespace {

using Steady = std::chrono::steady_clock;

Draft object_of(size_t size, std::string space, std::string name) {
  Draft draft{.key = {"configmaps", std::move(space), std::move(name)},
              .uid = "0b9d2c1e-7a51-4b6e-9d0e-2f4f6f1c3a55"};
  draft.json = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + draft.key.name +
               R"(","resourceVersion":")" + std::string(revision_mark()) + R"("},"data":{"text":")";
  if (draft.json.size() + 3 < size) draft.json.append(size - draft.json.size() - 3, 'x');
  draft.json += "\"}}";
  draft.labels = {{"app", "bench"}, {"tier", "front"}};
  return draft;
}

std::unique_ptr<Store> open_store(const std::string& dir) {
  auto store = std::make_unique<Store>(open_sqlite(dir).value(), StoreOptions{});
  store->open().value();
  return store;
}

/// How often this disk can be asked to make a few blocks durable, one after the other: no store
/// does more commits.
double syncs_per_second(const std::string& dir) {
  const Fd file = open_file(dir + "/floor", O_RDWR | O_CREAT).value();
  const std::string block(4096, 'x');
  const auto start = Steady::now();
  int count = 0;
  while (bench::seconds_since(start) < 1) {
    write_all(file.get(), block).value();
    fdatasync(file.get());
    count++;
  }
  return count / bench::seconds_since(start);
}

/// SQLite by itself, one thread, batches of 64 rows of 1 KiB: what our commit is made of.
double raw_rows_per_second(const std::string& dir) {
  sqlite3* db = nullptr;
  sqlite3_open((dir + "/raw.db").c_str(), &db);
  sqlite3_exec(db,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(k INTEGER PRIMARY "
               "KEY, v BLOB)",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO t(v) VALUES(?)", -1, &insert, nullptr);
  const std::string value(1024, 'x');
  const auto start = Steady::now();
  int count = 0;
  while (bench::seconds_since(start) < 1) {
    sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
    for (int i = 0; i < 64; i++, count++) {
      sqlite3_bind_blob(insert, 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
  }
  const double rate = count / bench::seconds_since(start);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return rate;
}

void bench_creates() {
  TempDir dir;
  const double syncs = syncs_per_second(dir.path());
  const double raw = raw_rows_per_second(dir.path());
  for (int writers : {1, 64}) {
    TempDir data;
    const auto store = open_store(data.path());
    std::atomic<int> count{0};
    bench::Samples latency;
    std::mutex mutex;
    const auto start = Steady::now();
    const std::clock_t cpu = std::clock();
    {
      std::vector<std::jthread> threads;
      for (int w = 0; w < writers; w++) {
        threads.emplace_back([&, w] {
          std::vector<std::chrono::nanoseconds> own;
          for (int i = 0; bench::seconds_since(start) < 3; i++) {
            const auto begun = Steady::now();
            store->create(object_of(1024, "ns-" + std::to_string(w), "o" + std::to_string(i)))
                .value();
            own.push_back(Steady::now() - begun);
            count++;
          }
          std::lock_guard lock(mutex);
          for (const auto& time : own) latency.add(time);
        });
      }
    }
    const double seconds = bench::seconds_since(start);
    const double cpu_us = 1e6 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC / count;
    bench::report(
        fmt::format("durable creates, 1 KiB, {} writer{}", writers, writers == 1 ? "" : "s"),
        fmt::format("{:.0f}/s", count / seconds), writers == 64 ? ">= 5000/s" : "",
        writers == 64
            ? fmt::format(
                  "floor: SQLite alone {:.0f} rows/s in batches of 64; {}, {:.0f} us CPU each", raw,
                  latency.p50_p99(), cpu_us)
            : fmt::format("floor: {:.0f} fdatasync/s; {}", syncs, latency.p50_p99()));
  }
}

double resident_mb() {
  malloc_trim(0);
  const std::string statm = read_file("/proc/self/statm").value();
  return std::strtod(statm.c_str() + statm.find(' '), nullptr) * 4096 / 1e6;
}

void bench_load(const std::string& dir) {
  {
    const auto store = open_store(dir);
    std::vector<Store::Write> writes;
    for (int i = 0; i < 10'000; i++) {
      const std::string space = "ns-" + std::to_string(i % 10), name = "o" + std::to_string(i);
      writes.push_back({{"configmaps", space, name}, object_of(2048, space, name)});
    }
    for (const auto& made : store->write_all(std::move(writes))) made.value();
  }
  const double before = resident_mb();
  const auto start = Steady::now();
  const auto store = open_store(dir);
  const double millis = 1000 * bench::seconds_since(start);
  bench::report("open with 10,000 objects of 2 KiB", fmt::format("{:.0f} ms", millis), "<= 300 ms");
  bench::report("memory for them", fmt::format("{:.1f} MB", resident_mb() - before), "<= 60 MB",
                "floor: 20.5 MB of text");

  auto began = Steady::now();
  size_t gets = 0;
  for (; bench::seconds_since(began) < 1; gets++) {
    const size_t i = gets % 10'000;
    if (store->get({"configmaps", "ns-" + std::to_string(i % 10), "o" + std::to_string(i)}) ==
        nullptr)
      std::abort();
  }
  bench::report("get by name",
                fmt::format("{:.0f}/s", static_cast<double>(gets) / bench::seconds_since(began)));
  began = Steady::now();
  size_t lists = 0;
  for (; bench::seconds_since(began) < 1; lists++) {
    if (store->list({"configmaps", "ns-3"}).value().objects.size() != 1000) std::abort();
  }
  bench::report("list of 1,000 of 10,000",
                fmt::format("{:.0f}/s", static_cast<double>(lists) / bench::seconds_since(began)));
}

void bench_open_empty() {
  TempDir dir;
  const auto start = Steady::now();
  const auto store = open_store(dir / "new");
  bench::report("open an empty data directory",
                fmt::format("{:.1f} ms", 1000 * bench::seconds_since(start)), "<= 20 ms");
}

/// Notes how long each event took to come here.
class TimingSink final : public Sink {
 public:
  explicit TimingSink(bench::Samples& samples, std::mutex& mutex)
      : samples_(samples), mutex_(mutex) {}
  void on_events(std::span<const Delivery> deliveries) override {
    const auto now = Steady::now().time_since_epoch().count();
    for (const Delivery& delivery : deliveries) {
      const Bytes line = delivery.event->line(delivery.type);
      const size_t at = line->find("\"sent-");
      std::lock_guard lock(mutex_);
      samples_.add(
          std::chrono::nanoseconds(now - std::strtoll(line->c_str() + at + 6, nullptr, 10)));
    }
  }

 private:
  bench::Samples& samples_;
  std::mutex& mutex_;
};

void bench_watch() {
  TempDir dir;
  const auto store = open_store(dir.path());
  bench::Samples samples;
  std::mutex mutex;
  const auto sink = std::make_shared<TimingSink>(samples, mutex);
  std::vector<WatchHub::Subscription> watches;
  for (int i = 0; i < 1000; i++)
    watches.push_back(store->watch({"configmaps"}, store->revision(), sink).value());
  const auto start = Steady::now();
  for (int i = 0; i < 300; i++) {
    std::this_thread::sleep_until(start + std::chrono::milliseconds(10 * i));
    Draft draft = object_of(1024, "ns", "o" + std::to_string(i));
    const size_t at = draft.json.find("xxxx");
    const std::string stamp = "\",\"sent\":\"sent-" +
                              std::to_string(Steady::now().time_since_epoch().count()) +
                              "\",\"more\":\"";
    draft.json.replace(at, stamp.size(), stamp);
    store->create(std::move(draft)).value();
  }
  // All have been told once one that subscribes now sees the history.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  watches.clear();
  bench::report("write to 1,000 watchers, 100 events/s", samples.p50_p99(), "p99 <= 50 ms",
                fmt::format("{} deliveries", samples.count()));
}

}  // namespace
}  // namespace ks::store

int main() {
  ks::store::bench_open_empty();
  ks::store::bench_creates();
  ks::TempDir dir;
  ks::store::bench_load(dir.path());
  ks::store::bench_watch();
}
