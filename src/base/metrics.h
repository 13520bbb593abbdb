#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ks {

/// Names and values that tell series of one metric apart. Values must come from a small set: never
/// a name that a user chose.
using MetricLabels = std::map<std::string, std::string>;

/// A number that only grows. Thread-safe, a few nanoseconds.
class Counter {
 public:
  void add(uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// A number that goes up and down. Thread-safe.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// How observed values spread over buckets. Thread-safe; a reader may see a value in its bucket
/// before it is in the sum.
class Histogram {
 public:
  /// `bounds`: the upper ends of the buckets, growing; one for all larger values is added.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);

  uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& bounds() const { return bounds_; }
  /// Values in the bucket `at` alone; `bounds().size()` is the last.
  uint64_t bucket(size_t at) const { return buckets_[at].load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

/// All that a process counts, as Prometheus reads it.
///
///   Counter& commits = metrics.counter("ks_store_commits_total", "Transactions that were made
///   durable."); commits.add();          // keep the reference: looking it up takes a lock
///   metrics.text();         // "# HELP ks_store_commits_total ..."
///
/// Series live as long as this. One name has one kind: asking for it as another is a bug. A metric
/// has at most kMaxSeries series; label sets beyond share one whose labels say `overflow`.
/// Thread-safe.
class Metrics {
 public:
  static constexpr size_t kMaxSeries = 1000;
  /// Seconds, for requests: 1 ms to 10 s.
  static const std::vector<double> kLatencyBounds;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help,
                       const MetricLabels& labels = {},
                       const std::vector<double>& bounds = kLatencyBounds);
  /// A gauge whose value is asked for whenever somebody reads; `read` must not block nor use this.
  void gauge_of(std::string_view name, std::string_view help, std::function<double()> read,
                const MetricLabels& labels = {});

  /// Text exposition format 0.0.4: names and series in alphabetical order.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Adds what the kernel knows of this process: CPU seconds, resident bytes, open files, threads,
/// start time.
void add_process_metrics(Metrics& metrics);

}  // namespace ks
