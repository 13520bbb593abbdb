#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

// Whether two runs of a pipeline wrote the same log, but for what is left to chance.

namespace ks::conformance {

/// Branches write as they come to it: their lines are compared as a set. Of several that fail, the
/// first to end is thrown: the frames of its trace are its own.
inline std::string stable_log(const std::string& log) {
  const size_t begin = log.find("[Pipeline] parallel\n");
  const size_t end = log.rfind("[Pipeline] // parallel\n");
  if (begin == log.npos || end == log.npos || end < begin) return log;
  std::vector<std::string_view> lines =
      split(std::string_view(log).substr(begin, end - begin), '\n');
  std::ranges::sort(lines);
  std::string sorted = log.substr(0, begin);
  for (std::string_view line : lines) (sorted += line) += '\n';
  for (std::string_view line : split(std::string_view(log).substr(end), '\n')) {
    if (!line.starts_with("\tat ")) (sorted += line) += '\n';
  }
  return sorted;
}

inline std::string first_difference(std::string_view what,
                                    std::span<const std::string_view> expected,
                                    std::span<const std::string_view> found, size_t at) {
  auto line = [at](std::span<const std::string_view> lines) {
    return at < lines.size() ? lines[at] : std::string_view("(its end)");
  };
  std::string text = fmt::format("{} differs at line {}\n", what, at + 1);
  for (size_t i = at < 2 ? 0 : at - 2; i < at; ++i) text += fmt::format("    {}\n", expected[i]);
  return text +
         fmt::format("  - {}\n  + {}\n", line(expected).substr(0, 400), line(found).substr(0, 400));
}

/// The first line that differs, with two before it.
inline std::string first_difference(std::string_view what, std::string_view calm,
                                    std::string_view resumed) {
  const auto expected = split(calm, '\n'), found = split(resumed, '\n');
  size_t at = 0;
  while (at < expected.size() && at < found.size() && expected[at] == found[at]) ++at;
  return first_difference(what, expected, found, at);
}

using Lines = std::span<const std::string_view>;

/// Whether these are the same traces of `sh -x`, written into each other: of a pipe each process
/// writes its own when it comes to it, a word at a time. Both have the same characters, none lost
/// and none twice, and no line that is not of a trace: that one would have an end and no `+ `.
inline bool same_traces(Lines a, Lines b) {
  if (a.size() != b.size() || a.size() < 2) return false;
  auto whole = [](Lines lines) {
    std::string text;
    for (std::string_view line : lines) (text += line) += '\n';
    return text;
  };
  std::string one = whole(a), other = whole(b);
  size_t traces = 0;
  for (size_t at = one.find("+ "); at != one.npos; at = one.find("+ ", at + 2)) ++traces;
  std::ranges::sort(one);
  std::ranges::sort(other);
  return traces >= a.size() && one == other;
}

/// Empty when two logs are the same, but for traces that were written into each other.
inline std::string log_difference(std::string_view calm, std::string_view resumed) {
  const auto expected = split(calm, '\n'), found = split(resumed, '\n');
  size_t i = 0, j = 0;
  while (i < expected.size() || j < found.size()) {
    if (i < expected.size() && j < found.size() && expected[i] == found[j]) {
      ++i;
      ++j;
      continue;
    }
    // What differs of a step's output: a step ends before the next line of the pipeline itself.
    size_t end_i = i, end_j = j;
    while (end_i < expected.size() && !expected[end_i].starts_with("[Pipeline]")) ++end_i;
    while (end_j < found.size() && !found[end_j].starts_with("[Pipeline]")) ++end_j;
    while (end_i > i && end_j > j && expected[end_i - 1] == found[end_j - 1]) {
      --end_i;
      --end_j;
    }
    if (!same_traces(Lines(expected).subspan(i, end_i - i), Lines(found).subspan(j, end_j - j)))
      return first_difference("the log", expected, found, i);
    i = end_i;
    j = end_j;
  }
  return {};
}

/// A text without the lines in which the calm ones differ among themselves. As it is when it, or
/// one of them, has another number of lines.
inline std::string steady_text(std::string_view text, const std::vector<std::string_view>& calm) {
  std::vector<std::string_view> lines = split(text, '\n');
  std::vector<std::vector<std::string_view>> all;
  for (std::string_view one : calm) all.push_back(split(one, '\n'));
  if (std::ranges::any_of(all, [&](const auto& one) { return one.size() != lines.size(); }))
    return std::string(text);
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool differs =
        std::ranges::any_of(all, [&](const auto& one) { return one[i] != all.front()[i]; });
    out += differs ? std::string_view("(differs from run to run)") : lines[i];
    if (i + 1 < lines.size()) out += '\n';
  }
  return out;
}

}  // namespace ks::conformance
