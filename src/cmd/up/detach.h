#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

/// A server in the background, and how it is stopped.

namespace ks::cmd {

/// Starts this program again in a session of its own, shows what it prints until it is ready or has
/// failed, and gives the exit code for this process. Its log is DIR/ks.log.
Result<int> start_detached(const std::vector<std::string>& arguments, const std::string& data_dir);

/// In the background: whoever started us sees no more.
void tell_ready();
void tell_failed(const Error& error);

/// Asks the server of a data directory to stop and waits until it has; gives its process id.
Result<int> stop_server(const std::string& data_dir);

/// DIR/ks.pid while it lives.
class PidFile {
 public:
  static Result<PidFile> write(const std::string& data_dir);
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ks::cmd
