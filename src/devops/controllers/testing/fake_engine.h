#pragma once

#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "http/client.h"
#include "http/router.h"
#include "jenkins/client.h"
#include "jenkins/event_stream.h"

namespace ks::devops::testing {

/// An engine whose builds do what the test says. It speaks enough of the Jenkins contract for the
/// controllers; the real one has its own tests.
class FakeEngine {
 public:
  explicit FakeEngine(bool pushes = true) {
    using http::Method;
    add(Method::post, "/createItem", [this](auto& r) { return create_folder(r); });
    add(Method::get, "/job/{p}/api/json", [this](auto& r) {
      return folders_.contains(std::string(r.param("p"))) ? ok("{}") : missing();
    });
    add(Method::post, "/job/{p}/doDelete", [this](auto& r) {
      return folders_.erase(std::string(r.param("p"))) > 0 ? found() : missing();
    });
    add(Method::post, "/job/{p}/createItem", [this](auto& r) {
      if (!folders_.contains(std::string(r.param("p")))) return missing();
      jobs_[std::string(r.param("p")) + "/" + std::string(r.query.get("name"))] = r.body.view();
      return ok("");
    });
    add(Method::get, "/job/{p}/job/{j}/config.xml", [this](auto& r) {
      const auto job = jobs_.find(name_of(r));
      return job == jobs_.end() ? missing() : http::Response::text(200, job->second);
    });
    add(Method::post, "/job/{p}/job/{j}/config.xml", [this](auto& r) {
      ++config_writes_;
      jobs_[name_of(r)] = r.body.view();
      return ok("");
    });
    add(Method::post, "/job/{p}/job/{j}/doDelete",
        [this](auto& r) { return jobs_.erase(name_of(r)) > 0 ? found() : missing(); });
    add(Method::post, "/job/{p}/job/{j}/{n}/doDelete", [this](auto& r) {
      return builds_.erase(std::string(r.param("n"))) > 0 ? found() : missing();
    });
    const std::string blue = "/blue/rest/organizations/jenkins/pipelines/{p}/pipelines/{j}";
    add(Method::get, blue + "/", [this](auto& r) {
      if (const auto said = said_.find(name_of(r)); said != said_.end()) {
        return ok(to_json(said->second.pipeline));
      }
      if (!jobs_.contains(name_of(r))) return missing();
      return ok(R"({"name":")" + std::string(r.param("j")) + R"(","weatherScore":80})");
    });
    add(Method::get, blue + "/branches/", [this](auto& r) {
      const auto said = said_.find(name_of(r));
      return said == said_.end() ? missing() : ok(to_json(said->second.branches));
    });
    add(Method::post, blue + "/runs/", [this](auto& r) { return start(r); });
    add(Method::get, blue + "/runs/", [this](auto& r) { return list_runs(r); });
    add(Method::get, "/job/{p}/job/{j}/{n}/api/json",
        [](auto&) { return ok(R"({"actions":[{"parameters":[{"name":"A","value":"1"}]}]})"); });
    add(Method::get, blue + "/runs/{n}/", [this](auto& r) {
      const auto build = builds_.find(std::string(r.param("n")));
      return build == builds_.end() ? missing() : ok(to_json(build->second.run));
    });
    add(Method::get, blue + "/runs/{n}/nodes/", [this](auto& r) {
      const auto build = builds_.find(std::string(r.param("n")));
      return build == builds_.end() ? missing() : ok(to_json(build->second.nodes));
    });
    add(Method::put, blue + "/runs/{n}/stop/", [this](auto& r) {
      const auto build = builds_.find(std::string(r.param("n")));
      if (build == builds_.end()) return missing();
      ++stops_;
      build->second.run["state"] = "FINISHED";
      build->second.run["result"] = "ABORTED";
      tell(build->second);
      return ok("{}");
    });
    for (const char* how : {"pause", "resume"}) {
      add(Method::put, blue + "/runs/{n}/" + how + "/", [this, how = std::string(how)](auto& r) {
        const auto build = builds_.find(std::string(r.param("n")));
        if (build == builds_.end()) return missing();
        build->second.run["state"] = how == "pause" ? "PAUSED" : "RUNNING";
        tell(build->second);
        return ok("{}");
      });
    }
    const std::string store = "/job/{p}/credentials/store/folder/domain/_";
    add(Method::post, store + "/createCredentials", [this](auto& r) {
      const json::value sent = *parse_json(http::Query::parse(r.body.view()).get("json"));
      const json::value& form = sent.at("credentials");
      credentials_[std::string(text_at(form, {"id"}))] = *jenkins::credential_from_form(form);
      return found();
    });
    add(Method::get, store + "/credential/{id}/api/json", [this](auto& r) {
      return credentials_.contains(std::string(r.param("id"))) ? ok("{}") : missing();
    });
    add(Method::post, store + "/credential/{id}/updateSubmit", [this](auto& r) {
      const json::value form = *parse_json(http::Query::parse(r.body.view()).get("json"));
      credentials_[std::string(r.param("id"))] = *jenkins::credential_from_form(form);
      return found();
    });
    add(Method::post, store + "/credential/{id}/doDelete", [this](auto& r) {
      return credentials_.erase(std::string(r.param("id"))) > 0 ? found() : missing();
    });
    if (pushes) add(Method::get, jenkins::kEventPath, [this](auto&) { return follow(); });
    client_ = http::in_process_client(router_, {.name = "admin", .uid = {}, .groups = {}});
  }
  ~FakeEngine() {
    std::lock_guard lock(mutex_);
    for (auto& stream : streams_) stream->close();
  }

  http::Client& transport() { return *client_; }

