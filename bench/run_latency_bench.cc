// A PipelineRun object from its creation to its first step and to the status that watchers see,
// over TLS on kept-alive connections to a `ks up` of its own.

#include <fcntl.h>
#include <signal.h>

#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "jenkins/client.h"
#include "kube/client.h"
#include "kube/kubeconfig.h"
#include "report.h"

namespace ks::bench {
namespace {

using namespace std::chrono_literals;
using Nanos = std::chrono::nanoseconds;

constexpr int kWarmUp = 20;
constexpr int kRuns = 300;
constexpr auto kPatience = 10s;

const kube::Resource kProjects{"devops.kubesphere.io", "v1alpha3", "devopsprojects",
                               "DevOpsProject", false};
const kube::Resource kPipelines{"devops.kubesphere.io", "v1alpha3", "pipelines", "Pipeline", true};
const kube::Resource kPipelineRuns{"devops.kubesphere.io", "v1alpha3", "pipelineruns",
                                   "PipelineRun", true};

/// Since 1970, so that the clock of a shell's `date` can be compared.
Nanos now() {
  return std::chrono::duration_cast<Nanos>(std::chrono::system_clock::now().time_since_epoch());
}

template <class T>
T must(Result<T>&& result, std::string_view what) {
  CHECK_MSG(result.ok(), fmt::format("{}: {}", what, result.error().message));
  return std::move(result).value();
}

/// A server in a folder of its own, gone at the end.
class Server {
 public:
  Server() {
    const char* named = std::getenv("KS_BINARY");
    const std::string binary = named != nullptr ? named : std::string(KS_BINARY_DIR) + "/ks";
    process_ = must(Process::spawn({.argv = {binary, "up", "--no-demo", "--bind", "127.0.0.1:0",
                                             "--data-dir", dir_.path()},
                                    .env = current_environment()}),
                    binary);
    for (int i = 0; i < 2000 && !connect(); ++i) std::this_thread::sleep_for(10ms);
    CHECK_MSG(transport_ != nullptr, "the server did not get ready");
  }
  ~Server() {
    (void)process_.signal(SIGTERM);
    (void)process_.wait();
    end_agent();
  }

  http::Client& transport() { return *transport_; }
  std::string path(std::string_view name) const { return dir_ / name; }

 private:
  bool connect() {
    if (!file_exists(dir_ / "kubeconfig")) return false;
    Result<kube::ClusterAccess> access = kube::load_kubeconfig(dir_ / "kubeconfig");
    if (!access) return false;
    Result<std::unique_ptr<http::Client>> client = http::socket_client(access->transport);
    if (!client) return false;
    http::Request ready;
    ready.path = "/readyz";
    const Result<http::Response> answer = (*client)->send(std::move(ready));
    if (!answer || answer->status != 200) return false;
    transport_ = std::move(*client);
    return true;
  }

  /// The agent outlives its server on purpose; this one has nothing left to do.
  void end_agent() {
    const Result<Output> found = run_process(
        {.argv = {"pgrep", "-f", "agent.*" + dir_.path()}, .env = current_environment()});
    if (!found) return;
    for (std::string_view line : split(found->out, '\n')) {
      if (const auto pid = parse_int(trim(line))) kill(static_cast<pid_t>(*pid), SIGTERM);
    }
  }

  TempDir dir_;
  Process process_;
  std::unique_ptr<http::Client> transport_;
};

/// When which things were first seen.
class Sightings {
 public:
  void note(const std::string& what) {
    {
      std::lock_guard lock(mutex_);
      seen_.try_emplace(what, now());
    }
    changed_.notify_all();
  }
  Nanos wait(const std::string& what) {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, kPatience, [&] { return seen_.contains(what); });
    CHECK_MSG(came, what + " did not come");
    return seen_[what];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Nanos> seen_;
};

class Bench {
 public:
  Bench() : kube_(server_.transport()), jenkins_(server_.transport()) {
    must(kube_.create(kProjects, json::object{{"metadata", json::object{{"name", "demo"}}}}),
         "project");
    until([&] {
      const Result<json::value> project = kube_.get(kProjects, {"", "demo"});
      return project && text_at(*project, {"status", "adminNamespace"}) == "demo";
    });
    add_pipeline("echo", "echo 'first'");
    add_pipeline("shell", "node { sh \"date +%s%N > " + server_.path("stamps") + "/\\$STAMP\" }");
    must(make_dirs(server_.path("stamps")), "folder");
    follow();
  }

