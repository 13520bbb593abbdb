#include <boost/json.hpp>

#include "base/json.h"
#include "pipeline/json.h"

namespace ks::pipeline {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(const Catalog& catalog) : catalog_(catalog) {}

  json::object pipeline(const Pipeline& from) {
    json::object out;
    if (from.stages) out["stages"] = stages(*from.stages);
    if (from.environment) out["environment"] = environment(*from.environment);
    if (from.agent) out["agent"] = agent(*from.agent);
    if (from.options) out["options"] = json::object{{"options", calls(*from.options)}};
    if (from.parameters) out["parameters"] = json::object{{"parameters", calls(*from.parameters)}};
    if (from.triggers) out["triggers"] = json::object{{"triggers", calls(*from.triggers)}};
    if (from.tools) out["tools"] = tools(*from.tools);
    if (from.post) out["post"] = post(*from.post);
    if (from.libraries) {
      json::array list;
      for (const Expression& library : *from.libraries) list.push_back(value(library));
      out["libraries"] = json::object{{"libraries", std::move(list)}};
    }
    return out;
  }

  json::array steps(const std::vector<Step>& list) {
    json::array out;
    for (const Step& one : list) out.push_back(step(one));
    return out;
  }

 private:
  json::object value(const Expression& from) {
    const Source* source = from.source();
    if (source != nullptr) {
      bool as_is = source->gstring || source->map;
      return {{"isLiteral", false}, {"value", as_is ? source->text : "${" + source->text + "}"}};
    }
    json::object out{{"isLiteral", true}};
    std::visit(
        [&]<class T>(const T& held) {
          if constexpr (!std::is_same_v<T, Source>) out["value"] = json::value(held);
        },
        from.data);
    return out;
  }

  json::object pair(std::string_view key, json::value held) {
    return {{"key", key}, {"value", std::move(held)}};
  }

  /// none, one unnamed, unnamed, or named arguments.
  json::value arguments(const std::vector<Argument>& from) {
    if (from.size() == 1 && from[0].name.empty()) return value(from[0].value);
    json::array out;
    for (const Argument& argument : from) {
      if (argument.name.empty()) {
        out.push_back(value(argument.value));
      } else {
        out.push_back(pair(argument.name, value(argument.value)));
      }
    }
    return out;
  }

  json::object step(const Step& from) {
    json::object out{{"name", from.name}};
    if (from.script) {
      out["arguments"] = json::array{
          pair("scriptBlock", json::object{{"isLiteral", true}, {"value", *from.script}})};
      return out;
    }
    auto known = catalog_.steps.find(from.name);
    bool single = from.args.size() == 1 && from.args[0].name.empty();
    if (single && known != catalog_.steps.end() && !known->second.block &&
        !known->second.sole.empty()) {
      out["arguments"] = json::array{pair(known->second.sole, value(from.args[0].value))};
    } else {
      out["arguments"] = arguments(from.args);
    }
    if (from.block) out["children"] = steps(from.children);
    return out;
  }

  json::value call_argument(const Argument& from) {
    json::value held;
    if (from.call != nullptr) {
      held = call(*from.call);
    } else {
      held = value(from.value);
    }
    if (from.name.empty()) return held;
    return pair(from.name, std::move(held));
  }

  json::object call(const Call& from) {
    json::array args;
    for (const Argument& argument : from.args) args.push_back(call_argument(argument));
    return {{"name", from.name}, {"arguments", std::move(args)}};
  }

  json::array calls(const Calls& from) {
    json::array out;
    for (const Call& one : from.list) out.push_back(call(one));
    return out;
  }

  json::array settings(const std::vector<AgentSetting>& from) {
    json::array out;
    for (const AgentSetting& setting : from) {
      json::value held;
      if (setting.is_block) {
        held = settings(setting.nested);
      } else {
        held = value(setting.value);
      }
      out.push_back(pair(setting.name, std::move(held)));
    }
    return out;
  }

  /// `label ''` is any agent, and a label with more settings is a node.
  json::object agent(const Agent& from) {
    if (from.type == "label" && from.argument) {
      const std::string* label = from.argument->string();
      if (label != nullptr && label->empty()) return {{"type", "any"}};
    }
    json::object out{{"type", from.type == "label" && !from.settings.empty() ? "node" : from.type}};
    if (from.argument) out["argument"] = value(*from.argument);
    if (!from.settings.empty()) out["arguments"] = settings(from.settings);
    return out;
  }

  json::array environment(const Environment& from) {
    json::array out;
    for (const EnvironmentEntry& entry : from.entries) {
      if (entry.credentials) {
        out.push_back(pair(
            entry.name,
            json::object{{"name", "credentials"}, {"arguments", json::array{value(entry.value)}}}));
      } else {
        out.push_back(pair(entry.name, value(entry.value)));
      }
    }
    return out;
  }

