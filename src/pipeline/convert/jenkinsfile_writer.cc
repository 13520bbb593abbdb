#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/json.h"

namespace ks::pipeline {
namespace {

/// A string literal: quoted once, or three times when it has line breaks.
std::string quoted(std::string_view text) {
  std::string body;
  for (char c : text) {
    if (c == '\\' || c == '\'') body += '\\';
    body += c;
  }
  bool lines = text.contains('\n');
  return lines ? "'''" + body + "'''" : "'" + body + "'";
}

/// The name of an argument: plain when it is one word.
std::string key(const std::string& name) {
  bool word = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (char c : name) {
    word = word &&
           (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
  }
  return word ? name : quoted(name);
}

class JenkinsfileWriter {
 public:
  explicit JenkinsfileWriter(const Catalog& catalog) : catalog_(catalog) {}

  std::string pipeline(const Pipeline& from) {
    open("pipeline");
    if (from.agent) agent(*from.agent);
    if (from.libraries) {
      open("libraries");
      for (const Expression& library : *from.libraries)
        line(fmt::format("lib({})", value(library)));
      close();
    }
    if (from.stages) stages("stages", *from.stages);
    if (from.tools) tools(*from.tools);
    if (from.environment) environment(*from.environment);
    if (from.post) post(*from.post);
    if (from.options) calls("options", *from.options);
    if (from.parameters) calls("parameters", *from.parameters);
    if (from.triggers) calls("triggers", *from.triggers);
    close();
    return std::move(out_);
  }

  std::string steps_alone(const std::vector<Step>& list) {
    steps(list);
    if (!out_.empty()) out_.pop_back();
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_.append(2 * depth_, ' ');
    out_ += text;
    out_ += '\n';
  }
  void open(std::string_view head) {
    line(fmt::format("{} {{", head));
    ++depth_;
  }
  void close() {
    --depth_;
    line("}");
  }

  static std::string value(const Expression& from) {
    if (const std::string* text = from.string()) return quoted(*text);
    if (const bool* flag = std::get_if<bool>(&from.data)) return *flag ? "true" : "false";
    if (const int64_t* number = std::get_if<int64_t>(&from.data)) return std::to_string(*number);
    if (const double* number = std::get_if<double>(&from.data)) {
      std::string digits = fmt::format("{}", *number);
      return digits.find_first_of(".en") == digits.npos ? digits + ".0" : digits;
    }
    if (const Source* source = from.source()) return source->text;
    return "null";
  }

  static std::string call(const Call& from) {
    std::string args;
    for (const Argument& argument : from.args) {
      if (!args.empty()) args += ", ";
      if (!argument.name.empty()) args += key(argument.name) + ": ";
      args += argument.call != nullptr ? call(*argument.call) : value(argument.value);
    }
    return fmt::format("{}({})", from.name, args);
  }

  void calls(std::string_view name, const Calls& from) {
    open(name);
    for (const Call& one : from.list) line(call(one));
    close();
  }

  static std::string arguments(const std::vector<Argument>& args) {
    std::string out;
    for (const Argument& argument : args) {
      if (!out.empty()) out += ", ";
      if (!argument.name.empty()) out += key(argument.name) + ": ";
      out += value(argument.value);
    }
    return out;
  }

  static bool in_brackets(const Expression& from) {
    const Source* source = from.source();
    return source != nullptr &&
           (source->map || source->text.starts_with('[') || source->text.starts_with('('));
  }

  /// `name 'x'`, `name(a: 1)`, `name()`, or with a body.
  std::string head(const Step& from) {
    if (from.args.empty()) return from.block ? from.name : from.name + "()";
    const Argument& first = from.args[0];
    bool unnamed = from.args.size() == 1 && first.name.empty();
    auto known = catalog_.steps.find(from.name);
    if (from.args.size() == 1 && !unnamed && known != catalog_.steps.end() &&
        !known->second.block && known->second.sole == first.name)
      unnamed = true;
    if (!unnamed) return fmt::format("{}({})", from.name, arguments(from.args));
    std::string text = value(first.value);
    if (from.block || in_brackets(first.value)) return fmt::format("{}({})", from.name, text);
    return fmt::format("{} {}", from.name, text);
  }

  void steps(const std::vector<Step>& list) {
    for (const Step& one : list) step(one);
  }

  void step(const Step& from) {
    if (from.script) {
      open("script");
      line(*from.script);
      close();
    } else if (from.block) {
      open(head(from));
      steps(from.children);
      close();
    } else {
      line(head(from));
    }
  }

  void settings(const std::vector<AgentSetting>& list) {
    for (const AgentSetting& setting : list) {
      if (setting.is_block) {
        open(setting.name);
        settings(setting.nested);
        close();
      } else {
        line(fmt::format("{} {}", setting.name, value(setting.value)));
      }
    }
  }

  void agent(const Agent& from) {
    if (from.type == "any" || from.type == "none") return line("agent " + from.type);
    open("agent");
    if (from.argument) {
      line(fmt::format("{} {}", from.type, value(*from.argument)));
    } else {
      open(from.type);
      settings(from.settings);
      close();
    }
    close();
  }

  void tools(const Tools& from) {
    open("tools");
    for (const Tool& tool : from.list) line(fmt::format("{} {}", tool.type, value(tool.version)));
    close();
  }

  void environment(const Environment& from) {
    open("environment");
    for (const EnvironmentEntry& entry : from.entries) {
      std::string text = value(entry.value);
      line(fmt::format("{} = {}", entry.name,
                       entry.credentials ? "credentials(" + text + ")" : text));
    }
    close();
  }

  void post(const Post& from) {
    open("post");
    for (const PostCondition& condition : from.conditions) {
      open(condition.name);
      steps(condition.steps.list);
      close();
    }
    close();
  }

  void condition(const Condition& from) {
    if (from.expression) {
      open("expression");
      line(*from.expression);
      close();
    } else if (from.block) {
      open(from.name);
      for (const Condition& child : from.children) condition(child);
      close();
    } else if (from.args.size() == 1 && from.args[0].name.empty()) {
      line(fmt::format("{} {}", from.name, value(from.args[0].value)));
    } else {
      line(fmt::format("{}({})", from.name, arguments(from.args)));
    }
  }

  void when(const When& from) {
    open("when");
    if (from.before_agent) line(fmt::format("beforeAgent {}", *from.before_agent));
    if (from.before_input) line(fmt::format("beforeInput {}", *from.before_input));
    if (from.before_options) line(fmt::format("beforeOptions {}", *from.before_options));
    for (const Condition& one : from.conditions) condition(one);
    close();
  }

  void input(const Input& from) {
    open("input");
    auto add = [&](std::string_view key, const std::optional<Expression>& one) {
      if (one) line(fmt::format("{} {}", key, value(*one)));
    };
    add("message", from.message);
    add("id", from.id);
    add("ok", from.ok);
    add("submitter", from.submitter);
    add("submitterParameter", from.submitter_parameter);
    if (from.parameters) calls("parameters", *from.parameters);
    close();
  }

  void directives(const Stage& from) {
    if (from.agent) agent(*from.agent);
    if (from.when) when(*from.when);
    if (from.tools) tools(*from.tools);
    if (from.environment) environment(*from.environment);
    if (from.options) calls("options", *from.options);
    if (from.input) input(*from.input);
    if (from.post) post(*from.post);
  }

  void axes(const std::vector<Axis>& list) {
    for (const Axis& axis : list) {
      open("axis");
      if (axis.name) line("name " + value(*axis.name));
      std::string values;
      for (const Expression& one : axis.values) values += (values.empty() ? "" : ", ") + value(one);
      line(fmt::format("{} {}", axis.inverse ? "notValues" : "values", values));
      close();
    }
  }

  void matrix(const Matrix& from) {
    open("matrix");
    directives(from.cell);
    if (from.axes) {
      open("axes");
      axes(*from.axes);
      close();
    }
    if (from.excludes) {
      open("excludes");
      for (const std::vector<Axis>& exclude : *from.excludes) {
        open("exclude");
        axes(exclude);
        close();
      }
      close();
    }
    if (from.cell.stages) stages("stages", *from.cell.stages);
    close();
  }

  void branches(const Stage& from) {
    open("steps");
    out_.append(2 * depth_, ' ');
    out_ += "parallel(\n";
    ++depth_;
    for (size_t i = 0; i < from.branches.size(); ++i) {
      open(quoted(from.branches[i].first) + ":");
      steps(from.branches[i].second.list);
      --depth_;
      bool more = i + 1 < from.branches.size() || from.fail_fast;
      line(more ? "}," : "}");
    }
    if (from.fail_fast) line(fmt::format("failFast: {}", *from.fail_fast));
    --depth_;
    line(")");
    close();
  }

  void stages(std::string_view name, const Stages& from) {
    open(name);
    for (const Stage& one : from.list) stage(one);
    close();
  }

  void stage(const Stage& from) {
    open(fmt::format("stage({})", quoted(from.name)));
    directives(from);
    if (from.stages) stages("stages", *from.stages);
    if (from.parallel || from.matrix != nullptr) {
      if (from.fail_fast) line(fmt::format("failFast {}", *from.fail_fast));
      if (from.parallel) stages("parallel", *from.parallel);
      if (from.matrix != nullptr) matrix(*from.matrix);
    }
    if (!from.branches.empty()) {
      branches(from);
    } else if (from.steps) {
      open("steps");
      steps(from.steps->list);
      close();
    }
    close();
  }

  const Catalog& catalog_;
  std::string out_;
  size_t depth_ = 0;
};

}  // namespace

std::string to_jenkinsfile(const Pipeline& pipeline, const Catalog& catalog) {
  return JenkinsfileWriter(catalog).pipeline(pipeline);
}

std::string steps_to_jenkinsfile(const std::vector<Step>& steps, const Catalog& catalog) {
  return JenkinsfileWriter(catalog).steps_alone(steps);
}

}  // namespace ks::pipeline
