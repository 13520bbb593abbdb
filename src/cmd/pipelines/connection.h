#pragma once

#include <memory>
#include <string>

#include "http/client.h"
#include "jenkins/client.h"
#include "kube/client.h"

namespace ks::cmd {

/// A server, as a kubeconfig names it: its Kubernetes API and the Jenkins API beside that.
struct Connection {
  std::string server;
  std::unique_ptr<http::Client> transport;
  std::unique_ptr<kube::Client> kube;
  std::unique_ptr<jenkins::Client> jenkins;
};

Result<Connection> connect(const std::string& kubeconfig);

/// Adds what to do about it, where we know: the server does not run, it does not know the kinds.
Error with_hint(Error error, const Connection& connection);

/// `PROJECT/PIPELINE`.
struct PipelineName {
  std::string project, name;
  std::string text() const { return project + "/" + name; }
  jenkins::JobRef job() const { return {project, name, ""}; }
};
Result<PipelineName> parse_pipeline_name(std::string_view text);

/// `NAME=VALUE`; the error names the flag.
Result<std::pair<std::string, std::string>> split_pair(std::string_view text,
                                                       std::string_view flag);

}  // namespace ks::cmd
