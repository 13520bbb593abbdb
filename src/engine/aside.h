#pragma once

#include <boost/json.hpp>
#include <functional>
#include <stop_token>
#include <string>

#include "engine/run.h"

namespace ks::engine {

class StepCall;

/// One piece of work outside of the script that takes its time: packing, mail, another server.
struct Aside {
  std::string what;  ///< its name in the journal
  AwaitSpec::Sync sync = AwaitSpec::Sync::soon;
  /// On a thread for that. It owns all it uses: the step may be gone before it ends. `resumed`: a
  /// server that died may have done it already, or half of it. An aborted run stops the token.
  std::function<Result<json::value>(bool resumed, const std::stop_token& stop)> act;
};

/// Does it and journals the result, as outside() does for what is quick; the fiber waits, no thread
/// of the runs. An error ends the step with `ERROR: message`.
json::value aside(StepCall& call, Aside work);

}  // namespace ks::engine
