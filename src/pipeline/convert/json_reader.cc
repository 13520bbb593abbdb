#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "groovy/parser.h"
#include "pipeline/json.h"
#include "pipeline/validator.h"

namespace ks::pipeline {
namespace {

constexpr std::string_view kEmptyArray = "Array has 0 entries, requires minimum of 1";
constexpr int kMaxDepth = 200;

using Names = std::initializer_list<std::string_view>;

class JsonReader {
 public:
  std::optional<Pipeline> root(const json::value& root) {
    const json::object* object = form(root, {"pipeline"}, {"pipeline"});
    if (object == nullptr) return std::nullopt;
    const json::object* from = form(object->at("pipeline"), {"stages", "agent"},
                                    {"stages", "agent", "environment", "options", "parameters",
                                     "triggers", "tools", "post", "libraries"});
    if (from == nullptr) return std::nullopt;
    Pipeline made;
    made.agent = agent(from->at("agent"));
    made.stages = stages(from->at("stages"), 0);
    with(*from, "environment", [&](const json::value& v) { made.environment = environment(v); });
    with(*from, "options", [&](const json::value& v) { made.options = calls(v, "options"); });
    with(*from, "parameters",
         [&](const json::value& v) { made.parameters = calls(v, "parameters"); });
    with(*from, "triggers", [&](const json::value& v) { made.triggers = calls(v, "triggers"); });
    with(*from, "tools", [&](const json::value& v) { made.tools = tools(v); });
    with(*from, "post", [&](const json::value& v) { made.post = post(v); });
    with(*from, "libraries", [&](const json::value& v) {
      made.libraries.emplace();
      if (const json::object* object2 = form(v, {"libraries"}, {"libraries"})) {
        for (const json::value& one : items(object2->at("libraries"), 1))
          made.libraries->push_back(value(one));
      }
    });
    return made;
  }

  std::vector<Step> steps(const json::value& from, int depth, size_t at_least = 1) {
    std::vector<Step> made;
    for (const json::value& one : items(from, at_least)) {
      if (std::optional<Step> read = step(one, depth)) made.push_back(std::move(*read));
    }
    return made;
  }

  std::optional<Step> step(const json::value& from, int depth) {
    const json::object* object = form(from, {"name"}, {"name", "arguments", "children"});
    if (object == nullptr || too_deep(depth)) return std::nullopt;
    Step made;
    made.name = text(object->at("name"));
    if (made.name == "script") {
      made.block = true;
      made.script = script_block(*object, "script");
      return made;
    }
    with(*object, "arguments", [&](const json::value& v) { made.args = arguments(v); });
    made.single_argument = made.args.size() == 1 && made.args[0].name.empty();
    with(*object, "children", [&](const json::value& v) {
      made.block = true;
      made.children = steps(v, depth + 1, 0);  // `dir('x') { }` is no error in a Jenkinsfile
    });
    return made;
  }

  std::vector<std::string> errors;

 private:
  bool too_deep(int depth) {
    if (depth <= kMaxDepth) return false;
    errors.push_back(fmt::format("nested more than {} deep", kMaxDepth));
    return true;
  }

  /// The object with all that is required and nothing that is not known; null after an error.
  const json::object* form(const json::value& from, Names required, Names known) {
    const json::object* object = from.if_object();
    if (object == nullptr) {
      errors.emplace_back(
          "instance type does not match any allowed primitive type: expected an object");
      return nullptr;
    }
    std::vector<std::string> missing;
    for (std::string_view name : required) {
      if (!object->contains(name)) missing.push_back(fmt::format("'{}'", name));
    }
    if (!missing.empty())
      errors.push_back(
          fmt::format("Missing one or more required properties: {}", fmt::join(missing, ", ")));
    std::vector<std::string> unknown;
    for (const auto& entry : *object) {
      if (std::ranges::find(known, std::string_view(entry.key())) == known.end())
        unknown.push_back(fmt::format("\"{}\"", std::string_view(entry.key())));
    }
    if (!unknown.empty()) {
      errors.push_back(
          fmt::format("object instance has properties which are not allowed by the schema: [{}]",
                      fmt::join(unknown, ",")));
    }
    return missing.empty() ? object : nullptr;
  }

