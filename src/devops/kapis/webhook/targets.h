#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "devops/kapis/webhook/scm_event.h"

namespace ks::devops::kapis {

/// Where the code of a pipeline lives, as repository_name() has it: the source of a multi-branch
/// one, the annotation `scm.devops.kubesphere.io` of others. Several when one server has several
/// addresses for it.
std::vector<std::string> repositories_of(const json::value& pipeline);

/// Whether one of `refs` is one that the pipeline wants: its annotation
/// `scm.devops.kubesphere.io/ref` has a list of regular expressions; none there: all.
bool wants_ref(const json::value& pipeline, const std::vector<std::string>& refs);

}  // namespace ks::devops::kapis
