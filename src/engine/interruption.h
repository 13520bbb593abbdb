#pragma once

#include <string>

#include "engine/run.h"

namespace ks::engine {

/// Why a run, or a part of it, was ended early: FlowInterruptedException of scripts.
struct Interruption {
  BuildResult result = BuildResult::aborted;
  std::string cause;  ///< `Rejected by ada`
  std::string user;   ///< who did it; empty: nobody did
  bool told = false;  ///< its cause is on the console already
  /// False: it only carries a result, as that of another run; retry tries again.
  bool actual = true;
};

/// The exception: `e.result`, and `e.causes` with `shortDescription` and `user`.
groovy::Value make_interruption(Run& run, groovy::Task& task, const Interruption& interruption);

/// The texts of `e.causes` that the console has not shown yet.
std::vector<std::string> untold_causes(Run& run, groovy::Task& task,
                                       const groovy::Value& exception);

bool is_interruption(const groovy::Failure& failure);
/// Whether somebody or something ended this, rather than a result that is passed on.
bool is_actual(Run& run, groovy::Task& task, const groovy::Value& exception);

/// An error of the script as the console shows it: `ERROR: message`, the causes of an interruption,
/// or class and trace. `headline` goes before a trace.
void print_failure(Run& run, groovy::Task& task, const groovy::Thrown& thrown,
                   std::string_view headline = {});

}  // namespace ks::engine
