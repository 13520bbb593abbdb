#include "base/metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <variant>

#include "base/check.h"
#include "base/file.h"
#include "base/guarded.h"
#include "base/text.h"

namespace ks {
namespace {

using Reader = std::function<double()>;
using Series = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                            std::unique_ptr<Histogram>, Reader>;

struct Family {
  std::string help;
  std::string_view type;
  std::map<std::string, Series, std::less<>> series;  // by the text of their labels
};

bool is_metric_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == ':';
         });
}

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

/// `a="1",b="2"`, without the braces, which a histogram fills with more.
std::string label_text(const MetricLabels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    CHECK_MSG(is_metric_name(name), name);
    if (!out.empty()) out += ',';
    out += fmt::format("{}=\"{}\"", name, escape(to_utf8_lossy(value), true));
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string braces(std::string_view labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || more.empty() ? "" : ",", more);
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const Histogram& histogram) {
  // The count is the sum of the buckets as they were read: a reader finds them consistent.
  uint64_t total = 0;
  for (size_t i = 0; i <= histogram.bounds().size(); i++) {
    total += histogram.bucket(i);
    const std::string bound =
        i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, braces(labels, fmt::format("le=\"{}\"", bound)),
                       total);
  }
  out += fmt::format("{}_sum{} {}\n", name, braces(labels), number(histogram.sum()));
  out += fmt::format("{}_count{} {}\n", name, braces(labels), total);
}

void append_series(std::string& out, std::string_view name, std::string_view labels,
                   const Series& series) {
  if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series)) {
    out += fmt::format("{}{} {}\n", name, braces(labels), (*counter)->value());
  } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&series)) {
    out += fmt::format("{}{} {}\n", name, braces(labels), number((*gauge)->value()));
  } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&series)) {
    append_histogram(out, name, labels, **histogram);
  } else {
    out += fmt::format("{}{} {}\n", name, braces(labels), number(std::get<Reader>(series)()));
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The number after `key` in /proc/self/status; 0 when it is not there.
double process_status(std::string_view key) {
  const Result<std::string> text = read_file("/proc/self/status", 1 << 16);
  if (!text) return 0;
  for (std::string_view line : split(*text, '\n')) {
    if (!line.starts_with(key)) continue;
    const std::string_view value = trim(line.substr(key.size()));
    return static_cast<double>(parse_int(value.substr(0, value.find(' '))).value_or(0));
  }
  return 0;
}

double open_files() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double count = -3;  // `.`, `..` and the folder itself
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  return count;
}

}  // namespace

const std::vector<double> Metrics::kLatencyBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                     0.25,  0.5,    1,     2.5,  5,     10};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {
  CHECK(std::ranges::is_sorted(bounds_));
}

void Histogram::observe(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  buckets_[static_cast<size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

struct Metrics::State {
  Guarded<std::map<std::string, Family, std::less<>>> families;

  /// The series of that kind and those labels; `make` is called when it is new.
  template <class Kind, class Make>
  Kind& series(std::string_view name, std::string_view help, std::string_view type,
               const MetricLabels& labels, Make make) {
    CHECK_MSG(is_metric_name(name), name);
    std::string key = label_text(labels);
    return families.with([&](auto& all) -> Kind& {
      Family& family = all[std::string(name)];
      if (family.series.empty()) {
        family.help = help;
        family.type = type;
      }
      CHECK_MSG(family.type == type, name);
      if (!family.series.contains(key) && family.series.size() >= kMaxSeries)
        key = "overflow=\"true\"";
      auto found = family.series.find(key);
      if (found == family.series.end())
        found = family.series.emplace(std::move(key), Series(make())).first;
      Kind* kind = std::get_if<Kind>(&found->second);
      CHECK_MSG(kind != nullptr, name);
      return *kind;
    });
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help,
                          const MetricLabels& labels) {
  return *state_->series<std::unique_ptr<Counter>>(name, help, "counter", labels,
                                                   [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  return *state_->series<std::unique_ptr<Gauge>>(name, help, "gauge", labels,
                                                 [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              const MetricLabels& labels, const std::vector<double>& bounds) {
  return *state_->series<std::unique_ptr<Histogram>>(
      name, help, "histogram", labels, [&] { return std::make_unique<Histogram>(bounds); });
}

void Metrics::gauge_of(std::string_view name, std::string_view help, std::function<double()> read,
                       const MetricLabels& labels) {
  state_->series<Reader>(name, help, "gauge", labels, [&] { return std::move(read); });
}

std::string Metrics::text() const {
  return state_->families.with([](const auto& all) {
    std::string out;
    for (const auto& [name, family] : all) {
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape(family.help, false), name,
                         family.type);
      for (const auto& [labels, series] : family.series) append_series(out, name, labels, series);
    }
    return out;
  });
}

void add_process_metrics(Metrics& metrics) {
  metrics.gauge_of("process_cpu_seconds_total", "CPU time of user and system in seconds.",
                   cpu_seconds);
  metrics.gauge_of("process_resident_memory_bytes", "Resident memory in bytes.",
                   [] { return process_status("VmRSS:") * 1024; });
  metrics.gauge_of("process_virtual_memory_bytes", "Virtual memory in bytes.",
                   [] { return process_status("VmSize:") * 1024; });
  metrics.gauge_of("process_threads", "Threads of the process.",
                   [] { return process_status("Threads:"); });
  metrics.gauge_of("process_open_fds", "Open file descriptors.", open_files);
  metrics.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.")
      .set(static_cast<double>(std::time(nullptr)));
}

}  // namespace ks
