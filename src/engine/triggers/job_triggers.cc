#include "engine/triggers/job_triggers.h"

#include <boost/json.hpp>

#include "base/cron.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/builds.h"
#include "jenkins/xml.h"

namespace ks::engine {
namespace {

constexpr size_t kMostUpstream = 1000;

/// Schedules one below the other are one: it is due when any of them is.
void add_schedule(std::string& to, std::string_view spec, const std::string& job) {
  if (trim(spec).empty()) return;
  if (const Result<Cron> cron = Cron::parse(spec, job); !cron) {
    LOG(warn, "a schedule of a job cannot be read", {"job", job}, {"error", cron.error().message});
    return;
  }
  // A time zone stands in the first line, and counts for all that follow: two that have one cannot
  // be put together.
  if (to.empty() || spec.starts_with("TZ=")) {
    to = spec;
  } else {
    to += "\n" + std::string(spec);
  }
}

void add_upstream(JobTriggers& to, std::string_view jobs, std::string_view threshold,
                  const std::string& job) {
  for (std::string_view path : split(jobs, ',')) {
    path = trim(path);
    if (path.empty() || to.upstream.size() >= kMostUpstream) continue;
    std::string full = resolve_job(job, path);
    if (full.empty() || full == job) continue;
    to.upstream.push_back(
        {std::move(full), parse_result(threshold).value_or(BuildResult::success)});
  }
}

void read_triggers(pugi::xml_node triggers, JobTriggers& to, const std::string& job) {
  for (pugi::xml_node trigger : triggers.children()) {
    const std::string_view name = trigger.name();
    if (name == "hudson.triggers.TimerTrigger") {
      add_schedule(to.cron, jenkins::child_text(trigger, "spec"), job);
    } else if (name == "hudson.triggers.SCMTrigger") {
      add_schedule(to.poll, jenkins::child_text(trigger, "spec"), job);
    } else if (name == "jenkins.triggers.ReverseBuildTrigger") {
      add_upstream(to, jenkins::child_text(trigger, "upstreamProjects"),
                   jenkins::child_text(trigger.child("threshold"), "name"), job);
    }
  }
}

}  // namespace

JobTriggers triggers_of_config(const std::string& config_xml, const std::string& job) {
  JobTriggers out;
  const Result<pugi::xml_document> document = jenkins::parse_xml(config_xml);
  if (!document) return out;
  const pugi::xml_node root = document->document_element();
  read_triggers(root.child("triggers"), out, job);
  read_triggers(root.child("properties")
                    .child("org.jenkinsci.plugins.workflow.job.properties."
                           "PipelineTriggersJobProperty")
                    .child("triggers"),
                out, job);
  return out;
}

JobTriggers with_declared(JobTriggers triggers, const JobProperties& declared,
                          const std::string& job) {
  if (declared.all) triggers = {};
  for (const json::value& one : declared.triggers) {
    const std::string_view type = text_at(one, {"type"});
    if (type == "cron") {
      add_schedule(triggers.cron, text_at(one, {"spec"}), job);
    } else if (type == "pollSCM") {
      add_schedule(triggers.poll, text_at(one, {"scmpoll_spec"}), job);
    } else if (type == "upstream") {
      const json::value* threshold = find(one, {"threshold"});
      const std::string_view name = threshold == nullptr || !threshold->is_string()
                                        ? text_at(one, {"threshold", "name"})
                                        : std::string_view(threshold->get_string());
      add_upstream(triggers, text_at(one, {"upstreamProjects"}), name, job);
    }
  }
  return triggers;
}

}  // namespace ks::engine
