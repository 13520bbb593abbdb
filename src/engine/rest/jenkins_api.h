#pragma once

#include <memory>
#include <string>
#include <string_view>

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
  /// `state_file`: keeps views, favourites and the like; without one they go with the process.
  explicit JenkinsApi(Engine& engine, std::string state_file = {});
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

/// Marks what Jenkins' paths answer, errors of other filters too, as a Jenkins' answers: clients
/// look for `X-Jenkins` to know what they talk to. Add it before those other filters.
http::Router::Filter jenkins_headers();
/// Whether it is one of Jenkins' paths, which no other part of the server has.
bool is_jenkins_path(std::string_view path);
/// Whether a request shows a token of a job instead of a user: its handler checks that, and refuses
/// it to nobody in particular without. Filters that know users let it pass.
bool carries_job_token(const http::Request& request);

}  // namespace ks::engine
