#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/credentials.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/secret_files.h"
#include "engine/values.h"

// configFileProvider: files that the server keeps for a block. Here they are credentials of the
// folder: Secrets of the type secret-file or secret-text.

namespace ks::engine {
namespace {

Credential config_file(StepCall& call, const std::string& id) {
  const auto found = try_credential(call.run, call.task, id);
  if (!found ||
      (found->kind != CredentialKind::secret_file && found->kind != CredentialKind::secret_text)) {
    call.fail(fmt::format(
        "not able to provide the file [ManagedFile: id={}], can't be resolved by any provider - "
        "maybe it got deleted by an administrator? Make it a Secret of the type "
        "credential.devops.kubesphere.io/secret-file in the project's namespace",
        id));
  }
  return *found;
}

/// `${NAME}` and `$NAME` of the environment; unknown ones stay.
std::string with_tokens(StepCall& call, const std::string& text) {
  std::string out = text;
  for (const auto& [name, value] : call.run.environment(call.context().get()))
    out = replace_all(std::move(out), "${" + name + "}", value);
  return out;
}

groovy::Value config_file_provider(StepCall& call) {
  SecretFiles temporary(call.run, call.task);
  std::vector<std::pair<std::string, std::string>> env;
  struct Remove {
    SecretFiles& files;
    ~Remove() { files.remove(); }
  } remove{temporary};
  call.run.print_line("provisioning config files...");
  const groovy::Value given = call.value("files");
  std::vector<groovy::Value> files = groovy::list_items(call.task, given);
  if (groovy::is_map(given)) files = {given};
  for (const groovy::Value& one : files) {
    const json::value file = data_of(call, one);
    const std::string id(text_at(file, {"fileId"})), variable(text_at(file, {"variable"})),
        target(text_at(file, {"targetLocation"}));
    const Credential credential = config_file(call, id);
    const std::string content =
        bool_at(file, {"replaceTokens"}) ? with_tokens(call, credential.secret) : credential.secret;
    std::string path;
    if (target.empty()) {
      path = temporary.add(credential.file_name.empty() ? "config-" + id : credential.file_name,
                           content);
    } else {
      path = plain_path(resolve(call, target.ends_with('/') ? target + id : target));
      write_text(call, path, content);
    }
    call.run.print_line(fmt::format("copy managed file [{}] to file:{}", id, path));
    if (!variable.empty()) env.emplace_back(variable, path);
  }
  return call.call_body([&](StepContext& inner) { inner.env = env; });
}

groovy::Value describe_file(StepCall& call) {
  std::vector<std::pair<std::string, groovy::Value>> entries;
  for (const auto& [name, value] : call.arguments) entries.emplace_back(name, value);
  return call.run.interpreter().make_map(std::move(entries));
}

}  // namespace

void add_config_file_steps(StepRegistry& registry) {
  registry.add({.name = "configFileProvider",
                .parameters = {"files"},
                .sole = "files",
                .block = true,
                .needs = Needs::node,
                .function = config_file_provider});
  registry.add({.name = "configFile",
                .parameters = {"fileId", "variable", "targetLocation", "replaceTokens"},
                .sole = "fileId",
                .function = describe_file,
                .quiet = true,
                .symbol = true});
}

}  // namespace ks::engine
