#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "base/result.h"

namespace ks::engine {

/// "Pipeline script from SCM": what a job's config.xml says of the repository that its Jenkinsfile
/// lies in, as RunSpec::scm takes it; null for a script that is in the configuration. An error: an
/// SCM that is not git, or no address.
Result<boost::json::value> scm_of_config(const std::string& config_xml);

}  // namespace ks::engine
