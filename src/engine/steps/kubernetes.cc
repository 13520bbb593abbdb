#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "engine/aside.h"
#include "engine/cluster.h"
#include "engine/credentials.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/secret_files.h"
#include "engine/values.h"
#include "http/client.h"

// kubernetesDeploy, withKubeConfig.

namespace ks::engine {
namespace {

constexpr size_t kMaxConfigBytes = size_t{8} << 20;
constexpr size_t kMostObjects = 5'000;

Credential credential_of(StepCall& call, const std::string& id, std::string_view problem) {
  const auto found = try_credential(call.run, call.task, id);
  if (!found) call.fail(std::string(problem) + id);
  call.run.mask(found->secret);
  return *found;
}

/// A kubeconfig is given by people: it must not make the server read files of its own and send them
/// elsewhere.
Result<> names_no_files(const json::value& value, int depth = 0) {
  if (depth > 50) return Error{Code::invalid, "the kubeconfig is nested too deeply"};
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) TRY(names_no_files(one, depth + 1));
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return {};
  for (const auto& [key, member] : *object) {
    for (std::string_view file :
         {"certificate-authority", "client-certificate", "client-key", "tokenFile"}) {
      if (key == file) {
        return Error{Code::forbidden,
                     fmt::format("the kubeconfig names a file in '{}': put its content in instead "
                                 "('{}-data', 'token')",
                                 file, file)};
      }
    }
    TRY(names_no_files(member, depth + 1));
  }
  return {};
}

Result<Cluster> connect(const ConnectCluster& how, const std::string& kubeconfig) {
  if (!how) return Error{Code::unavailable, "this program has no client for clusters"};
  TRY(names_no_files(TRY(parse_yaml(kubeconfig))));
  return how(kubeconfig, {});
}

// ----- applying -----

Result<json::value> answer_of(http::Client& client, http::Request request, std::string_view what,
                              int* status = nullptr) {
  const http::Response answer = TRY(client.send(std::move(request)));
  if (status != nullptr) *status = answer.status;
  const Result<json::value> body = parse_json(answer.body.view());
  if (answer.status >= 400) {
    return Error{answer.status == 404 ? Code::not_found : Code::invalid,
                 fmt::format("{}: {}", what,
                             body && !text_at(*body, {"message"}).empty()
                                 ? text_at(*body, {"message"})
                                 : fmt::format("the API server answered {}", answer.status))};
  }
  return body ? *body : json::value(nullptr);
}

/// Where an object lies: asked of the API server itself, so that kinds of CRDs are known too.
Result<std::string> path_of(const Cluster& cluster, const json::value& object) {
  const std::string version(text_at(object, {"apiVersion"})), kind(text_at(object, {"kind"})),
      name(text_at(object, {"metadata", "name"}));
  if (version.empty() || kind.empty() || name.empty()) {
    return Error{Code::invalid, "an object without apiVersion, kind or metadata.name"};
  }
  const std::string base =
      (version.contains('/') ? "/apis/" : "/api/") + percent_encode(version, "/");
  const json::value list =
      TRY(answer_of(*cluster.client, http::make_request(http::Method::get, base),
                    fmt::format("{} {}", version, kind)));
  const json::value* resources = find(list, {"resources"});
  if (resources != nullptr && resources->is_array()) {
    for (const json::value& one : resources->get_array()) {
      const std::string_view plural = text_at(one, {"name"});
      if (text_at(one, {"kind"}) != kind || plural.contains('/')) continue;
      const std::string given(text_at(object, {"metadata", "namespace"}));
      const std::string space =
          bool_at(one, {"namespaced"})
              ? "/namespaces/" + percent_encode(given.empty() ? cluster.space : given)
              : "";
      return fmt::format("{}{}/{}/{}", base, space, plural, percent_encode(name));
    }
  }
  return Error{Code::not_found, fmt::format("the cluster has no kind '{}' in '{}'", kind, version)};
}

/// Server-side apply: makes or changes. The line for the console.
Result<std::string> apply(const Cluster& cluster, const json::value& object) {
  const std::string kind(text_at(object, {"kind"})), name(text_at(object, {"metadata", "name"}));
  const std::string path = TRY(path_of(cluster, object));
  http::Request request =
      http::make_request(http::Method::patch, path + "?fieldManager=kubernetes-deploy&force=true",
                         to_json(object), {{"Content-Type", "application/apply-patch+yaml"}});
  int status = 0;
  (void)TRY(
      answer_of(*cluster.client, std::move(request), fmt::format("{} '{}'", kind, name), &status));
  return fmt::format("{} {}: {}", status == 201 ? "Created" : "Applied", kind, name);
}

Result<std::string> remove(const Cluster& cluster, const json::value& object) {
  const std::string kind(text_at(object, {"kind"})), name(text_at(object, {"metadata", "name"}));
  const std::string path = TRY(path_of(cluster, object));
  const Result<json::value> gone =
      answer_of(*cluster.client, http::make_request(http::Method::delete_, path),
                fmt::format("{} '{}'", kind, name));
  if (!gone && gone.error().code != Code::not_found) return gone.error();
  return fmt::format("Deleted {}: {}", kind, name);
}

/// `$NAME` and `${NAME}` of the environment; what is not there stays.
std::string substituted(std::string text,
                        std::vector<std::pair<std::string, std::string>> variables) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t dollar = std::min(text.find('$', at), text.size());
    out += text.substr(at, dollar - at);
    if (dollar == text.size()) break;
    const bool braces = dollar + 1 < text.size() && text[dollar + 1] == '{';
    size_t end = dollar + (braces ? 2 : 1);
    const size_t begin = end;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
      end++;
    const std::string name = text.substr(begin, end - begin);
    const bool closed = !braces || (end < text.size() && text[end] == '}');
    if (braces && closed) end++;
    // The last one counts, as in an environment.
    const auto found = std::find_if(variables.rbegin(), variables.rend(),
                                    [&](const auto& one) { return one.first == name; });
    out += closed && found != variables.rend() ? found->second : text.substr(dollar, end - dollar);
    at = end;
  }
  return out;
}

