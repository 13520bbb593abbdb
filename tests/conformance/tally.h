#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

// What the programs of this folder share: reading cases, and counting them.

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

/// Counts cases. Those that known_failures.txt lists print as "not yet" and count as neither; one
/// of them that passes is a failure, so that the list shrinks with the work.
///
///   # what is missing
///   PROGRAM CASE
class Tally {
 public:
  explicit Tally(std::string_view program) {
    const std::string text =
        read_text(std::string(KS_SOURCE_DIR) + "/tests/conformance/known_failures.txt");
    std::string reason;
    for (std::string_view line : split(text, '\n')) {
      line = trim(line);
      if (line.starts_with('#')) reason = trim(line.substr(1));
      const size_t space = line.find(' ');
      if (line.empty() || line.starts_with('#') || line.substr(0, space) != program) continue;
      not_yet_[std::string(trim(line.substr(space)))] = reason;
    }
  }

  /// An empty problem is success.
  void add(const std::string& id, const std::string& problem, const std::string& output = {}) {
    const auto known = not_yet_.find(id);
    if (known != not_yet_.end()) seen_.insert(id);
    if (known != not_yet_.end() && problem.empty()) {
      ++failed_;
      fmt::print("FAILED {}: passes now: take it out of known_failures.txt\n", id);
    } else if (known != not_yet_.end()) {
      ++missing_;
      fmt::print("not yet {}: {}\n", id, known->second);
    } else if (problem.empty()) {
      ++passed_;
    } else {
      ++failed_;
      fmt::print("FAILED {}\n{}{}{}\n", id, problem, problem.ends_with('\n') ? "" : "\n", output);
    }
  }
  void skip(const std::string& id, const std::string& why) {
    ++skipped_;
    ++reasons_[why];
    if (not_yet_.contains(id)) seen_.insert(id);
  }

  /// Prints the sums, and gives the exit code. `all`: no case was left out by a filter.
  int finish(bool all = true) {
    for (const auto& [why, count] : reasons_) fmt::print("{:5} skipped: {}\n", count, why);
    for (const auto& [id, reason] : not_yet_) {
      if (!all || seen_.contains(id)) continue;
      ++failed_;
      fmt::print("FAILED {}: known_failures.txt lists it, but there is no such case\n", id);
    }
    fmt::print("{} not yet, {} skipped\n{} passed, {} failed\n", missing_, skipped_, passed_,
               failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  std::map<std::string, std::string, std::less<>> not_yet_;
  std::set<std::string> seen_;
  std::map<std::string, size_t> reasons_;
  size_t passed_ = 0, failed_ = 0, missing_ = 0, skipped_ = 0;
};

}  // namespace ks::conformance
