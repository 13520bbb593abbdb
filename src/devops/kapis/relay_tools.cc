#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>

#include "base/text.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/relay_shapes.h"
#include "devops/kapis/reply.h"

// Checks of scripts and of schedules, the two forms of a Jenkinsfile, crumbs, and Jenkins itself
// (devops-api, sections 6.8 to 6.10 and 6.16).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";

/// Jenkins says an object, or a list of which the first counts.
Response check_script(Api& api, Request& request, Generation) {
  const std::string path = core_pipeline_path(request) +
                           "/descriptorByName/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/"
                           "checkScriptCompile";
  Answer answer = fetch(api, request, {.method = Method::post, .path = path}, "");
  if (answer.failure) return std::move(*answer.failure);
  json::value found = answer.value;
  if (const auto* list = answer.value.if_array()) {
    found = list->empty() ? json::value(json::object{{"status", "success"}})
                          : json::value(list->front());
  }
  const Result<json::value> shaped = relay_shapes().get("CheckScript").apply(found);
  return shaped ? json_reply(*shaped) : text_error(502, shaped.error().message);
}

/// The text of the last `<div class=X>` or, for a refusal, `<pre>`; markup within is dropped.
struct Verdict {
  std::string result, message;
};
Verdict verdict_of(std::string_view html, int status) {
  Verdict out{.result = "error", .message = {}};
  std::string_view inner = html;
  if (const size_t div = html.rfind("<div"); div != html.npos && status == 200) {
    const std::string_view rest = html.substr(div);
    const size_t close = std::min(rest.find('>'), rest.size() - 1);
    const std::string_view tag = rest.substr(0, close);
    for (std::string_view word : {"ok", "warning", "error"}) {
      if (tag.find(word) != tag.npos) out.result = word;
    }
    inner = rest.substr(close + 1, rest.rfind("</div>") - close - 1);
  } else if (const size_t pre = html.find("<pre>"); pre != html.npos) {
    inner = html.substr(pre + 5, html.find("</pre>", pre) - pre - 5);
  }
  bool in_tag = false;
  for (const char c : inner) {
    if (c == '<') in_tag = true;
    if (!in_tag) out.message += c;
    if (c == '>') in_tag = false;
  }
  for (const auto& [what, with] : {std::pair{"&lt;", "<"},
                                   {"&gt;", ">"},
                                   {"&quot;", "\""},
                                   {"&#039;", "'"},
                                   {"&#39;", "'"},
                                   {"&amp;", "&"}}) {
    out.message = replace_all(std::move(out.message), what, with);
  }
  out.message = std::string(trim(out.message));
  return out;
}

/// `Monday, June 6, 2022 at 7:45:00 AM Coordinated Universal Time` as RFC 3339; empty when it is
/// no such time.
std::string time_of(std::string_view text) {
  std::string plain = replace_all(std::string(text), "Coordinated Universal Time", "");
  plain = replace_all(std::move(plain), " at ", " ");
  std::vector<std::string> words;
  for (std::string_view word : split(plain, ' ')) {
    if (!trim(word).empty()) words.emplace_back(trim(word));
  }
  if (words.size() < 6) return {};
  // WEEKDAY, MONTH DAY, YEAR H:MM:SS AM
  const std::string half = words.back();
  const std::vector<std::string_view> clock = split(words[words.size() - 2], ':');
  const auto year = parse_int(words[words.size() - 3]);
  const auto day = parse_int(trim(replace_all(words[words.size() - 4], ",", "")));
  static constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const auto month = std::ranges::find(kMonths, words[words.size() - 5]);
  if (!year || !day || clock.size() != 3 || month == kMonths.end()) return {};
  const auto hour = parse_int(clock[0]), minute = parse_int(clock[1]), second = parse_int(clock[2]);
  if (!hour || !minute || !second) return {};
  const int64_t hour24 = *hour % 12 + (half.starts_with("PM") ? 12 : 0);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", *year,
                     std::distance(kMonths.begin(), month) + 1, *day, hour24, *minute, *second);
}

