#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace ks {
namespace {

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  Metrics metrics;
  metrics.counter("b_total", "How many\nb \\ there are.", {{"kind", "x\"y\n"}}).add(3);
  metrics.gauge("a", "An a.").set(1.5);
  metrics.gauge_of("c", "A c.", [] { return 7.0; });
  EXPECT_EQ(metrics.text(),
            "# HELP a An a.\n# TYPE a gauge\na 1.5\n"
            "# HELP b_total How many\\nb \\\\ there are.\n# TYPE b_total counter\n"
            "b_total{kind=\"x\\\"y\\n\"} 3\n"
            "# HELP c A c.\n# TYPE c gauge\nc 7\n");
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("h", "H.", {{"m", "1"}}, {0.1, 1});
  for (double value : {0.05, 0.1, 0.5, 7.0}) histogram.observe(value);
  EXPECT_EQ(metrics.text(),
            "# HELP h H.\n# TYPE h histogram\nh_bucket{m=\"1\",le=\"0.1\"} 2\n"
            "h_bucket{m=\"1\",le=\"1\"} 3\nh_bucket{m=\"1\",le=\"+Inf\"} 4\n"
            "h_sum{m=\"1\"} 7.65\nh_count{m=\"1\"} 4\n");
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  Counter& first = metrics.counter("x_total", "X.", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&first, &metrics.counter("x_total", "X.", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&first, &metrics.counter("x_total", "X.", {{"a", "1"}}));
}

TEST(Metrics, LabelsWithoutEndShareOneSeries) {
  Metrics metrics;
  for (size_t i = 0; i < Metrics::kMaxSeries + 50; i++)
    metrics.counter("x_total", "X.", {{"user", std::to_string(i)}}).add();
  EXPECT_TRUE(metrics.text().contains("x_total{overflow=\"true\"} 50\n"));
}

TEST(Metrics, CountFromManyThreadsIsExact) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; t++) {
      threads.emplace_back([&] {
        Counter& counter = metrics.counter("x_total", "X.");
        Histogram& histogram = metrics.histogram("h", "H.");
        for (int i = 0; i < 10'000; i++) {
          counter.add();
          histogram.observe(0.5);
        }
      });
    }
  }
  EXPECT_EQ(metrics.counter("x_total", "X.").value(), 40'000u);
  EXPECT_EQ(metrics.histogram("h", "H.").count(), 40'000u);
  EXPECT_EQ(metrics.histogram("h", "H.").sum(), 20'000.0);
}

TEST(Metrics, TheProcessKnowsItself) {
  Metrics metrics;
  add_process_metrics(metrics);
  const std::string text = metrics.text();
  EXPECT_TRUE(text.contains("process_resident_memory_bytes "));
  EXPECT_FALSE(text.contains("process_resident_memory_bytes 0\n"));
  EXPECT_FALSE(text.contains("process_open_fds 0\n"));
}

}  // namespace
}  // namespace ks
