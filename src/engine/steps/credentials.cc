#include "engine/credentials.h"

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/node.h"

// withCredentials: secrets in the environment of a block, masked in everything that is printed.

namespace ks::engine {
namespace {

std::string_view kind_name(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::username_password: return "Username with password";
    case CredentialKind::ssh_key: return "SSH Username with private key";
    case CredentialKind::secret_text: return "Secret text";
    case CredentialKind::kubeconfig: return "Kubernetes configuration (kubeconfig)";
  }
  return "?";
}

/// What a binding takes, by the class that Jenkins names in its error.
std::string_view expected_class(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::username_password:
      return "com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials";
    case CredentialKind::ssh_key:
      return "com.cloudbees.jenkins.plugins.sshcredentials.SSHUserPrivateKey";
    case CredentialKind::secret_text:
      return "org.jenkinsci.plugins.plaincredentials.StringCredentials";
    case CredentialKind::kubeconfig: return kind_name(kind);
  }
  return "?";
}

Credential find_credential(Run& run, groovy::Task& task, const std::string& id) {
  const auto found =
      run.services().credentials == nullptr ? std::nullopt : run.services().credentials->find(id);
  if (!found) run.fail(task, fmt::format("Could not find credentials entry with ID '{}'", id));
  return *found;
}

