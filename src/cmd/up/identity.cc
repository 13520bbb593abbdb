#include "cmd/up/identity.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "cmd/up/api_tokens.h"
#include "cmd/up/passwords.h"
#include "engine/rest/jenkins_api.h"
#include "kube/kubeconfig.h"
#include "kube/status.h"

namespace ks::cmd {
namespace {

using http::Request;
using http::Response;

constexpr size_t kMaxFileBytes = 1u << 20;
constexpr std::string_view kUser = "admin";

std::string token_hash(std::string_view token) { return hex_encode(sha256(token)); }

/// Webhooks of git servers prove by a signature who sends them.
bool is_webhook(std::string_view path) {
  constexpr std::string_view kGroup = "/kapis/devops.kubesphere.io";
  if (path.starts_with(kGroup)) path.remove_prefix(kGroup.size());
  return path == "/v1alpha2/webhook/git" || path == "/v1alpha2/webhook/github" ||
         path == "/v1alpha3/webhooks/scm";
}

/// Answers to questions that were sent out carry a token for just that.
bool is_approval(std::string_view path) {
  return path.starts_with("/kapis/devops.kubesphere.io/v1alpha3/approvals/") ||
         path.starts_with("/v1alpha3/approvals/");
}

bool is_open_path(std::string_view path) {
  if (is_webhook(path) || is_approval(path)) return true;
  if (path == "/version" || path == "/version/") return true;
  // SonarQube has no account here; what it tells is believed only when it is signed.
  if (path == "/sonarqube-webhook" || path == "/sonarqube-webhook/") return true;
  // What the API's documentation says is no secret.
  if (path == "/openapi.json" || path == "/apidocs.json") return true;
  for (std::string_view open :
       {"/healthz", "/readyz", "/livez", "/apidocs", "/apidocs.json", "/swagger-ui", "/login"}) {
    if (path.starts_with(open) && (path.size() == open.size() || path[open.size()] == '/')) {
      return true;
    }
  }
  return false;
}

/// What follows the scheme's name; nothing for another scheme.
std::optional<std::string_view> credentials(const Request& request, std::string_view scheme) {
  std::string_view header = request.headers.get("Authorization");
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ' ||
      !equals_ignoring_case(header.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return trim(header.substr(scheme.size() + 1));
}

struct NameAndPassword {
  std::string name, password;
};

std::optional<NameAndPassword> basic(const Request& request) {
  const std::optional<std::string_view> encoded = credentials(request, "Basic");
  if (!encoded) return std::nullopt;
  const std::string text = base64_decode(*encoded).value_or(std::string());
  const size_t colon = text.find(':');
  if (colon == text.npos) return NameAndPassword{};
  return NameAndPassword{text.substr(0, colon), text.substr(colon + 1)};
}

Response refuse(const kube::Status& status, std::string_view path) {
  Response response = Response::json(status.code, status.to_json_text());
  if (status.code == 401) {
    response.headers.add("WWW-Authenticate", "Bearer realm=\"ks\"");
    response.headers.add("WWW-Authenticate", engine::is_jenkins_path(path)
                                                 ? "Basic realm=\"Jenkins\""
                                                 : "Basic realm=\"ks\", charset=\"UTF-8\"");
  } else {
    response.headers.set("Retry-After", std::to_string(PasswordCheck::kPerFailure.count()));
  }
  return response;
}

std::string kubeconfig_text(const Identity::Access& access, const std::string& token) {
  return fmt::format(R"(apiVersion: v1
kind: Config
clusters:
- name: ks
  cluster:
    server: {}
    certificate-authority-data: {}
users:
- name: admin
  user:
    token: {}
contexts:
- name: ks
  context:
    cluster: ks
    user: admin
    namespace: default
current-context: ks
)",
                     access.server, base64_encode(access.ca_pem), token);
}

}  // namespace

struct Identity::State {
  State(std::string the_folder, const Clock& the_clock)
      : folder(std::move(the_folder)), clock(the_clock), api_tokens(file("api-tokens.json")) {}

  std::string file(std::string_view name) const { return folder + "/" + std::string(name); }

  Result<> load() {
    TRY(api_tokens.load());
    const Result<std::string> text = read_file(file("identity.json"), kMaxFileBytes);
    if (!text && text.error().code == Code::not_found) return make();
    if (!text) return text.error();
    const Result<json::value> parsed = parse_json(*text);
    if (parsed) {
      uid = text_at(*parsed, {"uid"});
      password_hash = text_at(*parsed, {"passwordBcrypt"});
      hash_of_token = text_at(*parsed, {"tokenSha256"});
    }
    if (uid.empty() || password_hash.empty() || hash_of_token.empty()) {
      return Error{Code::invalid,
                   fmt::format("{} is no identity file; remove it to get a new password and token",
                               file("identity.json"))};
    }
    take_token();
    return {};
  }

  Result<> make() {
    uid = random_uuid();
    new_password = random_text(20);
    changed = true;
    take_token();
    // Meanwhile the rest of the server starts.
    hashing = std::jthread([this] { password_hash = hash_password(new_password); });
    return {};
  }

