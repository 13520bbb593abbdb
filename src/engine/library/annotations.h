#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ks::engine {

/// One library of a script's `@Library` annotations, in source order.
struct DeclaredLibrary {
  std::string id;  ///< `name@version`
  std::optional<bool> changelog;
};

/// Those of a script. A script that cannot be parsed has none: compiling it will say why. An error:
/// a value that is no constant.
Result<std::vector<DeclaredLibrary>> declared_libraries(const std::string& script);

}  // namespace ks::engine
