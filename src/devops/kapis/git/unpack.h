#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ks::devops::kapis {

struct UnpackedFile {
  std::string path;
  std::string content;
};

/// The files of a `tar.gz`, by the paths they have in it. `invalid` for what is none, for links and
/// devices, and for paths that lead out; `too_large` for more than 10,000 files or 64 MiB.
Result<std::vector<UnpackedFile>> unpack_tar_gz(std::string_view archive);

}  // namespace ks::devops::kapis
