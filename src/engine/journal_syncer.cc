#include "engine/journal_syncer.h"

#include <algorithm>

#include "base/log.h"

namespace ks::engine {

JournalSyncer::JournalSyncer() : thread_([this] { work(); }) {}

JournalSyncer::~JournalSyncer() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
}

void JournalSyncer::add(std::shared_ptr<Journal> journal, bool urgent) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    wake = waiting_.empty() || (urgent && !urgent_);
    urgent_ = urgent_ || urgent;
    // Each stands here once: it asks when it becomes dirty, and again when that is urgent.
    if (std::ranges::find(waiting_, journal) == waiting_.end())
      waiting_.push_back(std::move(journal));
  }
  if (wake) wake_.notify_one();
}

void JournalSyncer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    wake_.wait_for(lock, kDelay, [&] { return ending_ || urgent_; });
    std::vector<std::shared_ptr<Journal>> batch;
    batch.swap(waiting_);
    urgent_ = false;
    lock.unlock();
    for (const std::shared_ptr<Journal>& journal : batch) {
      if (!journal->dirty()) continue;
      if (Result<> synced = journal->sync(); !synced)
        LOG(error, "a journal cannot be synced", {"error", synced.error().message});
    }
    batch.clear();
    lock.lock();
  }
}

}  // namespace ks::engine
