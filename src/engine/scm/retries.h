#pragma once

#include <functional>

#include "engine/run.h"

namespace ks::engine {

/// The server's checkoutRetryCount: tries again, some seconds later, what failed, since a server of
/// Git may be away for a moment. Interruptions are not tried again.
void with_checkout_retries(Run& run, groovy::Task& task, const std::function<void()>& act);

}  // namespace ks::engine
