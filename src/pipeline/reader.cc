#include "pipeline/reader.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "groovy/walk.h"
#include "pipeline/read/section.h"

namespace ks::pipeline {
namespace {

/// Sections of earlier versions, with the words that tell what to use now.
const std::map<std::string, std::string, std::less<>>& old_sections() {
  static const std::map<std::string, std::string, std::less<>> names{
      {"jobProperties",
       "The ‘jobProperties’ section has been renamed as of version 0.7. Use ‘properties’ instead."},
      {"properties",
       "The ‘properties’ section has been renamed as of version 0.8. Use ‘options’ instead."},
      {"wrappers",
       "The 'wrappers' section has been removed as of version 0.8. Use 'options' instead."},
      {"notifications",
       "The ‘notifications’ section has been removed as of version 0.6. Use ‘post’ for all "
       "post-build actions."},
      {"postBuild",
       "The ‘postBuild’ section has been renamed as of version 0.6. Use ‘post’ for all post-build "
       "actions."},
  };
  return names;
}

const ast::Call* pipeline_call(const ast::Stmt& statement) {
  const auto* expression = ast::as<ast::ExprStmt>(&statement);
  const auto* call = expression == nullptr ? nullptr : ast::as<ast::Call>(expression->expr);
  return call != nullptr && call->receiver == nullptr && call->name == "pipeline" ? call : nullptr;
}

bool has_block(const ast::Call& call) {
  return call.args.size() == 1 && call.args[0]->value->kind == ast::Kind::closure;
}

/// Calls of `pipeline` with a block anywhere below a node.
void nested_pipelines(const ast::Node& node, std::vector<const ast::Call*>& found) {
  if (const auto* call = ast::as<ast::Call>(&node)) {
    if (call->receiver == nullptr && call->name == "pipeline" && has_block(*call))
      found.push_back(call);
  }
  ast::for_each_child(node, [&](const ast::Node& child) { nested_pipelines(child, found); });
}

}  // namespace

std::shared_ptr<Pipeline> Reader::pipeline(const ast::Call& call) {
  auto made = std::make_shared<Pipeline>();
  made->place = place(call);
  made->script = unit_.source();
  if (!has_block(call)) {
    error(call, "Expected a block with the \"pipeline\" step");
    return made;
  }
  const auto& body = ast::cast<ast::Closure>(*call.args[0]->value);
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body.body->statements) {
    Line section = line(*statement);
    if (section.name.empty()) {
      undefined(section);
      continue;
    }
    if (auto old = old_sections().find(section.name); old != old_sections().end()) {
      error(*statement, old->second);
      continue;
    }
    if (!first(section, seen)) continue;
    if (section.name == "agent") {
      made->agent = agent(section, false);
    } else if (section.name == "stages") {
      made->stages = stages(section, "stages");
    } else if (section.name == "environment") {
      made->environment = environment(section);
    } else if (section.name == "options") {
      made->options = calls(section, "Options", "option");
    } else if (section.name == "parameters") {
      made->parameters = calls(section, "Build parameters", "build parameter definition");
    } else if (section.name == "triggers") {
      made->triggers = calls(section, "Triggers", "trigger");
    } else if (section.name == "tools") {
      made->tools = tools(section);
    } else if (section.name == "post") {
      made->post = post(section);
    } else if (section.name == "libraries") {
      libraries(section, *made);
    } else {
      undefined(section);
    }
  }
  return made;
}

ReadResult read_pipelines(const ast::Unit& unit) {
  ReadResult result;
  Reader reader(unit);
  auto read = [&](const ast::Call& call) {
    result.pipelines.push_back({reader.pipeline(call), &call});
  };
  auto inside = [&](const ast::Node& node, const ast::Call* itself) {
    std::vector<const ast::Call*> nested;
    nested_pipelines(node, nested);
    for (const ast::Call* call : nested) {
      if (call != itself)
        reader.error(*call, "pipeline block must be at the top-level, not within another block.");
    }
  };
  for (const ast::Stmt* statement : unit.body->statements) {
    const ast::Call* call = pipeline_call(*statement);
    if (call != nullptr) read(*call);
    inside(*statement, call);
  }
  if (result.pipelines.empty()) {
    for (const ast::Method* method : unit.methods) {
      if (method->name != "call" || method->body == nullptr) continue;
      std::vector<const ast::Call*> found;
      nested_pipelines(*method->body, found);
      for (const ast::Call* call : found) read(*call);
    }
  }
  result.errors = reader.take_errors();
  return result;
}

std::vector<Step> read_steps(const ast::Unit& unit, ast::Array<ast::Stmt*> statements,
                             std::vector<groovy::CompileError>& errors) {
  Reader reader(unit);
  std::vector<Step> steps = reader.steps(statements);
  for (groovy::CompileError& error : reader.take_errors()) errors.push_back(std::move(error));
  return steps;
}

}  // namespace ks::pipeline
