#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/template/go_template.h"

// Templates of pipelines and of steps, and what they become with parameters (devops-api, sections
// 7.7 and 12.5).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kResult = "devops.kubesphere.io/render-result";

kube::Resource templates() {
  return {"devops.kubesphere.io", "v1alpha3", "templates", "Template", true};
}
kube::Resource cluster_templates() {
  return {"devops.kubesphere.io", "v1alpha3", "clustertemplates", "ClusterTemplate", false};
}
kube::Resource step_templates() {
  return {"devops.kubesphere.io", "v1alpha3", "clustersteptemplates", "ClusterStepTemplate", false};
}

Response list_objects(Api& api, const Request& request, Generation generation,
                      const kube::Resource& resource, std::string_view space) {
  const std::string_view selector = request.query.get("labelSelector");
  Result<std::vector<kube::ObjectRef>> all = api.objects.list(
      resource, space, kube::LabelSelector::parse(selector) ? selector : std::string_view());
  if (!all) return error_reply(all.error());
  return json_reply(list_of(std::move(*all), request.query, generation));
}

/// `{name: value}` of `{"parameters": [{name, value}]}`.
Result<json::object> named_values(const json::value& body) {
  json::object out;
  const json::value* list = find(body, {"parameters"});
  if (list == nullptr || list->is_null()) return out;
  if (!list->is_array()) return Error{Code::invalid, "parameters: must be a list of {name, value}"};
  for (const json::value& one : list->get_array()) {
    const json::value* value = find(one, {"value"});
    if (const std::string_view name = text_at(one, {"name"}); !name.empty()) {
      out[name] = value == nullptr ? json::value() : *value;
    }
  }
  return out;
}

Response render(const Result<json::value>& found, const Request& request) {
  if (!found) return error_reply(found.error());
  const Result<json::value> body = body_of(request, true);
  if (!body) return error_reply(body.error());
  const Result<json::object> values = named_values(*body);
  if (!values) return error_reply(values.error());
  const Result<GoTemplate> parsed =
      GoTemplate::parse(text_at(*found, {"spec", "template"}), "$(", ")");
  if (!parsed) {
    return text_error(400,
                      fmt::format("Failed to render template, please check the pipeline template "
                                  "for syntax error. ({})",
                                  parsed.error().message));
  }
  const Result<std::string> text = parsed->render(json::object{{"params", *values}});
  if (!text) {
    return text_error(400, fmt::format("Failed to render template, please check the parameters you "
                                       "provided. ({})",
                                       text.error().message));
  }
  json::value object = *found;
  kube::set_annotation(object, kResult, *text);
  return json_reply(object);
}

Response render_template(Api& api, Request& request, Generation) {
  return render(api.objects.get_by_kind(templates(), {std::string(request.param("devops")),
                                                      std::string(request.param("template"))}),
                request);
}

Response render_cluster_template(Api& api, Request& request, Generation) {
  return render(api.objects.get_by_kind(cluster_templates(),
                                        {"", std::string(request.param("clustertemplate"))}),
                request);
}

// ----- steps -----

/// The binding of a Secret, as text of a withCredentials step; empty for other types.
std::string binding_of(std::string_view type, std::string_view name) {
  if (type == "kubernetes.io/basic-auth" || type == "credential.devops.kubesphere.io/basic-auth") {
    return fmt::format(
        "usernamePassword(credentialsId: '{}', passwordVariable: 'PASSWORDVARIABLE' "
        ",usernameVariable : 'USERNAMEVARIABLE')",
        name);
  }
  if (type == "bootstrap.kubernetes.io/token" ||
      type == "credential.devops.kubesphere.io/secret-text") {
    return fmt::format("string(credentialsId: '{}', variable: 'VARIABLE')", name);
  }
  if (type == "credential.devops.kubesphere.io/kubeconfig") {
    return fmt::format("kubeconfigContent(credentialsId: '{}', variable: 'VARIABLE')", name);
  }
  if (type == "credential.devops.kubesphere.io/ssh-auth") {
    return fmt::format(
        "sshUserPrivateKey(credentialsId: '{}', keyFileVariable : 'KEYFILEVARIABLE' "
        ",passphraseVariable : 'PASSPHRASEVARIABLE' ,usernameVariable : "
        "'SSHUSERPRIVATEKEY')",
        name);
  }
  return {};
}

std::string escaped(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEscapes = {
      {{"\\", "\\\\"}, {"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}, {"\"", "\\\""}}};
  for (const auto& [what, with] : kEscapes) text = replace_all(std::move(text), what, with);
  return text;
}

