#include "engine/builds.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"

namespace ks::engine {
namespace {

class NoBuilds final : public Builds {
 public:
  bool has_job(const std::string&) const override { return false; }
  std::vector<uint64_t> numbers(const std::string&) const override { return {}; }
  std::optional<json::object> facts(const std::string&, uint64_t) const override {
    return std::nullopt;
  }
  json::array checkouts(const std::string&, uint64_t) const override { return {}; }
  Result<uint64_t> start(const std::string&, Start) override {
    return Error{Code::unavailable, "there is no server here that could start it"};
  }
  void when(const std::string&, uint64_t, Moment, std::function<void()> call) override { call(); }
  void cancel(const std::string&, uint64_t, const std::string&) override {}
  Result<> declare(const std::string&, const json::object&) override { return {}; }
};

/// The rest of a text after a beginning, when it has it.
std::optional<std::string> after(std::string_view text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return std::nullopt;
  return std::string(text.substr(beginning.size()));
}

json::object upstream_facts(std::string_view rest) {
  // `"p" build number 3`
  json::object facts{{"_class", "hudson.model.Cause$UpstreamCause"}};
  const size_t close = rest.rfind("\" build number ");
  if (!rest.starts_with('"') || close == rest.npos) return facts;
  facts["upstreamProject"] = rest.substr(1, close - 1);
  const std::string_view number = rest.substr(close + 15);
  facts["upstreamBuild"] = parse_int(number.substr(0, number.find('\n'))).value_or(0);
  return facts;
}

}  // namespace

Builds& no_builds() {
  static NoBuilds none;
  return none;
}

std::string resolve_job(std::string_view from_job, std::string_view path) {
  std::vector<std::string> parts;
  if (!path.starts_with('/')) {
    for (std::string_view part : split(from_job, '/')) parts.emplace_back(part);
    if (!parts.empty()) parts.pop_back();
  }
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (parts.empty()) return {};
      parts.pop_back();
    } else {
      parts.emplace_back(part);
    }
  }
  return join(parts, "/");
}

std::string shown_job(std::string_view job) { return replace_all(std::string(job), "/", " » "); }

json::object cause_facts(std::string_view text) {
  json::object facts;
  if (const auto user = after(text, "Started by user ")) {
    facts = {{"_class", "hudson.model.Cause$UserIdCause"}, {"userId", *user}, {"userName", *user}};
  } else if (text.starts_with("Started by timer")) {
    facts = {{"_class", "hudson.triggers.TimerTrigger$TimerTriggerCause"}};
  } else if (text.starts_with("Started by an SCM change")) {
    facts = {{"_class", "hudson.triggers.SCMTrigger$SCMTriggerCause"}};
  } else if (const auto upstream = after(text, "Started by upstream project ")) {
    facts = upstream_facts(*upstream);
  } else if (const auto host = after(text, "Started by remote host ")) {
    const size_t note = host->find(" with note: ");
    facts = {{"_class", "hudson.model.Cause$RemoteCause"}, {"addr", host->substr(0, note)}};
    if (note != host->npos) facts["note"] = host->substr(note + 12);
  } else if (const auto replayed = after(text, "Replayed #")) {
    facts = {{"_class", "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause"},
             {"originalNumber", parse_int(*replayed).value_or(0)}};
  } else if (const auto restarted = after(text, "Restarted from build #")) {
    facts = {
        {"_class",
         "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause"},
        {"originRunNumber", parse_int(restarted->substr(0, restarted->find(','))).value_or(0)}};
    if (const size_t stage = restarted->find(", stage "); stage != restarted->npos)
      facts["originStage"] = restarted->substr(stage + 8);
  } else if (text.starts_with("Branch indexing")) {
    facts = {{"_class", "jenkins.branch.BranchIndexingCause"}};
  } else if (text.starts_with("Push event to branch") || text.starts_with("Pull request")) {
    facts = {{"_class", "jenkins.branch.BranchEventCause"}};
  } else {
    facts = {{"_class", "org.jenkinsci.plugins.gwt.GenericCause"}};
  }
  facts["shortDescription"] = text.substr(0, text.find('\n'));
  return facts;
}

std::string upstream_cause(const std::string& job, uint64_t number,
                           const std::vector<std::string>& causes) {
  constexpr size_t kMostLines = 50;
  std::string text = fmt::format("Started by upstream project \"{}\" build number {}", job, number);
  if (causes.empty()) return text;
  text += "\noriginally caused by:";
  size_t lines = 0;
  for (const std::string& cause : causes) {
    for (std::string_view line : split(cause, '\n')) {
      if (++lines > kMostLines) return text;
      text += fmt::format("\n {}", line);
    }
  }
  return text;
}

}  // namespace ks::engine
