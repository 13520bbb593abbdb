#pragma once

#include <string>

#include "engine/run.h"

/// A run once more, from what is kept of it: the whole of it anew, or from a stage or step on with
/// the journal's answers for all before.
///
///   RunSpec spec = TRY(spec_of_kept_run(folder));
///   TRY(prepare_replay({.folder = folder, .from = "Deploy", .script = {}, .target = temp}));
///   run_once({.script = {}, .keep = temp, .resume = true});

namespace ks::engine {

/// What the run in `folder` (journal, log, files) was given. Only reads: it may be under way.
Result<RunSpec> spec_of_kept_run(const std::string& folder);

struct ReplayRequest {
  std::string folder;  ///< of the run
  std::string from;    ///< name of a stage or step, or number of a node
  std::string script;  ///< another Jenkinsfile; empty: the same. It must come to `from` by the same
                       ///< steps.
  std::string target;  ///< an empty folder: gets journal, log, files and workspace
};

/// Copies the run as it stood before it came to `from`, so that it goes on there when it is
/// resumed. `not_found` when it never came there.
Result<> prepare_replay(const ReplayRequest& request);

}  // namespace ks::engine
