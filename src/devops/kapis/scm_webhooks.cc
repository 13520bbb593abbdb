#include "devops/kapis/scm_webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/run_objects.h"
#include "devops/kapis/webhook/signature.h"
#include "devops/kapis/webhook/targets.h"

// Webhooks of git servers (devops-api, sections 6.12 and 12.6): they start runs and scans.

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kSecret = "scm.devops.kubesphere.io/webhook-secret";
constexpr std::string_view kTrigger = "devops.kubesphere.io/trigger";

Response plain(int status, const std::string& text) {
  Response response = Response::text(status, text);
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  return response;
}

/// What one webhook is about.
struct Hook {
  std::optional<ScmSender> sender;
  std::vector<std::string> repositories;  ///< as repository_name() has them
  std::vector<std::string> refs;
  bool scans_only = false;      ///< nothing to build, but branches to look at
  bool starts_nothing = false;  ///< a ping: only who sends it is checked
};

class Webhooks {
 public:
  Webhooks(Api& api, Deliveries& deliveries, const Request& request, Hook hook)
      : api_(api), deliveries_(deliveries), request_(request), hook_(std::move(hook)) {}

  /// The pipelines that follow the repository and whose secret the sender knows.
  /// `unauthenticated` when the sender is nobody that any of them knows.
  Result<std::vector<kube::ObjectRef>> verified() {
    std::vector<kube::ObjectRef> found = TRY(matching());
    // Who is logged in needs no signature.
    if (request_.user.name.empty()) TRY(keep_known(found));
    // Last: what users wrote there costs time, which nobody unknown may spend.
    if (!hook_.starts_nothing && !hook_.scans_only) {
      std::erase_if(found, [&](const kube::ObjectRef& pipeline) {
        return !wants_ref(*pipeline, hook_.refs);
      });
    }
    return found;
  }

  /// Starts a run or a scan of each; one that fails does not hold up the others, and its error is
  /// the answer. `invalid` when all was done before.
  Result<std::vector<std::string>> start(const std::vector<kube::ObjectRef>& pipelines) {
    const Error before{Code::invalid,
                       "this delivery was taken before; it does nothing a second time"};
    const std::string key = delivery_key(hook_.sender, request_);
    if (!deliveries_.take(key)) return before;
    std::vector<std::string> started;
    std::optional<Error> first;
    for (const kube::ObjectRef& pipeline : pipelines) {
      const std::string name =
          fmt::format("{}/{}", kube::space_of(*pipeline), kube::name_of(*pipeline));
      const Result<bool> fresh = is_multi_branch(*pipeline) ? scan(*pipeline) : run(*pipeline, key);
      if (!fresh) {
        LOG(warn, "a webhook cannot start a pipeline", {"pipeline", name},
            {"error", fresh.error().message});
        if (!first) first = Error(fresh.error()).in(name);
      } else if (*fresh) {
        LOG(info, "a webhook starts a pipeline", {"pipeline", name});
        started.push_back(name);
      }
    }
    if (first) {
      // When it is sent again, those that were started have their run already.
      deliveries_.forget(key);
      return *first;
    }
    if (started.empty()) return before;
    return started;
  }

 private:
  /// Leaves those whose secret the sender knows; an error when it knows none at all.
  Result<> keep_known(std::vector<kube::ObjectRef>& found) {
    Result<> verdict = verify(api_.options.webhook_secret);
    const bool known_here = verdict.ok();
    std::erase_if(found, [&](const kube::ObjectRef& pipeline) {
      const std::string name(kube::annotation(*pipeline, kSecret));
      if (name.empty()) return !known_here;
      Result<> one = verify(secret_of(kube::space_of(*pipeline), name));
      const bool fits = one.ok();
      if (!fits) verdict = std::move(one);
      return !fits;
    });
    if (found.empty() && !known_here) return verdict.error();
    return {};
  }

  /// The pipelines of the repository.
  Result<std::vector<kube::ObjectRef>> matching() {
    std::vector<kube::ObjectRef> all;
    if (api_.options.pipelines != nullptr) {
      all = api_.options.pipelines->list();
    } else {
      all = TRY(api_.objects.list(pipelines(), ""));
    }
    std::erase_if(all, [&](const kube::ObjectRef& pipeline) {
      if (kube::is_being_deleted(*pipeline)) return true;
      if (!hook_.starts_nothing && hook_.scans_only && !is_multi_branch(*pipeline)) return true;
      const std::vector<std::string> own = repositories_of(*pipeline);
      return std::ranges::none_of(own, [&](const std::string& name) {
        return std::ranges::find(hook_.repositories, name) != hook_.repositories.end();
      });
    });
    return all;
  }

  Result<> verify(std::string_view secret) {
    return verify_webhook(hook_.sender, request_, secret, api_.objects.clock());
  }

  std::string secret_of(std::string_view space, const std::string& name) {
    const Result<json::value> secret =
        api_.objects.get(kube::secrets(), {std::string(space), name});
    if (!secret) return {};
    for (const char* key : {"secret", "token", "password"}) {
      const std::string_view value = text_at(*secret, {"data", key});
      if (!value.empty()) return base64_decode(value).value_or(std::string());
    }
    return {};
  }

