#pragma once

#include <stop_token>
#include <string>

#include "cmd/view/run_view.h"
#include "http/client.h"
#include "jenkins/client.h"

namespace ks::cmd {

struct BuildRef {
  jenkins::JobRef job;
  std::string id;
};

/// Shows a run from its beginning to its end and gives how it ended. The log comes as one stream,
/// which is taken up again where it broke off when the server restarts; the stages are read
/// whenever an event says that they changed. `unavailable` when `stop` fires first.
Result<jenkins::Run> follow_run(http::Client& transport, const BuildRef& build, RunView& view,
                                const std::stop_token& stop = {});

}  // namespace ks::cmd
