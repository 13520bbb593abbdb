#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "devops/kapis/template/program.h"

namespace ks::devops::kapis {
namespace {

using Node = GoTemplate::Node;
using Program = GoTemplate::Program;

constexpr size_t kMostOutput = 8u << 20;
constexpr size_t kMostSteps = 1'000'000;
constexpr int kMostCalls = 100;

/// Runs one template over its data.
class Renderer {
 public:
  explicit Renderer(const Program& program) : program_(program) {}

  Result<std::string> run(const json::value& data) {
    variables_.emplace_back("$", data);
    TRY(block(program_.main, data));
    return std::move(out_);
  }

 private:
  enum class Flow : uint8_t { on, break_, continue_ };

  Result<> put(std::string_view text) {
    if (out_.size() + text.size() > kMostOutput) {
      return Error{Code::too_large, "the template's text is larger than 8 MiB"};
    }
    out_ += text;
    return {};
  }

  Result<Flow> block(const std::vector<Node>& nodes, const json::value& dot) {
    const size_t scope = variables_.size();
    Flow flow = Flow::on;
    for (const Node& node : nodes) {
      flow = TRY(one(node, dot));
      if (flow != Flow::on) break;
    }
    variables_.resize(scope);
    return flow;
  }

  Result<Flow> one(const Node& node, const json::value& dot) {
    if (++steps_ > kMostSteps) return Error{Code::exhausted, "the template takes too many steps"};
    switch (node.kind) {
      case Node::Kind::text: TRY(put(node.text)); return Flow::on;
      case Node::Kind::output: TRY(put(print_value(TRY(pipe(node.pipe, dot))))); return Flow::on;
      case Node::Kind::declare:
        variables_.emplace_back(node.name, TRY(pipe(node.pipe, dot)));
        return Flow::on;
      case Node::Kind::assign: {
        json::value value = TRY(pipe(node.pipe, dot));
        json::value* variable = find_variable(node.name);
        if (variable == nullptr) return undefined(node.name);
        *variable = std::move(value);
        return Flow::on;
      }
      case Node::Kind::if_:
      case Node::Kind::with: {
        const size_t scope = variables_.size();
        const json::value value = TRY(pipe(node.pipe, dot));
        if (!node.name.empty()) variables_.emplace_back(node.name, value);
        const bool holds = is_true(value);
        const json::value& inner = holds && node.kind == Node::Kind::with ? value : dot;
        const Flow flow = TRY(block(holds ? node.body : node.otherwise, inner));
        variables_.resize(scope);
        return flow;
      }
      case Node::Kind::range: return range(node, dot);
      case Node::Kind::call: return call(node, dot);
      case Node::Kind::break_: return Flow::break_;
      case Node::Kind::continue_: return Flow::continue_;
    }
    return Flow::on;
  }

  Result<Flow> range(const Node& node, const json::value& dot) {
    const json::value over = TRY(pipe(node.pipe, dot));
    std::vector<std::pair<json::value, json::value>> elements;
    if (const auto* list = over.if_array()) {
      for (const json::value& one : *list) elements.emplace_back(elements.size(), one);
    } else if (const auto* map = over.if_object()) {
      std::map<std::string_view, const json::value*> sorted;
      for (const auto& [key, value] : *map) sorted.emplace(key, &value);
      for (const auto& [key, value] : sorted) elements.emplace_back(key, *value);
    } else if (const auto* count = over.if_int64()) {
      if (*count > static_cast<int64_t>(kMostSteps)) {
        return Error{Code::exhausted, "the template takes too many steps"};
      }
      for (int64_t i = 0; i < *count; ++i) elements.emplace_back(i, i);
    } else if (!over.is_null()) {
      return Error{Code::invalid, fmt::format("range can't iterate over {}", print_value(over))};
    }
    if (elements.empty()) return block(node.otherwise, dot);
    for (auto& [key, value] : elements) {
      const size_t scope = variables_.size();
      if (!node.key_name.empty()) variables_.emplace_back(node.key_name, key);
      if (!node.name.empty()) variables_.emplace_back(node.name, value);
      const Flow flow = TRY(block(node.body, value));
      variables_.resize(scope);
      if (flow == Flow::break_) break;
    }
    return Flow::on;
  }

  Result<Flow> call(const Node& node, const json::value& dot) {
    const auto found = program_.defined.find(node.text);
    if (found == program_.defined.end()) {
      return Error{Code::invalid, fmt::format("template \"{}\" not defined", node.text)};
    }
    if (++calls_ > kMostCalls) {
      return Error{Code::exhausted, "templates call each other too deeply"};
    }
    json::value data;
    if (!node.pipe.empty()) data = TRY(pipe(node.pipe, dot));
    std::vector<std::pair<std::string, json::value>> outer;
    outer.emplace_back("$", data);
    outer.swap(variables_);
    Result<Flow> flow = block(found->second, data);
    variables_ = std::move(outer);
    --calls_;
    TRY(std::move(flow));
    return Flow::on;
  }

  Result<json::value> pipe(const Node::Pipe& commands, const json::value& dot) {
    json::value value;
    for (size_t i = 0; i < commands.size(); ++i) {
      const Node::Command& command = commands[i];
      if (++steps_ > kMostSteps) return Error{Code::exhausted, "the template takes too many steps"};
      if (command.front().kind != Node::Term::Kind::function) {
        value = TRY(term(command.front(), dot));
        continue;
      }
      std::vector<json::value> arguments;
      for (size_t j = 1; j < command.size(); ++j) {
        arguments.push_back(TRY(term(command[j], dot)));
      }
      if (i > 0) arguments.push_back(std::move(value));
      value = TRY(call_function(command.front().name, arguments));
    }
    return value;
  }

  Result<json::value> term(const Node::Term& term, const json::value& dot) {
    json::value value;
    switch (term.kind) {
      case Node::Term::Kind::dot: return dot;
      case Node::Term::Kind::field: value = dot; break;
      case Node::Term::Kind::literal: return term.literal;
      case Node::Term::Kind::function: return call_function(term.name, {});
      case Node::Term::Kind::pipe: value = TRY(pipe(*term.pipe, dot)); break;
      case Node::Term::Kind::variable: {
        const json::value* variable = find_variable(term.name);
        if (variable == nullptr) return undefined(term.name);
        value = *variable;
        break;
      }
    }
    for (const std::string& field : term.fields) {
      if (value.is_null()) {
        return Error{Code::invalid, fmt::format("nil data; no entry for key \"{}\"", field)};
      }
      if (!value.is_object()) {
        return Error{Code::invalid,
                     fmt::format("can't evaluate field {} in {}", field, print_value(value))};
      }
      const json::value* member = value.get_object().if_contains(field);
      value = member == nullptr ? json::value() : json::value(*member);
    }
    return value;
  }

  json::value* find_variable(std::string_view name) {
    for (auto one = variables_.rbegin(); one != variables_.rend(); ++one) {
      if (one->first == name) return &one->second;
    }
    return nullptr;
  }
  static Error undefined(std::string_view name) {
    return {Code::invalid, fmt::format("undefined variable \"{}\"", name)};
  }

  const Program& program_;
  std::vector<std::pair<std::string, json::value>> variables_;
  std::string out_;
  size_t steps_ = 0;
  int calls_ = 0;
};

}  // namespace

Result<std::string> GoTemplate::render(const json::value& data) const {
  return Renderer(*program_).run(data);
}

}  // namespace ks::devops::kapis
