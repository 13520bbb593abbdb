#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace ks::engine {

/// What a record of a run's journal is about. Numbers are on disk: never reuse one.
enum class RecordType : uint8_t {
  begin = 1,      ///< the program, parameters and causes: everything that the run was given
  step = 2,       ///< a step began
  await_ = 3,     ///< it waits for something outside: id and what
  finished = 4,   ///< what it waited for came: id and result
  value = 5,      ///< something the script saw that differs each time: time, random numbers
  progress = 6,   ///< output of a command up to an offset is in the log
  interrupt = 7,  ///< an abort or a timeout
  end = 8,        ///< the result of the run
};

struct JournalRecord {
  RecordType type = RecordType::begin;
  uint64_t log_bytes =
      0;  ///< length of the run's log when it was written: what the log holds beyond is repeated
  std::string data;  ///< by type; JSON
};

/// The append-only file of one run: each record is framed with its length and a checksum.
///
/// append() has handed the record to the kernel when it returns, so that kill -9 of this process
/// loses nothing; sync() makes it survive a power cut. Used by one thread at a time, but for
/// sync().
class Journal {
 public:
  /// Opens or creates. What is there is read first by `each`, in order; a tail that is no whole
  /// record (a crash while writing) is cut off, everything before it was acknowledged.
  static Result<std::unique_ptr<Journal>> open(const std::string& path,
                                               const std::function<void(JournalRecord)>& each);

  /// Whether there is a file with at least one whole record.
  static Result<bool> has_begun(const std::string& path);

  Result<> append(const JournalRecord& record);
  /// Thread-safe.
  Result<> sync();
  /// Whether there is something that sync() has not seen.
  bool dirty() const { return dirty_.load(); }
  uint64_t size() const { return size_; }

 private:
  Journal(std::string path, Fd file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  std::string path_;
  Fd file_;
  uint64_t size_;
  std::atomic<bool> dirty_{false};
  std::string buffer_;
};

}  // namespace ks::engine
