#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace ks::engine {

/// The socket of the agent of a folder, however long its path is.
Result<Fd> listen_on(const std::string& folder);
/// `unavailable` when nobody listens.
Result<Fd> connect_to(const std::string& folder);

}  // namespace ks::engine
