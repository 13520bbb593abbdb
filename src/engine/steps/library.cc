#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/library/library_set.h"
#include "engine/step.h"

// library, libraryResource, load.

namespace ks::engine {
namespace {

/// `modernSCM([$class: 'GitSCMSource', remote: ...])`, `modernSCM(github(...))`,
/// `legacySCM(scmGit(...))`.
LibraryRetriever read_retriever(StepCall& call, const json::value& value) {
  LibraryRetriever out{
      .url = {}, .credentials_id = {}, .path = std::string(text_at(value, {"libraryPath"}))};
  const json::value* scm = find(value, {"scm"});
  if (scm == nullptr) call.fail("library: retriever: give modernSCM(...) or legacySCM(...)");
  out.url = text_at(*scm, {"remote"});
  out.credentials_id = text_at(*scm, {"credentialsId"});
  if (out.url.empty()) out.url = text_at(*scm, {"repositoryUrl"});
  if (const std::string_view owner = text_at(*scm, {"repoOwner"});
      out.url.empty() && !owner.empty())
    out.url = fmt::format("https://github.com/{}/{}.git", owner, text_at(*scm, {"repository"}));
  if (const json::value* remotes = find(*scm, {"userRemoteConfigs"});
      remotes != nullptr && remotes->is_array() && !remotes->get_array().empty()) {
    out.url = text_at(remotes->get_array()[0], {"url"});
    out.credentials_id = text_at(remotes->get_array()[0], {"credentialsId"});
  }
  if (out.url.empty()) {
    call.fail(
        "library: retriever: only git is available: modernSCM([$class: 'GitSCMSource', remote: "
        "'https://...'])");
  }
  return out;
}

groovy::Value library(StepCall& call) {
  const LibraryId id = parse_library_id(call.text("identifier"));
  if (id.name.empty()) call.fail("library: identifier is empty; give 'name@version'");
  std::optional<LibraryRetriever> retriever;
  if (call.has("retriever"))
    retriever = read_retriever(call, from_groovy(call.task, call.value("retriever")));
  call.run.libraries().load(call.task, id, call.flag("changelog", true), retriever);
  return library_classes(call.run, call.task);
}

groovy::Value library_resource(StepCall& call) {
  const std::string path = call.text("resource");
  for (std::string_view part : split(path, '/')) {
    if (part == ".." || path.empty() || path.starts_with('/'))
      call.fail(fmt::format("'{}' is no path of a library resource", path));
  }
  const std::optional<std::string> content = call.run.libraries().resource(call.task, path);
  if (!content) call.fail(fmt::format("No such library resource {} could be found.", path));
  if (call.text("encoding") == "Base64") return call.string(base64_encode(*content));
  return call.string(to_utf8_lossy(*content));
}

/// The value of the file's last statement; its methods when that is `this`.
groovy::Value load(StepCall& call) {
  groovy::Interpreter& groovy = call.run.interpreter();
  const groovy::Value text[] = {call.string(read_text(call, resolve(call, call.text("path"))))};
  return groovy.invoke(call.task, groovy.script(), "evaluate", text);
}

}  // namespace

void add_library_steps(StepRegistry& registry) {
  registry.add({.name = "library",
                .parameters = {"identifier", "changelog", "retriever"},
                .sole = "identifier",
                .function = library});
  registry.add({.name = "libraryResource",
                .parameters = {"resource", "encoding"},
                .sole = "resource",
                .function = library_resource});
  registry.add({.name = "load",
                .parameters = {"path"},
                .sole = "path",
                .needs = Needs::node,
                .function = load});
}

}  // namespace ks::engine
