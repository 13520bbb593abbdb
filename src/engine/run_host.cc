#include <fmt/format.h>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/globals.h"
#include "engine/host_classes.h"
#include "engine/library/library_set.h"
#include "engine/missing_steps.h"
#include "engine/node.h"
#include "engine/record_object.h"
#include "engine/step.h"
#include "engine/surroundings.h"

// What a script finds around it: steps, globals, time and chance.

namespace ks::engine {
namespace {

constexpr std::string_view kMissingContext =
    "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException";

/// Sorts the arguments of a call into the step's parameters. An error text, or nothing.
std::optional<std::string> sort_arguments(StepCall& call, groovy::Args args) {
  groovy::Task& task = call.task;
  size_t count = args.size();
  if (count > 0 && groovy::is_closure(args[count - 1]) &&
      (call.info.block || count > 1 || call.info.sole.empty())) {
    call.body = args[--count];
  }
  if (count > 0 && groovy::is_map(args[0]) && call.info.name != "parallel") {
    const auto entries = groovy::map_entries(task, args[0]);
    // A map none of whose keys is a parameter is the value of the sole one: checkout([$class:
    // ...]).
    const bool named = std::ranges::any_of(entries, [&](const auto& entry) {
      return std::ranges::find(call.info.parameters, entry.first) != call.info.parameters.end();
    });
    if (named || call.info.sole.empty() || count > 1) {
      std::string unknown;
      for (const auto& [key, value] : entries) {
        if (std::ranges::find(call.info.parameters, key) == call.info.parameters.end())
          unknown += (unknown.empty() ? "" : ",") + key;
        call.arguments[key] = value;
      }
      if (!unknown.empty())
        return fmt::format("WARNING: Unknown parameter(s) found for class type '{}': {}",
                           call.info.name, unknown);
      if (count == 1) return std::nullopt;
    }
  }
  if (count == 1 && !call.info.sole.empty()) {
    call.arguments[std::string(call.info.sole)] = args[0];
  } else if (count == 1 && call.info.parameters.size() == 1) {
    call.arguments[std::string(call.info.parameters[0])] = args[0];
  } else if (count > 1 || (count == 1 && call.info.parameters.empty())) {
    return fmt::format("Expected named arguments but got {} values for '{}'", count,
                       call.info.name);
  }
  return std::nullopt;
}

bool takes(const StepInfo& info, const std::vector<std::pair<std::string, groovy::Value>>& named) {
  return std::ranges::all_of(named, [&](const auto& entry) {
    return std::ranges::find(info.parameters, entry.first) != info.parameters.end();
  });
}

/// `zip(zipFile: ...)` is the step, `zip(credentialsId: ...)` the binding.
const StepInfo* meant(Run& run, const StepInfo& step, groovy::Task& task, groovy::Args args) {
  if (step.symbol || args.size() != 1 || !groovy::is_map(args[0])) return &step;
  const StepInfo* symbol = run.services().steps->find_symbol(step.name);
  if (symbol == nullptr) return &step;
  const auto named = groovy::map_entries(task, args[0]);
  return takes(*symbol, named) && !takes(step, named) ? symbol : &step;
}

/// Texts that the script put together itself, of all arguments.
void collect_interpolated(groovy::Task& task, const groovy::Value& value, int depth,
                          std::vector<std::string>& texts) {
  constexpr int kMaxDepth = 8;
  constexpr size_t kMaxTexts = 1000;
  if (depth > kMaxDepth || texts.size() > kMaxTexts) return;
  if (groovy::is_interpolated(value)) {
    texts.push_back(task.interpreter().to_string(task, value));
  } else if (groovy::is_list(value)) {
    for (const groovy::Value& item : groovy::list_items(task, value))
      collect_interpolated(task, item, depth + 1, texts);
  } else if (groovy::is_map(value)) {
    for (const auto& [key, member] : groovy::map_entries(task, value))
      collect_interpolated(task, member, depth + 1, texts);
  }
}

/// Variables whose secret values are in an argument because the script interpolated them: the shell
/// would have read them itself.
std::vector<std::string> secrets_in(StepCall& call, groovy::Args args) {
  std::vector<std::string> found;
  const ContextRef context = call.context();
  if (context->secret_names.empty()) return found;
  std::vector<std::string> texts;
  for (const groovy::Value& value : args) collect_interpolated(call.task, value, 0, texts);
  if (texts.empty()) return found;
  for (const std::string& name : context->secret_names) {
    const auto secret = call.run.env_value(context.get(), name);
    if (!secret || trim(*secret).empty() || std::ranges::find(found, name) != found.end()) continue;
    if (std::ranges::any_of(texts, [&](const std::string& t) { return t.contains(*secret); }))
      found.push_back(name);
  }
  return found;
}

/// What the tree shows beside the step's name.
std::string label_of(const StepCall& call) {
  if (call.has("label")) return call.text("label");
  if (call.info.sole.empty() || !call.has(call.info.sole)) return {};
  if (!groovy::is_text(call.value(call.info.sole))) return {};
  std::string text = call.text(call.info.sole);
  text.resize(std::min(text.size(), text.find('\n')));
  if (text.size() > 100) text = text.substr(0, 97) + "...";
  return text;
}

}  // namespace

std::optional<groovy::Value> Run::call_step(groovy::Task& task, std::string_view name,
                                            groovy::Args args) {
  if (std::optional<groovy::Value> answer = call_declarative(*this, task, name, args))
    return answer;
  // A global variable of a library is called before a step of its name is.
  if (std::optional<groovy::Value> variable = libraries_->variable(task, name))
    return interpreter_->invoke(task, *variable, "call", args);
  StepCall call(*this, task, *meant(*this, step_info(task, name), task, args));
  if (const std::optional<std::string> wrong = sort_arguments(call, args))
    raise(task, "java.lang.IllegalArgumentException", *wrong);
  if (!call.info.symbol) call.interpolated = secrets_in(call, args);
  return invoke(call);
}

groovy::Value Run::call_native(groovy::Task& task, std::string_view name, Arguments arguments,
                               std::function<groovy::Value(groovy::Task&)> body) {
  StepCall call(*this, task, step_info(task, name));
  for (auto& [key, value] : arguments)
    call.arguments.insert_or_assign(std::move(key), std::move(value));
  call.native_body = std::move(body);
  return invoke(call);
}

const StepInfo& Run::step_info(groovy::Task& task, std::string_view name) {
  if (const StepInfo* info = services_.steps->find(name)) return *info;
  if (const std::optional<std::string> why = why_missing(name)) {
    print_line(fmt::format("[Pipeline] {}", name));
    fail(task, *why);
  }
  raise(task, "java.lang.NoSuchMethodError",
        fmt::format("No such DSL method '{}' found among steps [{}] or symbols [{}] or globals "
                    "[currentBuild, env, params]",
                    name, join(services_.steps->names(), ", "),
                    join(services_.steps->names(true), ", ")));
}

groovy::Value Run::invoke(StepCall& call) {
  const StepInfo& info = call.info;
  groovy::Task& task = call.task;
  if (info.block && !call.has_body() && info.name != "stage") {
    raise(task, "java.lang.IllegalStateException",
          fmt::format("{} step must be called with a body", info.name));
  }
  if (!info.quiet) print_line(fmt::format("[Pipeline] {}", info.name));
  if (!call.interpolated.empty()) {
    print_line(
        fmt::format("Warning: A secret was passed to \"{}\" using Groovy String "
                    "interpolation, which is insecure.\n"
                    "\t\t Affected argument(s) used the following variable(s): [{}]\n"
                    "\t\t See https://jenkins.io/redirect/groovy-string-interpolation for "
                    "details.",
                    info.name, join(call.interpolated, ", ")));
  }
  if (info.needs == Needs::node && context(task)->workspace == nullptr) {
    raise(task, kMissingContext,
          fmt::format("Required context class {} is missing\nPerhaps you forgot to surround the "
                      "step with a step that provides this, such as: node",
                      info.name == "sh" ? "hudson.Launcher" : "hudson.FilePath"));
  }
  if (info.quiet) return info.function(call);
  call.node = begin_node(task, info.block ? NodeKind::block : NodeKind::step,
                         std::string(info.name), label_of(call));
  try {
    groovy::Value value = info.function(call);
    end_node(call.node, BuildResult::success);
    return value;
  } catch (const groovy::Thrown& thrown) {
    const groovy::Failure failure = interpreter_->describe(task, thrown);
    end_node(call.node, result_of(task, thrown), failure.message.value_or(failure.class_name));
    throw;
  }
}

std::optional<groovy::Value> Run::global(groovy::Task& task, std::string_view name) {
  return engine_global(*this, task, name);
}

bool Run::set_global(groovy::Task&, std::string_view, const groovy::Value&) { return false; }

std::optional<groovy::Value> Run::find_class(groovy::Task& task, std::string_view name) {
  if (std::optional<groovy::Value> own = libraries_->find_class(task, name)) return own;
  return host_class(*this, name);
}

void Run::print(groovy::Task&, std::string_view text) { print(text); }

int64_t Run::now_millis(groovy::Task& task) {
  return draw(task, "the time",
              [&] { return json::value(services_.clock->now().time_since_epoch().count()); })
      .to_number<int64_t>();
}

int64_t Run::nano_time(groovy::Task& task) {
  return draw(task, "the time",
              [&] { return json::value(services_.clock->steady_now().time_since_epoch().count()); })
      .to_number<int64_t>();
}

uint64_t Run::random_bits(groovy::Task& task) {
  return draw(task, "a random number", [] { return json::value(random_uint64()); })
      .to_number<uint64_t>();
}

/// A script that only computes must hear of an abort too.
void Run::checkpoint(groovy::Task& task) {
  if (ending_) throw groovy::Cancelled{};
  if (replaying_) {
    if (past_.empty() || past_.front().type != RecordType::interrupt) return;
    const json::value data = parse_json(past_.front().data).value_or(json::value(nullptr));
    if (!bool_at(data, {"busy"})) return;
    last_log_bytes_ = past_.front().log_bytes;
    past_.pop_front();
    strand(task).interruption = data.as_object();
    throw_interruption(task);
  }
  if (!aborting_ || strand(task).interruption) return;
  json::object data{{"scope", 0}, {"result", "ABORTED"}, {"cause", "Aborted"}, {"busy", true}};
  record(task, RecordType::interrupt, data, AwaitSpec::Sync::wait);
  strand(task).interruption = std::move(data);
  throw_interruption(task);
}

void Run::fail(groovy::Task& task, std::string_view message) {
  raise(task, "hudson.AbortException", message);
}

void Run::raise(groovy::Task& task, std::string_view class_name, std::string_view message) {
  interpreter_->raise(task, class_name, masker_.mask_all(message));
}

// ----- step calls -----

groovy::Value StepCall::value(std::string_view name) const {
  const auto found = arguments.find(name);
  return found == arguments.end() ? groovy::Value() : found->second;
}

std::string StepCall::text(std::string_view name, std::string_view otherwise) const {
  const groovy::Value found = value(name);
  return found.is_null() ? std::string(otherwise) : run.interpreter().to_string(task, found);
}

bool StepCall::flag(std::string_view name, bool otherwise) const {
  const groovy::Value found = value(name);
  return found.is_null() ? otherwise : run.interpreter().truth(task, found);
}

int64_t StepCall::number(std::string_view name, int64_t otherwise) const {
  const groovy::Value found = value(name);
  if (found.is_null()) return otherwise;
  const groovy::Value number = run.interpreter().cast(task, found, "long");
  return number.as_long();
}

groovy::Value StepCall::call_body(const std::function<void(StepContext&)>& change,
                                  groovy::Args args) {
  auto inner = std::make_shared<StepContext>(*context());
  inner->outer = context();
  inner->env.clear();
  inner->node_id = node;
  if (change) change(*inner);
  run.print_line("[Pipeline] {");
  struct End {
    StepCall& call;
    ~End() {
      call.run.print_line("[Pipeline] }");
      call.run.print_line(fmt::format("[Pipeline] // {}", call.info.name));
    }
  } end{*this};
  return call_body_in(std::move(inner), args);
}

groovy::Value StepCall::call_body_in(ContextRef inner, groovy::Args args) {
  return run.call_in(task, std::move(inner), [&] {
    return native_body ? native_body(task) : run.interpreter().call(task, body, args);
  });
}

void StepRegistry::add(StepInfo info) {
  const std::string name(info.name);
  (info.symbol ? symbols_ : steps_).insert_or_assign(name, std::move(info));
}

const StepInfo* StepRegistry::find(std::string_view name) const {
  const auto found = steps_.find(name);
  return found == steps_.end() ? find_symbol(name) : &found->second;
}

const StepInfo* StepRegistry::find_symbol(std::string_view name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

std::vector<std::string> StepRegistry::names(bool symbols) const {
  std::vector<std::string> all;
  for (const auto& [name, info] : symbols ? symbols_ : steps_) all.push_back(name);
  return all;
}

const StepRegistry& builtin_steps() {
  static const StepRegistry registry = [] {
    StepRegistry made;
    add_basic_steps(made);
    add_surroundings_steps(made);
    add_block_steps(made);
    add_shell_steps(made);
    add_scm_steps(made);
    add_library_steps(made);
    add_file_steps(made);
    add_result_steps(made);
    add_symbols(made);
    add_credential_steps(made);
    add_build_steps(made);
    add_tool_steps(made);
    add_input_steps(made);
    add_declarative_steps(made);
    add_json_yaml_steps(made);
    add_property_steps(made);
    add_toml_steps(made);
    add_csv_steps(made);
    add_maven_steps(made);
    add_archive_steps(made);
    add_find_steps(made);
    add_digest_steps(made);
    add_locking_steps(made);
    add_log_blocks(made);
    add_mail_steps(made);
    add_publish_steps(made);
    add_delegate_steps(made);
    add_config_file_steps(made);
    add_sonar_steps(made);
    add_kubernetes_steps(made);
    add_ssh_agent_steps(made);
    return made;
  }();
  return registry;
}

groovy::Value to_groovy(groovy::Interpreter& interpreter, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return {};
    case json::kind::bool_: return groovy::Value::of_bool(value.get_bool());
    case json::kind::int64: {
      const int64_t number = value.get_int64();
      return number >= INT32_MIN && number <= INT32_MAX
                 ? groovy::Value::of_int(static_cast<int32_t>(number))
                 : groovy::Value::of_long(number);
    }
    case json::kind::uint64:
      return groovy::Value::of_long(static_cast<int64_t>(value.get_uint64()));
    case json::kind::double_: return groovy::Value::of_double(value.get_double());
    case json::kind::string: return interpreter.make_string(value.get_string());
    case json::kind::array: {
      std::vector<groovy::Value> items;
      for (const json::value& item : value.get_array())
        items.push_back(to_groovy(interpreter, item));
      return interpreter.make_list(std::move(items));
    }
    case json::kind::object: {
      std::vector<std::pair<std::string, groovy::Value>> entries;
      for (const auto& [key, member] : value.get_object())
        entries.emplace_back(key, to_groovy(interpreter, member));
      return interpreter.make_map(std::move(entries));
    }
  }
  return {};
}

json::value from_groovy(groovy::Task& task, const groovy::Value& value) {
  if (value.is_null()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_integral()) return value.as_long();
  if (value.is_floating()) return value.as_double();
  if (groovy::is_list(value)) {
    json::array array;
    for (const groovy::Value& item : groovy::list_items(task, value))
      array.push_back(from_groovy(task, item));
    return array;
  }
  if (groovy::is_map(value)) {
    json::object object;
    for (const auto& [key, member] : groovy::map_entries(task, value))
      object[key] = from_groovy(task, member);
    return object;
  }
  if (const auto* record = dynamic_cast<const RecordObject*>(value.as<groovy::HostObject>()))
    return record->data();
  return json::value(json::string(task.interpreter().to_string(task, value)));
}

}  // namespace ks::engine