Response check_cron(Api& api, Request& request, Generation) {
  const Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  for (std::string_view field : {"cron", "pipelineName"}) {
    const json::value* value = find(*body, {field});
    if (value != nullptr && !value->is_null() && !value->is_string()) {
      return text_error(400, fmt::format("{}: must be a text", field));
    }
  }
  const std::string_view name = text_at(*body, {"pipelineName"});
  std::string path = "/job/" + percent_encode(request.param("devops"));
  if (!name.empty()) path += "/job/" + percent_encode(name);
  path += "/descriptorByName/hudson.triggers.TimerTrigger/checkSpec?value=" +
          percent_encode(text_at(*body, {"cron"}));
  const Result<Response> answer = ask_jenkins(api, request, {.path = path, .keep_query = false});
  if (!answer) return error_reply(answer.error());
  if (answer->status != 200 && answer->status != 400) {
    return json_reply(json::object{{"result", "error"},
                                   {"message",
                                    "internal errors happened, get more details by checking "
                                    "ks-apiserver log output"}});
  }
  const Verdict verdict = verdict_of(answer->body.view(), answer->status);
  json::object out{{"result", verdict.result}, {"message", verdict.message}};
  const size_t half = verdict.message.find(';');
  if (verdict.result == "ok" && half != verdict.message.npos) {
    const std::string_view both = verdict.message;
    std::string next = replace_all(std::string(both.substr(half + 1)), ".", "");
    out["lastTime"] = time_of(both.substr(0, half));
    out["nextTime"] = time_of(next);
    for (const char* field : {"lastTime", "nextTime"}) {
      if (out[field].get_string().empty()) out.erase(field);
    }
  }
  return json_reply(out);
}

Response convert(Api& api, Request& request, const char* to) {
  return relay(api, request,
               {.method = Method::post, .path = fmt::format("/pipeline-model-converter/{}", to)},
               "Any");
}

Response crumb(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = "/crumbIssuer/api/json"}, "Crumb");
}

/// Anything of Jenkins, as it is; also what is in no project's folder.
Response proxy(Api& api, const Request& request) {
  // The path as it was sent: an encoded slash may be part of a name.
  const std::string_view raw = request.raw_path;
  const size_t from = raw.find("/jenkins/");
  if (from == raw.npos) return text_error(404, "no such path");
  const std::string path(raw.substr(from + 8));
  for (std::string_view segment : split(percent_decode(path), '/')) {
    if (segment == "..") return text_error(400, "\"..\" is not allowed in a path");
  }
  Result<Response> answer = ask_jenkins(api, request, {.method = request.method, .path = path});
  if (!answer) {
    Response down;
    down.status = 502;
    return down;
  }
  answer->headers.erase("Set-Cookie");
  return std::move(*answer);
}

}  // namespace

void add_relay_tools(RouteTable& table, Api& api) {
  for (const auto& [word, generation] :
       {std::pair{"devops", Generation::v3}, std::pair{"namespaces", Generation::v4}}) {
    const std::string project = fmt::format("/{}/{{devops}}", word);
    table.add(
        {.method = Method::post,
         .pattern = project + "/pipelines/{pipeline}/checkScriptCompile",
         .summary = "Check a Jenkinsfile",
         .handler = [&api, generation](Request& r) { return check_script(api, r, generation); },
         .consumes = std::string(kForm)});
    for (const Method method : {Method::get, Method::post}) {
      table.add({.method = method,
                 .pattern = project + "/jenkins/{path...}",
                 .summary = "Ask the engine itself",
                 .handler = [&api](Request& r) { return proxy(api, r); },
                 .produces = "*/*",
                 .consumes = {}});
    }
  }
  add_project_route(table, api, Method::post, "/checkCron", "Check a schedule", check_cron);
  table.add({.method = Method::get,
             .pattern = "/jenkins/{path...}",
             .summary = "Ask the engine itself",
             .handler = [&api](Request& r) { return proxy(api, r); },
             .produces = "*/*",
             .consumes = {}});
  for (const auto& [name, to] :
       {std::pair{"/tojenkinsfile", "toJenkinsfile"}, {"/tojson", "toJson"}}) {
    table.add({.method = Method::post,
               .pattern = name,
               .summary = "Turn a Jenkinsfile into its other form",
               .handler = [&api, to](Request& r) { return convert(api, r, to); },
               .consumes = std::string(kForm)});
  }
  add_route(table, api, Method::get, "/crumbissuer", "Get a crumb", crumb);
}

}  // namespace ks::devops::kapis
