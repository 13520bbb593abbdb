#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/catalog.h"
#include "pipeline/model.h"

/// Declarative Pipelines as JSON (pipeline-language.md section 12), and back as Jenkinsfiles: what
/// graphical editors speak.
///
///   json::value tree = to_json(*checked.pipelines[0], catalog);
///   JsonPipeline read = pipeline_from_json(tree, catalog);
///   if (read.errors.empty()) std::string text = to_jenkinsfile(*read.pipeline, catalog);

namespace ks::pipeline {

/// `{"pipeline": {...}}`.
boost::json::value to_json(const Pipeline& pipeline, const Catalog& catalog);
/// Steps on their own: an array.
boost::json::value steps_to_json(const std::vector<Step>& steps, const Catalog& catalog);

struct JsonError {
  std::vector<std::string> location;  ///< keys and indices from the root: pipeline, stages, 0
  std::string message;
};

struct JsonPipeline {
  std::optional<Pipeline> pipeline;  ///< absent when the form is wrong
  std::vector<JsonError> errors;     ///< of form; when there are none, of meaning too
};

/// Reads and validates. Unknown properties are errors.
JsonPipeline pipeline_from_json(const boost::json::value& root, const Catalog& catalog);

struct JsonSteps {
  std::vector<Step> steps;
  std::vector<JsonError> errors;
};

/// One step or an array of them.
JsonSteps steps_from_json(const boost::json::value& root, const Catalog& catalog);

std::string to_jenkinsfile(const Pipeline& pipeline, const Catalog& catalog);
std::string steps_to_jenkinsfile(const std::vector<Step>& steps, const Catalog& catalog);

}  // namespace ks::pipeline
