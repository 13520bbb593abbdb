#include "engine/aside.h"

#include "engine/step.h"

namespace ks::engine {

json::value aside(StepCall& call, Aside work) {
  Run& run = call.run;
  const uint64_t id = run.next_await();
  auto stop = std::make_shared<std::stop_source>();
  auto start = [&run, id, stop, act = std::move(work.act)](bool resumed) {
    auto job = [weak = run.weak_from_this(), id, stop, act, resumed] {
      Result<json::value> done = act(resumed, stop->get_token());
      const std::shared_ptr<Run> alive = weak.lock();
      if (alive == nullptr) return;
      alive->complete(id, done ? json::object{{"ok", std::move(*done)}}
                               : json::object{{"error", done.error().message}});
    };
    const auto& background = run.services().background;
    if (background) {
      background(std::move(job));
    } else {
      job();
    }
  };
  json::value result = run.await(call.task, {.what = std::move(work.what),
                                             .sync = work.sync,
                                             .start = std::move(start),
                                             .interrupt = [stop] { stop->request_stop(); }});
  json::object& object = result.as_object();
  if (const json::value* error = object.if_contains("error")) call.fail(error->as_string());
  return std::move(object.at("ok"));
}

}  // namespace ks::engine
