#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/journal.h"

namespace ks::engine {

/// Brings journals to the disk from one thread, so that no run waits for it: those with a result of
/// something outside at once, the others within 50 ms. A run that must know asks Journal::sync().
/// Thread-safe. The destructor syncs what is left.
class JournalSyncer {
 public:
  static constexpr auto kDelay = std::chrono::milliseconds(40);

  JournalSyncer();
  ~JournalSyncer();
  JournalSyncer(const JournalSyncer&) = delete;
  JournalSyncer& operator=(const JournalSyncer&) = delete;

  void soon(std::shared_ptr<Journal> journal) { add(std::move(journal), false); }
  void now(std::shared_ptr<Journal> journal) { add(std::move(journal), true); }

 private:
  void add(std::shared_ptr<Journal> journal, bool urgent);
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::shared_ptr<Journal>> waiting_;
  bool urgent_ = false;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace ks::engine
