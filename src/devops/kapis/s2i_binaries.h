#pragma once

#include "devops/kapis/api.h"

namespace ks::devops::kapis {

/// Upload and download of S2iBinaries, over the bucket of KapisOptions (devops-api, section 6.15).
void add_s2i_binaries(RouteTable& table, Api& api);

/// `12.5M`, as sizes of S2iBinaries are printed.
std::string s2i_size(uint64_t bytes);

}  // namespace ks::devops::kapis
