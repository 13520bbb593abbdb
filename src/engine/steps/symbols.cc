#include "engine/step.h"

// Symbols: calls that describe something - a binding, a parameter, a job property - for a step that
// takes it.

namespace ks::engine {
namespace {

/// A map that says what it is: `string(name: 'X')` is [$binding: 'string', name: 'X'].
groovy::Value describe(StepCall& call) {
  std::vector<std::pair<std::string, groovy::Value>> entries = {
      {"$binding", call.string(call.info.name)}};
  for (const auto& [name, value] : call.arguments) entries.emplace_back(name, value);
  return call.run.interpreter().make_map(std::move(entries));
}

struct Symbol {
  std::string_view name;
  std::vector<std::string_view> parameters = {};
  std::string_view sole = {};
};

}  // namespace

void add_symbols(StepRegistry& registry) {
  const Symbol symbols[] = {
      // Bindings of withCredentials; `string` and `file` are types of parameters too.
      {"string",
       {"credentialsId", "variable", "name", "defaultValue", "value", "description", "trim"}},
      {"file", {"credentialsId", "variable", "name", "description"}},
      {"usernamePassword", {"credentialsId", "usernameVariable", "passwordVariable"}},
      {"usernameColonPassword", {"credentialsId", "variable"}},
      {"zip", {"credentialsId", "variable"}},
      {"sshUserPrivateKey",
       {"credentialsId", "keyFileVariable", "usernameVariable", "passphraseVariable"}},
      {"certificate", {"credentialsId", "keystoreVariable", "passwordVariable", "aliasVariable"}},
      {"dockerCert", {"credentialsId", "variable"}},
      {"kubeconfigContent", {"credentialsId", "variable"}},
      // Parameters of `input`, `properties` and `build`.
      {"booleanParam", {"name", "defaultValue", "value", "description"}},
      {"choice", {"name", "choices", "description"}},
      {"text", {"name", "defaultValue", "value", "description", "trim"}},
      {"password", {"name", "defaultValue", "defaultValueAsSecret", "value", "description"}},
      {"credentials",
       {"name", "credentialType", "defaultValue", "required", "value", "description"}},
      {"run", {"name", "projectName", "filter", "runId", "description"}},
      // Job properties.
      {"buildDiscarder", {"strategy"}, "strategy"},
      {"logRotator",
       {"daysToKeepStr", "numToKeepStr", "artifactDaysToKeepStr", "artifactNumToKeepStr",
        "removeLastBuild"}},
      {"disableConcurrentBuilds", {"abortPrevious"}},
      {"disableResume"},
      {"durabilityHint", {"hint"}, "hint"},
      {"overrideIndexTriggers", {"enableTriggers"}, "enableTriggers"},
      {"preserveStashes", {"buildCount"}},
      {"rateLimitBuilds", {"throttle"}, "throttle"},
      {"parameters", {"parameterDefinitions"}, "parameterDefinitions"},
      {"pipelineTriggers", {"triggers"}, "triggers"},
      {"quietPeriod", {"quietPeriod"}, "quietPeriod"},
      {"copyArtifactPermission", {"projectNames"}, "projectNames"},
      {"githubProjectProperty", {"projectUrlStr", "displayName"}, "projectUrlStr"},
      {"gitLabConnection",
       {"gitLabConnection", "jobCredentialId", "useAlternativeCredential"},
       "gitLabConnection"},
      // Triggers.
      {"cron", {"spec"}, "spec"},
      {"pollSCM", {"scmpoll_spec", "ignorePostCommitHooks"}, "scmpoll_spec"},
      {"upstream", {"upstreamProjects", "threshold"}, "upstreamProjects"},
      {"githubPush"},
      {"GenericTrigger",
       {"genericVariables", "genericRequestVariables", "genericHeaderVariables", "token",
        "tokenCredentialId", "causeString", "regexpFilterText", "regexpFilterExpression",
        "printContributedVariables", "printPostContent", "silentResponse"}},
      // Conditions of `retry`.
      {"agent"},
      {"kubernetesAgent", {"handleNonKubernetes"}},
      {"nonresumable"},
  };
  for (const Symbol& symbol : symbols) {
    registry.add({.name = symbol.name,
                  .parameters = symbol.parameters,
                  .sole = symbol.sole,
                  .function = describe,
                  .quiet = true,
                  .symbol = true});
  }
}

}  // namespace ks::engine
