#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/cron.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/rest/routes.h"
#include "pipeline/compile.h"

// What forms ask while somebody types: is this script right, when would this schedule run
// (engine-rest, section 1). And the crumb, which clients fetch before they post.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

/// All that is wrong, or one object that says that nothing is.
Response check_script(const Request& request) {
  const std::string text = field(request, "value");
  pipeline::CompiledPipeline compiled =
      pipeline::compile_pipeline(text, {.script_name = "WorkflowScript"});
  if (compiled) {
    return Response::json(
        200,
        to_json(json::object{{"column", 0}, {"line", 0}, {"message", ""}, {"status", "success"}}));
  }
  json::array errors;
  for (const groovy::CompileError& error : compiled.errors) {
    errors.push_back(json::object{{"column", error.column},
                                  {"line", error.line},
                                  {"message", error.message},
                                  {"status", "fail"}});
  }
  return Response::json(200, to_json(errors));
}

std::string html(std::string text) {
  for (const auto& [what, with] : {std::pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}}) {
    text = replace_all(std::move(text), what, with);
  }
  return text;
}

/// `Monday, June 6, 2022 at 7:45:00 AM Coordinated Universal Time`
std::string long_time(WallTime time) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  static constexpr std::array<std::string_view, 7> kDays = {
      "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  const auto hour = clock.hours().count();
  return fmt::format("{}, {} {}, {} at {}:{:02}:{:02} {} Coordinated Universal Time",
                     kDays[std::chrono::weekday(day).c_encoding()],
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()),
                     hour % 12 == 0 ? 12 : hour % 12, clock.minutes().count(),
                     clock.seconds().count(), hour < 12 ? "AM" : "PM");
}

Response verdict(std::string_view kind, std::string text) {
  Response out =
      Response::text(200, fmt::format("<div class={}>{}</div>", kind, html(std::move(text))));
  out.headers.set("Content-Type", "text/html; charset=utf-8");
  return out;
}

Response check_schedule(const Request& request) {
  const std::string seed = fmt::format("{}/{}", request.param("p"), request.param("j"));
  const Result<Cron> cron = Cron::parse(request.query.get("value"), seed);
  if (!cron) return verdict("error", cron.error().message);
  const WallTime now = system_clock().now();
  const auto before = cron->previous(now), after = cron->next(now);
  if (!before || !after) return verdict("warning", "No schedules so will never run");
  const std::string times = fmt::format("Would last have run at {}; would next run at {}.",
                                        long_time(*before), long_time(*after));
  if (cron->advice().empty()) return verdict("ok", times);
  Response out = verdict("warning", cron->advice());
  out.body = std::string(out.body.view()) + fmt::format("<div class=ok>{}</div>", html(times));
  return out;
}

}  // namespace

void add_check_routes(const Routes& routes) {
  for (const char* at : {"", "/job/{p}", "/job/{p}/job/{j}"}) {
    const std::string descriptor = fmt::format("{}/descriptorByName", at);
    add_both(
        routes.router, Method::post,
        descriptor + "/org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition/checkScriptCompile",
        [](Request& request) { return check_script(request); });
    add_both(routes.router, Method::get, descriptor + "/hudson.triggers.TimerTrigger/checkSpec",
             [](Request& request) { return check_schedule(request); });
  }
  // Who calls has a token or a password in every request: a crumb protects nothing here, but
  // clients insist on getting one.
  const std::string crumb = hex_encode(random_bytes(16));
  const auto give = [crumb](Request&) {
    return Response::json(
        200, to_json(json::object{{"_class", "hudson.security.csrf.DefaultCrumbIssuer"},
                                  {"crumb", crumb},
                                  {"crumbRequestField", "Jenkins-Crumb"}}));
  };
  add_both(routes.router, Method::get, "/crumbIssuer/api/json", give);
  // One client asks for this.
  add_both(routes.router, Method::get, "/crumbIssuer/api/json/api/json", give);
}

}  // namespace ks::engine
