#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "store/object.h"

namespace ks::store {

/// One line of the log that a backend keeps: a new version of an object, or its end.
struct Record {
  uint64_t revision = 0;
  bool deleted = false;
  ObjectRef object;  ///< of a deletion the last state
};

/// Makes batches durable and plays them back: all that the store asks of a database. Called by one
/// thread at a time.
class Backend {
 public:
  virtual ~Backend() = default;

  /// What is kept, in order of revision. `compacted` is the highest revision whose history is
  /// incomplete.
  struct Loaded {
    uint64_t compacted = 0;
    uint64_t last_revision = 0;
  };
  virtual Result<Loaded> load(const std::function<void(Record)>& each) = 0;

  /// All of the batch or nothing; durable when it returns. `exhausted` when the disk is full,
  /// `forbidden` when it may not be written.
  virtual Result<> commit(std::span<const Record> batch) = 0;

  /// Forgets these versions, which newer ones replaced, and notes that history begins after
  /// `compacted`.
  virtual Result<> compact(uint64_t compacted, std::span<const uint64_t> revisions) = 0;

  /// A consistent copy into a new file, while writes go on.
  virtual Result<> backup(const std::string& file) = 0;
};

/// The default: one append-only SQLite table keyed by revision. Takes the lock of the folder; a
/// second server on it is refused with the process id of the first.
Result<std::unique_ptr<Backend>> open_sqlite(const std::string& data_dir);

/// Keeps nothing; for tests and tools.
std::unique_ptr<Backend> memory_backend();

}  // namespace ks::store
