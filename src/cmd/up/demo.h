#pragma once

#include <stop_token>
#include <string>

#include "cmd/view/run_view.h"
#include "http/client.h"
#include "jenkins/client.h"

namespace ks::cmd {

/// The first pipeline that somebody sees: the project `demo` with `hello` from `examples/hello`.
struct Demo {
  std::string pipeline;    ///< `demo/hello`
  std::string parameters;  ///< `name=ada debug=true ...`
  std::string id;          ///< of its run
  jenkins::JobRef job;
};
/// Makes the project and the pipeline where they are missing, and starts a run.
Result<Demo> start_demo(http::Client& client, const std::stop_token& stop);

/// Shows what is there already: pipelines with their latest result, at most a few.
Result<std::vector<std::pair<std::string, std::string>>> list_some_pipelines(http::Client& client);

}  // namespace ks::cmd
