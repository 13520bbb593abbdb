#include "devops/controllers/retention.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ranges>
#include <tuple>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/run_controller.h"

namespace ks::devops {
namespace {

constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours{6};

std::optional<int64_t> bound(const json::value& pipeline, std::string_view name) {
  const std::optional<int64_t> number =
      parse_int(text_at(pipeline, {"spec", "pipeline", "discarder", name}));
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<WallTime> completed_at(const json::value& run) {
  const std::string_view text = text_at(run, {"status", "completionTime"});
  if (text.empty()) return std::nullopt;
  const Result<WallTime> time = parse_rfc3339(text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<WallTime> earlier(std::optional<WallTime> a, std::optional<WallTime> b) {
  return !a ? b : !b ? a : std::min(a, b);
}

Outcome outcome_until(std::optional<WallTime> next, WallTime now) {
  if (!next) return Outcome{};
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(*next - now);
  return Outcome{.again_after = std::clamp(wait, std::chrono::milliseconds{1}, kLongestWait)};
}

Result<> remove_runs(Context& context, const std::vector<Key>& runs) {
  for (const Key& run : runs) {
    const Result<> removed = context.kube.remove(pipeline_runs(), run);
    if (!removed && removed.error().code != Code::not_found) return removed.error();
  }
  return {};
}

struct Finished {
  const json::value* run;
  WallTime at;
  int64_t number = 0;  ///< of the build
};

/// Oldest first. Times are whole seconds, so that several runs may have ended at the same one: then
/// their numbers decide, and names at last, so that the choice is the same each time.
std::vector<Finished> finished_runs(const std::vector<ObjectRef>& runs) {
  std::vector<Finished> out;
  for (const ObjectRef& run : runs) {
    const std::optional<WallTime> at = completed_at(*run);
    if (!at || kube::is_being_deleted(*run)) continue;
    out.push_back({run.get(), *at, parse_int(kube::annotation(*run, run::kId)).value_or(0)});
  }
  std::ranges::sort(out, [](const Finished& a, const Finished& b) {
    return std::tuple(a.at, a.number, kube::name_of(*a.run)) <
           std::tuple(b.at, b.number, kube::name_of(*b.run));
  });
  return out;
}

const json::value* last_success(const std::vector<Finished>& finished) {
  for (const Finished& one : std::views::reverse(finished)) {
    if (text_at(*one.run, {"status", "phase"}) == "Succeeded") return one.run;
  }
  return nullptr;
}

}  // namespace

Discarder discarder_of(const json::value& pipeline) {
  return {.runs = bound(pipeline, "num_to_keep"), .days = bound(pipeline, "days_to_keep")};
}

Retention runs_to_delete(const std::vector<ObjectRef>& runs, const Discarder& discarder,
                         WallTime now) {
  Retention out;
  const std::vector<Finished> finished = finished_runs(runs);
  if (finished.empty()) return out;
  const json::value* success = last_success(finished);
  const json::value* last = finished.back().run;
  // Unfinished runs count as the newest.
  const size_t all = static_cast<size_t>(
      std::ranges::count_if(runs, [](const ObjectRef& r) { return !kube::is_being_deleted(*r); }));
  size_t limit = 0;
  if (discarder.runs && all > static_cast<size_t>(*discarder.runs)) {
    limit = all - static_cast<size_t>(*discarder.runs);
  }
  for (size_t i = 0; i < finished.size(); ++i) {
    const Finished& one = finished[i];
    const bool spared = one.run == success || one.run == last;
    if (i < limit && spared) ++limit;
    bool expired = i < limit && !spared;
    if (!expired && discarder.days) {
      const WallTime end = one.at + std::chrono::days{std::min(*discarder.days, int64_t{36'500})};
      expired = end <= now;
      if (!expired) out.next = out.next ? std::min(*out.next, end) : end;
    }
    if (expired) out.expired.push_back(kube::key_of(*one.run));
  }
  return out;
}

Retention runs_to_delete(const std::vector<ObjectRef>& runs, const ProjectRetention& bounds,
                         WallTime now) {
  Retention out;
  if (!bounds.runs && !bounds.age) return out;
  const std::vector<Finished> finished = finished_runs(runs);
  // Unfinished runs count as the newest.
  const auto all = static_cast<int64_t>(
      std::ranges::count_if(runs, [](const ObjectRef& r) { return !kube::is_being_deleted(*r); }));
  const int64_t surplus = bounds.runs ? std::max<int64_t>(0, all - *bounds.runs) : 0;
  for (size_t i = 0; i < finished.size(); ++i) {
    const bool many = static_cast<int64_t>(i) < surplus;
    const WallTime end = finished[i].at + bounds.age.value_or(std::chrono::hours{0});
    const bool old = bounds.age && end <= now;
    if (bounds.both && bounds.runs && bounds.age ? many && old : many || old) {
      out.expired.push_back(kube::key_of(*finished[i].run));
    } else if (bounds.age && !old) {
      out.next = earlier(out.next, end);
    }
  }
  return out;
}

Retention runs_to_stop(const std::vector<ObjectRef>& runs, const ProjectRetention& bounds,
                       WallTime now) {
  Retention out;
  if (!bounds.abort) return out;
  for (const ObjectRef& run : runs) {
    if (completed_at(*run) || kube::is_being_deleted(*run)) continue;
    const Result<WallTime> started = parse_rfc3339(text_at(*run, {"status", "startTime"}));
    if (!started) continue;
    const WallTime end = *started + *bounds.abort;
    if (end <= now) {
      out.expired.push_back(kube::key_of(*run));
    } else {
      out.next = earlier(out.next, end);
    }
  }
  return out;
}

RetentionController::RetentionController(Context& context)
    : context_(context),
      controller_({.name = "retention", .workers = 1, .back_off = {}, .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.pipelines);
  controller_.follow(context.runs, [&context](const Key& key) {
    const ObjectRef run = context.runs.get(key);
    if (!run || !completed_at(*run)) return std::vector<Key>{};
    return std::vector<Key>{
        {key.space, std::string(text_at(*run, {"spec", "pipelineRef", "name"}))}};
  });
}

Result<Outcome> RetentionController::reconcile(const Key& key) {
  const ObjectRef pipeline = context_.pipelines.get(key);
  if (!pipeline || text_at(*pipeline, {"spec", "type"}) != "pipeline") return Outcome{};
  const Discarder discarder = discarder_of(*pipeline);
  if (!discarder.runs && !discarder.days) return Outcome{};
  const WallTime now = context_.clock.now();
  const Retention retention =
      runs_to_delete(context_.runs.by_index(kRunsByPipeline, key.text()), discarder, now);
  TRY(remove_runs(context_, retention.expired));
  return outcome_until(retention.next, now);
}

ProjectRetentionController::ProjectRetentionController(Context& context,
                                                       const ProjectRetention& bounds)
    : context_(context),
      bounds_(bounds),
      controller_(
          {.name = "project-retention", .workers = 1, .back_off = {}, .clock = &context.clock},
          [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.runs,
                     [](const Key& key) { return std::vector<Key>{{"", key.space}}; });
}

Result<Outcome> ProjectRetentionController::reconcile(const Key& key) {
  const WallTime now = context_.clock.now();
  const std::vector<ObjectRef> runs = context_.runs.list(key.name);
  const Retention gone = runs_to_delete(runs, bounds_, now);
  TRY(remove_runs(context_, gone.expired));
  const Retention overdue = runs_to_stop(runs, bounds_, now);
  for (const Key& run : overdue.expired) {
    const Result<json::value> stopped =
        context_.kube.modify(pipeline_runs(), run, [](json::value& object) {
          if (text_at(object, {"spec", "action"}) == "Stop") return false;
          set_at(object, {"spec", "action"}, "Stop");
          return true;
        });
    if (!stopped && stopped.error().code != Code::not_found) return stopped.error();
  }
  return outcome_until(earlier(gone.next, overdue.next), now);
}

}  // namespace ks::devops
