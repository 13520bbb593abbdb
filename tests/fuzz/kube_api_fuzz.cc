#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>

#include "base/json.h"
#include "base/log.h"
#include "store/api/api.h"
#include "store/store.h"

// Whole requests against the Kubernetes API: paths, queries, objects, patches, selectors,
// definitions. Whatever comes, the answer is no server error and valid JSON, a refusal is a Status,
// and what the store holds is an object of its kind.

namespace {

using namespace ks;

constexpr std::string_view kDefinition = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "widgets.example.org"},
  "spec": {"group": "example.org", "scope": "Namespaced",
    "names": {"plural": "widgets", "kind": "Widget"},
    "versions": [{"name": "v1", "served": true, "storage": true,
      "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.size",
                                               "statusReplicasPath": ".status.size"}},
      "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
      "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
        "properties": {
          "size": {"type": "integer", "minimum": 1, "default": 3},
          "color": {"type": "string", "enum": ["red", "blue"], "nullable": true},
          "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
          "parts": {"type": "array", "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"], "items": {"type": "object",
              "required": ["name"], "properties": {"name": {"type": "string"},
                "count": {"type": "integer"}}}},
          "port": {"x-kubernetes-int-or-string": true},
          "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
        "status": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]}})";
constexpr std::string_view kWidget = R"({"apiVersion": "example.org/v1", "kind": "Widget",
  "metadata": {"name": "w"}, "spec": {"size": 2, "tags": ["a"], "parts": [{"name": "x"}]}})";
constexpr std::string_view kDeployment = R"({"apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template":
  {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}}})";

void check(bool good, std::string_view what, const http::Request& request, std::string_view body) {
  if (good) return;
  fmt::print(stderr, "{}: {} {}\n{}\n", what, to_string(request.method), request.path,
             body.substr(0, 2000));
  std::abort();
}

struct Target {
  store::Store store{store::memory_backend(), {}};
  store::Registry registry;
  store::KubeApi api{store, registry, {}};
  http::Router router;

  Target() {
    if (!store.open() || !api.start()) std::abort();
    api.add_routes(router);
    prepare("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kDefinition);
    prepare("/api/v1/namespaces/default/configmaps",
            R"({"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}})");
    prepare("/apis/apps/v1/namespaces/default/deployments", kDeployment);
    prepare("/apis/example.org/v1/namespaces/default/widgets", kWidget);
  }

  void prepare(std::string_view path, std::string_view body) {
    http::Request request = http::make_request(http::Method::post, path, std::string(body),
                                               {{"Content-Type", "application/json"}});
    const http::Response response = router.handle(request);
    check(response.status == 201, "the preparation failed", request, response.body.view());
  }

  /// `METHOD TARGET`, `CONTENT-TYPE`, then the body.
  void send(std::string_view text) {
    const size_t first = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, first);
    text.remove_prefix(std::min(first + 1, text.size()));
    const size_t second = std::min(text.find('\n'), text.size());
    const std::string_view type = text.substr(0, second);
    const std::string_view body = text.substr(std::min(second + 1, text.size()));
    const size_t blank = std::min(line.find(' '), line.size());
    const auto method = http::parse_method(line.substr(0, blank));
    const std::string_view target = line.substr(std::min(blank + 1, line.size()));
    if (!method || !target.starts_with('/')) return;
    http::Request request = http::make_request(*method, target, std::string(body),
                                               {{"Content-Type", std::string(type)}});
    request.user = {.name = "admin", .groups = {"system:masters"}};
    judge(request, router.handle(request));
  }

  void judge(const http::Request& request, const http::Response& response) {
    if (response.stream || response.websocket) return;
    const std::string_view body = response.body.view();
    check(response.status < 500 || response.status == 504, "a server error", request, body);
    if (!response.headers.get("Content-Type").starts_with("application/json")) return;
    const Result<json::value> parsed = parse_json(body, {.max_depth = 2000});
    check(parsed.ok(), "the answer is no JSON", request, body);
    if (response.status >= 400)
      check(text_at(*parsed, {"kind"}) == "Status", "a refusal is no Status", request, body);
  }

  /// Everything that is stored is an object with a name.
  void check_store() {
    const auto all = store.list({}).value();
    for (const store::ObjectRef& object : all.objects) {
      const Result<json::value> parsed = parse_json(*object->json, {.max_depth = 2000});
      if (!parsed || text_at(*parsed, {"metadata", "name"}) != object->name() ||
          text_at(*parsed, {"kind"}).empty() || text_at(*parsed, {"metadata", "uid"}).empty()) {
        fprintf(stderr, "stored under %s:\n%s\n", object->key.c_str(), object->json->c_str());
        std::abort();
      }
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::unique_ptr<Target> target;
  static size_t inputs = 0;
  set_log_level(LogLevel::error);
  // A fresh one now and then, so that what earlier inputs left does not decide too much.
  if (inputs++ % 200 == 0) {
    target.reset();
    target = std::make_unique<Target>();
  }
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int requests = 0; !rest.empty() && requests < 8; requests++) {
    const size_t end = std::min(rest.find('\x1e'), rest.size());
    target->send(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  target->check_store();
  return 0;
}
