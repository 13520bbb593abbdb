#include "engine/values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/json.h"
#include "engine/charset.h"
#include "engine/fence.h"
#include "engine/files.h"

namespace ks::engine {
namespace {

constexpr int kMaxDepth = 200;

json::value decimal(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? json::value(value)
                                                                  : json::value(json::string(text));
}

json::value data_at(StepCall& call, const groovy::Value& value, int depth) {
  groovy::Task& task = call.task;
  groovy::Interpreter& interpreter = call.run.interpreter();
  task.spend();
  if (depth > kMaxDepth) {
    throw_illegal_argument(call, fmt::format("{}: the data is nested deeper than {} levels",
                                             call.info.name, kMaxDepth));
  }
  if (value.is_null()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_integral()) return value.as_long();
  if (value.is_floating()) {
    if (!std::isfinite(value.as_double()))
      throw_illegal_argument(call, "JSON does not allow non-finite numbers.");
    return value.as_double();
  }
  if (groovy::is_map(value)) {
    json::object object;
    for (const auto& [key, member] : groovy::map_entries(task, value))
      object[key] = data_at(call, member, depth + 1);
    return object;
  }
  if (groovy::is_list(value) || interpreter.is_instance(task, value, "java.util.Collection")) {
    json::array array;
    for (const groovy::Value& item : groovy::list_items(task, value))
      array.push_back(data_at(call, item, depth + 1));
    return array;
  }
  const std::string class_name = interpreter.class_name(value);
  if (class_name == "net.sf.json.JSONNull") return nullptr;
  const std::string text = interpreter.to_string(task, value);
  if (class_name == "java.math.BigDecimal" || class_name == "java.math.BigInteger")
    return decimal(text);
  return json::value(json::string(text));
}

void append_json(std::string& out, const json::value& value, int indent, int depth) {
  auto line = [&](int level) {
    if (indent > 0) out += '\n' + std::string(static_cast<size_t>(indent * level), ' ');
  };
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ',';
      line(depth + 1);
      append_json_string(out, key);
      out += indent > 0 ? ": " : ":";
      append_json(out, member, indent, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (size_t i = 0; i < array->size(); i++) {
      if (i > 0) out += ',';
      line(depth + 1);
      append_json(out, (*array)[i], indent, depth + 1);
    }
    line(depth);
    out += ']';
  } else if (const double* number = value.if_double()) {
    out += fmt::format("{}", *number);
  } else {
    out += to_json(value);
  }
}

class FileWrapper final : public groovy::HostObject {
 public:
  FileWrapper(Run& run, const json::value& facts)
      : run_(run),
        path_(text_at(facts, {"path"})),
        directory_(bool_at(facts, {"directory"})),
        length_(int_at(facts, {"length"})),
        modified_(int_at(facts, {"modified"})) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.pipeline.utility.steps.fs.FileWrapper";
  }
  std::optional<groovy::Value> get_property(groovy::Task&, std::string_view name) override {
    if (name == "path") return run_.interpreter().make_string(shown());
    if (name == "name") {
      const size_t slash = path_.rfind('/');
      return run_.interpreter().make_string(slash == path_.npos ? path_ : path_.substr(slash + 1));
    }
    if (name == "directory") return groovy::Value::of_bool(directory_);
    if (name == "length") return groovy::Value::of_long(length_);
    if (name == "lastModified") return groovy::Value::of_long(modified_);
    return std::nullopt;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (!args.empty()) return std::nullopt;
    if (name == "toString") return run_.interpreter().make_string(shown());
    if (name == "isDirectory") return groovy::Value::of_bool(directory_);
    if (!name.starts_with("get") || name.size() < 4) return std::nullopt;
    std::string property(name.substr(3));
    property[0] = static_cast<char>(property[0] | 0x20);
    return get_property(task, property);
  }
  std::string to_string(groovy::Task&) override { return shown(); }
  size_t footprint() const override { return sizeof(FileWrapper) + path_.capacity(); }

 private:
  std::string shown() const { return directory_ ? path_ + "/" : path_; }
  Run& run_;
  std::string path_;
  bool directory_;
  int64_t length_, modified_;
};

}  // namespace

json::value data_of(StepCall& call, const groovy::Value& value) { return data_at(call, value, 0); }

std::string json_text(const json::value& value, int indent) {
  std::string out;
  append_json(out, value, indent, 0);
  return out;
}

void throw_java(StepCall& call, std::string_view class_name, std::string_view parent,
                std::string_view message) {
  call.run.interpreter().define_exception(class_name, parent);
  call.run.raise(call.task, class_name, message);
}

void throw_illegal_argument(StepCall& call, std::string_view message) {
  call.run.raise(call.task, "java.lang.IllegalArgumentException", message);
}

std::string file_or_text(StepCall& call, bool both_allowed, const std::string& charset) {
  const std::string_view step = call.info.name;
  if (!call.has("file") && !call.has("text")) {
    throw_illegal_argument(
        call, fmt::format("At least one of file or text needs to be provided to {}.", step));
  }
  if (call.has("file") && call.has("text") && !both_allowed) {
    throw_illegal_argument(
        call, fmt::format("At most one of file or text must be provided to {}.", step));
  }
  if (!call.has("file")) return call.text("text");
  need_workspace(call);
  const std::string name = call.text("file"), path = resolve(call, name);
  const json::value read = outside(call, "read", [&]() -> Result<json::value> {
    const Fence fence = fence_of(call, path);
    const std::optional<struct stat> info = TRY(fence.look(path));
    if (!info) return json::value{{"problem", name + " does not exist."}};
    if (S_ISDIR(info->st_mode)) return json::value{{"problem", name + " is a directory."}};
    const std::string bytes = TRY(fence.read(path, call.run.limits().string_bytes));
    return json::value{{"text", TRY(decode_text(bytes, charset))}};
  });
  if (const json::value* problem = read.as_object().if_contains("problem"))
    throw_java(call, "java.io.FileNotFoundException", "java.io.IOException", problem->as_string());
  return std::string(read.at("text").as_string());
}

void need_workspace(StepCall& call) {
  if (call.context()->workspace != nullptr) return;
  call.run.raise(call.task, "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException",
                 "Required context class hudson.FilePath is missing\nPerhaps you forgot to "
                 "surround the step with a step that provides this, such as: node");
}

void refuse_folder(StepCall& call, const std::string& file) {
  const std::string path = resolve(call, file);
  const json::value folder = outside(call, "look", [&]() -> Result<json::value> {
    const std::optional<struct stat> info = TRY(fence_of(call, path).look(path));
    return json::value(info && S_ISDIR(info->st_mode));
  });
  if (folder.as_bool()) {
    throw_java(call, "java.io.FileNotFoundException", "java.io.IOException",
               file + " is a directory.");
  }
}

bool is_there(StepCall& call, const std::string& path) {
  return outside(call, "exists",
                 [&]() -> Result<json::value> {
                   return json::value(TRY(fence_of(call, path).look(path)).has_value());
                 })
      .as_bool();
}

void write_text(StepCall& call, const std::string& path, std::string_view text,
                const std::string& charset) {
  outside(call, "write", [&]() -> Result<json::value> {
    TRY(fence_of(call, path).write(path, TRY(encode_text(text, charset))));
    return json::value(nullptr);
  });
}

json::value FileFacts::to_json() const {
  return {
      {"path", path}, {"directory", directory}, {"length", length}, {"modified", modified_millis}};
}

groovy::Value file_wrapper(Run& run, const json::value& facts) {
  return groovy::Value(run.interpreter().heap().make<FileWrapper>(run, facts));
}

}  // namespace ks::engine
