#pragma once

#include <string_view>

namespace ks {

/// Takes the lines of the log instead of stderr.
class LogWriter {
 public:
  virtual ~LogWriter() = default;
  /// One whole line. By one thread at a time; must not log.
  virtual void write(std::string_view line) = 0;
};

/// It must live until another one, or null for stderr, is set.
void set_log_writer(LogWriter* writer);

}  // namespace ks
