#include "devops/kapis/scm/provider.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "http/client.h"

namespace ks::devops::kapis {
namespace {

using http::Response;
using std::string;

constexpr std::chrono::milliseconds kTimeout{15'000};
constexpr size_t kMostBytes = 16u << 20;

/// The address without a slash at its end.
string trimmed(string server) {
  while (server.ends_with('/')) server.pop_back();
  return server;
}

/// JSON over one connection to a provider.
class Caller {
 public:
  Caller(std::unique_ptr<http::Client> client, http::Headers headers)
      : client_(std::move(client)), headers_(std::move(headers)) {}

  Result<json::value> get(const string& target) { return parse_json(TRY(get_text(target))); }

  Result<string> get_text(const string& target) {
    http::Request request = http::make_request(http::Method::get, target);
    request.headers = headers_;
    request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", "ks");
    const Response answer = TRY(client_->send(std::move(request)));
    if (answer.status >= 200 && answer.status < 300) return string(answer.body.view());
    const Result<json::value> said = parse_json(answer.body.view());
    string why(said ? text_at(*said, {"message"}) : std::string_view());
    if (why.empty()) why = fmt::format("the provider answered {}", answer.status);
    switch (answer.status) {
      case 401: return Error{Code::unauthenticated, why};
      case 403: return Error{Code::forbidden, why};
      case 404: return Error{Code::not_found, why};
      default: return Error{answer.status < 500 ? Code::invalid : Code::unavailable, why};
    }
  }

 private:
  std::unique_ptr<http::Client> client_;
  http::Headers headers_;
};

Result<Caller> caller_of(const ScmAccess& access, const string& server, http::Headers headers) {
  if (!server.starts_with("https://") && !server.starts_with("http://")) {
    return Error{Code::invalid,
                 fmt::format("server: \"{}\" is no address; it begins with https://", server)};
  }
  http::ClientOptions options;
  options.base_url = server;
  options.public_only = !access.allow_private;
  options.timeout = kTimeout;
  options.max_response_bytes = kMostBytes;
  return Caller(TRY(http::socket_client(std::move(options))), std::move(headers));
}

http::Headers bearer(const ScmAccess& access) {
  if (access.token.empty()) return {};
  return {{"Authorization", "Bearer " + access.token}};
}

template <class Item>
Result<std::vector<Item>> items_of(const json::value& list, Item (*make)(const json::value&)) {
  if (!list.is_array()) return Error{Code::unavailable, "the provider's answer is no list"};
  std::vector<Item> out;
  for (const json::value& one : list.get_array()) out.push_back(make(one));
  return out;
}

string field(const json::value& from, std::string_view name) {
  return string(text_at(from, {name}));
}

// ----- GitHub, and those that speak as it does: Gitea, Gogs -----

class GitHub final : public ScmProvider {
 public:
  GitHub(Caller caller, bool gitea)
      : caller_(std::move(caller)), size_(gitea ? "limit" : "per_page") {}

  Result<string> user() override { return field(TRY(caller_.get("/user")), "login"); }

  Result<std::vector<ScmOrganization>> organizations(ScmPage page) override {
    return items_of<ScmOrganization>(
        TRY(caller_.get("/user/orgs?" + query(page))), [](const json::value& one) {
          const string login = field(one, "login");
          return ScmOrganization{login.empty() ? field(one, "username") : login,
                                 field(one, "avatar_url")};
        });
  }

  Result<std::vector<ScmRepository>> repositories(const string& organization,
                                                  ScmPage page) override {
    const Result<string> own = user();
    const string path = own && *own == organization
                            ? "/user/repos?visibility=all&affiliation=owner&"
                            : fmt::format("/orgs/{}/repos?", percent_encode(organization));
    return items_of<ScmRepository>(
        TRY(caller_.get(path + query(page))), [](const json::value& one) {
          return ScmRepository{field(one, "name"), field(one, "default_branch")};
        });
  }

 private:
  string query(ScmPage page) const {
    return fmt::format("page={}&{}={}", page.number, size_, page.size);
  }
  Caller caller_;
  const char* size_;
};

class GitLab final : public ScmProvider {
 public:
  explicit GitLab(Caller caller) : caller_(std::move(caller)) {}

  Result<string> user() override { return field(TRY(caller_.get("/api/v4/user")), "username"); }

  Result<std::vector<ScmOrganization>> organizations(ScmPage page) override {
    return items_of<ScmOrganization>(
        TRY(caller_.get("/api/v4/groups?" + query(page))), [](const json::value& one) {
          return ScmOrganization{field(one, "path"), field(one, "avatar_url")};
        });
  }

  /// A group's projects, too, which the original does not know how to ask for.
  Result<std::vector<ScmRepository>> repositories(const string& organization,
                                                  ScmPage page) override {
    const Result<string> own = user();
    const string path = own && *own == organization ? "/api/v4/projects?membership=true&"
                                                    : fmt::format("/api/v4/groups/{}/projects?",
                                                                  percent_encode(organization));
    return items_of<ScmRepository>(
        TRY(caller_.get(path + query(page))), [](const json::value& one) {
          return ScmRepository{field(one, "path"), field(one, "default_branch")};
        });
  }

 private:
  static string query(ScmPage page) {
    return fmt::format("page={}&per_page={}", page.number, page.size);
  }
  Caller caller_;
};

class BitbucketCloud final : public ScmProvider {
 public:
  explicit BitbucketCloud(Caller caller) : caller_(std::move(caller)) {}

  Result<string> user() override { return field(TRY(caller_.get("/2.0/user")), "username"); }

  Result<std::vector<ScmOrganization>> organizations(ScmPage page) override {
    return items_of<ScmOrganization>(
        TRY(values("/2.0/workspaces?", page)), [](const json::value& one) {
          return ScmOrganization{field(one, "slug"),
                                 string(text_at(one, {"links", "avatar", "href"}))};
        });
  }

  Result<std::vector<ScmRepository>> repositories(const string& organization,
                                                  ScmPage page) override {
    const string path =
        fmt::format("/2.0/repositories/{}?role=member&", percent_encode(organization));
    return items_of<ScmRepository>(TRY(values(path, page)), [](const json::value& one) {
      return ScmRepository{field(one, "slug"), string(text_at(one, {"mainbranch", "name"}))};
    });
  }

 private:
  Result<json::value> values(const string& path, ScmPage page) {
    const json::value answer =
        TRY(caller_.get(fmt::format("{}page={}&pagelen={}", path, page.number, page.size)));
    const json::value* found = find(answer, {"values"});
    return found == nullptr ? json::value() : *found;
  }
  Caller caller_;
};

class BitbucketServer final : public ScmProvider {
 public:
  explicit BitbucketServer(Caller caller) : caller_(std::move(caller)) {}

  /// It says its user's name as plain text.
  Result<string> user() override {
    return TRY(caller_.get_text("/plugins/servlet/applinks/whoami"));
  }

  Result<std::vector<ScmOrganization>> organizations(ScmPage page) override {
    return items_of<ScmOrganization>(
        TRY(values("/rest/api/1.0/projects?", page)),
        [](const json::value& one) { return ScmOrganization{field(one, "key"), ""}; });
  }

  Result<std::vector<ScmRepository>> repositories(const string& organization,
                                                  ScmPage page) override {
    const string path =
        fmt::format("/rest/api/1.0/projects/{}/repos?", percent_encode(organization));
    return items_of<ScmRepository>(TRY(values(path, page)), [](const json::value& one) {
      return ScmRepository{field(one, "slug"), "master"};
    });
  }

 private:
  Result<json::value> values(const string& path, ScmPage page) {
    const json::value answer = TRY(caller_.get(
        fmt::format("{}start={}&limit={}", path, (page.number - 1) * page.size, page.size)));
    const json::value* found = find(answer, {"values"});
    return found == nullptr ? json::value() : *found;
  }
  Caller caller_;
};

/// GitHub's own, or `/api/v3` of a GitHub Enterprise.
string github_server(const string& server) {
  if (server.empty() || server.starts_with("https://github.com") ||
      server.starts_with("http://github.com")) {
    return "https://api.github.com";
  }
  return server.find("/api/") == server.npos ? server + "/api/v3" : server;
}

}  // namespace

Result<std::unique_ptr<ScmProvider>> open_scm(const ScmAccess& access) {
  const string server = trimmed(access.server);
  string kind = access.kind;
  if (server == "https://bitbucket.org" || server == "https://api.bitbucket.org")
    kind = "bitbucketcloud";
  if (kind == "github") {
    return std::make_unique<GitHub>(TRY(caller_of(access, github_server(server), bearer(access))),
                                    false);
  }
  if (kind == "gitlab") {
    http::Headers headers;
    if (!access.token.empty()) headers.set("Private-Token", access.token);
    return std::make_unique<GitLab>(
        TRY(caller_of(access, server.empty() ? "https://gitlab.com" : server, std::move(headers))));
  }
  if (kind == "bitbucketcloud" || kind == "bitbucket_cloud" || kind == "bitbucket") {
    http::Headers headers = bearer(access);
    if (kind != "bitbucket" && !access.token.empty()) {
      if (access.username.empty()) return Error{Code::invalid, "no username supplied"};
      headers = {{"Authorization", "Basic " + base64_encode(access.username + ":" + access.token)}};
    }
    const bool own = server.empty() || server.ends_with("bitbucket.org");
    return std::make_unique<BitbucketCloud>(
        TRY(caller_of(access, own ? "https://api.bitbucket.org" : server, std::move(headers))));
  }
  const bool bitbucket_server =
      kind == "bitbucketserver" || kind == "bitbucket-server" || kind == "stash";
  if (bitbucket_server || kind == "gitea" || kind == "gogs") {
    if (server.empty()) return Error{Code::invalid, "No git serverURL was specified"};
    if (bitbucket_server) {
      return std::make_unique<BitbucketServer>(TRY(caller_of(access, server, bearer(access))));
    }
    http::Headers headers;
    if (!access.token.empty()) headers.set("Authorization", "token " + access.token);
    return std::make_unique<GitHub>(TRY(caller_of(access, server + "/api/v1", std::move(headers))),
                                    true);
  }
  return Error{Code::invalid, fmt::format("Unsupported $GIT_KIND value: {}", kind)};
}

}  // namespace ks::devops::kapis