  /// A delivery that comes twice, also after a restart, makes the same name and so one run: false
  /// when that is there already.
  Result<bool> run(const json::value& pipeline, const std::string& key) {
    json::value made = new_run(pipeline, {}, "");
    kube::set_annotation(made, kTrigger, "webhook");
    if (!key.empty()) {
      // With the whole name in it: others may begin with the same 50 bytes.
      const std::string digest =
          hex_encode(sha256(fmt::format("{} {}", kube::name_of(pipeline), key))).substr(0, 10);
      set_at(made, {"metadata", "name"},
             json::value(fmt::format("{}-{}", kube::name_of(pipeline).substr(0, 50), digest)));
    }
    const Result<Written> written =
        api_.objects.create(pipeline_runs(), std::string(kube::space_of(pipeline)), made, false);
    if (written) return true;
    if (!key.empty() && written.error().code == Code::already_exists) return false;
    return written.error();
  }

  Result<bool> scan(const json::value& pipeline) {
    Request ask =
        http::make_request(Method::post, fmt::format("/job/{}/job/{}/build?delay=0",
                                                     percent_encode(kube::space_of(pipeline)),
                                                     percent_encode(kube::name_of(pipeline))));
    const Response answer = TRY(api_.jenkins.send(std::move(ask)));
    if (answer.status < 400) return true;
    return Error{Code::unavailable,
                 fmt::format("the scan was not started: status {}", answer.status)};
  }

  Api& api_;
  Deliveries& deliveries_;
  const Request& request_;
  const Hook hook_;
};

std::vector<std::string> names_of(const std::vector<std::string>& urls) {
  std::vector<std::string> out;
  for (const std::string& url : urls) {
    std::string name = repository_name(url);
    if (!name.empty()) out.push_back(std::move(name));
  }
  return out;
}

// ----- what git servers send -----

Response take_scm(Api& api, Deliveries& deliveries, Request& request) {
  const std::optional<ScmSender> sender = scm_sender(request);
  if (!sender) return plain(200, "unknown SCM type");
  const Result<ScmEvent> event = read_scm_event(*sender, request);
  if (!event) return text_error(400, event.error().message);
  Hook hook{.sender = sender,
            .repositories = names_of(event->urls),
            .refs = event->refs,
            .scans_only = event->kind == ScmEvent::Kind::change,
            .starts_nothing = event->kind == ScmEvent::Kind::other};
  Webhooks webhooks(api, deliveries, request, std::move(hook));
  const Result<std::vector<kube::ObjectRef>> found = webhooks.verified();
  if (!found) return error_reply(found.error());
  if (found->empty() || event->kind == ScmEvent::Kind::other) {
    return plain(200, "no pipeline matched");
  }
  const Result<std::vector<std::string>> started = webhooks.start(*found);
  return started ? plain(200, "ok") : error_reply(started.error());
}

// ----- `git/notifyCommit` -----

Response take_notify(Api& api, Deliveries& deliveries, Request& request) {
  const std::string url(request.query.get("url"));
  const std::string name = repository_name(url);
  if (name.empty()) return text_error(400, "url: must be the address of a repository");
  Hook hook{.sender = std::nullopt, .repositories = {name}, .refs = {}, .scans_only = false};
  for (std::string_view branch : split(request.query.get("branches"), ',')) {
    hook.refs.push_back(fmt::format("refs/heads/{}", trim(branch)));
  }
  Webhooks webhooks(api, deliveries, request, std::move(hook));
  const Result<std::vector<kube::ObjectRef>> found = webhooks.verified();
  if (!found) return error_reply(found.error());
  if (found->empty()) {
    const std::string_view branches = request.query.get("branches");
    return plain(200, fmt::format("No git jobs using repository: {} and branches: {}\n",
                                  to_utf8_lossy(url), to_utf8_lossy(branches)));
  }
  const Result<std::vector<std::string>> started = webhooks.start(*found);
  if (!started) return error_reply(started.error());
  std::string text;
  for (const std::string& one : *started) text += fmt::format("Scheduled polling of {}\n", one);
  return plain(200, text);
}

using Take = Response (*)(Api&, Deliveries&, Request&);

void add(RouteTable& table, Api& api, Deliveries& deliveries, Method method, const char* pattern,
         const char* consumes, Take take) {
  table.add({.method = method,
             .pattern = pattern,
             .summary = "Take a webhook of a git server",
             .handler = [&api, &deliveries, take](Request& r) { return take(api, deliveries, r); },
             .produces = "text/plain",
             .consumes = consumes});
}

}  // namespace

void add_scm_webhooks(RouteTable& v2, RouteTable& v3, Api& api, Deliveries& deliveries) {
  add(v2, api, deliveries, Method::get, "/webhook/git", "", take_notify);
  add(v2, api, deliveries, Method::post, "/webhook/git", "application/json", take_notify);
  add(v2, api, deliveries, Method::post, "/webhook/github",
      "application/x-www-form-urlencoded,application/json", take_scm);
  add(v3, api, deliveries, Method::post, "/webhooks/scm", "", take_scm);
}

}  // namespace ks::devops::kapis