  template <class F>
  void with(const json::object& from, std::string_view key, F use) {
    if (const json::value* found = from.if_contains(key)) use(*found);
  }

  const json::array& items(const json::value& from, size_t at_least) {
    static const json::array kNone;
    const json::array* array = from.if_array();
    if (array == nullptr) {
      errors.emplace_back(
          "instance type does not match any allowed primitive type: expected an array");
      return kNone;
    }
    if (array->size() < at_least) errors.emplace_back(kEmptyArray);
    return *array;
  }

  std::string text(const json::value& from) {
    if (const json::string* found = from.if_string()) return std::string(*found);
    errors.emplace_back(
        "instance type does not match any allowed primitive type: expected a string");
    return "";
  }

  // ----- values -----

  Expression value(const json::value& from) {
    Expression made;
    const json::object* object = form(from, {"isLiteral", "value"}, {"isLiteral", "value"});
    if (object == nullptr) return made;
    const json::value& held = object->at("value");
    const bool* literal = object->at("isLiteral").if_bool();
    if (literal == nullptr || !*literal) return source(text(held));
    if (held.is_string()) made.data = std::string(held.get_string());
    if (held.is_bool()) made.data = held.get_bool();
    if (held.is_int64()) made.data = held.get_int64();
    if (held.is_double()) made.data = held.get_double();
    if (held.is_uint64())
      errors.push_back(fmt::format("number {} is out of range", held.get_uint64()));
    if (held.is_array() || held.is_object())
      errors.emplace_back(
          "instance type does not match any allowed primitive type: expected a constant");
    return made;
  }

  /// `${...}` around the whole text is how JSON marks an expression; what is inside must be Groovy.
  Expression source(std::string text) {
    if (text.starts_with("${") && text.ends_with('}')) text = text.substr(2, text.size() - 3);
    Source made{.text = std::move(text)};
    if (made.text.starts_with("${")) {
      errors.push_back(fmt::format(
          "{0} cannot be used as a value directly. Did you mean \"{0}\"? (add quotes)", made.text));
    } else {
      groovy::Parsed parsed = groovy::parse("x = " + made.text);
      if (!parsed) {
        errors.push_back(parsed.errors.front().message);
      } else if (parsed.unit->body->statements.size() == 1) {
        const auto* line = groovy::ast::as<groovy::ast::ExprStmt>(parsed.unit->body->statements[0]);
        const auto* assign =
            line == nullptr ? nullptr : groovy::ast::as<groovy::ast::Assign>(line->expr);
        if (assign != nullptr) {
          made.map = assign->value->kind == groovy::ast::Kind::map;
          // A string without values that came as source stays as it was written.
          made.gstring = assign->value->kind == groovy::ast::Kind::gstring ||
                         assign->value->kind == groovy::ast::Kind::constant;
        }
      }
    }
    Expression out;
    out.data = std::move(made);
    return out;
  }

  /// The text of a `script` or `expression`: Groovy that must parse.
  std::string script_block(const json::object& from, std::string_view name) {
    std::string found;
    std::vector<Argument> args;
    with(from, "arguments", [&](const json::value& v) { args = arguments(v); });
    if (!args.empty()) {
      if (const std::string* body = args[0].value.string()) found = *body;
    }
    groovy::Parsed parsed = groovy::parse(found);
    if (!parsed) {
      errors.push_back(fmt::format("Groovy compilation error(s) in {}. Error(s): \"{}\"", name,
                                   parsed.errors.front().message));
    }
    return found;
  }

