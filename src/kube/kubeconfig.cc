#include "kube/kubeconfig.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace ks::kube {
namespace {

constexpr size_t kMaxFileBytes = 4u << 20;

/// The entry of `list` (clusters, users, contexts) with that name.
Result<const json::value*> named(const json::value& config, std::string_view list,
                                 std::string_view member, std::string_view name) {
  const json::value* all = find(config, {list});
  if (all != nullptr && all->is_array()) {
    for (const json::value& entry : all->get_array()) {
      if (text_at(entry, {"name"}) != name) continue;
      const json::value* found = find(entry, {member});
      if (found != nullptr && found->is_object()) return found;
    }
  }
  return Error{Code::not_found, fmt::format("kubeconfig: {} \"{}\" is not defined", member, name)};
}

std::string resolved(std::string_view path, std::string_view folder) {
  if (path.starts_with('/') || folder.empty()) return std::string(path);
  return fmt::format("{}/{}", folder, path);
}

/// `NAME-data` as base64 wins over the file of `NAME`; empty when there is neither.
Result<std::string> data_or_file(const json::value& from, std::string_view name,
                                 std::string_view folder) {
  if (std::string_view data = text_at(from, {fmt::format("{}-data", name)}); !data.empty()) {
    Result<std::string> decoded = base64_decode(data);
    if (!decoded) return std::move(decoded).error().in(fmt::format("kubeconfig: {}-data", name));
    return decoded;
  }
  const std::string_view path = text_at(from, {name});
  if (path.empty()) return std::string();
  return read_file(resolved(path, folder), kMaxFileBytes);
}

Result<> read_user(const json::value& user, std::string_view folder, http::ClientOptions& out) {
  for (std::string_view unknown : {"exec", "auth-provider"}) {
    if (find(user, {unknown}) != nullptr) {
      return Error{Code::invalid,
                   fmt::format("kubeconfig: users with \"{}\" are not supported: use "
                               "a token or a client certificate",
                               unknown)};
    }
  }
  out.client_cert_pem = TRY(data_or_file(user, "client-certificate", folder));
  out.client_key_pem = TRY(data_or_file(user, "client-key", folder));
  out.bearer_token = text_at(user, {"token"});
  if (std::string_view path = text_at(user, {"tokenFile"});
      out.bearer_token.empty() && !path.empty()) {
    out.bearer_token = trim(TRY(read_file(resolved(path, folder), kMaxFileBytes)));
  }
  out.username = text_at(user, {"username"});
  out.password = text_at(user, {"password"});
  return {};
}

}  // namespace

Result<ClusterAccess> parse_kubeconfig(std::string_view text, std::string_view folder,
                                       std::string_view context) {
  Result<json::value> parsed = parse_yaml(text);
  if (!parsed) return std::move(parsed).error().in("kubeconfig");
  const json::value& config = *parsed;

  ClusterAccess out;
  out.context = context.empty() ? text_at(config, {"current-context"}) : context;
  if (out.context.empty()) {
    return Error{Code::invalid, "kubeconfig: no current-context is set; name a context"};
  }
  const json::value* chosen = TRY(named(config, "contexts", "context", out.context));
  out.space = text_at(*chosen, {"namespace"});
  if (out.space.empty()) out.space = "default";

  const json::value* cluster =
      TRY(named(config, "clusters", "cluster", text_at(*chosen, {"cluster"})));
  out.transport.base_url = text_at(*cluster, {"server"});
  if (out.transport.base_url.empty()) {
    return Error{Code::invalid, fmt::format("kubeconfig: cluster \"{}\" has no server",
                                            text_at(*chosen, {"cluster"}))};
  }
  while (out.transport.base_url.ends_with('/')) out.transport.base_url.pop_back();
  out.transport.insecure = bool_at(*cluster, {"insecure-skip-tls-verify"});
  out.transport.ca_pem = TRY(data_or_file(*cluster, "certificate-authority", folder));

  if (std::string_view user = text_at(*chosen, {"user"}); !user.empty()) {
    TRY(read_user(*TRY(named(config, "users", "user", user)), folder, out.transport));
  }
  return out;
}

Result<ClusterAccess> load_kubeconfig(const std::string& path, std::string_view context) {
  const std::string text = TRY(read_file(path, kMaxFileBytes));
  const size_t slash = path.rfind('/');
  return parse_kubeconfig(text, slash == path.npos ? "." : path.substr(0, slash), context);
}

}  // namespace ks::kube
