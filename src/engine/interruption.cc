#include "engine/interruption.h"

namespace ks::engine {
namespace {

constexpr std::string_view kClass = "org.jenkinsci.plugins.workflow.steps.FlowInterruptedException";

/// One of `e.causes`.
class CauseObject final : public groovy::HostObject {
 public:
  CauseObject(std::string text, std::string user)
      : text_(std::move(text)), user_(std::move(user)) {}
  std::string class_name() const override {
    return user_.empty() ? "jenkins.model.CauseOfInterruption"
                         : "jenkins.model.CauseOfInterruption$UserInterruption";
  }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    auto string = [&](std::string_view text) { return task.interpreter().make_string(text); };
    if (name == "shortDescription") return string(text_);
    if (name == "user" || name == "userId") return user_.empty() ? groovy::Value() : string(user_);
    return std::nullopt;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (!args.empty()) return std::nullopt;
    if (name == "getShortDescription") return get_property(task, "shortDescription");
    if (name == "getUser") return get_property(task, "user");
    if (name == "getUserId") return get_property(task, "userId");
    return std::nullopt;
  }
  std::string to_string(groovy::Task&) override { return text_; }
  bool is_instance_of(std::string_view name) const override {
    return name.ends_with("CauseOfInterruption") || name == class_name();
  }

 private:
  std::string text_, user_;
};

}  // namespace

groovy::Value make_interruption(Run& run, groovy::Task& task, const Interruption& interruption) {
  groovy::Interpreter& in = run.interpreter();
  groovy::Value exception = in.make_exception(task, kClass, std::nullopt);
  in.set_exception_property(exception, "result", in.make_string(to_string(interruption.result)));
  in.set_exception_property(exception, "causes",
                            in.make_list({groovy::Value(in.heap().make<CauseObject>(
                                interruption.cause, interruption.user))}));
  in.set_exception_property(exception, "told", groovy::Value::of_bool(interruption.told));
  in.set_exception_property(exception, "actualInterruption",
                            groovy::Value::of_bool(interruption.actual));
  return exception;
}

std::vector<std::string> untold_causes(Run& run, groovy::Task& task,
                                       const groovy::Value& exception) {
  std::vector<std::string> texts;
  groovy::Interpreter& in = run.interpreter();
  const auto told = in.exception_property(exception, "told");
  const auto causes = in.exception_property(exception, "causes");
  if ((told && in.truth(task, *told)) || !causes || !groovy::is_list(*causes)) return texts;
  for (const groovy::Value& cause : groovy::list_items(task, *causes))
    texts.push_back(in.to_string(task, cause));
  return texts;
}

bool is_actual(Run& run, groovy::Task& task, const groovy::Value& exception) {
  const auto actual = run.interpreter().exception_property(exception, "actualInterruption");
  return !actual || run.interpreter().truth(task, *actual);
}

bool is_interruption(const groovy::Failure& failure) { return failure.class_name == kClass; }

void print_failure(Run& run, groovy::Task& task, const groovy::Thrown& thrown,
                   std::string_view headline) {
  const groovy::Failure failure = run.interpreter().describe(task, thrown);
  if (is_interruption(failure)) {
    for (const std::string& cause : untold_causes(run, task, thrown.exception))
      run.print_line(cause);
  } else if (failure.class_name == "hudson.AbortException") {
    run.print_line("ERROR: " + failure.message.value_or("null"));
  } else {
    if (!headline.empty()) run.print_line(headline);
    run.print_line(failure.with_trace());
  }
}

}  // namespace ks::engine