/// A secret as a file that only the commands of the block see; gone at its end.
std::string secret_file(StepCall& call, const std::string& name, const std::string& content,
                        std::vector<std::string>& folders) {
  const ContextRef context = call.context();
  if (context->workspace == nullptr)
    call.fail("a secret file needs a node: surround the step with 'node'");
  // Not journaled: after a restart it is written again, under the same name.
  const std::string folder = fmt::format("{}@tmp/secretFiles/{}-{}", context->workspace->path(),
                                         call.run.spec().number, call.node);
  folders.push_back(folder);
  const Result<> made = make_dirs(folder, 0700);
  const Result<> written =
      made ? write_file_atomic(folder + "/" + percent_encode(name), content, 0600) : made;
  if (!written) call.fail(written.error().message);
  return folder + "/" + percent_encode(name);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> bind_credential(Run& run, groovy::Task& task,
                                                                 const std::string& id,
                                                                 const std::string& variable) {
  const Credential credential = find_credential(run, task, id);
  run.mask(credential.secret);
  run.mask(credential.passphrase);
  switch (credential.kind) {
    case CredentialKind::username_password:
      run.mask(credential.username + ":" + credential.secret);
      return {{variable, credential.username + ":" + credential.secret},
              {variable + "_USR", credential.username},
              {variable + "_PSW", credential.secret}};
    case CredentialKind::secret_text:
    case CredentialKind::kubeconfig: return {{variable, credential.secret}};
    case CredentialKind::ssh_key: {
      const StepInfo info{.name = "withCredentials"};
      StepCall call(run, task, info);
      std::vector<std::string> folders;
      return {{variable, secret_file(call, "ssh-key-" + id, credential.secret, folders)},
              {variable + "_USR", credential.username},
              {variable + "_PSW", credential.passphrase}};
    }
  }
  return {};
}

namespace {

struct Bound {
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::string> secret_names;
  std::vector<std::string> folders;
};

void bind_one(StepCall& call, const json::object& binding, Bound& bound) {
  auto text = [&](std::string_view name) {
    const json::value* value = binding.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  const std::string kind = text("$binding");
  const Credential credential = find_credential(call.run, call.task, text("credentialsId"));
  auto require = [&](CredentialKind wanted) {
    if (credential.kind != wanted) {
      call.fail(fmt::format("Credentials '{}' is of type '{}' where '{}' was expected",
                            credential.id, kind_name(credential.kind), expected_class(wanted)));
    }
  };
  auto add = [&](const std::string& variable, const std::string& value, bool secret) {
    if (variable.empty()) return;
    bound.env.emplace_back(variable, value);
    if (secret) bound.secret_names.push_back("$" + variable);
  };
  call.run.mask(credential.secret);
  call.run.mask(credential.passphrase);
  if (kind == "string") {
    require(CredentialKind::secret_text);
    add(text("variable"), credential.secret, true);
  } else if (kind == "usernamePassword") {
    require(CredentialKind::username_password);
    add(text("usernameVariable"), credential.username, false);
    add(text("passwordVariable"), credential.secret, true);
  } else if (kind == "usernameColonPassword") {
    require(CredentialKind::username_password);
    call.run.mask(credential.username + ":" + credential.secret);
    add(text("variable"), credential.username + ":" + credential.secret, true);
  } else if (kind == "kubeconfigContent") {
    require(CredentialKind::kubeconfig);
    add(text("variable").empty() ? "KUBECONFIG_CONTENT" : text("variable"), credential.secret,
        true);
  } else if (kind == "file") {
    add(text("variable"), secret_file(call, credential.id, credential.secret, bound.folders), true);
  } else if (kind == "sshUserPrivateKey") {
    require(CredentialKind::ssh_key);
    add(text("keyFileVariable"),
        secret_file(call, "ssh-key-" + credential.id, credential.secret, bound.folders), true);
    add(text("usernameVariable"), credential.username, false);
    add(text("passphraseVariable"), credential.passphrase, true);
  } else {
    call.fail(
        fmt::format("withCredentials knows no binding '{}'; there are string, usernamePassword, "
                    "usernameColonPassword, file, sshUserPrivateKey, "
                    "kubeconfigContent",
                    kind));
  }
}

groovy::Value with_credentials(StepCall& call) {
  Bound bound;
  const json::value bindings = from_groovy(call.task, call.value("bindings"));
  if (const json::array* list = bindings.if_array()) {
    for (const json::value& binding : *list) {
      if (!binding.is_object())
        call.fail(
            "withCredentials takes a list of bindings such as string(credentialsId: 'x', variable: "
            "'X')");
      bind_one(call, binding.get_object(), bound);
    }
  }
  if (!bound.secret_names.empty())
    call.run.print_line("Masking supported pattern matches of " + join(bound.secret_names, " or "));
  struct RemoveFiles {
    const std::vector<std::string>& folders;
    ~RemoveFiles() {
      for (const std::string& folder : folders) (void)remove_tree(folder);
    }
  } remove{bound.folders};
  return call.call_body([&](StepContext& inner) { inner.env = bound.env; });
}

/// `string(credentialsId: ..., variable: ...)` and its like are descriptions: a map that says what
/// they are. `string` is a parameter's type too, with other arguments.
template <size_t N>
struct BindingName {
  char text[N];
  consteval BindingName(const char (&name)[N]) {
    std::copy_n(name, N, text);
  }  // NOLINT: a literal is the point
};

template <BindingName kName>
groovy::Value describe(StepCall& call) {
  std::vector<std::pair<std::string, groovy::Value>> entries = {
      {"$binding", call.string(kName.text)}};
  for (const auto& [name, value] : call.arguments) entries.emplace_back(name, value);
  return call.run.interpreter().make_map(std::move(entries));
}

}  // namespace

void add_credential_steps(StepRegistry& registry) {
  registry.add({.name = "withCredentials",
                .parameters = {"bindings"},
                .sole = "bindings",
                .block = true,
                .function = with_credentials});
  auto description = [&](std::string_view name, std::vector<std::string_view> parameters,
                         StepFunction function) {
    registry.add({.name = name,
                  .parameters = std::move(parameters),
                  .sole = {},
                  .function = function,
                  .quiet = true});
  };
  description("string",
              {"credentialsId", "variable", "name", "defaultValue", "description", "trim"},
              describe<"string">);
  description("usernamePassword", {"credentialsId", "usernameVariable", "passwordVariable"},
              describe<"usernamePassword">);
  description("usernameColonPassword", {"credentialsId", "variable"},
              describe<"usernameColonPassword">);
  description("file", {"credentialsId", "variable", "name", "description"}, describe<"file">);
  description("sshUserPrivateKey",
              {"credentialsId", "keyFileVariable", "usernameVariable", "passphraseVariable"},
              describe<"sshUserPrivateKey">);
  description("kubeconfigContent", {"credentialsId", "variable"}, describe<"kubeconfigContent">);
  // Parameters of `input` and `parameters([...])`.
  description("booleanParam", {"name", "defaultValue", "description"}, describe<"booleanParam">);
  description("choice", {"name", "choices", "description"}, describe<"choice">);
  description("text", {"name", "defaultValue", "description", "trim"}, describe<"text">);
  description("password", {"name", "defaultValue", "defaultValueAsSecret", "description"},
              describe<"password">);
  description("credentials", {"name", "credentialType", "defaultValue", "required", "description"},
              describe<"credentials">);
  // Job properties: `buildDiscarder(logRotator(...))`.
  description("logRotator",
              {"daysToKeepStr", "numToKeepStr", "artifactDaysToKeepStr", "artifactNumToKeepStr"},
              describe<"logRotator">);
}

}  // namespace ks::engine
