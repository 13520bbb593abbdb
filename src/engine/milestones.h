#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ks::engine {

/// Which run of a job has come how far, for the `milestone` step: a run passes only while no newer
/// one has, and passing ends the older ones that are still before it. Thread-safe.
class Milestones {
 public:
  /// Kept in a file, so that a run that goes on after a restart knows of newer ones that have
  /// ended. An empty path: in memory alone.
  explicit Milestones(std::string file = {});

  /// Ends a run that was overtaken, by the number of the newer one. It must not call this.
  using Overtaken = std::function<void(uint64_t by)>;
  /// Nothing when the run passes; the number of the newer run that was here first otherwise.
  std::optional<uint64_t> pass(const std::string& job, uint64_t number, int64_t ordinal,
                               Overtaken overtaken);
  /// A replay has come to a milestone that the run passed before: it can be overtaken again.
  void passed_before(const std::string& job, uint64_t number, int64_t ordinal, Overtaken overtaken);
  void ended(const std::string& job, uint64_t number);

 private:
  struct Under {
    int64_t ordinal = 0;
    Overtaken overtaken;
  };
  struct Job {
    std::map<int64_t, uint64_t> newest;  // run that passed, by ordinal
    std::map<uint64_t, Under> running;
  };
  void save() const;

  std::string file_;
  std::mutex mutex_;
  std::map<std::string, Job> jobs_;
};

}  // namespace ks::engine
