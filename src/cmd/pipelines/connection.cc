#include "cmd/pipelines/connection.h"

#include <fmt/format.h>

#include "base/file.h"
#include "kube/kubeconfig.h"

namespace ks::cmd {

Result<Connection> connect(const std::string& kubeconfig) {
  if (!file_exists(kubeconfig)) {
    return Error{Code::not_found,
                 fmt::format("there is no kubeconfig at {}: start a server with `ks up`, or name "
                             "another file with --kubeconfig",
                             kubeconfig)};
  }
  kube::ClusterAccess access = TRY(kube::load_kubeconfig(kubeconfig));
  Connection out;
  out.server = access.transport.base_url;
  out.transport = TRY(http::socket_client(std::move(access.transport)));
  out.kube = std::make_unique<kube::Client>(*out.transport);
  out.jenkins = std::make_unique<jenkins::Client>(*out.transport);
  return out;
}

Error with_hint(Error error, const Connection& connection) {
  if (error.code == Code::unavailable) {
    error.message = fmt::format("the server at {} does not answer; start it with `ks up` ({})",
                                connection.server, error.message);
  } else if (error.code == Code::unauthenticated) {
    error.message = fmt::format(
        "the server at {} does not know the token of this kubeconfig; use "
        "the one that `ks up` wrote",
        connection.server);
  }
  return error;
}

Result<PipelineName> parse_pipeline_name(std::string_view text) {
  const size_t slash = text.find('/');
  const bool two = slash != text.npos && slash > 0 && slash + 1 < text.size() &&
                   text.find('/', slash + 1) == text.npos;
  if (!two) {
    return Error{Code::invalid,
                 fmt::format("'{}' is no pipeline: write PROJECT/PIPELINE, such as demo/hello; "
                             "`ks pipeline list` shows them",
                             text)};
  }
  return PipelineName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Result<std::pair<std::string, std::string>> split_pair(std::string_view text,
                                                       std::string_view flag) {
  const size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return Error{Code::invalid, fmt::format("{} '{}': expected NAME=VALUE", flag, text)};
  }
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace ks::cmd
