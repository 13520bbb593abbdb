#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/routes.h"
#include "groovy/ast.h"
#include "groovy/parser.h"
#include "pipeline/compile.h"
#include "pipeline/json.h"
#include "pipeline/reader.h"
#include "pipeline/validator.h"

// `/pipeline-model-converter`: Declarative Pipelines as JSON and back (engine-rest, section 2). It
// always answers 200; what went wrong is within.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

Response ok(json::object data) {
  return Response::json(200, to_json(json::object{{"status", "ok"}, {"data", std::move(data)}}));
}
Response success(json::object data) {
  data["result"] = "success";
  return ok(std::move(data));
}
Response failure(json::array errors) {
  return ok({{"result", "failure"}, {"errors", std::move(errors)}});
}
json::array one_error(std::string_view text) {
  return json::array{json::value(json::object{{"error", text}})};
}

/// One object for all: with several, its `error` is a list.
json::array groovy_errors(const std::vector<groovy::CompileError>& errors) {
  json::array texts;
  for (const groovy::CompileError& error : errors) {
    texts.emplace_back(
        fmt::format("{} @ line {}, column {}.", error.message, error.line, error.column));
  }
  json::value shown = texts.size() == 1 ? texts.front() : json::value(std::move(texts));
  return json::array{json::value(json::object{{"error", std::move(shown)}})};
}

json::array json_errors(const std::vector<pipeline::JsonError>& errors) {
  json::array out;
  for (const pipeline::JsonError& error : errors) {
    json::array location;
    for (const std::string& step : error.location) location.emplace_back(step);
    out.push_back(json::object{{"location", std::move(location)}, {"error", error.message}});
  }
  return out;
}

std::string no_pipeline(std::string_view text) {
  return fmt::format("Jenkinsfile content '{}' did not contain the 'pipeline' step", text);
}

/// The Declarative Pipeline of a text, or the failure to answer with.
struct Read {
  std::shared_ptr<const pipeline::Pipeline> pipeline;
  std::optional<Response> failed;
};
Read read_jenkinsfile(const std::string& text) {
  Read out;
  if (text.empty()) {
    out.failed = failure(one_error("No content found for 'jenkinsfile' parameter"));
    return out;
  }
  const pipeline::Checked checked = pipeline::check_pipeline(text);
  if (!checked.errors.empty()) {
    out.failed = failure(groovy_errors(checked.errors));
  } else if (checked.pipelines.empty()) {
    out.failed = failure(one_error(no_pipeline(text)));
  } else {
    out.pipeline = checked.pipelines.front();
  }
  return out;
}

Response to_json_form(const Request& request) {
  Read read = read_jenkinsfile(field(request, "jenkinsfile"));
  if (read.failed) return std::move(*read.failed);
  return success({{"json", pipeline::to_json(*read.pipeline, pipeline::standard_catalog())}});
}

Response validate_jenkinsfile(const Request& request) {
  Read read = read_jenkinsfile(field(request, "jenkinsfile"));
  return read.failed ? std::move(*read.failed) : success({});
}

/// The text of a JSON model, when it is right in both forms.
Response from_json_form(const Request& request, bool with_text) {
  const std::string text = field(request, "json");
  if (text.empty()) return failure(one_error("No content found for 'json' parameter"));
  const Result<json::value> tree = parse_json(text);
  if (!tree) return failure(one_error(tree.error().message));
  const pipeline::Catalog& catalog = pipeline::standard_catalog();
  const pipeline::JsonPipeline read = pipeline::pipeline_from_json(*tree, catalog);
  if (!read.errors.empty() || !read.pipeline) return failure(json_errors(read.errors));
  const std::string jenkinsfile = pipeline::to_jenkinsfile(*read.pipeline, catalog);
  if (const pipeline::Checked checked = pipeline::check_pipeline(jenkinsfile);
      !checked.errors.empty()) {
    json::object inner{{"result", "failure"}, {"errors", groovy_errors(checked.errors)}};
    return failure(json::array{json::value(json::object{{"jenkinsfileErrors", std::move(inner)}})});
  }
  return success(with_text ? json::object{{"jenkinsfile", jenkinsfile}} : json::object());
}

Response steps_to_json_form(const Request& request) {
  const std::string text = field(request, "jenkinsfile");
  if (text.empty()) return failure(one_error("No content found for 'jenkinsfile' parameter"));
  const groovy::Parsed parsed = groovy::parse(text);
  if (!parsed) return failure(groovy_errors(parsed.errors));
  std::vector<groovy::CompileError> errors;
  const std::vector<pipeline::Step> steps =
      pipeline::read_steps(*parsed.unit, parsed.unit->body->statements, errors);
  for (groovy::CompileError& error :
       pipeline::validate_steps(steps, pipeline::standard_catalog())) {
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) return failure(groovy_errors(errors));
  if (steps.empty()) return failure(one_error("No result."));
  return success({{"json", pipeline::steps_to_json(steps, pipeline::standard_catalog())}});
}

Response steps_from_json_form(const Request& request) {
  const std::string text = field(request, "json");
  if (text.empty()) return failure(one_error("No content found for 'json' parameter"));
  const Result<json::value> tree = parse_json(text);
  if (!tree) return failure(one_error(tree.error().message));
  const pipeline::Catalog& catalog = pipeline::standard_catalog();
  const pipeline::JsonSteps read = pipeline::steps_from_json(*tree, catalog);
  if (!read.errors.empty()) return failure(json_errors(read.errors));
  if (read.steps.empty()) return failure(one_error("No result."));
  return success({{"jenkinsfile", pipeline::steps_to_jenkinsfile(read.steps, catalog)}});
}

/// Plain text, as the command-line linter of Jenkins prints it.
Response validate_as_text(const Request& request) {
  const std::string text = field(request, "jenkinsfile");
  if (text.empty()) return Response::text(200, "No Jenkinsfile specified\n");
  const pipeline::Checked checked = pipeline::check_pipeline(text);
  if (!checked.errors.empty()) {
    return Response::text(200, "Errors encountered validating Jenkinsfile:\n" +
                                   groovy::format_errors(text, "WorkflowScript", checked.errors) +
                                   "\n");
  }
  if (checked.pipelines.empty()) return Response::text(200, no_pipeline(text) + "\n");
  return Response::text(200, "Jenkinsfile successfully validated.\n");
}

}  // namespace

void add_converter_routes(const Routes& routes) {
  const auto post = [&](std::string_view name, Response (*handle)(const Request&)) {
    add_both(routes.router, Method::post, fmt::format("/pipeline-model-converter/{}", name),
             [handle](Request& request) { return handle(request); });
  };
  post("toJson", to_json_form);
  post("toJenkinsfile", [](const Request& request) { return from_json_form(request, true); });
  post("validateJenkinsfile", validate_jenkinsfile);
  post("validateJson", [](const Request& request) { return from_json_form(request, false); });
  post("stepsToJson", steps_to_json_form);
  post("stepsToJenkinsfile", steps_from_json_form);
  post("validate", validate_as_text);
}

}  // namespace ks::engine