  /// An object is one unnamed argument; an array holds unnamed or named ones.
  std::vector<Argument> arguments(const json::value& from) {
    std::vector<Argument> made;
    if (from.is_object()) {
      made.push_back({.name = {}, .value = value(from), .call = nullptr, .place = {}});
      return made;
    }
    for (const json::value& one : items(from, 0)) made.push_back(argument(one, 0));
    return made;
  }

  Argument argument(const json::value& from, int depth) {
    Argument made;
    const json::object* object = from.if_object();
    if (object != nullptr && object->contains("key")) {
      object = form(from, {"key", "value"}, {"key", "value"});
      if (object == nullptr) return made;
      made.name = text(object->at("key"));
      Argument inner = argument(object->at("value"), depth);
      made.value = std::move(inner.value);
      made.call = std::move(inner.call);
    } else if (object != nullptr && object->contains("name")) {
      made.call = std::make_shared<Call>(call(from, depth + 1));
    } else {
      made.value = value(from);
    }
    return made;
  }

  Call call(const json::value& from, int depth) {
    Call made;
    const json::object* object = form(from, {"name"}, {"name", "arguments"});
    if (object == nullptr || too_deep(depth)) return made;
    made.name = text(object->at("name"));
    with(*object, "arguments", [&](const json::value& v) {
      if (v.is_object()) {
        made.args.push_back(argument(v, depth));
      } else {
        for (const json::value& one : items(v, 0)) made.args.push_back(argument(one, depth));
      }
    });
    return made;
  }

  Calls calls(const json::value& from, std::string_view key) {
    Calls made;
    const json::object* object = form(from, {key}, {key});
    if (object == nullptr) return made;
    for (const json::value& one : items(object->at(key), 1)) made.list.push_back(call(one, 0));
    return made;
  }

  // ----- sections -----

  Agent agent(const json::value& from) {
    Agent made;
    const json::object* object = form(from, {"type"}, {"type", "argument", "arguments"});
    if (object == nullptr) return made;
    made.type = text(object->at("type"));
    with(*object, "argument", [&](const json::value& v) { made.argument = value(v); });
    with(*object, "arguments", [&](const json::value& v) { made.settings = settings(v, 0); });
    return made;
  }

  std::vector<AgentSetting> settings(const json::value& from, int depth) {
    std::vector<AgentSetting> made;
    if (too_deep(depth)) return made;
    for (const json::value& one : items(from, 0)) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object == nullptr) continue;
      AgentSetting& setting = made.emplace_back();
      setting.name = text(object->at("key"));
      const json::value& held = object->at("value");
      setting.is_block = held.is_array();
      if (setting.is_block) {
        setting.nested = settings(held, depth + 1);
      } else {
        setting.value = value(held);
      }
    }
    return made;
  }

