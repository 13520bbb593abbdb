#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/step.h"

/// Whom a run concerns, and what was changed: for the recipients and the texts of `emailext`.

namespace ks::engine {

/// Commits of one run: its number, and the changes of all that it checked out, oldest first.
struct RunChanges {
  uint64_t number = 0;
  json::array changes;  ///< as parse_changes() gives them
};

RunChanges own_changes(const Run& run);
/// Those of the earlier runs down to the last one with a result as good as this, and not of that
/// one; newest first. Journaled.
std::vector<RunChanges> changes_since(StepCall& call, BuildResult good);

/// The addresses that recipientProviders mean: `[developers(), [$class:
/// 'CulpritsRecipientProvider']]`. Authors go by the address of their commits, users by their name
/// with the server's `mail.userSuffix`. Says on the console who has none.
std::vector<std::string> provided_recipients(StepCall& call);

}  // namespace ks::engine
