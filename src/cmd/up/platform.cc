#include "cmd/up/platform.h"
#include "cmd/pipelines/cluster.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/text.h"
#include "cmd/up/identity.h"
#include "cmd/up/install.h"
#include "devops/controllers/archive_controller.h"
#include "devops/controllers/controllers.h"
#include "devops/kapis/kapis.h"
#include "engine/engine.h"
#include "engine/rest/jenkins_api.h"
#include "http/certificates.h"
#include "http/health.h"
#include "http/server.h"
#include "jenkins/client.h"
#include "kube/client.h"
#include "kube/status.h"
#include "store/api/api.h"
#include "store/lifecycle/lifecycle.h"
#include "store/store.h"

namespace ks::cmd {
namespace {

using http::Request;
using http::Response;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kDrainLimit{2};

/// The path of this program, for the agent.
std::string own_program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string("/proc/self/exe");
}

/// What in the server does itself bears this name in logs; it may do all.
http::User own_user(const char* name) {
  return {.name = name, .uid = {}, .groups = {"system:masters", "system:authenticated"}};
}

store::Lifecycle::Options lifecycle_options(const store::Registry& registry) {
  store::Lifecycle::Options options;
  options.knows_kind = [&registry](std::string_view api_version, std::string_view kind) {
    const size_t slash = api_version.find('/');
    const std::string_view group =
        slash == api_version.npos ? std::string_view() : api_version.substr(0, slash);
    return registry.catalog()->find_kind(group, api_version.substr(slash + 1), kind) != nullptr;
  };
  return options;
}

store::StoreOptions store_options(const UpSettings& settings) {
  store::StoreOptions options;
  options.watch.max_watchers = settings.max_watchers;
  return options;
}

/// Hours beyond this are no bound: more than a century.
constexpr uint64_t kMostHours = 1'000'000;

devops::ProjectRetention project_retention(const UpSettings& settings) {
  const auto hours = [](uint64_t count) {
    return count == 0 || count > kMostHours
               ? std::nullopt
               : std::optional(std::chrono::hours{static_cast<int64_t>(count)});
  };
  devops::ProjectRetention out{.age = hours(settings.keep_hours),
                               .both = settings.beyond_both,
                               .abort = hours(settings.abort_after_hours)};
  if (settings.keep_runs != 0 && settings.keep_runs < uint64_t{1} << 62)
    out.runs = static_cast<int64_t>(settings.keep_runs);
  return out;
}

/// Who is asked for approval; the key of the callbacks' tokens is made at the first start.
Result<devops::ApprovalOptions> approval_options(const UpSettings& settings,
                                                 const std::string& url) {
  devops::ApprovalOptions options = settings.approval;
  if (options.url.empty()) return options;
  if (options.secret.empty()) {
    return Error{Code::invalid, "approval.secret: must be set, or nobody can tell who asks"};
  }
  if (options.server_url.empty()) options.server_url = url;
  const std::string file = settings.data_dir + "/approval.key";
  Result<std::string> key = read_file(file, 1024);
  if (!key && key.error().code == Code::not_found) {
    key = hex_encode(random_bytes(32));
    TRY(write_file_atomic(file, *key, 0600));
  }
  options.token_key = TRY(std::move(key));
  return options;
}

/// The bucket of the settings; null when they name none.
Result<std::unique_ptr<s3::Client>> open_bucket(const UpSettings& settings) {
  if (settings.s3.endpoint.empty()) return std::unique_ptr<s3::Client>();
  s3::Options options = settings.s3;
  if (settings.s3_disable_tls && !options.endpoint.contains("://")) {
    options.endpoint = "http://" + options.endpoint;
  }
  return s3::Client::open(std::move(options));
}

constexpr size_t kMaxLibrariesBytes = 1u << 20;

/// The shared libraries that a file lists under `libraries`.
Result<std::vector<engine::LibraryConfig>> libraries_of(const std::string& file) {
  if (file.empty()) return std::vector<engine::LibraryConfig>();
  Result<json::value> value = parse_yaml(TRY(read_file(file, kMaxLibrariesBytes)));
  if (!value) return std::move(value).error().in(file);
  const json::value* list = find(*value, {"libraries"});
  if (list == nullptr) return Error{Code::invalid, file + ": there is no list 'libraries'"};
  Result<std::vector<engine::LibraryConfig>> libraries = engine::read_libraries(*list);
  if (!libraries) return std::move(libraries).error().in(file);
  return libraries;
}

Result<engine::EngineOptions> engine_options(const UpSettings& settings, std::string url) {
  engine::EngineOptions options;
  options.libraries = TRY(libraries_of(settings.libraries));
  options.local_repositories = settings.local_repositories;
  options.data_dir = settings.data_dir + "/engine";
  options.machines.front().executors = static_cast<int>(settings.executors);
  options.agent = {own_program(), "agent"};
  options.limits = settings.run;
  options.max_waiting = settings.max_waiting_runs;
  options.scan_timeout =
      std::chrono::seconds(std::clamp<uint64_t>(settings.scan_timeout_seconds, 1, 3600));
  options.url = std::move(url);
  options.mail = settings.mail;
  if (!settings.sonar.url.empty()) options.sonar = {settings.sonar};
  options.connect_cluster = connect_cluster;
  options.checkout_retries = settings.checkout_retries;
  return options;
}

}  // namespace

