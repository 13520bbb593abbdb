#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"

// What the programs of this folder share: flags, reading cases, and counting them.

namespace ks::conformance {

namespace json = boost::json;

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The texts of an array member; none when it is absent.
inline std::vector<std::string> texts(const json::object& from, std::string_view key) {
  std::vector<std::string> found;
  if (const json::value* list = from.if_contains(key); list != nullptr && list->is_array()) {
    for (const json::value& one : list->get_array()) {
      if (one.is_string()) found.emplace_back(one.get_string());
    }
  }
  return found;
}

/// The flags that every program takes.
struct Flags {
  std::string corpus;          ///< --corpus DIR, or the last word
  std::string filter;          ///< --filter TEXT: only cases whose id contains it
  bool list_failures = false;  ///< --list-failures: a line for each failure, without its details
  bool json = false;           ///< --output json: one object and nothing else
  bool gate = false;           ///< --gate: failures that known_failures.txt lists do not count
  bool verbose = false;        ///< --verbose: with what a failing case printed
};

inline std::optional<Flags> read_flags(std::string_view program, int argc, char** argv) {
  Flags flags;
  bool fine = true;
  for (int i = 1; i < argc && fine; ++i) {
    const std::string_view arg = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : nullptr;
    if (arg == "--list-failures") {
      flags.list_failures = true;
    } else if (arg == "--gate") {
      flags.gate = true;
    } else if (arg == "--verbose") {
      flags.verbose = true;
    } else if ((arg == "--corpus" || arg == "--filter" || arg == "--output") && next != nullptr) {
      i++;
      if (arg == "--corpus") flags.corpus = next;
      if (arg == "--filter") flags.filter = next;
      if (arg == "--output") flags.json = std::string_view(next) == "json";
      fine = arg != "--output" || flags.json;
    } else {
      flags.corpus = arg;
      fine = !arg.starts_with('-');
    }
  }
  if (fine && !flags.corpus.empty()) return flags;
  fmt::print(stderr,
             "usage: {} [--filter TEXT] [--list-failures] [--output json] [--gate] [--verbose] "
             "--corpus DIR\n",
             program);
  return std::nullopt;
}

/// What a case of a corpus may be skipped for: it needs a Java class of the reference's own tests,
/// the reference skips it, or it needs several branches.
inline std::optional<std::string> may_be_skipped(const json::object& one) {
  if (one.contains("ignoredUpstream")) return "the reference itself skips it";
  for (const std::string& need : texts(one, "needs")) {
    if (need.starts_with("test-extension") || need.starts_with("test-step"))
      return "needs a Java class of the reference's own tests";
    if (need == "multibranch") return "needs multibranch";
  }
  return std::nullopt;
}

/// Counts cases, each once: passed, failed or skipped. The rate is passed / (passed + failed).
///
/// A failure that known_failures.txt lists is a failure like any other in these numbers; it only
/// does not end the program with an error, and with --gate it is left out of the last line. A
/// listed case that passes does end it with an error, so that the list shrinks with the work.
///
///   # what is missing
///   PROGRAM CASE
class Tally {
 public:
  Tally(std::string_view program, Flags flags) : flags_(std::move(flags)) {
    const std::string text =
        read_text(std::string(KS_SOURCE_DIR) + "/tests/conformance/known_failures.txt");
    std::string reason;
    for (std::string_view line : split(text, '\n')) {
      line = trim(line);
      if (line.starts_with('#')) reason = trim(line.substr(1));
      const size_t space = line.find(' ');
      if (line.empty() || line.starts_with('#') || line.substr(0, space) != program) continue;
      known_[std::string(trim(line.substr(space)))] = reason;
    }
  }

  const Flags& flags() const { return flags_; }
  bool wants(std::string_view id) const { return id.contains(flags_.filter); }

  /// An empty problem is success.
  void add(const std::string& id, const std::string& problem, const std::string& output = {}) {
    const auto known = known_.find(id);
    const bool listed = known != known_.end();
    if (listed) seen_.insert(id);
    if (problem.empty()) {
      passed_++;
      if (listed) stale_.push_back(id);
      return keep(id, "passed", "");
    }
    failed_++;
    if (listed) known_failed_++;
    const std::string why = listed ? fmt::format("not yet: {}", known->second) : problem;
    keep(id, "failed", why);
    if (flags_.json) return;
    if (flags_.list_failures || listed) {
      const std::string_view first = std::string_view(why).substr(0, why.find('\n'));
      fmt::print("FAILED {}: {}\n", id, first);
    } else {
      fmt::print("FAILED {}\n{}{}{}\n", id, problem, problem.ends_with('\n') ? "" : "\n", output);
    }
  }
  void skip(const std::string& id, const std::string& why) {
    skipped_++;
    reasons_[why].push_back(id);
    keep(id, "skipped", why);
    if (known_.contains(id)) seen_.insert(id);
  }

  /// A line of the report that is no case.
  void note(const std::string& line) const {
    if (!flags_.json) fmt::print("{}\n", line);
  }
  /// More of the object of --output json.
  void extra(std::string_view key, json::value value) { extras_[key] = std::move(value); }

  /// Prints the sums, and gives the exit code.
  int finish() {
    if (passed_ + failed_ + skipped_ == 0 && flags_.filter.empty()) {
      failed_++;
      keep(flags_.corpus, "failed", "there are no cases here");
      note(fmt::format("FAILED {}: there are no cases here", flags_.corpus));
    }
    const bool right = stale_.empty() && failed_ == known_failed_;
    if (flags_.json) {
      json::object report{{"passed", passed_},
                          {"failed", failed_},
                          {"skipped", skipped_},
                          {"rate", rate()},
                          {"cases", std::move(cases_)}};
      for (auto& [key, value] : extras_) report[key] = value;
      fmt::print("{}\n", to_json(report));
      return right ? 0 : 1;
    }
    for (const auto& [why, ids] : reasons_) {
      fmt::print("{:5} skipped: {}\n", ids.size(), why);
      for (const std::string& id : ids) fmt::print("      {}\n", id);
    }
    for (const std::string& id : stale_)
      fmt::print("{}: passes now: take it out of known_failures.txt\n", id);
    fmt::print("rate {:.1f} %, {} skipped, {} of the failures are known\n", rate(), skipped_,
               known_failed_);
    fmt::print("{} passed, {} failed\n", passed_,
               flags_.gate ? failed_ - known_failed_ + stale_.size() : failed_);
    return right ? 0 : 1;
  }

 private:
  double rate() const {
    const size_t all = passed_ + failed_;
    return all == 0 ? 100.0 : 100.0 * static_cast<double>(passed_) / static_cast<double>(all);
  }
  void keep(const std::string& id, std::string_view outcome, const std::string& why) {
    if (flags_.json) cases_.push_back(json::object{{"id", id}, {"outcome", outcome}, {"why", why}});
  }

  Flags flags_;
  std::map<std::string, std::string, std::less<>> known_;
  std::set<std::string> seen_;
  std::vector<std::string> stale_;
  std::map<std::string, std::vector<std::string>> reasons_;
  json::array cases_;
  json::object extras_;
  size_t passed_ = 0, failed_ = 0, known_failed_ = 0, skipped_ = 0;
};

/// The list of cases in a file; nothing, with a message, when it is none.
inline std::optional<json::value> read_cases(std::string_view program, const std::string& path) {
  auto cases = parse_json(read_text(path));
  if (cases && cases->is_array()) return std::move(*cases);
  fmt::print(stderr, "{}: {} is no list of cases\n", program, path);
  return std::nullopt;
}

}  // namespace ks::conformance
