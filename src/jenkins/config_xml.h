#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

/// A job's config.xml and what it says (devops-controllers, section 6).
///
/// A `spec` here is the JSON of a Pipeline resource's spec: `{"type": "pipeline", "pipeline":
/// {...}}`, or `"multi-branch-pipeline"` with `multi_branch_pipeline`. Other types are refused with
/// an error that says so.

namespace ks::jenkins {

/// The config.xml of a new job.
Result<std::string> config_of(const json::value& spec);

/// The config.xml of an existing job, changed to what the spec says. Only what the spec speaks of
/// is touched, so what plugins added survives.
Result<std::string> changed_config(std::string_view config, const json::value& spec);

/// The spec that a config.xml stands for; its `name` is empty. Default values of password
/// parameters read back as the parameter's name, so that no secret leaves Jenkins this way.
Result<json::value> spec_of(std::string_view config);

/// The spec with its password defaults, for whoever runs the job.
Result<json::value> spec_with_secrets(std::string_view config);

enum class JobKind : uint8_t { pipeline, multi_branch, folder, other };
/// Whether the job takes no new runs; false when it cannot be read.
bool is_disabled(std::string_view config);
/// The config.xml with that switched.
Result<std::string> with_disabled(std::string_view config, bool disabled);

/// By the root element; `other` when it cannot be read.
JobKind kind_of_config(std::string_view config);
/// The same from the `_class` that Jenkins answers with.
JobKind kind_of_class(std::string_view java_class);

}  // namespace ks::jenkins
