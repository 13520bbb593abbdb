#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "engine/rest/routes.h"
#include "http/range.h"
#include "jenkins/event_stream.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kTailBytes = 150u << 10;    // what a client gets that does not say from where
constexpr size_t kMaxPieceBytes = 8u << 20;  // more comes with the next request

Response log_response(std::string text, uint64_t next, bool more) {
  Response out = Response::text(200, std::move(text));
  out.headers.set("Content-Type", "text/plain;charset=UTF-8");
  out.headers.set("X-Text-Size", std::to_string(next));
  out.headers.set("X-Text-Delivered", std::to_string(out.body.size()));
  if (more) out.headers.set("X-More-Data", "true");
  return out;
}

struct Range {
  uint64_t from = 0;
  uint64_t to = UINT64_MAX;
};

/// Where to read: from `start`, or the last piece.
uint64_t begin_of(const Request& request, Range range) {
  const std::optional<int64_t> start = parse_int(field(request, "start"));
  if (start && *start >= 0) return std::min(range.from + static_cast<uint64_t>(*start), range.to);
  return std::max(range.from, range.to > kTailBytes ? range.to - kTailBytes : 0);
}

Result<Response> show_log(const Routes& routes, const Request& request) {
  const JobName job = job_of(request);
  const uint64_t number = TRY(number_of(request));
  const RunInfo info = TRY(routes.engine.run(job, number, false));
  const uint64_t from = begin_of(request, {.from = 0, .to = info.log_bytes});
  if (request.query.get("follow") == "true") {
    Response out = Response::text(200, "");
    out.headers.set("Content-Type", "text/plain;charset=UTF-8");
    out.stream = [&streams = routes.streams, job, number,
                  from](const std::shared_ptr<http::Stream>& stream) {
      if (Result<> begun = streams.follow_log(job, number, from, stream); !begun) stream->close();
    };
    return out;
  }
  Engine::LogPiece piece = TRY(routes.engine.log(job, number, from, kMaxPieceBytes));
  Response out = log_response(std::move(piece.text), piece.next, !piece.complete);
  if (request.query.get("download") == "true") {
    const std::string name = fmt::format("{}-{}.log", job.name, number);
    out.headers.set("Content-Disposition",
                    fmt::format("attachment; filename=\"{}\"", replace_all(name, "\"", "_")));
  }
  return out;
}

/// As a page shows it: text between tags, with what could be markup made harmless.
Result<Response> show_html(const Routes& routes, const Request& request) {
  Response out = TRY(show_log(routes, request));
  std::string text(out.body.view());
  for (const auto& [what, with] : {std::pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}) {
    text = replace_all(std::move(text), what, with);
  }
  out.body = std::move(text);
  out.headers.set("Content-Type", "text/html;charset=UTF-8");
  return out;
}

/// The bytes that a `Range` header asks for; nothing without one, or while the log grows.
Result<std::optional<Response>> show_range(const Routes& routes, const Request& request,
                                           const RunInfo& info) {
  const auto range = http::requested_range(request, info.log_bytes);
  if (!range || !info.finished()) return std::optional<Response>();
  Response out = Response::text(200, "");
  if (range->satisfiable) {
    const uint64_t bytes = std::min<uint64_t>(range->last - range->first + 1, kMaxPieceBytes);
    Engine::LogPiece piece = TRY(routes.engine.log(info.job, info.number, range->first, bytes));
    http::ByteRange sent = *range;
    sent.last = range->first + std::max<size_t>(piece.text.size(), 1) - 1;
    out.body = std::move(piece.text);
    http::set_range(out, sent, info.log_bytes);
  } else {
    http::set_range(out, *range, info.log_bytes);
  }
  return std::optional(std::move(out));
}

