#include "pipeline/catalog.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace ks::pipeline {
namespace {

enum class Body : uint8_t { none, block };

/// Parameters separated by blanks: `name`, with `:s` String, `:i` int, `:l` long, `:b` boolean; `!`
/// required, `*` in front for the one that needs no name; a lone `...` says that there are more.
struct Row {
  std::string_view name;
  std::string_view parameters;
  Body body = Body::none;
};

constexpr auto kSteps = std::to_array<Row>({
    {"ansiColor", "*colorMapName:s!", Body::block},
    {"archiveArtifacts",
     "*artifacts:s! excludes:s allowEmptyArchive:b onlyIfSuccessful:b fingerprint:b "
     "defaultExcludes:b caseSensitive:b followSymlinks:b"},
    {"bat", "*script:s! returnStdout:b returnStatus:b encoding:s label:s"},
    {"build", "*job:s! parameters wait:b propagate:b quietPeriod waitForStart:b ..."},
    {"catchError", "message buildResult stageResult catchInterruptions:b", Body::block},
    {"checkout", "*scm! poll:b changelog:b"},
    {"cleanWs", "..."},
    {"configFileProvider", "*managedFiles ...", Body::block},
    {"container", "*name:s! shell:s", Body::block},
    {"deleteDir", ""},
    {"dir", "*path:s!", Body::block},
    {"echo", "*message!"},
    {"error", "*message!"},
    {"fileExists", "*file:s!"},
    {"getContext", "*type!"},
    {"git", "*url:s! branch:s credentialsId:s poll:b changelog:b"},
    {"input", "*message! id ok cancel submitter submitterParameter parameters"},
    {"isUnix", ""},
    {"junit",
     "*testResults:s! allowEmptyResults:b skipPublishingChecks:b keepLongStdio:b healthScaleFactor "
     "testDataPublishers "
     "skipMarkingBuildUnstable:b skipOldReports:b checksName ..."},
    {"library", "*identifier:s! changelog:b retriever"},
    {"load", "*path:s!"},
    {"lock",
     "*resource label quantity:i variable inversePrecedence:b priority skipIfLocked:b extra "
     "resourceSelectStrategy ...",
     Body::block},
    {"mail", "subject:s! body:s! to cc bcc from replyTo mimeType charset"},
    {"milestone", "*ordinal label"},
    {"node", "*label:s", Body::block},
    {"parallel", "...", Body::none},
    {"powershell", "*script:s! returnStdout:b returnStatus:b encoding:s label:s"},
    {"properties", "*properties!"},
    {"pwd", "tmp:b"},
    {"pwsh", "*script:s! returnStdout:b returnStatus:b encoding:s label:s"},
    {"readFile", "*file:s! encoding:s"},
    {"retry", "*count:i! conditions", Body::block},
    {"script", "", Body::block},
    {"sh", "*script:s! returnStdout:b returnStatus:b encoding:s label:s"},
    {"sleep", "*time:l! unit"},
    {"stage", "*name:s! concurrency", Body::block},
    {"stash", "*name:s! includes:s excludes:s useDefaultExcludes:b allowEmpty:b"},
    {"step", "*delegate ..."},
    {"timeout", "*time:i! unit activity:b", Body::block},
    {"timestamps", "", Body::block},
    {"tool", "*name:s! type"},
    {"unstable", "*message!"},
    {"unstash", "*name:s!"},
    {"waitUntil", "initialRecurrencePeriod:l quiet:b", Body::block},
    {"warnError", "*message! catchInterruptions:b", Body::block},
    {"withCredentials", "*bindings!", Body::block},
    {"withEnv", "*overrides!", Body::block},
    {"wrap", "*delegate ...", Body::block},
    {"writeFile", "file:s! text:s! encoding:s"},
    {"ws", "*dir:s!", Body::block},
});

/// Steps that may stand in `options`: those that need no node.
constexpr auto kWrappers = std::to_array<std::string_view>(
    {"ansiColor", "catchError", "lock", "retry", "script", "timeout", "timestamps", "waitUntil",
     "warnError", "withCredentials", "withEnv", "wrap"});

constexpr auto kStageOptions = std::to_array<Row>({
    {"checkoutToSubdirectory", "*subdirectory:s!"},
    {"skipDefaultCheckout", "*skipDefaultCheckout:b"},
});

constexpr auto kPipelineOptions = std::to_array<Row>({
    {"authenticationToken", "*authToken:s!"},
    {"buildDiscarder", "*strategy!"},
    {"copyArtifactPermission", "*projectNames:s!"},
    {"disableConcurrentBuilds", "abortPrevious:b"},
    {"disableRestartFromStage", ""},
    {"disableResume", ""},
    {"durabilityHint", "*hint!"},
    {"gitLabConnection", "..."},
    {"githubProjectProperty", "..."},
    {"newContainerPerStage", ""},
    {"overrideIndexTriggers", "*enableTriggers:b!"},
    {"parallelsAlwaysFailFast", ""},
    {"preserveStashes", "buildCount:i"},
    {"quietPeriod", "*quietPeriod:i!"},
    {"rateLimitBuilds", "*throttle!"},
    {"skipStagesAfterUnstable", ""},
});

constexpr auto kTriggers = std::to_array<Row>({
    {"GenericTrigger", "..."},
    {"cron", "*spec:s!"},
    {"githubPush", ""},
    {"gitlab", "..."},
    {"parameterizedCron", "*parameterizedSpecification:s!"},
    {"pollSCM", "*scmpoll_spec:s! ignorePostCommitHooks:b"},
    {"upstream", "*upstreamProjects:s! threshold"},
});

constexpr auto kParameters = std::to_array<Row>({
    {"booleanParam", "name:s! defaultValue:b description:s"},
    {"choice", "name:s! choices! description:s"},
    {"credentials", "name:s! credentialType:s! defaultValue:s! required:b! description:s ..."},
    {"file", "name:s! description:s"},
    {"password", "name:s! defaultValue defaultValueAsSecret description:s"},
    {"run", "name:s! projectName:s! description:s filter ..."},
    {"string", "name:s! defaultValue:s description:s trim:b"},
    {"text", "name:s! defaultValue:s description:s trim:b"},
});

constexpr auto kConditions = std::to_array<Row>({
    {"allOf", "", Body::block},
    {"anyOf", "", Body::block},
    {"branch", "*pattern:s! comparator:s"},
    {"buildingTag", ""},
    {"changeRequest",
     "id:s target:s branch:s fork:s url:s title:s author:s authorDisplayName:s authorEmail:s "
     "comparator:s"},
    {"changelog", "*pattern:s!"},
    {"changeset", "*pattern:s! caseSensitive:b comparator:s"},
    {"environment", "name:s! value:s! ignoreCase"},
    {"equals", "expected! actual!"},
    {"expression", "", Body::block},
    {"isRestartedRun", ""},
    {"not", "", Body::block},
    {"tag", "*pattern:s! comparator:s"},
    {"triggeredBy", "*cause:s! detail:s"},
});

constexpr auto kAgents = std::to_array<Row>({
    {"any", ""},
    {"docker",
     "*image! label args registryUrl registryCredentialsId customWorkspace reuseNode:b "
     "alwaysPull:b containerPerStageRoot:b retries"},
    {"dockerfile",
     "*filename dir additionalBuildArgs label args registryUrl registryCredentialsId "
     "customWorkspace reuseNode:b dockerfile retries"},
    {"kubernetes", "..."},
    {"label", "*label! customWorkspace retries"},
    {"node", "*label! customWorkspace retries"},
    {"none", ""},
});

constexpr auto kTools = std::to_array<std::string_view>(
    {"ant", "git", "go", "gradle", "jdk", "maven", "nodejs", "terraform"});

std::string_view type_words(char letter) {
  switch (letter) {
    case 's': return "class java.lang.String";
    case 'i': return "int";
    case 'l': return "long";
    default: return "boolean";
  }
}

Signature signature(const Row& row) {
  Signature made;
  made.block = row.body == Body::block;
  for (std::string_view word : split(row.parameters, ' ')) {
    if (word == "...") {
      made.open = true;
      continue;
    }
    ParameterType parameter;
    bool sole = word.starts_with('*');
    if (sole) word.remove_prefix(1);
    if (word.ends_with('!')) {
      parameter.required = true;
      word.remove_suffix(1);
    }
    if (word.size() > 2 && word[word.size() - 2] == ':') {
      parameter.type = type_words(word.back());
      word.remove_suffix(2);
    }
    parameter.name = word;
    if (sole) made.sole = word;
    made.parameters.push_back(std::move(parameter));
  }
  return made;
}

template <class Rows>
void add(Signatures& to, const Rows& rows) {
  for (const Row& row : rows) to.emplace(row.name, signature(row));
}

Catalog make_catalog() {
  Catalog catalog;
  add(catalog.steps, kSteps);
  add(catalog.stage_options, kStageOptions);
  for (std::string_view name : kWrappers)
    catalog.stage_options.emplace(name, catalog.steps.find(name)->second);
  catalog.options = catalog.stage_options;
  add(catalog.options, kPipelineOptions);
  add(catalog.triggers, kTriggers);
  add(catalog.parameters, kParameters);
  add(catalog.conditions, kConditions);
  add(catalog.agents, kAgents);
  catalog.tools.assign(kTools.begin(), kTools.end());
  return catalog;
}

}  // namespace

const ParameterType* Signature::parameter(std::string_view name) const {
  auto found = std::ranges::find(parameters, name, &ParameterType::name);
  return found == parameters.end() ? nullptr : &*found;
}

const Catalog& standard_catalog() {
  static const Catalog catalog = make_catalog();
  return catalog;
}

bool is_wrapper(std::string_view name) {
  return std::ranges::find(kWrappers, name) != kWrappers.end();
}

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string listed(const Signatures& signatures) {
  std::vector<std::string> names;
  for (const auto& [name, signature] : signatures) names.push_back(name);
  return listed(names);
}

}  // namespace ks::pipeline