  /// The one of the kubeconfig, if it is ours; else a new one.
  void take_token() {
    const Result<kube::ClusterAccess> before = kube::load_kubeconfig(file("kubeconfig"));
    if (before && !before->transport.bearer_token.empty() &&
        token_hash(before->transport.bearer_token) == hash_of_token) {
      token = before->transport.bearer_token;
      return;
    }
    token = base64url_encode(random_bytes(32));
    hash_of_token = token_hash(token);
    changed = true;
  }

  /// The files wait for the disk together. Should only some get there before a crash, the next
  /// start makes new secrets.
  Result<> save(const std::string& kubeconfig) {
    std::array<Result<>, 3> written;
    {
      std::jthread writes_kubeconfig([&] { written[0] = keep("kubeconfig", kubeconfig); });
      std::jthread writes_password([&] {
        if (!new_password.empty()) written[1] = keep("admin-password", new_password + "\n");
      });
      if (hashing.joinable()) hashing.join();
      if (changed) {
        const json::object content{
            {"uid", uid}, {"passwordBcrypt", password_hash}, {"tokenSha256", hash_of_token}};
        written[2] = keep("identity.json", to_pretty_json(content) + "\n");
      }
    }
    for (Result<>& one : written) TRY(std::move(one));
    changed = false;
    check.emplace(password_hash, clock);
    if (!new_password.empty()) check->remember(new_password);
    return {};
  }

  /// For the owner alone; a file that says so already is left alone.
  Result<> keep(std::string_view name, const std::string& content) const {
    const Result<std::string> before = read_file(file(name), kMaxFileBytes);
    if (before && *before == content) return {};
    return write_file_atomic(file(name), content, 0600);
  }

  /// What stands for the password in Basic authentication, as KubeSphere's clients send it.
  bool is_token(std::string_view value) const {
    return equal_in_constant_time(token_hash(value), hash_of_token) || api_tokens.is_token(value);
  }

  /// Nothing: who calls is known now.
  std::optional<Response> authenticate(Request& request) {
    if (request.peer == "in-process") return std::nullopt;
    if (const auto given = credentials(request, "Bearer")) {
      if (!equal_in_constant_time(token_hash(*given), hash_of_token)) {
        return refuse(kube::unauthorized(), request.path);
      }
    } else if (const auto pair = basic(request); pair && is_token(pair->password)) {
      if (pair->name != kUser) return refuse(kube::unauthorized(), request.path);
    } else if (pair) {
      const PasswordCheck::Verdict verdict = check->check(pair->password);
      if (verdict == PasswordCheck::Verdict::too_many) {
        return refuse(kube::too_many_requests("too many wrong passwords; wait a little",
                                              PasswordCheck::kPerFailure.count()),
                      request.path);
      }
      if (verdict == PasswordCheck::Verdict::wrong || pair->name != kUser) {
        return refuse(kube::unauthorized(), request.path);
      }
    } else {
      if (is_open_path(request.path) || engine::carries_job_token(request)) return std::nullopt;
      // Clients of Jenkins look here for its headers.
      if (request.path == "/") return Response::text(403, "Authentication required\n");
      return refuse(kube::unauthorized(), request.path);
    }
    request.user = {.name = std::string(kUser),
                    .uid = uid,
                    .groups = {"system:masters", "system:authenticated"}};
    return std::nullopt;
  }

  const std::string folder;
  const Clock& clock;
  ApiTokens api_tokens;
  std::string uid, password_hash, hash_of_token, token, new_password;
  bool changed = false;
  std::optional<PasswordCheck> check;
  std::jthread hashing;
};

Identity::Identity(std::unique_ptr<State> state) : state_(std::move(state)) {}
Identity::~Identity() = default;

Result<std::unique_ptr<Identity>> Identity::open(std::string folder, const Clock& clock) {
  auto state = std::make_unique<State>(std::move(folder), clock);
  TRY(state->load());
  return std::unique_ptr<Identity>(new Identity(std::move(state)));
}

Result<> Identity::write_kubeconfig(const Access& access) {
  return state_->save(kubeconfig_text(access, state_->token));
}

std::string Identity::kubeconfig_file() const { return state_->file("kubeconfig"); }
std::string Identity::password_file() const { return state_->file("admin-password"); }
const std::string& Identity::new_password() const { return state_->new_password; }

http::Router::Filter Identity::filter() {
  return [this](Request& request, const http::Handler& next) {
    if (std::optional<Response> refused = state_->authenticate(request)) {
      return std::move(*refused);
    }
    return next(request);
  };
}

bool Identity::is_slow(const Request& request) const {
  const auto pair = basic(request);
  return pair && !state_->check->is_known(pair->password) && !state_->is_token(pair->password);
}

void Identity::add_routes(http::Router& router) {
  state_->api_tokens.add_routes(router, std::string(kUser));
}

}  // namespace ks::cmd
