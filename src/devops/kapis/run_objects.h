#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/json.h"

/// New PipelineRuns, for the API and for webhooks (devops-api, section 7.4).

namespace ks::devops::kapis {

bool is_multi_branch(const json::value& pipeline);

/// `spec.parameters` of `{"parameters": [{name, value}]}`: values as the texts that Go prints; an
/// entry without a name is skipped. `invalid` when the list is none.
Result<json::array> run_parameters(const json::value& payload);
/// A JSON text in which decimal numbers are strings of what was written: `1.50` stays `1.50`.
std::string keep_decimals(std::string_view json);
/// `true`, `1.5`, `<nil>`, `[a b]`, `map[b:1]`.
std::string go_text(const json::value& value);

/// A run of the pipeline as it is now. `branch` counts for multi-branch pipelines alone.
json::value new_run(const json::value& pipeline, json::array parameters, const std::string& branch);

}  // namespace ks::devops::kapis