  void run() {
    Samples to_step, to_status, to_command, from_command;
    for (int i = 0; i < kWarmUp + kRuns; ++i) {
      const bool counts = i >= kWarmUp;
      const auto [began, run] = create("echo");
      const Nanos step = seen_.wait("step " + std::string(text_at(run, {"metadata", "uid"})));
      seen_.wait("end " + std::string(text_at(run, {"metadata", "name"})));
      const Nanos status = seen_.wait("status " + std::string(text_at(run, {"metadata", "name"})));
      if (!counts) continue;
      to_step.add(step - began);
      to_status.add(status - began);
    }
    for (int i = 0; i < kWarmUp + kRuns; ++i) {
      const auto [began, run] = create("shell");
      const std::string name(text_at(run, {"metadata", "name"}));
      const Nanos end = seen_.wait("end " + name);
      const Nanos stamp = stamp_of(name);
      if (i < kWarmUp) continue;
      to_command.add(stamp - began);
      from_command.add(end - stamp);
    }
    report("create of a PipelineRun to its first step (echo)", to_step.p50_p99(),
           "p50 <= 20, p99 <= 60");
    report("create of a PipelineRun to its first phase at a watcher", to_status.p50_p99());
    report("create of a PipelineRun to a command of its first sh", to_command.p50_p99(),
           "p50 <= 20, p99 <= 60");
    report("last command of a run to its final status at a watcher", from_command.p50_p99(),
           "<= 20 ms");
  }

 private:
  static void until(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
      if (holds()) return;
      std::this_thread::sleep_for(10ms);
    }
    CHECK_MSG(false, "the server did not do it in time");
  }

  void add_pipeline(std::string_view name, std::string_view script) {
    const json::value pipeline = json::object{
        {"metadata", json::object{{"name", name}, {"namespace", "demo"}}},
        {"spec", json::object{
                     {"type", "pipeline"},
                     {"pipeline",
                      json::object{{"name", name},
                                   {"jenkinsfile", script},
                                   {"parameters", json::array{json::object{
                                                      {"name", "STAMP"}, {"type", "string"}}}}}}}}};
    must(kube_.create(kPipelines, pipeline), name);
    until([&] {
      const Result<json::value> made = kube_.get(kPipelines, {"demo", std::string(name)});
      return made &&
             kube::annotation(*made, "pipeline.devops.kubesphere.io/syncstatus") == "successful";
    });
  }

  void follow() {
    events_ = jenkins_.subscribe({.on_event =
                                      [this](const jenkins::Event& event) {
                                        if (event.type == jenkins::Event::Type::node)
                                          seen_.note("step " + event.key);
                                      },
                                  .on_unsupported = [] {},
                                  .after = {}});
    const kube::ObjectList now = must(kube_.list(kPipelineRuns, "demo"), "list");
    watch_ = kube_.watch(kPipelineRuns, "demo", {.resource_version = now.resource_version},
                         {.on_event =
                              [this](const kube::WatchEvent& event) {
                                const std::string name(kube::name_of(event.object));
                                if (!text_at(event.object, {"status", "phase"}).empty())
                                  seen_.note("status " + name);
                                if (!text_at(event.object, {"status", "completionTime"}).empty())
                                  seen_.note("end " + name);
                              },
                          .on_end = [](const Result<>&) {}});
  }

  std::pair<Nanos, json::value> create(std::string_view pipeline) {
    const std::string name = fmt::format("{}-{}", pipeline, next_++);
    const json::value run = json::object{
        {"metadata", json::object{{"name", name}, {"namespace", "demo"}}},
        {"spec", json::object{{"pipelineRef", json::object{{"name", pipeline}}},
                              {"parameters",
                               json::array{json::object{{"name", "STAMP"}, {"value", name}}}}}}};
    const Nanos began = now();
    return {began, must(kube_.create(kPipelineRuns, run), name)};
  }

  /// What `date` wrote in the run.
  Nanos stamp_of(const std::string& name) const {
    const std::string text = must(read_file(server_.path("stamps") + "/" + name), name);
    return Nanos(parse_int(trim(text)).value_or(0));
  }

  Server server_;
  kube::Client kube_;
  jenkins::Client jenkins_;
  Sightings seen_;
  std::unique_ptr<jenkins::Subscription> events_;
  std::unique_ptr<http::Reading> watch_;
  int next_ = 0;
};

}  // namespace
}  // namespace ks::bench

int main() {
  ks::bench::Bench().run();
  return 0;
}
