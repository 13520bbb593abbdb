#pragma once

#include "engine/engine.h"
#include "engine/rest/streams.h"
#include "http/router.h"

namespace ks::engine {

/// What handlers share.
struct Routes {
  http::Router& router;
  Engine& engine;
  Streams& streams;
};

void add_core_routes(const Routes& routes);        // folders, jobs, builds
void add_credential_routes(const Routes& routes);  // of folders
void add_blue_routes(const Routes& routes);        // runs, nodes, steps
void add_log_routes(const Routes& routes);         // consoles, events

// ----- for the handlers -----

/// Jenkins' core answers with text, Blue Ocean with `{message, code}`.
http::Response core_error(const Error& error);
http::Response blue_error(const Error& error);
/// `{p}` and `{j}` of the path.
JobName job_of(const http::Request& request);
/// `{n}` of the path; `not_found` when it is no number.
Result<uint64_t> number_of(const http::Request& request);
/// A field of the form, or of the query.
std::string field(const http::Request& request, std::string_view name);
/// Who calls, for causes: `user` of ours when it says for whom, else the authenticated one.
std::string caller(const http::Request& request);
/// With and without the slash at the end, as clients send both.
void add_both(http::Router& router, http::Method method, std::string pattern,
              http::Handler handler);

}  // namespace ks::engine
