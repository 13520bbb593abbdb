#pragma once

#include <string>
#include <vector>

#include "cmd/pipelines/import_plan.h"

/// Makes what an ImportPlan says on a server, or tells what it would make.

namespace ks::cmd {

struct ImportRow {
  std::string kind;  ///< project, pipeline, runs, credential, or what Jenkins calls it
  std::string from;  ///< in Jenkins
  std::string as;    ///< here; empty: not at all
  std::string what;  ///< create created exists missing refused failed
  std::string note;
};

struct ImportActs {
  bool dry_run = false;
  bool credentials = false;  ///< make Secrets without values, which somebody fills in
};

/// What exists is left as it is. `server` may be null for a dry run: then nothing exists. An error:
/// the server does not answer; all else is in the rows.
Result<std::vector<ImportRow>> carry_out(kube::Client* server, const ImportPlan& plan,
                                         const ImportActs& acts);

}  // namespace ks::cmd