struct Deployment {
  ConnectCluster connect;
  std::function<Result<std::string>()> kubeconfig;
  std::string folder, configs;
  Fence fence;
  bool substitute = true, remove = false;
  std::vector<std::pair<std::string, std::string>> env;
};

/// {lines, error}: what was done stays done, and is told also when something fails.
Result<json::value> deploy(const Deployment& job, const std::stop_token& stop) {
  json::array lines;
  auto failed = [&](const std::string& message) {
    return json::value{{"lines", std::move(lines)}, {"error", message}};
  };
  const Result<std::string> kubeconfig = job.kubeconfig();
  if (!kubeconfig) return failed(kubeconfig.error().message);
  const Result<Cluster> cluster = connect(job.connect, *kubeconfig);
  if (!cluster) return failed(cluster.error().message);
  const auto files = TRY(find_files(job.folder, job.configs, "", true));
  if (files.empty()) return failed("No matching configuration files found for " + job.configs);
  size_t count = 0;
  for (const std::string& file : files) {
    lines.emplace_back(fmt::format("Loading configuration: {}/{}", job.folder, file));
    std::string text = TRY(job.fence.read(job.folder + "/" + file, kMaxConfigBytes));
    if (job.substitute) text = substituted(std::move(text), job.env);
    const auto documents = parse_yaml_documents(text);
    if (!documents) return failed(fmt::format("{}: {}", file, documents.error().message));
    std::vector<json::value> objects;
    for (const json::value& one : *documents) {
      const json::value* items = text_at(one, {"kind"}) == "List" ? find(one, {"items"}) : nullptr;
      if (items != nullptr && items->is_array()) {
        objects.insert(objects.end(), items->get_array().begin(), items->get_array().end());
      } else {
        objects.push_back(one);
      }
    }
    for (const json::value& object : objects) {
      if (stop.stop_requested()) return Error{Code::unavailable, "the run was stopped"};
      if (++count > kMostObjects) return failed(fmt::format("more than {} objects", kMostObjects));
      const Result<std::string> line =
          job.remove ? remove(*cluster, object) : apply(*cluster, object);
      if (!line) return failed(fmt::format("{}: {}", file, line.error().message));
      lines.emplace_back(*line);
    }
  }
  return json::value{{"lines", std::move(lines)}, {"error", ""}};
}

/// `kubeconfigId: 'ID'`, or `kubeConfig: [path: 'FILE']` of the workspace. Asked for when it is
/// needed: a replay that is past the step must not want what is gone by now.
std::function<Result<std::string>()> kubeconfig_of(StepCall& call) {
  const json::value given = data_of(call, call.value("kubeConfig"));
  const std::string file(given.is_object() ? text_at(given, {"path"}) : "");
  if (!file.empty()) {
    const std::string path = plain_path(resolve(call, file));
    return [path, fence = fence_of(call, path)] { return fence.read(path, kMaxConfigBytes); };
  }
  const std::string id = call.text("kubeconfigId");
  const CredentialSource* source = call.run.services().credentials;
  if (const auto found = source == nullptr ? std::nullopt : source->find(id))
    call.run.mask(found->secret);
  return [id, source]() -> Result<std::string> {
    const auto found = source == nullptr ? std::nullopt : source->find(id);
    if (!found) return Error{Code::not_found, "Cannot find kubeconfig credentials with id " + id};
    return found->secret;
  };
}

