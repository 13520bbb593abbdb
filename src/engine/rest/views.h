#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "engine/rest/state.h"

namespace ks::engine {

/// Of a folder, or of the server when it has no name.
std::string view_url(const std::string& base, const std::string& folder, std::string_view view);
/// All views there, the one of everything first.
json::array view_links(const RestState& state, const std::string& base, const std::string& folder);

}  // namespace ks::engine
