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
  bool schema_fits = true;

  std::optional<Pipeline> root(const json::value& root) {
    const json::object* object = form(root, {"pipeline"}, {"pipeline"});
    if (object == nullptr) return std::nullopt;
    In in(*this, "pipeline");
    const json::object* from = form(object->at("pipeline"), {"stages", "agent"},
                                    {"stages", "agent", "environment", "options", "parameters",
                                     "triggers", "tools", "post", "libraries"});
    if (from == nullptr) return std::nullopt;
    Pipeline made;
    made.place = here();
    with(*from, "agent", [&](const json::value& v) { made.agent = agent(v); });
    with(*from, "stages", [&](const json::value& v) { made.stages = stages(v, 0); });
    with(*from, "environment", [&](const json::value& v) { made.environment = environment(v); });
    with(*from, "options", [&](const json::value& v) { made.options = calls(v, "options"); });
    with(*from, "parameters",
         [&](const json::value& v) { made.parameters = calls(v, "parameters"); });
    with(*from, "triggers", [&](const json::value& v) { made.triggers = calls(v, "triggers"); });
    with(*from, "tools", [&](const json::value& v) { made.tools = tools(v); });
    with(*from, "post", [&](const json::value& v) { made.post = post(v); });
    with(*from, "libraries", [&](const json::value& v) {
      made.libraries.emplace();
      made.libraries_place = here();
      if (const json::object* object2 = form(v, {"libraries"}, {"libraries"})) {
        with(*object2, "libraries", [&](const json::value& list) {
          each(list, 1, [&](const json::value& one) { made.libraries->push_back(value(one)); });
        });
      }
    });
    return made;
  }

  std::vector<Step> steps(const json::value& from, int depth, size_t at_least = 1) {
    std::vector<Step> made;
    each(from, at_least, [&](const json::value& one) {
      if (std::optional<Step> read = step(one, depth)) made.push_back(std::move(*read));
    });
    return made;
  }

  std::optional<Step> step(const json::value& from, int depth) {
    const json::object* object = form(from, {"name"}, {"name", "arguments", "children"});
    if (object == nullptr || too_deep(depth)) return std::nullopt;
    Step made;
    made.place = here();
    made.name = text(*object, "name");
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

  std::vector<JsonError> errors;
  /// The keys and indices that lead to a place of the model.
  std::vector<std::string> location(Place place) const {
    std::vector<std::string> keys;
    if (place.line != 0) return keys;
    for (size_t at = place.column; at != 0; at = visited_[at].parent)
      keys.push_back(visited_[at].key);
    std::ranges::reverse(keys);
    return keys;
  }

 private:
  /// Names the value that is being read, while it is.
  class In {
   public:
    In(JsonReader& reader, std::string_view key) : reader_(reader) {
      reader_.visited_.push_back({reader_.at_, std::string(key)});
      outer_ = std::exchange(reader_.at_, static_cast<uint32_t>(reader_.visited_.size() - 1));
    }
    In(JsonReader& reader, size_t index) : In(reader, std::to_string(index)) {}
    In(const In&) = delete;
    In& operator=(const In&) = delete;
    ~In() { reader_.at_ = outer_; }

   private:
    JsonReader& reader_;
    uint32_t outer_ = 0;
  };

  void error(std::string message) { errors.push_back({location(here()), std::move(message)}); }
  /// What the schema refuses: then nothing is said about meaning.
  void refuse(std::string message) {
    error(std::move(message));
    schema_fits = false;
  }
  /// A place of line 0: its column is the number of the value that is being read.
  Place here() const { return {.line = 0, .column = at_}; }

  bool too_deep(int depth) {
    if (depth <= kMaxDepth) return false;
    error(fmt::format("nested more than {} deep", kMaxDepth));
    return true;
  }

  /// The object with all that is required and nothing that is not known; null after an error.
  const json::object* form(const json::value& from, Names required, Names known) {
    const json::object* object = from.if_object();
    if (object == nullptr) {
      refuse("instance type does not match any allowed primitive type: expected an object");
      return nullptr;
    }
    std::vector<std::string> missing;
    for (std::string_view name : required) {
      if (!object->contains(name)) missing.push_back(fmt::format("'{}'", name));
    }
    if (!missing.empty())
      refuse(fmt::format("Missing one or more required properties: {}", fmt::join(missing, ", ")));
    std::vector<std::string> unknown;
    for (const auto& entry : *object) {
      if (std::ranges::find(known, std::string_view(entry.key())) == known.end())
        unknown.push_back(fmt::format("\"{}\"", std::string_view(entry.key())));
    }
    if (!unknown.empty()) {
      refuse(fmt::format("object instance has properties which are not allowed by the schema: [{}]",
                         fmt::join(unknown, ",")));
    }
    return missing.empty() ? object : nullptr;
  }

  template <class F>
  void with(const json::object& from, std::string_view key, F use) {
    const json::value* found = from.if_contains(key);
    if (found == nullptr) return;
    In in(*this, key);
    use(*found);
  }

  /// Calls `use` with each item of an array.
  template <class F>
  void each(const json::value& from, size_t at_least, F use) {
    const json::array* array = from.if_array();
    if (array == nullptr)
      return refuse("instance type does not match any allowed primitive type: expected an array");
    if (array->size() < at_least) refuse(std::string(kEmptyArray));
    for (size_t i = 0; i < array->size(); i++) {
      In in(*this, i);
      use((*array)[i]);
    }
  }

  /// A member that is there.
  std::string text(const json::object& from, std::string_view key) {
    In in(*this, key);
    return text(from.at(key));
  }
  Expression value(const json::object& from, std::string_view key) {
    In in(*this, key);
    return value(from.at(key));
  }

  std::string text(const json::value& from) {
    if (const json::string* found = from.if_string()) return std::string(*found);
    refuse("instance type does not match any allowed primitive type: expected a string");
    return "";
  }

  // ----- values -----

  Expression value(const json::value& from) {
    Expression made;
    made.place = here();
    const json::object* object = form(from, {"isLiteral", "value"}, {"isLiteral", "value"});
    if (object == nullptr) return made;
    const json::value& held = object->at("value");
    const bool* literal = object->at("isLiteral").if_bool();
    if (literal == nullptr || !*literal) {
      made.data = source(text(held));
      return made;
    }
    if (held.is_string()) made.data = std::string(held.get_string());
    if (held.is_bool()) made.data = held.get_bool();
    if (held.is_int64()) made.data = held.get_int64();
    if (held.is_double()) made.data = held.get_double();
    if (held.is_uint64()) error(fmt::format("number {} is out of range", held.get_uint64()));
    if (held.is_array() || held.is_object())
      refuse("instance type does not match any allowed primitive type: expected a constant");
    return made;
  }

  /// `${...}` around the whole text is how JSON marks an expression; what is inside must be Groovy.
  Source source(std::string text) {
    if (text.starts_with("${") && text.ends_with('}')) text = text.substr(2, text.size() - 3);
    Source made{.text = std::move(text)};
    if (made.text.starts_with("${")) {
      error(fmt::format(
          "{0} cannot be used as a value directly. Did you mean \"{0}\"? (add quotes)", made.text));
    } else {
      groovy::Parsed parsed = groovy::parse("x = " + made.text);
      if (!parsed) {
        error(parsed.errors.front().message);
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
    return made;
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
      error(fmt::format("Groovy compilation error(s) in {}. Error(s): \"{}\"", name,
                        parsed.errors.front().message));
    }
    return found;
  }

  /// An object is one unnamed argument; an array holds unnamed or named ones.
  std::vector<Argument> arguments(const json::value& from) {
    std::vector<Argument> made;
    if (from.is_object()) {
      made.push_back({.name = {}, .value = value(from), .call = nullptr, .place = here()});
      return made;
    }
    each(from, 0, [&](const json::value& one) { made.push_back(argument(one, 0)); });
    return made;
  }

  Argument argument(const json::value& from, int depth) {
    Argument made;
    made.place = here();
    const json::object* object = from.if_object();
    if (object != nullptr && object->contains("key")) {
      object = form(from, {"key", "value"}, {"key", "value"});
      if (object == nullptr) return made;
      made.name = text(*object, "key");
      In in(*this, "value");
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
    made.place = here();
    const json::object* object = form(from, {"name"}, {"name", "arguments"});
    if (object == nullptr || too_deep(depth)) return made;
    made.name = text(*object, "name");
    with(*object, "arguments", [&](const json::value& v) {
      if (v.is_object()) {
        made.args.push_back(argument(v, depth));
      } else {
        each(v, 0, [&](const json::value& one) { made.args.push_back(argument(one, depth)); });
      }
    });
    return made;
  }

  Calls calls(const json::value& from, std::string_view key) {
    Calls made;
    made.place = here();
    const json::object* object = form(from, {key}, {key});
    if (object == nullptr) return made;
    with(*object, key, [&](const json::value& list) {
      each(list, 1, [&](const json::value& one) { made.list.push_back(call(one, 0)); });
    });
    return made;
  }

  // ----- sections -----

  Agent agent(const json::value& from) {
    Agent made;
    made.place = here();
    const json::object* object = form(from, {"type"}, {"type", "argument", "arguments"});
    if (object == nullptr) return made;
    made.type = text(*object, "type");
    with(*object, "argument", [&](const json::value& v) { made.argument = value(v); });
    with(*object, "arguments", [&](const json::value& v) { made.settings = settings(v, 0); });
    return made;
  }

  std::vector<AgentSetting> settings(const json::value& from, int depth) {
    std::vector<AgentSetting> made;
    if (too_deep(depth)) return made;
    each(from, 0, [&](const json::value& one) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object == nullptr) return;
      AgentSetting& setting = made.emplace_back();
      setting.place = here();
      setting.name = text(*object, "key");
      In in(*this, "value");
      const json::value& held = object->at("value");
      setting.is_block = held.is_array();
      if (setting.is_block) {
        setting.nested = settings(held, depth + 1);
      } else {
        setting.value = value(held);
      }
    });
    return made;
  }

  Environment environment(const json::value& from) {
    Environment made;
    made.place = here();
    each(from, 1, [&](const json::value& one) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object == nullptr) return;
      EnvironmentEntry& entry = made.entries.emplace_back();
      entry.place = here();
      entry.name = text(*object, "key");
      In in(*this, "value");
      const json::value& held = object->at("value");
      const json::object* inner = held.if_object();
      if (inner != nullptr && inner->contains("name")) {
        Call made_call = call(held, 0);
        entry.credentials = made_call.name == "credentials";
        if (!made_call.args.empty()) entry.value = made_call.args[0].value;
      } else {
        entry.value = value(held);
      }
    });
    return made;
  }

  Tools tools(const json::value& from) {
    Tools made;
    made.place = here();
    each(from, 1, [&](const json::value& one) {
      const json::object* object = form(one, {"key", "value"}, {"key", "value"});
      if (object != nullptr)
        made.list.push_back({text(*object, "key"), value(*object, "value"), here()});
    });
    return made;
  }

  Steps branch(const json::value& from, std::string& name, int depth) {
    Steps made;
    made.place = here();
    const json::object* object = form(from, {"steps"}, {"name", "steps"});
    if (object == nullptr) return made;
    with(*object, "name", [&](const json::value& v) { name = text(v); });
    with(*object, "steps", [&](const json::value& v) { made.list = steps(v, depth); });
    return made;
  }

  Post post(const json::value& from) {
    Post made;
    made.place = here();
    const json::object* object = form(from, {"conditions"}, {"conditions"});
    if (object == nullptr) return made;
    In in(*this, "conditions");
    each(object->at("conditions"), 1, [&](const json::value& one) {
      const json::object* condition = form(one, {"condition", "branch"}, {"condition", "branch"});
      if (condition == nullptr) return;
      PostCondition& read = made.conditions.emplace_back();
      read.place = here();
      read.name = text(*condition, "condition");
      std::string ignored;
      In inside(*this, "branch");
      read.steps = branch(condition->at("branch"), ignored, 0);
    });
    return made;
  }

  When when(const json::value& from) {
    When made;
    made.place = here();
    const json::object* object =
        form(from, {"conditions"}, {"conditions", "beforeAgent", "beforeInput", "beforeOptions"});
    if (object == nullptr) return made;
    with(*object, "conditions", [&](const json::value& list) {
      each(list, 1, [&](const json::value& one) { made.conditions.push_back(condition(one, 0)); });
    });
    auto flag = [&](std::string_view key, std::optional<bool>& into) {
      with(*object, key, [&](const json::value& v) {
        if (v.is_bool()) into = v.get_bool();
        if (!v.is_bool()) error(fmt::format("Expected a boolean with {}", key));
      });
    };
    flag("beforeAgent", made.before_agent);
    flag("beforeInput", made.before_input);
    flag("beforeOptions", made.before_options);
    return made;
  }

  Condition condition(const json::value& from, int depth) {
    Condition made;
    made.place = here();
    const json::object* object = form(from, {"name"}, {"name", "arguments", "children"});
    if (object == nullptr || too_deep(depth)) return made;
    made.name = text(*object, "name");
    if (object->contains("arguments") && object->contains("children")) {
      refuse("instance failed to match at least one required schema among 2");
    }
    if (made.name == "expression") {
      made.block = true;
      made.expression = script_block(*object, "expression");
      return made;
    }
    with(*object, "arguments", [&](const json::value& v) { made.args = arguments(v); });
    with(*object, "children", [&](const json::value& v) {
      made.block = true;
      each(v, 0,
           [&](const json::value& one) { made.children.push_back(condition(one, depth + 1)); });
    });
    return made;
  }

  Input input(const json::value& from) {
    Input made;
    made.place = here();
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
    each(from, 1, [&](const json::value& one) {
      Axis& axis = made.emplace_back();
      axis.place = here();
      const json::object* object = form(one, {}, {"name", "values", "inverse"});
      if (object == nullptr) return;
      with(*object, "name", [&](const json::value& v) { axis.name.emplace().data = text(v); });
      with(*object, "values", [&](const json::value& v) {
        axis.has_values = true;
        each(v, 1, [&](const json::value& value_of) {
          Expression read = value(value_of);
          if (!read.is_literal())
            error(fmt::format("Expected string literal but got {}", read.source()->text));
          axis.values.push_back(std::move(read));
        });
      });
      with(*object, "inverse",
           [&](const json::value& v) { axis.inverse = v.is_bool() && v.get_bool(); });
    });
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
    made->place = made->cell.place = here();
    const json::object* object = form(from, {"axes", "stages"},
                                      {"axes", "excludes", "stages", "agent", "when", "post",
                                       "tools", "environment", "options", "input"});
    if (object == nullptr) return made;
    with(*object, "axes", [&](const json::value& v) { made->axes = axes(v); });
    with(*object, "excludes", [&](const json::value& v) {
      made->excludes.emplace();
      each(v, 1, [&](const json::value& one) { made->excludes->push_back(axes(one)); });
    });
    with(*object, "stages",
         [&](const json::value& v) { made->cell.stages = stages(v, depth + 1); });
    directives(*object, made->cell);
    return made;
  }

  Stages stages(const json::value& from, int depth) {
    Stages made;
    made.place = here();
    if (too_deep(depth)) return made;
    each(from, 1, [&](const json::value& one) { made.list.push_back(stage(one, depth)); });
    return made;
  }

  Stage stage(const json::value& from, int depth) {
    Stage made;
    made.place = here();
    const json::object* object =
        form(from, {"name"},
             {"name", "branches", "stages", "parallel", "matrix", "failFast", "agent", "when",
              "post", "tools", "environment", "options", "input"});
    if (object == nullptr) return made;
    made.name = text(*object, "name");
    with(*object, "branches", [&](const json::value& v) {
      std::vector<std::pair<std::string, Steps>> list;
      each(v, 0, [&](const json::value& one) {
        std::string name;
        Steps read = branch(one, name, depth + 1);
        list.emplace_back(std::move(name), std::move(read));
      });
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
      read.place = here();
      if (!too_deep(depth))
        each(v, 0, [&](const json::value& one) { read.list.push_back(stage(one, depth + 1)); });
      made.parallel = std::move(read);
    });
    with(*object, "matrix", [&](const json::value& v) { made.matrix = matrix(v, depth + 1); });
    with(*object, "failFast", [&](const json::value& v) {
      if (v.is_bool()) made.fail_fast = v.get_bool();
      if (!v.is_bool()) error("Expected a boolean with failFast");
    });
    directives(*object, made);
    return made;
  }

  /// Each value that was read, by its key and the value around it; the first is the root.
  struct Visited {
    uint32_t parent = 0;
    std::string key;
  };
  std::vector<Visited> visited_{{}};
  uint32_t at_ = 0;
};

/// What the validator found, with the places turned back into locations.
void add_errors(JsonReader& reader, std::vector<groovy::CompileError> found) {
  for (groovy::CompileError& error : found) {
    JsonError& added = reader.errors.emplace_back();
    added.message = std::move(error.message);
    added.location = reader.location({error.line, error.column});
  }
}

}  // namespace

JsonPipeline pipeline_from_json(const json::value& root, const Catalog& catalog) {
  JsonReader reader;
  JsonPipeline result;
  result.pipeline = reader.root(root);
  if (result.pipeline && reader.schema_fits)
    add_errors(reader, validate(*result.pipeline, catalog));
  result.errors = std::move(reader.errors);
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
  if (reader.schema_fits) add_errors(reader, validate_steps(result.steps, catalog));
  result.errors = std::move(reader.errors);
  return result;
}

}  // namespace ks::pipeline