/// All there is: streamed when the run has ended, since it may be large.
Result<Response> show_console(const Routes& routes, const Request& request) {
  const RunInfo info = TRY(build_of(routes.engine, request, false));
  if (std::optional<Response> part = TRY(show_range(routes, request, info))) {
    return std::move(*part);
  }
  Request whole =
      http::make_request(Method::get, info.finished() ? "/?start=0&follow=true" : "/?start=0");
  whole.params = {{"p", info.job.folder}, {"j", info.job.name}, {"n", std::to_string(info.number)}};
  return show_log(routes, whole);
}

/// Whole lines without those that only tell of the flow.
std::string without_flow_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!text.starts_with("[Pipeline] ")) out += text.substr(0, end);
    text.remove_prefix(end);
  }
  return out;
}

/// What a stage or a step wrote. Branches that ran at the same time may show in it.
Result<Response> show_part(const Routes& routes, const Request& request, std::string_view id) {
  const JobName job = job_of(request);
  const RunInfo info = TRY(routes.engine.run(job, TRY(number_of(request)), true));
  const std::optional<int64_t> wanted = parse_int(id);
  const auto node = std::ranges::find_if(info.nodes, [&](const RunNode& one) {
    return wanted && one.id == static_cast<uint64_t>(*wanted);
  });
  if (node == info.nodes.end()) return Error{Code::not_found, "no such node or step"};
  const bool more = node->ended == WallTime{};
  const uint64_t to = more ? info.log_bytes : node->log_end;
  const uint64_t begin = std::min(node->log_begin, to);
  const Engine::LogPiece piece = TRY(
      routes.engine.log(job, info.number, begin, std::min<uint64_t>(to - begin, kMaxPieceBytes)));
  std::string text = without_flow_lines(piece.text);
  if (!more && !node->error.empty() && !text.contains(node->error)) text += node->error + "\n";
  // Offsets count what is shown, which is not what lies in the log.
  const size_t size = text.size();
  const std::optional<int64_t> start = parse_int(request.query.get("start"));
  if (start && *start > 0) text.erase(0, std::min(static_cast<size_t>(*start), size));
  return log_response(std::move(text), size, more);
}

http::Handler with_errors(std::function<Result<Response>(const Request&)> handler, bool blue) {
  return [handler = std::move(handler), blue](Request& request) {
    Result<Response> response = handler(request);
    if (response) return std::move(*response);
    return blue ? blue_error(response.error()) : core_error(response.error());
  };
}

}  // namespace

void add_log_routes(const Routes& routes) {
  http::Router& router = routes.router;
  const std::string run = "/blue/rest/organizations/jenkins/pipelines/{p}/pipelines/{j}/runs/{n}";
  add_both(router, Method::get, run + "/log",
           with_errors([routes](const Request& r) { return show_log(routes, r); }, true));
  add_both(router, Method::get, run + "/nodes/{node}/log",
           with_errors([routes](const Request& r) { return show_part(routes, r, r.param("node")); },
                       true));
  add_both(router, Method::get, run + "/nodes/{node}/steps/{step}/log",
           with_errors([routes](const Request& r) { return show_part(routes, r, r.param("step")); },
                       true));
  const std::string build = "/job/{p}/job/{j}/{n}";
  // Clients post this too, with where to begin in the form.
  for (Method method : {Method::get, Method::post}) {
    router.add(method, build + "/logText/progressiveText",
               with_errors([routes](const Request& r) { return show_log(routes, r); }, false));
    router.add(method, build + "/logText/progressiveHtml",
               with_errors([routes](const Request& r) { return show_html(routes, r); }, false));
  }
  router.add(Method::get, build + "/consoleText",
             with_errors([routes](const Request& r) { return show_console(routes, r); }, false));
  router.add(Method::get, jenkins::kEventPath, [routes](Request& r) {
    std::string after(r.query.get("after"));
    if (after.empty()) after = r.headers.get("Last-Event-ID");
    Response out = Response::text(200, "");
    out.headers.set("Content-Type", "text/event-stream");
    out.headers.set("Cache-Control", "no-store");
    out.stream = [&streams = routes.streams, after](std::shared_ptr<http::Stream> stream) {
      streams.follow_events(after, std::move(stream));
    };
    return out;
  });
}

}  // namespace ks::engine
