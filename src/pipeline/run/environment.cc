#include "pipeline/run/environment.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "groovy/heap.h"
#include "pipeline/run/executor.h"

namespace ks::pipeline {
namespace {

class Evaluation;

/// What names mean inside of the block: `FOO`, and `env` itself.
class EntryNames : public groovy::HostObject {
 public:
  explicit EntryNames(Evaluation& evaluation, bool is_env)
      : evaluation_(&evaluation), is_env_(is_env) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.pipeline.modeldefinition.environment.Resolver";
  }
  std::optional<Value> get_property(Task& task, std::string_view name) override;

  /// The evaluation ends before the object may.
  void forget() { evaluation_ = nullptr; }

 private:
  Evaluation* evaluation_;
  bool is_env_;
};

class Evaluation {
 public:
  Evaluation(Task& task, Runtime& runtime, const Environment& environment,
             const std::vector<Value>& closures)
      : runtime_(runtime), environment_(environment), closures_(closures) {
    auto names = task.heap().make<EntryNames>(*this, false);
    auto env = task.heap().make<EntryNames>(*this, true);
    names_object_ = names.get();
    env_object_ = env.get();
    names_ = Value(names);
    env_ = Value(env);
  }
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;
  ~Evaluation() {
    names_object_->forget();
    env_object_->forget();
  }

  Value entry(Task& task, const EnvironmentEntry& entry) {
    if (entry.value.is_literal()) {
      if (std::holds_alternative<std::nullptr_t>(entry.value.data)) return nullptr;
      return task.interpreter().make_string(literal_text(entry.value));
    }
    struct Active {
      Active(std::vector<const EnvironmentEntry*>& list, const EnvironmentEntry& one)
          : active(list) {
        active.push_back(&one);
      }
      ~Active() { active.pop_back(); }
      std::vector<const EnvironmentEntry*>& active;
    } guard(active_, entry);
    const Value& closure = closures_.at(static_cast<size_t>(entry.value.closure));
    return task.interpreter().call_with_delegate(task, closure, names_, {},
                                                 groovy::Resolve::delegate_first);
  }

  std::optional<Value> name(Task& task, std::string_view name, bool of_env) {
    if (!of_env && name == "env") return env_;
    auto sibling = std::ranges::find(environment_.entries, name, &EnvironmentEntry::name);
    if (sibling != environment_.entries.end() && !sibling->credentials &&
        std::ranges::find(active_, &*sibling) == active_.end()) {
      return entry(task, *sibling);
    }
    if (std::optional<std::string> outer = runtime_.env(task, name))
      return task.interpreter().make_string(*outer);
    if (of_env) return Value(nullptr);
    // Variables, fields and globals of the script; what nobody knows prints as null.
    try {
      return task.interpreter().get_property(task, task.interpreter().script(), name);
    } catch (const Thrown& thrown) {
      if (!thrown.catchable) throw;
      return Value(nullptr);
    }
  }

 private:
  Runtime& runtime_;
  const Environment& environment_;
  const std::vector<Value>& closures_;
  std::vector<const EnvironmentEntry*> active_;  // being evaluated: innermost last
  EntryNames* names_object_ = nullptr;
  EntryNames* env_object_ = nullptr;
  Value names_;
  Value env_;
};

std::optional<Value> EntryNames::get_property(Task& task, std::string_view name) {
  return evaluation_ == nullptr ? std::nullopt : evaluation_->name(task, name, is_env_);
}

}  // namespace

groovy::Value evaluate_entry(groovy::Task& task, Runtime& runtime, const Environment& environment,
                             const EnvironmentEntry& entry,
                             const std::vector<groovy::Value>& closures) {
  Evaluation evaluation(task, runtime, environment, closures);
  return evaluation.entry(task, entry);
}

}  // namespace ks::pipeline
