#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ks {

/// All documents of a YAML stream as pipelines read them (SnakeYAML): yes, no, on and off are
/// booleans, 1_000 and 1:30 numbers, and a key that is there twice has its last value.
Result<std::vector<json::value>> parse_yaml11_documents(std::string_view text,
                                                        JsonLimits limits = {});

}  // namespace ks
