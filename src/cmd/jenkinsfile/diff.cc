#include "cmd/jenkinsfile/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace ks::cmd {
namespace {

constexpr size_t kContext = 3;

struct Line {
  char sign = ' ';
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool blank(std::string_view line) { return trim(line).empty(); }

/// All lines of both, in order, those that changed side by side.
std::vector<Line> pair_up(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> old_lines = lines_of(before), new_lines = lines_of(after);
  std::vector<Line> lines;
  std::vector<Line> added;  // after the removed ones of the same run
  auto flush = [&] {
    lines.insert(lines.end(), added.begin(), added.end());
    added.clear();
  };
  size_t i = 0, j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && old_lines[i] == new_lines[j]) {
      flush();
      lines.push_back({' ', old_lines[i]});
      i++, j++;
    } else if (i < old_lines.size() && (blank(old_lines[i]) || j == new_lines.size())) {
      lines.push_back({'-', old_lines[i++]});
    } else if (j < new_lines.size() && (blank(new_lines[j]) || i == old_lines.size())) {
      added.push_back({'+', new_lines[j++]});
    } else {
      lines.push_back({'-', old_lines[i++]});
      added.push_back({'+', new_lines[j++]});
    }
  }
  flush();
  return lines;
}

}  // namespace

std::string layout_diff(std::string_view name, std::string_view before, std::string_view after) {
  const std::vector<Line> lines = pair_up(before, after);
  std::string out;
  size_t old_line = 1, new_line = 1;  // of lines[at]
  for (size_t at = 0; at < lines.size();) {
    // The next hunk: from the first change to where more lines than the context are equal.
    size_t first = at;
    while (first < lines.size() && lines[first].sign == ' ') first++;
    if (first == lines.size()) break;
    const size_t begin = std::max(at, first - std::min(first, kContext));
    size_t last = first, equal = 0;
    for (size_t i = first; i < lines.size() && equal <= 2 * kContext; i++) {
      equal = lines[i].sign == ' ' ? equal + 1 : 0;
      if (equal == 0) last = i;
    }
    const size_t end = std::min(last + 1 + kContext, lines.size());
    for (; at < begin; at++) old_line++, new_line++;
    std::string body;
    size_t old_count = 0, new_count = 0;
    for (; at < end; at++) {
      body += fmt::format("{}{}\n", lines[at].sign, lines[at].text);
      old_count += lines[at].sign != '+';
      new_count += lines[at].sign != '-';
    }
    if (out.empty()) out = fmt::format("--- {0}\n+++ {0}\n", name);
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", old_count == 0 ? old_line - 1 : old_line,
                       old_count, new_count == 0 ? new_line - 1 : new_line, new_count, body);
    old_line += old_count;
    new_line += new_count;
  }
  return out;
}

}  // namespace ks::cmd