groovy::Value kubernetes_deploy(StepCall& call) {
  Run& run = call.run;
  const std::string configs = call.text("configs");
  if (configs.empty()) throw_illegal_argument(call, "kubernetesDeploy: configs must name files");
  run.print_line("Starting Kubernetes deployment");
  const Deployment job{.connect = run.services().connect_cluster,
                       .kubeconfig = kubeconfig_of(call),
                       .folder = call.directory(),
                       .configs = configs,
                       .fence = fence_of(call, call.directory()),
                       .substitute = call.flag("enableConfigSubstitution", true),
                       .remove = call.flag("deleteResource"),
                       .env = run.environment(call.context().get())};
  const json::value done =
      aside(call, {.what = "kubernetesDeploy",
                   .sync = AwaitSpec::Sync::now,
                   .act = [job](bool, const std::stop_token& stop) { return deploy(job, stop); }});
  for (const json::value& line : done.at("lines").as_array()) run.print_line(line.as_string());
  if (const std::string_view error = done.at("error").as_string(); !error.empty()) {
    run.print_line(fmt::format("ERROR: {}", error));
    call.fail("Kubernetes deployment ended with HasError");
  }
  run.print_line("Finished Kubernetes deployment");
  return {};
}

// ----- withKubeConfig -----

/// A kubeconfig of the parts that the step was given, with a token or a password.
std::string made_kubeconfig(StepCall& call, const Credential& credential) {
  json::object cluster{{"server", call.text("serverUrl")}}, user;
  if (const std::string ca = call.text("caCertificate"); ca.empty()) {
    cluster["insecure-skip-tls-verify"] = true;
  } else {
    const bool pem = ca.contains("BEGIN CERTIFICATE");
    cluster["certificate-authority-data"] = base64_encode(
        pem ? ca : "-----BEGIN CERTIFICATE-----\n" + ca + "\n-----END CERTIFICATE-----\n");
  }
  if (credential.kind == CredentialKind::username_password) {
    user = {{"username", credential.username}, {"password", credential.secret}};
  } else {
    user = {{"token", credential.secret}};
  }
  const std::string name = call.text("clusterName", "k8s");
  json::object context{{"cluster", name}, {"user", "cluster-admin"}};
  if (!call.text("namespace").empty()) context["namespace"] = call.text("namespace");
  const std::string context_name = call.text("contextName", name);
  return to_yaml(
      json::object{{"apiVersion", "v1"},
                   {"kind", "Config"},
                   {"clusters", json::array{{{"name", name}, {"cluster", cluster}}}},
                   {"users", json::array{{{"name", "cluster-admin"}, {"user", user}}}},
                   {"contexts", json::array{{{"name", context_name}, {"context", context}}}},
                   {"current-context", context_name}});
}

Result<std::string> with_context(const std::string& text, const std::string& context,
                                 const std::string& space) {
  if (context.empty() && space.empty()) return text;
  json::value config = TRY(parse_yaml(text));
  if (!config.is_object()) return Error{Code::invalid, "the credential is no kubeconfig"};
  if (!context.empty()) config.as_object()["current-context"] = context;
  const std::string current(text_at(config, {"current-context"}));
  json::value* contexts = find(config, {"contexts"});
  if (!space.empty() && contexts != nullptr && contexts->is_array()) {
    for (json::value& one : contexts->get_array()) {
      if (text_at(one, {"name"}) == current)
        set_at(one, {"context", "namespace"}, json::value(json::string(space)));
    }
  }
  return to_yaml(config);
}

/// KUBECONFIG for the commands of the body: kubectl and helm find the cluster by it.
groovy::Value with_kube_config(StepCall& call) {
  const Credential credential = credential_of(
      call, call.text("credentialsId"), "[kubernetes-cli] unable to find credentials with id ");
  std::string text;
  if (credential.kind == CredentialKind::kubeconfig ||
      credential.kind == CredentialKind::secret_file) {
    const Result<std::string> chosen =
        with_context(credential.secret, call.text("contextName"), call.text("namespace"));
    if (!chosen) call.fail("[kubernetes-cli] " + chosen.error().message);
    text = *chosen;
  } else {
    if (call.text("serverUrl").empty())
      call.fail("[kubernetes-cli] serverUrl is needed with a token or a password");
    text = made_kubeconfig(call, credential);
  }
  SecretFiles files(call.run, call.task);
  struct Remove {
    SecretFiles& files;
    ~Remove() { files.remove(); }
  } remove{files};
  const std::string path = files.add("kubeconfig", text);
  return call.call_body([&](StepContext& inner) { inner.env = {{"KUBECONFIG", path}}; });
}

}  // namespace

void add_kubernetes_steps(StepRegistry& registry) {
  registry.add({.name = "kubernetesDeploy",
                .parameters = {"configs", "kubeconfigId", "kubeConfig", "ssh", "textCredentials",
                               "credentialsType", "enableConfigSubstitution", "deleteResource",
                               "secretNamespace", "secretName", "dockerCredentials"},
                .sole = {},
                .needs = Needs::node,
                .function = kubernetes_deploy});
  registry.add({.name = "withKubeConfig",
                .parameters = {"credentialsId", "serverUrl", "caCertificate", "contextName",
                               "namespace", "clusterName", "restrictKubeConfigAccess"},
                .sole = {},
                .block = true,
                .needs = Needs::node,
                .function = with_kube_config});
}

}  // namespace ks::engine
