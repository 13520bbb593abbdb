#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "engine/locks.h"
#include "engine/milestones.h"
#include "engine/step.h"
#include "engine/values.h"

// lock, milestone.

namespace ks::engine {
namespace {

// ----- lock -----

/// Gives the resources back, also when the body throws; not when the run is only put aside for a
/// restart.
class HeldLock {
 public:
  HeldLock(LockTable& table, std::string key) : table_(table), key_(std::move(key)) {}
  ~HeldLock() { table_.release(key_); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  LockTable& table_;
  std::string key_;
};

void add_wanted(LockRequest& request, const std::string& resource) {
  for (std::string_view name : split(resource, ',')) {
    if (!trim(name).empty()) request.names.emplace_back(trim(name));
  }
}

LockRequest request_of(StepCall& call) {
  LockRequest request;
  add_wanted(request, call.text("resource"));
  for (const groovy::Value& extra : groovy::list_items(call.task, call.value("extra"))) {
    if (const auto name = groovy::map_get(call.task, extra, "resource"))
      add_wanted(request, call.run.interpreter().to_string(call.task, *name));
  }
  request.label = call.text("label");
  request.quantity = static_cast<size_t>(std::max<int64_t>(0, call.number("quantity")));
  request.priority = call.number("priority");
  request.newest_first = call.flag("inversePrecedence");
  return request;
}

/// `[Resource: a]`, `[Label: l, Quantity: 2]`, as the console names what is wanted.
std::string shown(const LockRequest& request) {
  std::string text;
  for (const std::string& name : request.names)
    text += fmt::format("{}Resource: {}", text.empty() ? "" : ", ", name);
  if (!request.label.empty()) {
    text += fmt::format("{}Label: {}", text.empty() ? "" : ", ", request.label);
    if (request.quantity > 0) text += fmt::format(", Quantity: {}", request.quantity);
  }
  return "[" + text + "]";
}

json::array listed(const std::vector<std::string>& names) {
  json::array list;
  for (const std::string& name : names) list.emplace_back(name);
  return list;
}

/// Names of what is held; empty: skipIfLocked, and it was locked.
std::vector<std::string> obtain(StepCall& call, LockTable& table, LockRequest request,
                                const std::string& what) {
  Run& run = call.run;
  const bool skip = call.flag("skipIfLocked");
  const uint64_t id = run.next_await();
  const std::string key = request.key;
  auto start = [&run, &table, request, id, skip, what](bool) {
    if (std::vector<std::string> now = table.try_acquire(request); !now.empty() || skip) {
      run.complete(id, listed(now));
      return;
    }
    // After a restart the log may have it already.
    if (run.logged_offset(id) == 0)
      run.output(id, fmt::format("{} is locked, waiting...\n", what), 1, {});
    LockRequest queued = request;
    queued.granted = [weak = run.weak_from_this(), id](const std::vector<std::string>& names) {
      if (auto alive = weak.lock()) alive->complete(id, listed(names));
    };
    table.acquire(std::move(queued));
  };
  auto give_up = [&run, &table, key, id] {
    table.cancel(key);
    run.complete(id, nullptr);
  };
  try {
    const json::value names = run.await(call.task, {.what = "lock",
                                                    .sync = AwaitSpec::Sync::now,
                                                    .start = std::move(start),
                                                    .interrupt = std::move(give_up)});
    std::vector<std::string> held;
    if (const json::array* list = names.if_array()) {
      for (const json::value& name : *list) held.emplace_back(std::string_view(name.as_string()));
    }
    return held;
  } catch (const groovy::Thrown&) {
    table.release(key);
    throw;
  }
}

groovy::Value lock(StepCall& call) {
  Run& run = call.run;
  if (run.services().locks == nullptr)
    call.fail("lock needs a server: nothing here holds locks between runs");
  LockTable& table = *run.services().locks;
  LockRequest request = request_of(call);
  if (request.names.empty() && request.label.empty())
    throw_illegal_argument(call, "Either resource label or resource name must be specified.");
  if (!request.names.empty() && !request.label.empty()) {
    throw_illegal_argument(call, "Label and resource name cannot be specified simultaneously.");
  }
  if (!request.label.empty() && !table.has_label(request.label)) {
    call.fail(
        fmt::format("The label does not exist: {}. Name a resource instead: lock('x') makes "
                    "it when it is first used",
                    request.label));
  }
  const std::string what = shown(request);
  request.asked_millis = run.now_millis(call.task);
  request.key = fmt::format("{}#{}-{}", run.spec().job, run.spec().number, run.next_await());
  run.print_line("Trying to acquire lock on " + what);
  const std::vector<std::string> names = obtain(call, table, request, what);
  if (names.empty()) {
    run.print_line(what + " is locked, skipping execution...");
    return {};
  }
  table.hold(request.key, names);
  const HeldLock held(table, request.key);
  run.print_line("Lock acquired on " + what);
  struct Tell {
    Run& run;
    const std::string& what;
    ~Tell() { run.print_line("Lock released on resource " + what); }
  } tell{run, what};
  return call.call_body([&](StepContext& inner) {
    const std::string variable = call.text("variable");
    if (variable.empty()) return;
    inner.env = {{variable, join(names, ",")}};
    for (size_t i = 0; i < names.size(); i++)
      inner.env.emplace_back(fmt::format("{}{}", variable, i), names[i]);
  });
}

// ----- milestone -----

groovy::Value milestone(StepCall& call) {
  Run& run = call.run;
  if (call.context()->in_parallel)
    call.fail("Using a milestone step inside parallel is not allowed");
  const int64_t before = run.last_milestone.value_or(-1);
  const int64_t ordinal = call.has("ordinal") ? call.number("ordinal") : before + 1;
  if (run.last_milestone && ordinal <= before) {
    call.fail(fmt::format("Invalid ordinal {}, as the previous one was {}", ordinal, before));
  }
  run.last_milestone = ordinal;
  run.print_line(fmt::format("Trying to pass milestone {}", ordinal));
  Milestones* table = run.services().milestones;
  if (table == nullptr) return {};
  const std::string& job = run.spec().job;
  const uint64_t number = run.spec().number;
  const auto overtaken = [weak = run.weak_from_this()](uint64_t by) {
    if (auto alive = weak.lock())
      alive->interrupt_scope(0, BuildResult::not_built, fmt::format("Superseded by #{}", by));
  };
  const uint64_t id = run.next_await();
  const json::value first = run.await(
      call.task, {.what = "milestone",
                  .sync = AwaitSpec::Sync::now,
                  .start =
                      [&run, table, job, number, ordinal, overtaken, id](bool) {
                        const auto newer = table->pass(job, number, ordinal, overtaken);
                        run.complete(id, newer ? json::value(*newer) : json::value(nullptr));
                      },
                  .interrupt = {}});
  if (first.is_null()) {
    table->passed_before(job, number, ordinal, overtaken);
    return {};
  }
  // The run ends here: what it waits for never comes, the interruption does.
  const uint64_t by = first.to_number<uint64_t>();
  run.await(
      call.task,
      {.what = "superseded", .start = [overtaken, by](bool) { overtaken(by); }, .interrupt = {}});
  return {};
}

}  // namespace

void add_locking_steps(StepRegistry& registry) {
  registry.add(
      {.name = "lock",
       .parameters = {"resource", "label", "quantity", "variable", "inversePrecedence", "priority",
                      "skipIfLocked", "extra", "resourceSelectStrategy", "reason"},
       .sole = "resource",
       .block = true,
       .function = lock});
  registry.add({.name = "milestone",
                .parameters = {"ordinal", "label", "unsafe"},
                .sole = "ordinal",
                .function = milestone});
}

}  // namespace ks::engine