/// Defaults for what is absent; `script` and `command` as they stand within a JSON text.
json::object step_values(const json::value& step, const json::value& body) {
  json::object out = body.is_object() ? body.get_object() : json::object();
  if (const json::value* parameters = find(step, {"spec", "parameters"});
      parameters != nullptr && parameters->is_array()) {
    for (const json::value& one : parameters->get_array()) {
      const std::string_view name = text_at(one, {"name"});
      const std::string_view otherwise = text_at(one, {"defaultValue"});
      if (!otherwise.empty() && !out.contains(name)) out[name] = otherwise;
    }
  }
  for (std::string_view name : {"script", "command"}) {
    json::value* value = out.if_contains(name);
    if (value != nullptr && value->is_string()) *value = escaped(std::string(value->get_string()));
  }
  return out;
}

json::object argument(std::string_view value, bool literal = true) {
  return {{"isLiteral", literal}, {"value", value}};
}

/// A step around another one. What is no JSON is kept as text: the caller sees what went wrong.
std::string wrapped(std::string_view name, const json::object& value, const std::string& inner) {
  return fmt::format(R"({{"arguments":{},"children":[{}],"name":"{}"}})", to_json(value), inner,
                     name);
}

Result<std::string> render_step(const json::value& step, const json::value& body,
                                const json::value& secret) {
  const GoTemplate parsed = TRY(GoTemplate::parse(text_at(step, {"spec", "template"})));
  json::object data{{"param", step_values(step, body)}, {"secret", secret}};
  std::string text(trim(TRY(parsed.render(data))));
  if (text_at(step, {"spec", "runtime"}) != "dsl") {
    // The text was escaped already: it goes into the JSON as it is.
    text = R"({"arguments":[{"key":"script","value":{"isLiteral":true,"value":")" + text +
           R"("}}],"name":"sh"})";
  }
  if (bool_at(step, {"spec", "secret", "wrap"}) && !secret.is_null()) {
    const std::string binding =
        binding_of(text_at(step, {"spec", "secret", "type"}), kube::name_of(secret));
    text = wrapped("withCredentials", argument("${[" + binding + "]}", false), text);
  }
  if (const std::string_view container = text_at(step, {"spec", "container"}); !container.empty()) {
    text = wrapped("container", argument(container), text);
  }
  const Result<json::value> value = parse_json(text);
  return value ? to_pretty_json(*value) : std::string(trim(text));
}

Response render_step_template(Api& api, Request& request, Generation) {
  const Result<json::value> step = api.objects.get_by_kind(
      step_templates(), {"", std::string(request.param("clustersteptemplate"))});
  if (!step) return error_reply(step.error());
  const json::value body = body_of(request, true).value_or(json::value());
  json::value secret;
  if (const std::string name(request.query.get("secret")); !name.empty()) {
    const Result<json::value> found =
        api.objects.get(kube::secrets(), {std::string(request.query.get("secretNamespace")), name});
    if (!found) return error_reply(found.error());
    // What a template sees of a Secret is its name and type: its data must not get into a pipeline.
    secret = json::object{{"metadata", found->at("metadata")}, {"type", text_at(*found, {"type"})}};
    kube::remove_annotation(secret, "kubectl.kubernetes.io/last-applied-configuration");
  }
  const Result<std::string> text = render_step(*step, body, secret);
  if (!text) return text_error(400, text.error().message);
  return json_reply(json::object{{"data", *text}});
}

}  // namespace

void add_templates(RouteTable& table, Api& api) {
  const auto project = [&](Method method, const std::string& below, std::string summary,
                           Handle handle) {
    add_project_route(table, api, method, "/templates" + below, std::move(summary), handle);
  };
  project(Method::get, "", "List the templates of a project",
          [](Api& a, Request& r, Generation generation) {
            return list_objects(a, r, generation, templates(), r.param("devops"));
          });
  project(Method::get, "/{template}", "Get a template", [](Api& a, Request& r, Generation) {
    return reply(a.objects.get_by_kind(
        templates(), {std::string(r.param("devops")), std::string(r.param("template"))}));
  });
  project(Method::post, "/{template}/render", "Render a template", render_template);
  add_route(table, api, Method::get, "/clustertemplates", "List the templates of the platform",
            [](Api& a, Request& r, Generation generation) {
              return list_objects(a, r, generation, cluster_templates(), {});
            });
  add_route(table, api, Method::post, "/clustertemplates/{clustertemplate}/render",
            "Render a template of the platform", render_cluster_template);
  const std::string step = "/clustersteptemplates/{clustersteptemplate}";
  add_route(table, api, Method::get, "/clustersteptemplates", "List the templates of steps",
            [](Api& a, Request& r, Generation) {
              return list_objects(a, r, Generation::v4, step_templates(), {});
            });
  add_route(table, api, Method::get, step, "Get a template of a step",
            [](Api& a, Request& r, Generation) {
              return reply(a.objects.get_by_kind(
                  step_templates(), {"", std::string(r.param("clustersteptemplate"))}));
            });
  add_route(table, api, Method::post, step + "/render", "Render a template of a step",
            render_step_template);
}

}  // namespace ks::devops::kapis
