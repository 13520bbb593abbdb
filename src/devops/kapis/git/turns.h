#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <string>

#include "base/guarded.h"
#include "base/result.h"

namespace ks::devops::kapis {

/// Lets one caller at a time work on each of many things that have names.
///
///   const Turns::Turn turn = TRY(turns.take("demo/app"));
class Turns {
 public:
  /// Its end lets the next one go on.
  class Turn {
   public:
    Turn(Turns& turns, std::string name) : turns_(&turns), name_(std::move(name)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), name_(std::move(other.name_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->end(name_);
    }

   private:
    Turns* turns_;
    std::string name_;
  };

  /// Blocks until it is the caller's turn. `exhausted` when too many wait already, `timeout` after
  /// `limit`.
  Result<Turn> take(const std::string& name,
                    std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  static constexpr size_t kMostWaiting = 8;
  struct Line {
    bool busy = false;
    size_t waiting = 0;
  };
  void end(const std::string& name);

  Guarded<std::map<std::string, Line>> lines_;
  std::condition_variable changed_;
};

}  // namespace ks::devops::kapis
