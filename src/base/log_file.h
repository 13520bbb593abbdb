#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/log_writer.h"
#include "base/result.h"

namespace ks {

/// The log, and all else that goes to stderr, in a file of bounded size: a full one becomes `.1`,
/// that one `.2`, and so on.
///
///   const auto log = TRY(LogFile::open(data_dir + "/ks.log", {}));
///
/// One at a time. stderr is given back when it is destroyed.
class LogFile final : public LogWriter {
 public:
  struct Limits {
    uint64_t max_bytes = 16u << 20;
    int keep = 4;  ///< older ones
  };
  static Result<std::unique_ptr<LogFile>> open(std::string path, Limits limits);
  ~LogFile() override;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void write(std::string_view line) override;

 private:
  LogFile(std::string path, Limits limits, Fd before);
  Result<> take();
  void turn_over();

  const std::string path_;
  const Limits limits_;
  Fd before_;  // what stderr was
  uint64_t size_ = 0;
};

}  // namespace ks
