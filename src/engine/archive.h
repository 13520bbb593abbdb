#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Zip and tar files of the workspace, by libarchive.

namespace ks::engine {

class Fence;

enum class ArchiveFormat : uint8_t { zip, tar, tar_gz };

/// What a hostile archive may not exceed.
struct ArchiveLimits {
  size_t entries = 1'000'000;
  uint64_t bytes = uint64_t{64} << 30;  ///< unpacked
  /// Times the size of the archive; counted once `free_bytes` are unpacked, since a small archive
  /// of zeros is no attack.
  uint64_t ratio = 200;
  uint64_t free_bytes = uint64_t{256} << 20;
};

/// Packs files of `folder` (relative paths, links as links) into a new file at `path`, which is
/// there only once it is whole. Gives the number of entries.
Result<size_t> write_archive(const Fence& fence, const std::string& path, ArchiveFormat format,
                             const std::string& folder, const std::vector<std::string>& files,
                             const std::stop_token& stop);

struct Unpack {
  std::string folder;                                ///< where to; absolute
  std::function<bool(std::string_view path)> takes;  ///< which entries; empty: all
  bool keep_permissions = false;
  bool to_memory = false;   ///< contents come back, nothing is written
  bool only_test = false;   ///< nothing is written
  size_t memory_bytes = 0;  ///< the most for to_memory
  ArchiveLimits limits;
};

struct Unpacked {
  std::vector<std::string> files;     ///< paths as the archive has them
  std::vector<std::string> contents;  ///< with to_memory, one for each file
};

/// Unpacks a zip, or a tar of any compression. Refuses entries that lead out of the folder, by
/// their path, by a link of the archive or by one that was there before; devices and pipes are left
/// out.
Result<Unpacked> read_archive(const Fence& source, const std::string& path, bool zip,
                              const Fence& target, const Unpack& how, const std::stop_token& stop);

}  // namespace ks::engine
