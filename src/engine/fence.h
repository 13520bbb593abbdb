#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

/// Files of a workspace, such that no link in it leads a step elsewhere.

namespace ks::engine {

class StepCall;

/// A folder that paths cannot be led out of. What lies in a workspace was often checked out from
/// somewhere: a link in it to `/etc` must not make `readFile 'docs/passwd'` read there. Links that
/// stay inside are followed.
///
///   Fence fence = fence_of(call, path);
///   std::string text = TRY(fence.read(path, 1 << 20));
///
/// Paths are absolute and lie below the folder. The kernel resolves them (openat2), so that a link
/// which appears meanwhile changes nothing.
class Fence {
 public:
  explicit Fence(std::string folder) : folder_(std::move(folder)) {}

  /// `forbidden` when a link leads out.
  Result<Fd> open(const std::string& path, int flags, unsigned mode = 0666) const;
  /// A regular file, whole; `not_found` names the path alone, as Java's exception does.
  Result<std::string> read(const std::string& path, size_t max_bytes) const;
  /// Replaces the content; folders on the way are made.
  Result<> write(const std::string& path, std::string_view content) const;
  Result<> make_dirs(const std::string& path) const;
  /// What it is, links followed; nothing when there is nothing.
  Result<std::optional<struct stat>> look(const std::string& path) const;

 private:
  Result<Fd> open_inside(const std::string& path, int flags, unsigned mode) const;
  std::string folder_;
};

/// The step's workspace when the path lies in it; else the whole machine: a script that names a
/// place outside in its own words means it.
Fence fence_of(const StepCall& call, const std::string& path);

/// Without `.` and `..`, which are taken by the text alone.
std::string plain_path(std::string_view path);

}  // namespace ks::engine
