#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "jenkins/types.h"

namespace ks::jenkins {

/// Follows an event stream; destroying it ends that. No callback runs afterwards.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

/// Calls the Jenkins and Blue Ocean REST API: of our engine, in this process or elsewhere, or of a
/// stock Jenkins. Thread-safe; calls block. The transport must outlive it.
///
///   jenkins::Run run = TRY(client.start({"demo", "build"}, {{"BRANCH", "main"}}, {.key = uid}));
///   auto watching = client.subscribe({.on_event = [&](const Event& event) { wake(event); }});
///
/// Calls that only ask are made up to three times while nobody answers; those that change something
/// once, as nobody knows whether they were done.
///
/// Errors: `not_found` for 404, `invalid` for 400, `forbidden`, `conflict`, `unavailable` when
/// nobody answers, `internal` for the rest; a redirect after a POST is a success.
class Client {
 public:
  explicit Client(http::Client& transport) : transport_(transport) {}

  // ----- folders and jobs -----

  Result<bool> folder_exists(const std::string& folder);
  /// One that exists already is fine.
  Result<> create_folder(const std::string& folder);
  /// `not_found` when it is gone already.
  Result<> remove_folder(const std::string& folder);

  Result<bool> job_exists(const JobRef& job);
  Result<> create_job(const JobRef& job, const std::string& config_xml);
  Result<std::string> read_config(const JobRef& job);
  Result<> write_config(const JobRef& job, const std::string& config_xml);
  Result<> remove_job(const JobRef& job);
  Result<Pipeline> pipeline(const JobRef& job);
  /// Branches and pull requests of a multi-branch pipeline, as Blue Ocean writes them.
  Result<json::array> branches(const JobRef& job);

  // ----- runs -----

  struct StartOptions {
    /// Our engine starts at most one run of a job for a key, however often it is asked; a stock
    /// Jenkins does not know of it.
    std::string key;
    std::string user;  ///< who started it; a stock Jenkins takes the user of the connection
  };
  Result<Run> start(const JobRef& job, const std::vector<Parameter>& parameters,
                    const StartOptions& options);
  Result<Run> run(const JobRef& job, std::string_view id);
  Result<std::vector<Run>> runs(const JobRef& job);
  /// What a run was started with.
  Result<std::vector<Parameter>> parameters(const JobRef& job, std::string_view id);
  /// Stages and parallel branches, with their steps when asked: one call to our engine, one more
  /// for each node to a stock Jenkins.
  Result<std::vector<Node>> nodes(const JobRef& job, std::string_view id, bool with_steps);
  /// Without a node: all steps of the run, also those outside of any stage.
  Result<std::vector<Step>> steps(const JobRef& job, std::string_view id, std::string_view node);

  struct LogPiece {
    std::string text;
    uint64_t next = 0;  ///< where to go on
    bool more = false;  ///< the run still writes
  };
  Result<LogPiece> log(const JobRef& job, std::string_view id, uint64_t start);
  struct Artifact {
    std::string path;
    uint64_t size = 0;
  };
  Result<std::vector<Artifact>> artifacts(const JobRef& job, std::string_view id);
  /// The bytes of one.
  Result<std::string> artifact(const JobRef& job, std::string_view id, std::string_view path);
  Result<> stop(const JobRef& job, std::string_view id);
  /// Lets a run stand still, or go on. Only our engine can; `not_found` elsewhere.
  Result<> hold(const JobRef& job, std::string_view id, bool hold);
  struct InputAnswer {
    std::string id;
    bool proceed = true;
    std::vector<Parameter> parameters;
  };
  /// `node` may be empty, as in steps().
  Result<> answer(const JobRef& job, std::string_view id, std::string_view node,
                  std::string_view step, const InputAnswer& answer);
  Result<> remove_run(const JobRef& job, std::string_view id);

  // ----- credentials of a folder -----

  Result<bool> credential_exists(const std::string& folder, const std::string& id);
  Result<> create_credential(const std::string& folder, const Credential& credential);
  Result<> update_credential(const std::string& folder, const Credential& credential);
  Result<> remove_credential(const std::string& folder, const std::string& id);

  // ----- events -----

  struct SubscribeOptions {
    /// An event of type `reset` comes first, and again after a gap. On a thread of the client; must
    /// not block.
    std::function<void(const Event&)> on_event;
    /// The server cannot push: a stock Jenkins. Nothing more comes.
    std::function<void()> on_unsupported;
    std::string after;  ///< Resume after this event; then there is no first `reset`.
    std::chrono::milliseconds first_retry{50};
    std::chrono::milliseconds most_retry{5'000};
  };
  /// Follows all runs, and reconnects by itself.
  std::unique_ptr<Subscription> subscribe(SubscribeOptions options);

 private:
  Result<http::Response> send(http::Request request);
  Result<http::Response> post(const std::string& path, const std::string& body,
                              std::string_view content_type);
  Result<http::Response> send_with_crumb(http::Method method, const std::string& path,
                                         const std::string& body, std::string_view content_type);
  Result<json::value> get_json(const std::string& path);
  Result<bool> exists(const std::string& path);

  struct Crumb {
    std::string field;
    std::string value;
  };
  /// Empty fields: the server wants none.
  Result<Crumb> crumb(bool fresh);

  http::Client& transport_;
  std::mutex crumb_mutex_;
  std::optional<Crumb> crumb_;
};

}  // namespace ks::jenkins
