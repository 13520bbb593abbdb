#include "devops/kapis/objects.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/run_controller.h"
#include "devops/kapis/reply.h"
#include "kube/status.h"

namespace ks::devops::kapis {
namespace {

constexpr std::array<std::string_view, 4> kJsonTypes = {"application/json", "application/xml",
                                                        "merge-patch+json", "json-patch+json"};

constexpr int kAttempts = 10;
constexpr std::array<std::string_view, 6> kWithStatus = {
    "DevOpsProject", "Pipeline", "PipelineRun", "Template", "ClusterTemplate", "Application"};

/// `status` is never left out, nor a project's `spec`.
json::value complete(json::value object, const kube::Resource& resource) {
  if (!object.is_object()) return object;
  json::object& fields = object.get_object();
  const bool project = resource.kind == "DevOpsProject";
  if (project && !fields.contains("spec")) fields["spec"] = json::object();
  for (std::string_view kind : kWithStatus) {
    if (kind == resource.kind && !fields.contains("status")) fields["status"] = json::object();
  }
  return object;
}

std::vector<kube::ObjectRef> shared(std::vector<json::value> items,
                                    const kube::Resource& resource) {
  std::vector<kube::ObjectRef> out;
  out.reserve(items.size());
  for (json::value& item : items) {
    out.push_back(std::make_shared<const json::value>(complete(std::move(item), resource)));
  }
  return out;
}

}  // namespace

Result<json::value> Objects::get(const kube::Resource& resource, const kube::Key& key) {
  return complete(TRY(client_.get(resource, key)), resource);
}

Result<json::value> Objects::get_by_kind(const kube::Resource& resource, const kube::Key& key) {
  Result<json::value> found = get(resource, key);
  if (!found && found.error().code == Code::not_found) {
    return Error{Code::not_found,
                 fmt::format("{}.{} \"{}\" not found", resource.kind, resource.group, key.name)};
  }
  return found;
}

Result<std::vector<kube::ObjectRef>> Objects::list(const kube::Resource& resource,
                                                   std::string_view space,
                                                   std::string_view label_selector) {
  kube::ListOptions options;
  options.label_selector = label_selector;
  kube::ObjectList all = TRY(client_.list(resource, space, options));
  return shared(std::move(all.items), resource);
}

Result<std::vector<kube::ObjectRef>> Objects::runs_of(const std::string& space,
                                                      const std::string& pipeline) {
  if (runs_ != nullptr) return runs_->by_index(kRunsByPipeline, space + "/" + pipeline);
  return list(pipeline_runs(), space, fmt::format("{}={}", run::kPipeline, pipeline));
}

Result<Written> Objects::write(http::Method method, const kube::Resource& resource,
                               const kube::ResourcePath& path, json::value object, bool strict) {
  if (!object.is_object()) return Error{Code::invalid, "the body must be a JSON object"};
  object.get_object()["kind"] = resource.kind;
  object.get_object()["apiVersion"] = resource.api_version();
  const std::string target =
      fmt::format("{}?fieldValidation={}", path.text(), strict ? "Strict" : "Warn");
  http::Request request = http::make_request(method, target, to_json(object));
  request.headers.set("Accept", "application/json");
  request.headers.set("Content-Type", "application/json");
  http::Response response = TRY(transport_.send(std::move(request)));
  if (response.status < 200 || response.status >= 300) {
    return kube::parse_status(response.status, response.body.view()).to_error();
  }
  Written out{.object = complete(TRY(parse_json(response.body.view())), resource), .warnings = {}};
  for (const auto& [name, value] : response.headers) {
    if (equals_ignoring_case(name, "Warning")) out.warnings.push_back(value);
  }
  return out;
}

Result<Written> Objects::create(const kube::Resource& resource, std::string_view space,
                                const json::value& object, bool strict) {
  return write(http::Method::post, resource, resource.path(space), object, strict);
}

Result<Written> Objects::update(const kube::Resource& resource, const json::value& object,
                                bool strict) {
  return write(http::Method::put, resource,
               resource.path(kube::space_of(object), kube::name_of(object)), object, strict);
}

Result<Written> Objects::replace(
    const kube::Resource& resource, const kube::Key& key, json::value object, bool strict,
    const std::function<void(const json::value& stored, json::value& object)>& adapt) {
  for (int attempt = 1;; ++attempt) {
    const json::value stored = TRY(get_by_kind(resource, key));
    set_at(object, {"metadata", "resourceVersion"}, json::value(kube::resource_version_of(stored)));
    if (adapt) adapt(stored, object);
    Result<Written> written = update(resource, object, strict);
    const bool overtaken = !written && written.error().code == Code::conflict;
    if (!overtaken || attempt == kAttempts) return written;
  }
}

bool is_strict(const http::Request& request) {
  return request.query.get("fieldValidation") == "Strict";
}

Result<json::value> body_of(const http::Request& request, bool may_be_empty) {
  const std::string_view type = request.headers.get("Content-Type");
  bool known = false;
  for (std::string_view one : kJsonTypes) known = known || type.find(one) != type.npos;
  if (!known) {
    return Error{Code::invalid,
                 fmt::format("[ServiceError:400] Unable to unmarshal content of type:{}", type)};
  }
  const std::string_view text = trim(request.body.view());
  if (text.empty()) {
    if (may_be_empty) return json::value(json::object());
    return Error{Code::invalid, "the body is empty; a JSON object is needed"};
  }
  Result<json::value> value = parse_json(text);
  if (!value) return Error{Code::invalid, value.error().message};
  if (!value->is_object()) return Error{Code::invalid, "the body must be a JSON object"};
  return value;
}

http::Response written_reply(const Written& written, bool with_kind) {
  http::Response response = json_reply(with_kind ? written.object : without_kind(written.object));
  for (const std::string& warning : written.warnings) response.headers.add("Warning", warning);
  return response;
}

json::value without_kind(json::value object) {
  if (object.is_object()) {
    object.get_object().erase("kind");
    object.get_object().erase("apiVersion");
  }
  return object;
}

}  // namespace ks::devops::kapis