/// In the order of their needs: what is below is ended first.
struct Platform::State {
  explicit State(UpSettings the_settings) : settings(std::move(the_settings)) {}

  Result<> start() {
    TRY(make_dirs(settings.data_dir, 0700));
    store.emplace(TRY(store::open_sqlite(settings.data_dir)), store_options(settings));
    // Both mostly wait for the disk at the first start.
    Result<> listening, serving;
    {
      std::jthread listener([&] { listening = listen(); });
      serving = start_api();
    }
    TRY(std::move(listening));
    TRY(std::move(serving));
    Result<> known;
    {
      std::jthread writer([&] {
        known = identity->write_kubeconfig({.server = url, .ca_pem = certificates.ca_pem});
      });
      serving = start_roles();
    }
    TRY(std::move(known));
    TRY(std::move(serving));
    ready = true;
    return {};
  }

  Result<> start_api() {
    TRY(store->open());
    registry.emplace();
    api.emplace(*store, *registry,
                store::KubeApiOptions{.clock = nullptr,
                                      .max_object_bytes = settings.max_object_bytes,
                                      .max_json_depth = settings.max_json_depth,
                                      .max_watchers = settings.max_watchers,
                                      .metrics = &metrics});
    TRY(api->start());
    TRY(install_definitions(*store, *api));
    return {};
  }

  Result<> start_roles() {
    store::Lifecycle::Options options = lifecycle_options(*registry);
    options.defaults = {.make = [this](const auto& objects) { return api->install_all(objects); },
                        .ca_pem = certificates.ca_pem};
    lifecycle.emplace(*store, std::move(options));
    lifecycle->start();
    engine = TRY(engine::Engine::open(TRY(engine_options(settings, url))));
    jenkins_api.emplace(*engine, settings.data_dir + "/engine/clients.json");
    add_routes();
    return start_controllers();
  }

  /// The router that the server asks only passes on: routes can be added until `ready`.
  Result<> listen() {
    identity = TRY(Identity::open(settings.data_dir, system_clock()));
    const Address address = TRY(parse_bind(settings.bind));
    certificates =
        TRY(http::ensure_certificates(settings.data_dir + "/pki", address.host, system_clock()));
    front.add_prefix(
        "/",
        [this](Request& request) -> Response {
          if (ready) return routes.handle(request);
          return Response::json(503, kube::unavailable("the server is starting").to_json_text());
        },
        [this](const Request& request) {
          if (!ready || identity->is_slow(request)) return http::Runs::on_worker;
          return routes.where(request);
        });
    http::ServerOptions options;
    options.address = address.host;
    options.port = address.port;
    options.certificate_file = certificates.certificate_file;
    options.key_file = certificates.key_file;
    options.max_body_bytes = settings.max_body_bytes;
    options.max_connections = settings.max_connections;
    if (settings.access_log) options.access_log_file = settings.data_dir + "/access.log";
    server = TRY(http::Server::start(std::move(options), front));
    url = server->url();
    return {};
  }

  void add_routes() {
    routes.add_filter(http::measure_requests(metrics));
    routes.add_filter(engine::jenkins_headers());
    routes.add_filter(identity->filter());
    http::add_health(routes, {.live = {},
                              .ready = {{.name = "store", .run = [] { return Result<>(); }}},
                              .metrics = &metrics});
    add_process_metrics(metrics);
    metrics.gauge_of("ks_http_connections", "Open connections.",
                     [this] { return static_cast<double>(server->connections()); });
    metrics.gauge_of("ks_store_objects", "Objects in the store.",
                     [this] { return static_cast<double>(store->size()); });
    metrics.gauge_of("ks_store_watchers", "Watches under way.",
                     [this] { return static_cast<double>(store->watcher_count()); });
    api->add_routes(routes);
    jenkins_api->add_routes(routes);
    identity->add_routes(routes);
  }