  json::array tools(const Tools& from) {
    json::array out;
    for (const Tool& tool : from.list) out.push_back(pair(tool.type, value(tool.version)));
    return out;
  }

  json::object branch(std::string_view name, const Steps& from) {
    return {{"name", name}, {"steps", steps(from.list)}};
  }

  json::object post(const Post& from) {
    json::array conditions;
    for (const PostCondition& one : from.conditions) {
      conditions.push_back(
          json::object{{"condition", one.name}, {"branch", branch("default", one.steps)}});
    }
    return {{"conditions", std::move(conditions)}};
  }

  json::object condition(const Condition& from) {
    json::object out{{"name", from.name}};
    if (from.expression) {
      out["arguments"] = json::array{
          pair("scriptBlock", json::object{{"isLiteral", true}, {"value", *from.expression}})};
    } else if (from.block) {
      json::array children;
      for (const Condition& child : from.children) children.push_back(condition(child));
      out["children"] = std::move(children);
    } else {
      out["arguments"] = arguments(from.args);
    }
    return out;
  }

  json::object when(const When& from) {
    json::array conditions;
    for (const Condition& one : from.conditions) conditions.push_back(condition(one));
    json::object out{{"conditions", std::move(conditions)}};
    if (from.before_agent) out["beforeAgent"] = *from.before_agent;
    if (from.before_input) out["beforeInput"] = *from.before_input;
    if (from.before_options) out["beforeOptions"] = *from.before_options;
    return out;
  }

  json::object input(const Input& from) {
    json::object out;
    auto add = [&](std::string_view key, const std::optional<Expression>& one) {
      if (one) out[key] = value(*one);
    };
    add("message", from.message);
    add("id", from.id);
    add("ok", from.ok);
    add("submitter", from.submitter);
    add("submitterParameter", from.submitter_parameter);
    if (from.parameters) out["parameters"] = json::object{{"parameters", calls(*from.parameters)}};
    return out;
  }

  json::array axes(const std::vector<Axis>& from) {
    json::array out;
    for (const Axis& axis : from) {
      json::array values;
      for (const Expression& one : axis.values) values.push_back(value(one));
      json::object made{{"name", axis.name_text()}, {"values", std::move(values)}};
      if (axis.inverse) made["inverse"] = true;
      out.push_back(std::move(made));
    }
    return out;
  }

  void directives(const Stage& from, json::object& out) {
    if (from.agent) out["agent"] = agent(*from.agent);
    if (from.when) out["when"] = when(*from.when);
    if (from.post) out["post"] = post(*from.post);
    if (from.tools) out["tools"] = tools(*from.tools);
    if (from.environment) out["environment"] = environment(*from.environment);
    if (from.options) out["options"] = json::object{{"options", calls(*from.options)}};
    if (from.input) out["input"] = input(*from.input);
  }

  json::object matrix(const Matrix& from) {
    json::object out;
    if (from.axes) out["axes"] = axes(*from.axes);
    if (from.excludes) {
      json::array excludes;
      for (const std::vector<Axis>& one : *from.excludes) excludes.push_back(axes(one));
      out["excludes"] = std::move(excludes);
    }
    if (from.cell.stages) out["stages"] = stages(*from.cell.stages);
    directives(from.cell, out);
    return out;
  }

  json::array stages(const Stages& from) {
    json::array out;
    for (const Stage& one : from.list) out.push_back(stage(one));
    return out;
  }

  json::object stage(const Stage& from) {
    json::object out{{"name", from.name}};
    if (!from.branches.empty()) {
      json::array list;
      for (const auto& [name, steps] : from.branches) list.push_back(branch(name, steps));
      out["branches"] = std::move(list);
    } else if (from.steps) {
      out["branches"] = json::array{branch("default", *from.steps)};
    }
    if (from.stages) out["stages"] = stages(*from.stages);
    if (from.parallel) out["parallel"] = stages(*from.parallel);
    if (from.matrix != nullptr) out["matrix"] = matrix(*from.matrix);
    if (from.fail_fast) out["failFast"] = *from.fail_fast;
    directives(from, out);
    return out;
  }

  const Catalog& catalog_;
};

}  // namespace

json::value to_json(const Pipeline& pipeline, const Catalog& catalog) {
  return json::object{{"pipeline", JsonWriter(catalog).pipeline(pipeline)}};
}

json::value steps_to_json(const std::vector<Step>& steps, const Catalog& catalog) {
  return JsonWriter(catalog).steps(steps);
}

}  // namespace ks::pipeline
