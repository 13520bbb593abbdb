#pragma once

#include <memory>

#include "engine/engine.h"
#include "http/router.h"

namespace ks::engine {

/// Serves the Jenkins and Blue Ocean REST contract over an engine, and its event stream.
///
///   JenkinsApi api(*engine);
///   api.add_routes(router);
///
/// It knows no users of its own: who may call is the business of the router's filters. Must outlive
/// the router's use; ends its streams when destroyed.
class JenkinsApi {
 public:
  explicit JenkinsApi(Engine& engine);
  ~JenkinsApi();
  JenkinsApi(const JenkinsApi&) = delete;
  JenkinsApi& operator=(const JenkinsApi&) = delete;

  /// Jenkins' own paths, such as `/job`, `/blue/rest` and `/pipeline-model-converter`, and
  /// `/ks/events`.
  void add_routes(http::Router& router);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::engine