  Result<> start_controllers() {
    kube_transport = http::in_process_client(routes, own_user("system:ks-controllers"));
    // The engine is told of whom a run is when its object says so; else it is of the one user.
    admin_transport = http::in_process_client(routes, own_user("admin"));
    kube_client.emplace(*kube_transport);
    jenkins_client.emplace(*admin_transport);
    bucket = TRY(open_bucket(settings));
    devops::Controllers::Options options;
    if (settings.s3_archive_runs && bucket != nullptr) {
      options.archive = bucket.get();
      options.archive_installation = TRY(devops::archive::installation_id(settings.data_dir));
    }
    options.retention = project_retention(settings);
    options.approval = TRY(approval_options(settings, url));
    controllers.emplace(*kube_client, *jenkins_client, options);
    TRY(controllers->start());
    devops_api.emplace(
        *kube_transport, *admin_transport,
        devops::KapisOptions{.allow_private_addresses = settings.allow_private_addresses,
                             .local_repositories = settings.local_repositories,
                             .git_folder = settings.data_dir + "/gitops",
                             .runs = &controllers->runs(),
                             .pipelines = &controllers->pipelines(),
                             .webhook_secret = settings.webhook_secret,
                             .sonar_url = settings.sonar.url,

                             .sonar_token = settings.sonar.token,
                             .approval_key = options.approval.token_key,
                             .s3 = bucket.get()});
    devops_api->add_routes(routes);
    return {};
  }

  void stop() {
    ready = false;
    if (controllers) controllers->stop();
    if (server) server->drain(kDrainLimit);
    server.reset();
    devops_api.reset();
    controllers.reset();
    jenkins_api.reset();
    engine.reset();
    lifecycle.reset();
    api.reset();
    store.reset();
  }

  const UpSettings settings;
  const steady_clock::time_point began = steady_clock::now();
  std::chrono::milliseconds start_time{0};
  Metrics metrics;
  std::optional<store::Store> store;
  std::unique_ptr<Identity> identity;
  std::string url;
  http::Certificates certificates;
  std::atomic<bool> ready{false};
  http::Router front, routes;
  std::optional<store::Registry> registry;
  std::optional<store::KubeApi> api;
  std::optional<store::Lifecycle> lifecycle;
  std::unique_ptr<engine::Engine> engine;
  std::optional<engine::JenkinsApi> jenkins_api;
  std::unique_ptr<http::Client> kube_transport, admin_transport;
  std::optional<kube::Client> kube_client;
  std::optional<jenkins::Client> jenkins_client;
  std::unique_ptr<s3::Client> bucket;
  std::optional<devops::Controllers> controllers;
  std::optional<devops::Kapis> devops_api;
  std::unique_ptr<http::Server> server;
};

Platform::Platform(std::unique_ptr<State> state) : state_(std::move(state)) {}
Platform::~Platform() { stop(); }

Result<std::unique_ptr<Platform>> Platform::start(const UpSettings& settings) {
  // Many threads allocate little: an arena for each would cost more memory than their locks cost
  // time.
  mallopt(M_ARENA_MAX, 2);
  std::unique_ptr<Platform> platform(new Platform(std::make_unique<State>(settings)));
  TRY(platform->state_->start());
  platform->state_->start_time = std::chrono::duration_cast<std::chrono::milliseconds>(
      steady_clock::now() - platform->state_->began);
  LOG(info, "ready", {"url", platform->url()}, {"objects", platform->state_->store->size()},
      {"took_ms", platform->state_->start_time.count()});
  return platform;
}

void Platform::stop() { state_->stop(); }
std::string Platform::url() const { return state_->url; }
std::string Platform::kubeconfig_file() const { return state_->identity->kubeconfig_file(); }
std::string Platform::password_file() const { return state_->identity->password_file(); }
std::string Platform::new_password() const { return state_->identity->new_password(); }
http::Client& Platform::client() { return *state_->admin_transport; }
std::chrono::milliseconds Platform::start_time() const { return state_->start_time; }

}  // namespace ks::cmd
