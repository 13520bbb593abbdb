#pragma once

#include <string>
#include <vector>

namespace ks::engine {

/// A SonarQube server that `withSonarQubeEnv` may name.
struct SonarServer {
  std::string name;
  std::string url;
  std::string token;                ///< empty: a credential that the step names, or none
  std::string webhook_secret = {};  ///< signs its webhook; empty: the step may name a credential
};

/// The analysis that a run sent off: what waitForQualityGate asks about.
struct SonarTask {
  std::string id, url, server, credential;
};

}  // namespace ks::engine
