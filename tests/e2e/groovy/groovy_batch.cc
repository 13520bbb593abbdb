// Runs many small Groovy scripts: our side of the differential test
// (tests/e2e/groovy_differential_test.py). In: one line for each script, its text as a JSON string.
// Out: one line for each, a JSON object
// {"out", "value", "type"} or {"out", "exception", "message"}, flushed, so that it can be asked one
// by one.

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "groovy/interpreter.h"

namespace {

using namespace ks::groovy;
namespace json = boost::json;

constexpr auto kTimePerScript = std::chrono::seconds(10);

/// The surroundings of a plain script: output is kept, nothing else is there.
class BatchHost : public Host {
 public:
  std::string output;

  std::optional<Value> call_step(Task&, std::string_view, Args) override { return std::nullopt; }
  std::optional<Value> global(Task&, std::string_view) override { return std::nullopt; }
  void print(Task&, std::string_view text) override { output += text; }
  int64_t now_millis(Task&) override { return 1'700'000'000'000; }
  int64_t nano_time(Task&) override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
  uint64_t random_bits(Task&) override {
    return random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  }
  void checkpoint(Task& task) override {
    if (std::chrono::steady_clock::now() - began_ > kTimePerScript)
      task.interpreter().raise(task, "java.lang.IllegalStateException", "it takes too long");
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t random_ = 42;
};

json::value message_of(const std::optional<std::string>& message) {
  return message ? json::value(*message) : json::value(nullptr);
}

json::object run(std::string_view source) {
  json::object answer;
  Compiled compiled = compile(source);
  if (!compiled) {
    answer["exception"] = "org.codehaus.groovy.control.MultipleCompilationErrorsException";
    answer["message"] = format_errors(source, "Script1.groovy", compiled.errors);
    answer["out"] = "";
    return answer;
  }
  BatchHost host;
  Interpreter interpreter(host);
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  std::optional<Failure> failure = outcome.failure;
  if (!failure) {
    try {
      answer["value"] = interpreter.inspect(task, outcome.value);
      answer["type"] = outcome.value.is_null() ? "null" : interpreter.class_name(outcome.value);
    } catch (const Thrown& thrown) {
      failure = interpreter.describe(task, thrown);
    }
  }
  if (failure) {
    answer["exception"] = failure->class_name;
    answer["message"] = message_of(failure->message);
  }
  answer["out"] = host.output;
  return answer;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const json::value script = json::parse(line);
    std::cout << json::serialize(run(script.as_string())) << std::endl;
  }
  return 0;
}
