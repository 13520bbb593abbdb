#include "cmd/up/demo.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/pipelines/objects.h"
#include "hello_jenkinsfile.h"
#include "kube/client.h"

namespace ks::cmd {
namespace {

constexpr size_t kShown = 5;

}  // namespace

Result<Demo> start_demo(http::Client& client, const std::stop_token& stop) {
  kube::Client kube(client);
  const PipelineName name{"demo", "hello"};
  TRY(ensure_project(kube, name.project, stop));
  TRY(put_pipeline(kube,
                   {.name = name,
                    .description = "examples/hello",
                    .jenkinsfile = kHelloJenkinsfile,
                    .replace = true},
                   stop));
  const NewRun run{
      .pipeline = name,
      .parameters = {{"name", "ada"}, {"debug", "true"}, {"kubernetesVersion", "v1.18.9"}}};
  Demo demo{.pipeline = name.text(), .parameters = {}, .id = {}, .job = name.job()};
  for (const auto& [parameter, value] : run.parameters) {
    demo.parameters += fmt::format("{}{}={}", demo.parameters.empty() ? "" : " ", parameter, value);
  }
  const json::value made = TRY(create_run(kube, run));
  demo.id = TRY(wait_for_build(kube, made, stop));
  return demo;
}

Result<std::vector<std::pair<std::string, std::string>>> list_some_pipelines(http::Client& client) {
  kube::Client kube(client);
  jenkins::Client jenkins(client);
  kube::ListOptions options;
  options.limit = kShown;
  const kube::ObjectList list = TRY(kube.list(pipelines(), {}, options));
  std::vector<std::pair<std::string, std::string>> out;
  for (const json::value& pipeline : list.items) {
    const kube::Key key = kube::key_of(pipeline);
    std::string latest = "no run yet";
    if (const auto job = jenkins.pipeline({key.space, key.name, ""}); job && job->latest) {
      const jenkins::Run& run = *job->latest;
      latest = fmt::format("#{} {}", run.id, run.is_finished() ? run.result : run.state);
    }
    out.emplace_back(key.text(), std::move(latest));
  }
  return out;
}

}  // namespace ks::cmd