  Environment environment(const json::value& from) {
    Environment made;
    for (const json::value& one : items(from, 1)) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object == nullptr) continue;
      EnvironmentEntry& entry = made.entries.emplace_back();
      entry.name = text(object->at("key"));
      const json::value& held = object->at("value");
      const json::object* inner = held.if_object();
      if (inner != nullptr && inner->contains("name")) {
        Call made_call = call(held, 0);
        entry.credentials = made_call.name == "credentials";
        if (!made_call.args.empty()) entry.value = made_call.args[0].value;
      } else {
        entry.value = value(held);
      }
    }
    return made;
  }

  Tools tools(const json::value& from) {
    Tools made;
    for (const json::value& one : items(from, 1)) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object != nullptr)
        made.list.push_back({text(object->at("key")), value(object->at("value")), {}});
    }
    return made;
  }

  Steps branch(const json::value& from, std::string& name, int depth) {
    Steps made;
    const json::object* object = form(from, {"steps"}, {"name", "steps"});
    if (object == nullptr) return made;
    with(*object, "name", [&](const json::value& v) { name = text(v); });
    made.list = steps(object->at("steps"), depth);
    return made;
  }

  Post post(const json::value& from) {
    Post made;
    const json::object* object = form(from, {"conditions"}, {"conditions"});
    if (object == nullptr) return made;
    for (const json::value& one : items(object->at("conditions"), 1)) {
      const json::object* condition = form(one, {"condition", "branch"}, {"condition", "branch"});
      if (condition == nullptr) continue;
      PostCondition& read = made.conditions.emplace_back();
      read.name = text(condition->at("condition"));
      std::string ignored;
      read.steps = branch(condition->at("branch"), ignored, 0);
    }
    return made;
  }

  When when(const json::value& from) {
    When made;
    const json::object* object =
        form(from, {"conditions"}, {"conditions", "beforeAgent", "beforeInput", "beforeOptions"});
    if (object == nullptr) return made;
    for (const json::value& one : items(object->at("conditions"), 1))
      made.conditions.push_back(condition(one, 0));
    auto flag = [&](std::string_view key, std::optional<bool>& into) {
      with(*object, key, [&](const json::value& v) {
        if (v.is_bool()) into = v.get_bool();
        if (!v.is_bool()) errors.push_back(fmt::format("Expected a boolean with {}", key));
      });
    };
    flag("beforeAgent", made.before_agent);
    flag("beforeInput", made.before_input);
    flag("beforeOptions", made.before_options);
    return made;
  }

  Condition condition(const json::value& from, int depth) {
    Condition made;
    const json::object* object = form(from, {"name"}, {"name", "arguments", "children"});
    if (object == nullptr || too_deep(depth)) return made;
    made.name = text(object->at("name"));
    if (object->contains("arguments") && object->contains("children")) {
      errors.emplace_back("instance failed to match at least one required schema among 2");
    }
    if (made.name == "expression") {
      made.block = true;
      made.expression = script_block(*object, "expression");
      return made;
    }
    with(*object, "arguments", [&](const json::value& v) { made.args = arguments(v); });
    with(*object, "children", [&](const json::value& v) {
      made.block = true;
      for (const json::value& one : items(v, 0)) made.children.push_back(condition(one, depth + 1));
    });
    return made;
  }

  Input input(const json::value& from) {
    Input made;
    const json::object* object =
        form(from, {}, {"message", "id", "ok", "submitter", "submitterParameter", "parameters"});
    if (object == nullptr) return made;
    auto field = [&](std::string_view key, std::optional<Expression>& into) {
      with(*object, key, [&](const json::value& v) { into = value(v); });
    };
    field("message", made.message);
    field("id", made.id);
    field("ok", made.ok);
    field("submitter", made.submitter);
    field("submitterParameter", made.submitter_parameter);
    with(*object, "parameters",
         [&](const json::value& v) { made.parameters = calls(v, "parameters"); });
    return made;
  }

  std::vector<Axis> axes(const json::value& from) {
    std::vector<Axis> made;
    for (const json::value& one : items(from, 1)) {
      Axis& axis = made.emplace_back();
      const json::object* object = form(one, {}, {"name", "values", "inverse"});
      if (object == nullptr) continue;
      with(*object, "name", [&](const json::value& v) { axis.name.emplace().data = text(v); });
      with(*object, "values", [&](const json::value& v) {
        axis.has_values = true;
        for (const json::value& each : items(v, 1)) {
          Expression read = value(each);
          if (!read.is_literal())
            errors.push_back(
                fmt::format("Expected string literal but got {}", read.source()->text));
          axis.values.push_back(std::move(read));
        }
      });
      with(*object, "inverse",
           [&](const json::value& v) { axis.inverse = v.is_bool() && v.get_bool(); });
    }
    return made;
  }

  void directives(const json::object& from, Stage& into) {
    with(from, "agent", [&](const json::value& v) { into.agent = agent(v); });
    with(from, "when", [&](const json::value& v) { into.when = when(v); });
    with(from, "post", [&](const json::value& v) { into.post = post(v); });
    with(from, "tools", [&](const json::value& v) { into.tools = tools(v); });
    with(from, "environment", [&](const json::value& v) { into.environment = environment(v); });
    with(from, "options", [&](const json::value& v) { into.options = calls(v, "options"); });
    with(from, "input", [&](const json::value& v) { into.input = input(v); });
  }

  std::shared_ptr<Matrix> matrix(const json::value& from, int depth) {
    auto made = std::make_shared<Matrix>();
    const json::object* object = form(from, {"axes", "stages"},
                                      {"axes", "excludes", "stages", "agent", "when", "post",
                                       "tools", "environment", "options", "input"});
    if (object == nullptr) return made;
    made->axes = axes(object->at("axes"));
    with(*object, "excludes", [&](const json::value& v) {
      made->excludes.emplace();
      for (const json::value& one : items(v, 1)) made->excludes->push_back(axes(one));
    });
    made->cell.stages = stages(object->at("stages"), depth + 1);
    directives(*object, made->cell);
    return made;
  }

  Stages stages(const json::value& from, int depth) {
    Stages made;
    if (too_deep(depth)) return made;
    for (const json::value& one : items(from, 1)) made.list.push_back(stage(one, depth));
    return made;
  }

  Stage stage(const json::value& from, int depth) {
    Stage made;
    const json::object* object =
        form(from, {"name"},
             {"name", "branches", "stages", "parallel", "matrix", "failFast", "agent", "when",
              "post", "tools", "environment", "options", "input"});
    if (object == nullptr) return made;
    made.name = text(object->at("name"));
    with(*object, "branches", [&](const json::value& v) {
      std::vector<std::pair<std::string, Steps>> list;
      for (const json::value& one : items(v, 0)) {
        std::string name;
        Steps read = branch(one, name, depth + 1);
        list.emplace_back(std::move(name), std::move(read));
      }
      if (list.empty()) return;
      made.steps.emplace();
      if (list.size() == 1 && list[0].first == "default") {
        made.steps = std::move(list[0].second);
      } else {
        made.branches = std::move(list);
      }
    });
    with(*object, "stages", [&](const json::value& v) { made.stages = stages(v, depth + 1); });
    with(*object, "parallel", [&](const json::value& v) {
      Stages read;
      if (!too_deep(depth)) {
        for (const json::value& one : items(v, 0)) read.list.push_back(stage(one, depth + 1));
      }
      made.parallel = std::move(read);
    });
    with(*object, "matrix", [&](const json::value& v) { made.matrix = matrix(v, depth + 1); });
    with(*object, "failFast", [&](const json::value& v) {
      if (v.is_bool()) made.fail_fast = v.get_bool();
      if (!v.is_bool()) errors.emplace_back("Expected a boolean with failFast");
    });
    directives(*object, made);
    return made;
  }
};

void add_messages(std::vector<std::string>& to, std::vector<groovy::CompileError> from) {
  for (groovy::CompileError& error : from) to.push_back(std::move(error.message));
}

}  // namespace

JsonPipeline pipeline_from_json(const json::value& root, const Catalog& catalog) {
  JsonReader reader;
  JsonPipeline result;
  result.pipeline = reader.root(root);
  result.errors = std::move(reader.errors);
  if (result.pipeline) add_messages(result.errors, validate(*result.pipeline, catalog));
  return result;
}

JsonSteps steps_from_json(const json::value& root, const Catalog& catalog) {
  JsonReader reader;
  JsonSteps result;
  if (root.is_array()) {
    result.steps = reader.steps(root, 0, 0);
  } else if (std::optional<Step> one = reader.step(root, 0)) {
    result.steps.push_back(std::move(*one));
  }
  result.errors = std::move(reader.errors);
  add_messages(result.errors, validate_steps(result.steps, catalog));
  return result;
}

}  // namespace ks::pipeline
