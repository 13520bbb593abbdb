#include <fmt/format.h>

#include "pipeline/read/section.h"

namespace ks::pipeline {

std::optional<When> Reader::when(const Line& section) {
  if (section.body == nullptr) {
    error(*section.statement, "When step without a block");
    return std::nullopt;
  }
  When made;
  made.place = place(*section.statement);
  for (const ast::Stmt* statement : section.body->body->statements) {
    Line from = line(*statement);
    if (from.name == "beforeAgent" || from.name == "beforeInput" || from.name == "beforeOptions") {
      when_flag(from, made);
    } else if (std::optional<Condition> one = condition(*statement)) {
      made.conditions.push_back(std::move(*one));
    }
  }
  return made;
}

void Reader::when_flag(const Line& from, When& into) {
  std::optional<bool> flag = boolean(from);
  if (!flag) return;
  (from.name == "beforeAgent"   ? into.before_agent
   : from.name == "beforeInput" ? into.before_input
                                : into.before_options) = flag;
}

std::optional<Condition> Reader::condition(const ast::Stmt& statement) {
  Line from = line(statement);
  if (from.name.empty()) {
    error(statement, "Expected a when condition");
    return std::nullopt;
  }
  Condition made;
  made.name = from.name;
  made.place = place(statement);
  made.args = arguments(from.args, false);
  if (from.body == nullptr) return made;
  made.block = true;
  made.body = from.body;
  if (made.name == "expression") {
    made.expression = body_source(*from.body);
    return made;
  }
  for (const ast::Stmt* child : from.body->body->statements) {
    if (std::optional<Condition> one = condition(*child)) made.children.push_back(std::move(*one));
  }
  return made;
}

}  // namespace ks::pipeline
