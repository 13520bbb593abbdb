#include "devops/kapis/webhook/scm_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

constexpr size_t kMostRefs = 100;
constexpr JsonLimits kLimits{.max_depth = 64};

bool is_zero(std::string_view hash) {
  return !hash.empty() && hash.find_first_not_of('0') == hash.npos;
}

void add_text(std::vector<std::string>& out, const json::value& from,
              std::initializer_list<std::string_view> path) {
  const std::string_view text = text_at(from, path);
  if (!text.empty() && std::ranges::find(out, text) == out.end()) out.emplace_back(text);
}

/// `links.clone` and its like: an object or a list of objects with `href`.
void add_links(std::vector<std::string>& out, const json::value* links) {
  if (links == nullptr) return;
  if (links->is_object()) return add_text(out, *links, {"href"});
  if (!links->is_array()) return;
  for (const json::value& one : links->get_array()) {
    if (out.size() >= kMostRefs) return;
    add_text(out, one, {"href"});
  }
}

std::vector<std::string> urls_of(const json::value& payload) {
  std::vector<std::string> out;
  for (const char* section : {"repository", "project"}) {
    const json::value* repository = find(payload, {section});
    if (repository == nullptr || !repository->is_object()) continue;
    for (const char* field : {"html_url", "clone_url", "ssh_url", "git_http_url", "git_ssh_url",
                              "web_url", "homepage", "url", "git_url"}) {
      add_text(out, *repository, {field});
    }
    for (const char* link : {"html", "clone", "self"}) {
      add_links(out, find(*repository, {"links", link}));
    }
  }
  return out;
}

/// The type of what happened, in the sender's words.
std::string event_name(ScmSender sender, const http::Request& request) {
  switch (sender) {
    case ScmSender::github: return std::string(request.headers.get("X-GitHub-Event"));
    case ScmSender::gitlab: return std::string(request.headers.get("X-Gitlab-Event"));
    case ScmSender::gitee: return std::string(request.headers.get("X-Gitee-Event"));
    case ScmSender::bitbucket: return std::string(request.headers.get("X-Event-Key"));
    case ScmSender::gitea: {
      const std::string_view own = request.headers.get("X-Gitea-Event");
      return std::string(own.empty() ? request.headers.get("X-Gogs-Event") : own);
    }
  }
  return {};
}

ScmEvent::Kind kind_of(const std::string& name) {
  using Kind = ScmEvent::Kind;
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"push", Kind::push},
      {"Push Hook", Kind::push},
      {"Tag Push Hook", Kind::push},
      {"repo:push", Kind::push},
      {"repo:refs_changed", Kind::push},
      {"create", Kind::change},
      {"delete", Kind::change},
      {"pull_request", Kind::change},
      {"Merge Request Hook", Kind::change}};
  for (const auto& [word, kind] : kKinds) {
    if (name == word) return kind;
  }
  // pullrequest:created of Bitbucket Cloud, pr:opened of Bitbucket Server
  return name.starts_with("pullrequest:") || name.starts_with("pr:") ? Kind::change : Kind::other;
}

void add_ref(ScmEvent& event, std::string_view ref, std::string_view after) {
  if (ref.empty() || is_zero(after) || event.refs.size() >= kMostRefs) return;
  event.refs.emplace_back(ref);
}

/// Bitbucket Cloud: `new` is null for what was deleted.
void add_cloud_change(ScmEvent& event, const json::value& change) {
  const std::string_view name = text_at(change, {"new", "name"});
  if (name.empty()) return;
  const bool tag = text_at(change, {"new", "type"}) == "tag";
  add_ref(event, fmt::format("refs/{}/{}", tag ? "tags" : "heads", name), "");
}

void add_refs(ScmEvent& event, const json::value& payload) {
  add_ref(event, text_at(payload, {"ref"}), text_at(payload, {"after"}));
  if (const json::value* cloud = find(payload, {"push", "changes"}); cloud && cloud->is_array()) {
    for (const json::value& one : cloud->get_array()) add_cloud_change(event, one);
  }
  if (const json::value* server = find(payload, {"changes"}); server && server->is_array()) {
    for (const json::value& one : server->get_array()) {
      add_ref(event, text_at(one, {"ref", "id"}), text_at(one, {"toHash"}));
    }
  }
}

}  // namespace

std::optional<ScmSender> scm_sender(const http::Request& request) {
  const http::Headers& headers = request.headers;
  // Gitea sends GitHub's headers beside its own.
  if (headers.has("X-Gitea-Event") || headers.has("X-Gogs-Event")) return ScmSender::gitea;
  if (headers.has("X-Gitee-Event")) return ScmSender::gitee;
  if (headers.has("X-Gitlab-Event")) return ScmSender::gitlab;
  if (headers.has("X-GitHub-Event")) return ScmSender::github;
  if (headers.has("X-Event-Key") || headers.get("User-Agent").starts_with("Bitbucket-Webhooks")) {
    return ScmSender::bitbucket;
  }
  return std::nullopt;
}

Result<ScmEvent> read_scm_event(ScmSender sender, const http::Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  std::string form;
  std::string_view text = request.body.view();
  if (to_lower(type).starts_with("application/x-www-form-urlencoded")) {
    for (std::string_view field : split(text, '&')) {
      if (field.starts_with("payload=")) form = percent_decode(field.substr(8), true);
    }
    text = form;
  }
  Result<json::value> payload = parse_json(text, kLimits);
  if (!payload) return std::move(payload).error().in("the webhook's payload");
  if (!payload->is_object()) return Error{Code::invalid, "the webhook's payload is no object"};
  ScmEvent event;
  event.sender = sender;
  event.kind = kind_of(event_name(sender, request));
  event.urls = urls_of(*payload);
  if (event.kind == ScmEvent::Kind::push) {
    add_refs(event, *payload);
    // Only took away: branches went, there is nothing to build.
    if (event.refs.empty()) event.kind = ScmEvent::Kind::change;
  }
  return event;
}

std::string repository_name(std::string_view url) {
  url = trim(url);
  const size_t scheme = url.find("://");
  std::string host, path;
  bool over_ssh = true;
  if (scheme != url.npos) {
    over_ssh = url.starts_with("ssh://") || url.starts_with("git+ssh://");
    url.remove_prefix(scheme + 3);
    const size_t slash = url.find('/');
    if (slash == url.npos) return {};
    host = url.substr(0, slash);
    path = url.substr(slash);
  } else {
    const size_t colon = url.find(':');
    if (colon == url.npos || url.find('/') < colon) return {};
    host = url.substr(0, colon);
    path = "/" + std::string(url.substr(colon + 1));
  }
  if (const size_t at = host.rfind('@'); at != host.npos) host.erase(0, at + 1);
  // The port of ssh says nothing about the repository; that of http is part of the server's name.
  const size_t port = host.rfind(':');
  if (port != host.npos && host.find(']', port) == host.npos &&
      (over_ssh || host.ends_with(":443") || host.ends_with(":80"))) {
    host.erase(port);
  }
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  while (path.starts_with("//")) path.erase(0, 1);
  if (host.empty() || path.size() < 2) return {};
  return to_lower(host) + path;
}

}  // namespace ks::devops::kapis
