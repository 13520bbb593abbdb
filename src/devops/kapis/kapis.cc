#include "devops/kapis/kapis.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/api.h"
#include "devops/kapis/approvals.h"
#include "devops/kapis/docs.h"
#include "devops/kapis/git_routes.h"
#include "devops/kapis/oauth.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/s2i_binaries.h"
#include "devops/kapis/scm_webhooks.h"

namespace ks::devops {

using http::Request;
using kapis::Api;
using kapis::RouteTable;

struct Kapis::State {
  State(http::Client& kube, http::Client& jenkins, KapisOptions the_options)
      : options(std::move(the_options)),
        objects(kube, options.runs, clock()),
        api{objects, jenkins, options} {
    kapis::add_relay(v2, api);
    kapis::add_s2i_binaries(v2, api);
    kapis::add_projects(v3, api);
    kapis::add_pipelines(v3, api);
    kapis::add_credentials(v3, api);
    kapis::add_runs(v3, api);
    kapis::add_branches(v3, api);
    kapis::add_templates(v3, api);
    kapis::add_repositories(v3, api);
    kapis::add_git(v3, api, working_copies);
    kapis::add_scm(v3, api);
    kapis::add_jenkins_events(v3, api);
    kapis::add_approvals(v3, api);
    kapis::add_scm_webhooks(v2, v3, api, deliveries);
    kapis::add_applications(gitops, api);
    kapis::add_token_review(oauth, options.jwt_secret, clock());
  }

  const Clock& clock() const { return options.clock == nullptr ? system_clock() : *options.clock; }

  const KapisOptions options;
  kapis::Objects objects;
  kapis::WorkingCopies working_copies{options.git_folder, clock()};
  kapis::Deliveries deliveries{clock()};
  Api api;
  RouteTable v2{{"/kapis/devops.kubesphere.io/v1alpha2", "/v1alpha2"}};
  RouteTable v3{{"/kapis/devops.kubesphere.io/v1alpha3", "/v1alpha3"}};
  RouteTable gitops{{"/kapis/gitops.kubesphere.io/v1alpha1", "/v1alpha1"}};
  RouteTable oauth{{"/oauth"}};
};

Kapis::Kapis(http::Client& kube, http::Client& jenkins, KapisOptions options)
    : state_(std::make_unique<State>(kube, jenkins, std::move(options))) {}
Kapis::~Kapis() = default;

void Kapis::add_routes(http::Router& router) {
  for (const RouteTable* table : {&state_->v2, &state_->v3, &state_->gitops, &state_->oauth}) {
    for (const std::string& root : table->roots()) {
      router.add_prefix(root, [table](Request& request) { return table->handle(request); });
    }
  }
  kapis::add_docs(router, {&state_->v2, &state_->v3, &state_->gitops, &state_->oauth});
}

namespace kapis {

void add_route(RouteTable& table, Api& api, http::Method method, std::string pattern,
               std::string summary, Handle handle) {
  table.add({.method = method,
             .pattern = std::move(pattern),
             .summary = std::move(summary),
             .handler = [&api, handle](Request& request) {
               return handle(api, request, api.generation());
             }});
}

void add_project_route(RouteTable& table, Api& api, http::Method method, const std::string& below,
                       const std::string& summary, const Handle& handle) {
  for (const auto& [word, generation] :
       {std::pair{"devops", Generation::v3}, std::pair{"namespaces", Generation::v4}}) {
    table.add({.method = method,
               .pattern = fmt::format("/{}/{{devops}}{}", word, below),
               .summary = summary,
               .handler = [&api, handle, generation](Request& request) {
                 return handle(api, request, generation);
               }});
  }
}

std::string user_name(const Request& request) { return request.user.name; }

std::string go_time(WallTime time) {
  std::string text = format_rfc3339_fraction(time, 9);
  text = replace_all(std::move(text), "T", " ");
  return replace_all(std::move(text), "Z", " +0000 UTC");
}

}  // namespace kapis
}  // namespace ks::devops