  /// Changes a build, and tells of it.
  void set_build(const std::string& id, std::string_view state, std::string_view result,
                 json::array nodes = {}) {
    std::lock_guard lock(mutex_);
    Build& build = builds_.at(id);
    build.run["state"] = state;
    build.run["result"] = result;
    build.nodes = std::move(nodes);
    tell(build);
  }
  void forget_build(const std::string& id) {
    std::lock_guard lock(mutex_);
    Build build = builds_.at(id);
    builds_.erase(id);
    tell(build);
  }
  /// The next `count` starts are done, but answered with a failure, as when the server dies
  /// between.
  void fail_after_start(int count) {
    std::lock_guard lock(mutex_);
    failing_starts_ = count;
  }

  /// Builds have failed by the time that their start is answered.
  void fail_at_once() {
    std::lock_guard lock(mutex_);
    fails_at_once_ = true;
  }

  /// What Blue Ocean says of a multi-branch pipeline `folder/name`.
  void say(const std::string& name, json::value pipeline, json::value branches) {
    std::lock_guard lock(mutex_);
    said_[name] = {std::move(pipeline), std::move(branches)};
  }

  /// Somebody else starts a build: a timer, a push.
  void start_elsewhere(const std::string& folder, const std::string& job, const std::string& key) {
    std::lock_guard lock(mutex_);
    const std::string id = std::to_string(next_++);
    Build& build = builds_[id];
    build.key = key;
    build.folder = folder;
    build.job = job;
    build.run = {{"id", id}, {"pipeline", job}, {"state", "RUNNING"}, {"result", "UNKNOWN"}};
    tell(build);
  }

  template <class F>
  auto look(F&& function) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(function)(*this);
  }
  // Within look().
  const std::set<std::string>& folders() const { return folders_; }
  const std::map<std::string, std::string>& jobs() const { return jobs_; }
  const std::map<std::string, jenkins::Credential>& credentials() const { return credentials_; }
  size_t builds() const { return builds_.size(); }
  const json::value& parameters_of(const std::string& id) const {
    return builds_.at(id).parameters;
  }
  int stops() const { return stops_; }
  int config_writes() const { return config_writes_; }

 private:
  struct Build {
    std::string key;
    json::object run;
    json::array nodes;
    json::value parameters;
    std::string folder, job;
  };

  template <class F>
  void add(http::Method method, std::string_view pattern, const F& handler) {
    router_.add(method, pattern, [this, handler](http::Request& request) {
      std::lock_guard lock(mutex_);
      return handler(request);
    });
  }
  static http::Response ok(std::string body) { return http::Response::json(200, std::move(body)); }
  static http::Response found() { return http::Response::text(302, ""); }
  static http::Response missing() { return http::Response::text(404, "Not Found"); }
  static std::string name_of(const http::Request& request) {
    return std::string(request.param("p")) + "/" + std::string(request.param("j"));
  }

  http::Response create_folder(http::Request& request) {
    folders_.insert(std::string(request.query.get("name")));
    return found();
  }

  http::Response start(http::Request& request) {
    if (!jobs_.contains(name_of(request))) return missing();
    const json::value body = *parse_json(request.body.view());
    const std::string key(text_at(body, {"key"}));
    std::string id;
    for (const auto& [known, build] : builds_) {
      if (!key.empty() && build.key == key) id = known;
    }
    if (id.empty()) {
      id = std::to_string(next_++);
      Build& build = builds_[id];
      build.key = key;
      build.folder = request.param("p");
      build.job = request.param("j");
      build.parameters = body.at("parameters");
      build.run = {{"id", id}, {"pipeline", build.job}, {"state", "QUEUED"}, {"result", "UNKNOWN"}};
      if (fails_at_once_) build.run["state"] = "FINISHED", build.run["result"] = "FAILURE";
    }
    if (failing_starts_ > 0) {
      failing_starts_--;
      return http::Response::text(500, "");
    }
    return ok(to_json(builds_[id].run));
  }

  http::Response list_runs(http::Request& request) {
    json::array out;
    for (const auto& [id, build] : builds_) {
      if (build.folder == request.param("p") && build.job == request.param("j"))
        out.push_back(build.run);
    }
    return ok(to_json(out));
  }

  http::Response follow() {
    http::Response response;
    response.stream = [this](std::shared_ptr<http::Stream> stream) {
      std::lock_guard lock(mutex_);
      stream->write(jenkins::to_sse({.id = std::to_string(++event_),
                                     .type = jenkins::Event::Type::reset,
                                     .job = {},
                                     .run = {},
                                     .key = {},
                                     .data = {}}));
      streams_.push_back(std::move(stream));
    };
    return response;
  }

  void tell(const Build& build) {
    const jenkins::Event event{.id = std::to_string(++event_),
                               .type = jenkins::Event::Type::run,
                               .job = {build.folder, build.job, ""},
                               .run = std::string(text_at(build.run, {"id"})),
                               .key = build.key,
                               .data = {}};
    for (auto& stream : streams_) stream->write(jenkins::to_sse(event));
  }

  std::mutex mutex_;
  std::set<std::string> folders_;
  std::map<std::string, std::string> jobs_;
  std::map<std::string, Build> builds_;
  struct Said {
    json::value pipeline, branches;
  };
  std::map<std::string, Said> said_;
  std::map<std::string, jenkins::Credential> credentials_;
  std::vector<std::shared_ptr<http::Stream>> streams_;
  int next_ = 1;
  int event_ = 0;
  int config_writes_ = 0;
  int stops_ = 0;
  int failing_starts_ = 0;
  bool fails_at_once_ = false;
  http::Router router_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace ks::devops::testing
