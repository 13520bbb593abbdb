#pragma once

#include "engine/rest/routes.h"

namespace ks::engine {

/// Where git servers tell Jenkins' plugins of a push: projects of that repository look at it. And
/// the schema of a pipeline's model, which editors read.
void add_hook_routes(const Routes& routes);

}  // namespace ks::engine
