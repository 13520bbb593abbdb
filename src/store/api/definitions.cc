#include "store/api/definitions.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "kube/object.h"
#include "store/lifecycle/deletion.h"

namespace ks::store {
namespace {

constexpr std::chrono::seconds kTryAgain{1};
constexpr size_t kAtOnce = 512;

Result<json::value> parse_definition(const Object& object) {
  return parse_json(*object.json, {.max_depth = 1024});
}

}  // namespace

/// Notes changes for the thread: of definitions, and of objects that are being cleaned up.
class Definitions::Follower final : public Sink {
 public:
  explicit Follower(Definitions& owner) : owner_(owner) {}
  void on_events(std::span<const Delivery> deliveries) override {
    owner_.state_.with([&](State& state) {
      for (const Delivery& delivery : deliveries) {
        if (delivery.event == nullptr) continue;
        const ObjectRef& object = delivery.event->object;
        if (object->resource() != kDefinitions) {
          state.look = true;
          continue;
        }
        const bool gone = delivery.type == EventType::deleted;
        Change& change = state.changed[std::string(object->name())];
        change.object = gone ? nullptr : object;
        if (gone) change.gone = delivery.revision;
      }
    });
    owner_.wake_.notify_one();
  }

 private:
  Definitions& owner_;
};

Definitions::Definitions(Store& store, Registry& registry, const Clock& clock)
    : store_(store), registry_(registry), clock_(clock) {}

Definitions::~Definitions() {
  subscription_ = {};
  if (!thread_.joinable()) return;
  thread_.request_stop();
  wake_.notify_all();
  thread_.join();
  cleaning_.clear();
}

Result<> Definitions::start(std::function<void(const std::string&)> ended) {
  ended_ = std::move(ended);
  follower_ = std::make_shared<Follower>(*this);
  const Filter filter{
      .resource = std::string(kDefinitions), .space = {}, .name = {}, .matches = nullptr};
  const Store::List list = TRY(store_.list(filter));
  for (const ObjectRef& object : list.objects) {
    TRY(serve(object));
    state_.with([&](State& state) { state.changed[std::string(object->name())].object = object; });
  }
  subscription_ = TRY(store_.watch(filter, list.revision, follower_, WatchedBy::us));
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  return {};
}

Result<> Definitions::serve(const ObjectRef& definition) {
  const std::string name(definition->name());
  json::value value = TRY(parse_definition(*definition));
  const bool deleting = kube::is_being_deleted(value);
  std::lock_guard lock(serving_);
  const bool newer = state_.with([&](State& state) {
    Served& served = state.served[name];
    if (served.revision >= definition->revision) return false;
    // One that is not being deleted any more is another one of that name.
    if (deleting) state.terminating.insert(name);
    if (!deleting) state.terminating.erase(name);
    served = {.revision = definition->revision, .resource = name, .deleting = deleting};
    return true;
  });
  if (!newer || !kube::is_condition_true(value, "Established")) return {};
  return registry_.put_definition(value);
}

bool Definitions::terminating(std::string_view store_resource) const {
  return state_.with(
      [&](const State& state) { return state.terminating.contains(store_resource); });
}

/// A definition that is gone: whatever is left of its objects goes too. Another one of that name
/// may be served already; it and its objects stay.
void Definitions::forget(const std::string& name, uint64_t gone) {
  cleaning_.erase(name);
  {
    std::lock_guard lock(serving_);
    const bool last = state_.with([&](State& state) {
      const auto found = state.served.find(name);
      if (found != state.served.end() && found->second.revision > gone) return false;
      state.served.erase(name);
      state.terminating.erase(name);
      return true;
    });
    if (last) registry_.remove_definition(name);
  }
  if (ended_) ended_(name);
  Result<Store::List> left =
      store_.list({.resource = name, .space = {}, .name = {}, .matches = {}});
  if (!left) return;
  std::vector<Store::Write> writes;
  for (const ObjectRef& object : left->objects) {
    if (object->created > gone) continue;
    writes.push_back(
        {.key = Key::parse(object->key), .draft = std::nullopt, .expected = object->revision});
  }
  store_.write_all(std::move(writes));
}

/// Removes the objects of a definition that is being deleted, and lets it go after the last one.
/// False when it must be tried again.
bool Definitions::clean(const std::string& name, const std::string& resource) {
  if (!cleaning_.contains(name)) {
    Result<WatchHub::Subscription> watch =
        store_.watch({.resource = resource, .space = {}, .name = {}, .matches = {}},
                     store_.revision(), follower_, WatchedBy::us);
    if (!watch) return false;
    cleaning_[name] = std::move(*watch);
  }
  Result<Store::List> left =
      store_.list({.resource = resource, .space = {}, .name = {}, .matches = {}}, kAtOnce);
  if (!left) return false;
  if (left->objects.empty()) {
    Result<ObjectRef> edited = edit_object(
        store_, {std::string(kDefinitions), "", name}, [](json::value& value) -> Result<bool> {
          return take_finalizer(value, "metadata", kDefinitionFinalizer);
        });
    return edited.ok() || edited.error().code == Code::not_found;
  }
  std::vector<Store::Write> writes;
  for (const ObjectRef& object : left->objects) {
    Result<std::optional<Store::Write>> write =
        deletion_of(object, Propagation::background, clock_);
    if (write && *write) writes.push_back(std::move(**write));
  }
  bool done = true;
  for (const Result<ObjectRef>& written : store_.write_all(std::move(writes))) {
    done = done && (written.ok() || written.error().code == Code::not_found);
  }
  return done;
}

void Definitions::work(const std::stop_token& stop) {
  std::map<std::string, std::string> terminating;  // name to resource
  bool again = false;
  while (!stop.stop_requested()) {
    std::map<std::string, Change> changed;
    state_.wait_for(
        wake_, again ? kTryAgain : std::chrono::seconds(3600),
        [&](const State& state) {
          return !state.changed.empty() || state.look || stop.stop_requested();
        },
        [&](State& state) {
          changed.swap(state.changed);
          state.look = false;
        });
    for (const auto& [name, change] : changed) {
      const auto& [object, gone] = change;
      if (gone != 0) {
        forget(name, gone);
        terminating.erase(name);
      }
      if (object == nullptr) continue;
      if (Result<> served = serve(object); !served) {
        LOG(error, "a definition cannot be served", {"name", name},
            {"error", served.error().message});
      }
      if (this->terminating(name)) terminating[name] = name;
    }
    again = false;
    for (const auto& [name, resource] : terminating) {
      if (!stop.stop_requested() && !clean(name, resource)) again = true;
    }
  }
}

}  // namespace ks::store
