#include "groovy/runtime/power_assert.h"

#include <algorithm>

#include "groovy/runtime/operators.h"

namespace ks::groovy {

namespace {

struct Shown {
  size_t column;  // from 0
  std::string text;
};

void put(std::string& line, size_t column, std::string_view text) {
  if (line.size() < column) line.append(column - line.size(), ' ');
  if (line.size() < column + text.size()) line.resize(column + text.size(), ' ');
  line.replace(column, text.size(), text);
}

bool has_room(const std::string& line, size_t column, size_t length) {
  for (size_t i = column; i <= column + length && i < line.size(); ++i) {
    if (line[i] != ' ') return false;
  }
  return true;
}

}  // namespace

std::string draw_assert(Task& task, const std::string& source, const Recording& recording) {
  std::vector<Shown> shown;
  for (const Recording::Seen& seen : recording.seen) {
    std::string text;
    std::optional<Thrown> failed;
    try {
      text = seen.value.is<String>() && seen.value.as<String>()->text().empty()
                 ? "\"\""
                 : to_string(task, seen.value);
    } catch (Thrown& thrown) {
      if (!thrown.catchable) throw;
      text = "(toString() failed)";
    }
    shown.push_back({seen.column - 1, text});
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const Shown& a, const Shown& b) { return a.column > b.column; });
  shown.erase(std::unique(shown.begin(), shown.end(),
                          [](const Shown& a, const Shown& b) { return a.column == b.column; }),
              shown.end());

  // Rightmost first: each value goes to the highest line with room, with bars above it.
  std::vector<std::string> lines(1);
  for (const Shown& each : shown) {
    put(lines[0], each.column, "|");
    bool placed = false;
    bool single = each.text.find('\n') == std::string::npos;
    for (size_t i = 1; i < lines.size() && !placed; ++i) {
      if (single && has_room(lines[i], each.column, each.text.size())) {
        put(lines[i], each.column, each.text);
        placed = true;
      } else {
        put(lines[i], each.column, "|");
      }
    }
    if (placed) continue;
    size_t from = 0;
    while (from <= each.text.size()) {
      size_t end = std::min(each.text.find('\n', from), each.text.size());
      put(lines.emplace_back(), each.column, std::string_view(each.text).substr(from, end - from));
      from = end + 1;
    }
  }
  std::string out = source;
  if (shown.empty()) return out + "\n";
  for (const std::string& line : lines) out += "\n" + line;
  return out;
}

}  // namespace ks::groovy
