#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ks::engine {

/// Secrets at rest: what a journal keeps of them can be read only with a key, which lies in a file
/// of its own for its owner alone. Who removes that file makes all that was sealed with it
/// unreadable.
///
///   std::string kept = TRY(seal(folder + "/journal.key", password));
///   std::string password = TRY(unseal(folder + "/journal.key", kept));

/// Makes the key when there is none yet.
Result<std::string> seal(const std::string& key_file, std::string_view secret);

/// `not_found` when the key is gone; `invalid` when this was not sealed with it.
Result<std::string> unseal(const std::string& key_file, std::string_view sealed);

}  // namespace ks::engine
