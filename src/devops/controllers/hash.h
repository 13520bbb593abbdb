#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/json.h"

namespace ks::devops {

/// A short text that changes with the value; the order of object members does not matter. Opaque to
/// everybody else, and stable over versions of this program (section 5.3).
std::string hash_of(const json::value& value);

}  // namespace ks::devops
