#include "devops/kapis/docs.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "base/version.h"
#include "devops/kapis/reply.h"

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;
using Tables = std::vector<const RouteTable*>;

std::vector<std::string> params_of(const std::string& pattern) {
  std::vector<std::string> out;
  for (std::string_view segment : split(pattern, '/')) {
    if (!segment.starts_with('{')) continue;
    out.emplace_back(replace_all(std::string(segment.substr(1, segment.size() - 2)), "...", ""));
  }
  return out;
}

std::string plain(const std::string& pattern) { return replace_all(pattern, "...}", "}"); }

std::string id_of(const Route& route) {
  std::string out(to_lower(to_string(route.method)));
  for (const char c : route.pattern)
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

/// Swagger 1.2: the roots.
json::value listing(const Tables& tables) {
  json::array apis;
  for (const RouteTable* table : tables) {
    apis.push_back(json::object{{"path", table->roots().front()}, {"description", ""}});
  }
  return json::object{{"swaggerVersion", "1.2"},
                      {"apis", std::move(apis)},
                      {"apiVersion", ""},
                      {"info", json::object{{"title", ""}, {"description", ""}}}};
}

/// Swagger 1.2: the routes of one root.
json::value declaration(const RouteTable& table) {
  json::array apis;
  for (const Route& route : table.routes()) {
    json::array parameters;
    for (const std::string& name : params_of(route.pattern)) {
      parameters.push_back(json::object{
          {"type", "string"}, {"paramType", "path"}, {"name", name}, {"required", true}});
    }
    json::object operation{{"type", "void"},
                           {"method", to_string(route.method)},
                           {"summary", route.summary},
                           {"nickname", id_of(route)},
                           {"parameters", std::move(parameters)},
                           {"produces", json::array{json::value(route.produces)}}};
    apis.push_back(json::object{{"path", table.roots().front() + plain(route.pattern)},
                                {"description", route.summary},
                                {"operations", json::array{json::value(std::move(operation))}}});
  }
  return json::object{{"swaggerVersion", "1.2"}, {"apiVersion", ""},
                      {"basePath", ""},          {"resourcePath", table.roots().front()},
                      {"apis", std::move(apis)}, {"models", json::object()}};
}

json::value open_api(const Tables& tables) {
  json::object paths;
  for (const RouteTable* table : tables) {
    for (const Route& route : table->routes()) {
      const std::string path = table->roots().front() + plain(route.pattern);
      json::array parameters;
      for (const std::string& name : params_of(route.pattern)) {
        parameters.push_back(json::object{{"name", name},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", json::object{{"type", "string"}}}});
      }
      json::object operation{
          {"summary", route.summary},
          {"operationId", id_of(route)},
          {"tags", json::array{json::value(table->roots().front())}},
          {"parameters", std::move(parameters)},
          {"responses",
           json::object{
               {"200", json::object{{"description", "OK"},
                                    {"content", json::object{{route.produces, json::object()}}}}},
               {"default", json::object{{"description", "what is wrong, as text"}}}}}};
      if (route.method == Method::post || route.method == Method::put) {
        const std::string type = route.consumes.empty()
                                     ? "application/json"
                                     : std::string(split(route.consumes, ',').front());
        operation["requestBody"] = json::object{
            {"content", json::object{{type, json::object{{"schema", json::object()}}}}}};
      }
      json::value& entry = paths[path];
      if (!entry.is_object()) entry = json::object();
      entry.get_object()[to_lower(to_string(route.method))] = std::move(operation);
    }
  }
  return json::object{{"openapi", "3.0.3"},
                      {"info", json::object{{"title", "KubeSphere DevOps"}, {"version", kVersion}}},
                      {"paths", std::move(paths)}};
}

/// A page without anything from elsewhere: the routes, and a form that sends one request.
constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>KubeSphere DevOps API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1{font-size:1.4rem}h2{font-size:1rem;margin:2rem 0 .3rem;color:#55606e}
details{border-top:1px solid #e3e8ee;padding:.3rem 0}summary{cursor:pointer;font-family:ui-monospace,monospace;font-size:13px}
b{display:inline-block;width:4.5rem}input,textarea{width:100%;box-sizing:border-box;font:13px ui-monospace,monospace;margin:.2rem 0;padding:.3rem}
pre{background:#f4f6f8;padding:.6rem;overflow:auto;max-height:20rem}button{padding:.3rem .9rem}
</style>
<h1>KubeSphere DevOps API</h1>
<p>As OpenAPI 3: <a href="/openapi.json">openapi.json</a>. Requests are sent with the token below, which stays in this page.</p>
<label>Bearer token <input id="token" type="password" autocomplete="off"></label>
<main id="routes">Loading</main>
<script src="try.js"></script></html>
)html";

constexpr std::string_view kScript = R"js('use strict';
const make = (tag, text) => { const e = document.createElement(tag); if (text) e.textContent = text; return e; };
fetch('/openapi.json').then(r => r.json()).then(api => {
  const main = document.getElementById('routes'); main.textContent = '';
  let last = '';
  for (const [path, methods] of Object.entries(api.paths)) for (const [method, op] of Object.entries(methods)) {
    if (op.tags[0] !== last) { last = op.tags[0]; main.append(make('h2', last)); }
    const box = make('details'), head = make('summary'); head.append(make('b', method.toUpperCase()), path + '  ' + op.summary);
    const url = make('input'); url.value = path; url.setAttribute('aria-label', 'path');
    const body = op.requestBody ? make('textarea') : null; if (body) body.setAttribute('aria-label', 'body');
    const send = make('button', 'Send'), out = make('pre'); out.hidden = true;
    send.onclick = async () => {
      const headers = {}, token = document.getElementById('token').value;
      if (token) headers.Authorization = 'Bearer ' + token;
      if (body) headers['Content-Type'] = Object.keys(op.requestBody.content)[0];
      out.hidden = false; out.textContent = 'Waiting';
      try { const r = await fetch(url.value, {method: method.toUpperCase(), headers, body: body ? body.value : undefined});
        out.textContent = r.status + ' ' + r.statusText + '\n' + await r.text(); } catch (e) { out.textContent = String(e); }
    };
    box.append(head, url); if (body) box.append(body); box.append(send, out); main.append(box);
  }
});
)js";

Response page(Request& request) {
  Response out;
  const bool script = request.path.ends_with("/try.js");
  out.body = std::string(script ? kScript : kPage);
  out.headers.set("Content-Type",
                  script ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
  out.headers.set("Content-Security-Policy",
                  "default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  out.headers.set("X-Content-Type-Options", "nosniff");
  return out;
}

}  // namespace

void add_docs(http::Router& router, const std::vector<const RouteTable*>& tables) {
  router.add(Method::get, "/apidocs.json",
             [tables](Request&) { return json_reply(listing(tables)); });
  router.add(Method::get, "/apidocs.json/{root...}", [tables](Request& request) {
    for (const RouteTable* table : tables) {
      if (table->roots().front() == "/" + std::string(request.param("root"))) {
        return json_reply(declaration(*table));
      }
    }
    return Response::text(404, "ApiDeclaration not found");
  });
  router.add(Method::get, "/openapi.json",
             [tables](Request&) { return json_reply(open_api(tables)); });
  for (const char* root : {"/apidocs", "/swagger-ui"}) router.add_prefix(root, page);
}

}  // namespace ks::devops::kapis
