#include <fmt/format.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/values.h"

// readJSON, writeJSON, readYaml, writeYaml.

namespace ks::engine {
namespace {

/// What readJSON gives for `null`: an object of its own, as net.sf.json has it. It is true, it does
/// not `== null`, and prints as `null`.
class JsonNull final : public groovy::HostObject {
 public:
  std::string class_name() const override { return "net.sf.json.JSONNull"; }
  std::string to_string(groovy::Task&) override { return "null"; }
  bool equals(groovy::Task&, const groovy::Value& other) override {
    return other.as_dynamic<JsonNull>() != nullptr;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "toString" && args.empty()) return task.interpreter().make_string("null");
    if (name == "equals" && args.size() == 1)
      return groovy::Value::of_bool(args[0].is_null() || equals(task, args[0]));
    return std::nullopt;
  }
  bool is_instance_of(std::string_view name) const override { return name == class_name(); }
};

groovy::Value with_json_nulls(groovy::Interpreter& interpreter, const json::value& value) {
  if (value.is_null()) return groovy::Value(interpreter.heap().make<JsonNull>());
  if (const json::array* array = value.if_array()) {
    std::vector<groovy::Value> items;
    for (const json::value& item : *array) items.push_back(with_json_nulls(interpreter, item));
    return interpreter.make_list(std::move(items));
  }
  if (const json::object* object = value.if_object()) {
    std::vector<std::pair<std::string, groovy::Value>> entries;
    for (const auto& [key, member] : *object)
      entries.emplace_back(key, with_json_nulls(interpreter, member));
    return interpreter.make_map(std::move(entries));
  }
  return to_groovy(interpreter, value);
}

groovy::Value read_json(StepCall& call) {
  const std::string text = file_or_text(call, false);
  const Result<json::value> value = parse_json(trim(text));
  if (!value) {
    throw_java(call, "net.sf.json.JSONException", "java.lang.RuntimeException",
               value.error().message);
  }
  return call.flag("returnPojo") ? to_groovy(call.run.interpreter(), *value)
                                 : with_json_nulls(call.run.interpreter(), *value);
}

groovy::Value write_json(StepCall& call) {
  const bool return_text = call.flag("returnText");
  const std::string file = call.text("file");
  if (!call.has("json") || call.value("json").is_null())
    throw_illegal_argument(call, "You have to provide a JSON object to save for writeJSON.");
  if (file.empty() && !return_text)
    throw_illegal_argument(call, "You have to provide either file or returnText to writeJSON.");
  if (!file.empty() && return_text)
    throw_illegal_argument(call, "You cannot provide both returnText and file to writeJSON.");
  const int indent = static_cast<int>(std::clamp<int64_t>(call.number("pretty"), 0, 16));
  const std::string text = json_text(data_of(call, call.value("json")), indent);
  if (return_text) return call.string(text);
  need_workspace(call);
  refuse_folder(call, file);
  write_text(call, resolve(call, file), text);
  return {};
}

groovy::Value read_yaml(StepCall& call) {
  groovy::Interpreter& interpreter = call.run.interpreter();
  std::vector<json::value> documents;
  std::string text = file_or_text(call, true);
  // Both: the text's keys count over the file's.
  if (call.has("file") && call.has("text")) text += "\n---\n" + call.text("text");
  Result<std::vector<json::value>> parsed = parse_yaml11_documents(text);
  if (!parsed) {
    throw_java(call, "org.yaml.snakeyaml.error.YAMLException", "java.lang.RuntimeException",
               "readYaml: " + parsed.error().message);
  }
  if (parsed->size() == 1) return to_groovy(interpreter, parsed->front());
  std::vector<groovy::Value> list;
  for (const json::value& document : *parsed) list.push_back(to_groovy(interpreter, document));
  return interpreter.make_list(std::move(list));
}

std::string yaml_text(StepCall& call) {
  if (!call.has("datas")) return to_yaml(data_of(call, call.value("data")));
  std::string text;
  for (const groovy::Value& one : groovy::list_items(call.task, call.value("datas"))) {
    if (!text.empty()) text += "---\n";
    text += to_yaml(data_of(call, one));
  }
  return text;
}

groovy::Value write_yaml(StepCall& call) {
  const bool return_text = call.flag("returnText");
  const std::string file = call.text("file");
  if (!call.has("data") && !call.has("datas"))
    throw_illegal_argument(call, "data or datas parameter must be provided to writeYaml");
  if (call.has("data") && call.has("datas"))
    throw_illegal_argument(call, "only one of data or datas must be provided to writeYaml");
  if (file.empty() && !return_text)
    throw_illegal_argument(call, "either file or returnText must be provided to writeYaml");
  if (!file.empty() && return_text)
    throw_illegal_argument(call, "cannot provide both returnText and file to writeYaml");
  const std::string text = yaml_text(call);
  if (return_text) return call.string(text);
  need_workspace(call);
  const std::string path = resolve(call, file);
  refuse_folder(call, file);
  if (!call.flag("overwrite") && is_there(call, path)) {
    throw_java(call, "java.nio.file.FileAlreadyExistsException", "java.io.IOException",
               file + " already exist.");
  }
  write_text(call, path, text, call.text("charset"));
  return {};
}

}  // namespace

void add_json_yaml_steps(StepRegistry& registry) {
  registry.add({.name = "readJSON",
                .parameters = {"file", "text", "returnPojo"},
                .sole = {},
                .function = read_json});
  registry.add({.name = "writeJSON",
                .parameters = {"json", "file", "returnText", "pretty"},
                .sole = "json",
                .function = write_json});
  registry.add({.name = "readYaml",
                .parameters = {"file", "text", "codePointLimit", "maxAliasesForCollections"},
                .sole = {},
                .function = read_yaml});
  registry.add({.name = "writeYaml",
                .parameters = {"file", "returnText", "data", "datas", "overwrite", "charset"},
                .sole = {},
                .function = write_yaml});
}

}  // namespace ks::engine
