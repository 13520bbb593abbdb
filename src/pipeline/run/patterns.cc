#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "pipeline/run/executor.h"

namespace ks::pipeline {
namespace {

/// Parts between slashes against parts of the pattern; `**` stands for any number of them. Linear
/// in the product of both: it remembers which suffixes of the pattern can still match.
bool match_parts(const std::vector<std::string_view>& pattern,
                 const std::vector<std::string_view>& path) {
  std::vector<bool> reachable(pattern.size() + 1, false);
  auto close = [&](std::vector<bool>& set) {
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (set[i] && pattern[i] == "**") set[i + 1] = true;
    }
  };
  reachable[0] = true;
  close(reachable);
  for (std::string_view part : path) {
    std::vector<bool> next(pattern.size() + 1, false);
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!reachable[i]) continue;
      if (pattern[i] == "**") {
        next[i] = true;
      } else if (matches_wildcard(part, pattern[i])) {
        next[i + 1] = true;
      }
    }
    close(next);
    reachable = std::move(next);
  }
  return reachable[pattern.size()];
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view path, bool case_sensitive) {
  std::string wanted = case_sensitive ? std::string(pattern) : to_lower(pattern);
  std::string found = case_sensitive ? std::string(path) : to_lower(path);
  if (wanted.ends_with('/')) wanted += "**";
  return match_parts(split(wanted, '/'), split(found, '/'));
}

bool matches(Task& task, std::string_view comparator, std::string_view otherwise,
             std::string_view pattern, std::string_view text, bool case_sensitive) {
  std::string name = to_upper(comparator);
  if (name != "GLOB" && name != "REGEXP" && name != "EQUALS") name = otherwise;
  if (name == "EQUALS") return pattern == text;
  if (name == "GLOB") return matches_path(pattern, text, case_sensitive);
  groovy::Interpreter& interpreter = task.interpreter();
  Value args[] = {interpreter.make_string(pattern)};
  return interpreter.truth(
      task, interpreter.invoke(task, interpreter.make_string(text), "matches", args));
}

}  // namespace ks::pipeline
