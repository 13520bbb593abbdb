#include "devops/kapis/git/turns.h"

#include <fmt/format.h>

namespace ks::devops::kapis {

Result<Turns::Turn> Turns::take(const std::string& name, std::chrono::seconds limit) {
  const bool may_wait = lines_.with([&](auto& lines) {
    Line& line = lines[name];
    if (line.busy && line.waiting >= kMostWaiting) return false;
    ++line.waiting;
    return true;
  });
  if (!may_wait) {
    return Error{Code::exhausted, "too many requests wait for this repository; try again later"};
  }
  return lines_.wait_for(
      changed_, limit, [&](auto& lines) { return !lines[name].busy; },
      [&](auto& lines) -> Result<Turn> {
        Line& line = lines[name];
        --line.waiting;
        if (line.busy) {
          return Error{Code::timeout, fmt::format("the repository was busy for {} s; try again "
                                                  "later",
                                                  limit.count())};
        }
        line.busy = true;
        return Turn(*this, name);
      });
}

void Turns::end(const std::string& name) {
  lines_.with([&](auto& lines) {
    const auto line = lines.find(name);
    line->second.busy = false;
    if (line->second.waiting == 0) lines.erase(line);
  });
  changed_.notify_all();
}

}  // namespace ks::devops::kapis
