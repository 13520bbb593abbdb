#include <fmt/format.h>

#include "pipeline/read/section.h"

namespace ks::pipeline {

Steps Reader::steps_of(const ast::Closure& body) {
  Steps made;
  made.place = place(body);
  made.body = &body;
  made.list = steps(body.body->statements);
  return made;
}

std::vector<Step> Reader::steps(ast::Array<ast::Stmt*> statements) {
  std::vector<Step> list;
  for (const ast::Stmt* statement : statements) {
    if (std::optional<Step> one = step(*statement)) list.push_back(std::move(*one));
  }
  return list;
}

std::optional<Step> Reader::step(const ast::Stmt& statement) {
  Line from = line(statement);
  if (from.call == nullptr) {
    error(statement, "Expected a step");
    return std::nullopt;
  }
  if (from.call->receiver != nullptr) {
    error(statement, "Method calls on objects not allowed outside \"script\" blocks.");
    return std::nullopt;
  }
  if (from.name.empty()) {
    error(statement, "Expected a symbol");
    return std::nullopt;
  }
  Step made;
  made.name = from.name;
  made.place = place(statement);
  if (made.name == "script") {
    if (from.body == nullptr) {
      error(statement, "Script step without a block");
      return std::nullopt;
    }
    made.block = true;
    made.script = body_source(*from.body);
    return made;
  }
  made.args = arguments(from.args, false);
  made.single_argument = made.args.size() == 1 && made.args[0].name.empty();
  if (from.body != nullptr) {
    made.block = true;
    made.children = steps(from.body->body->statements);
  }
  return made;
}

}  // namespace ks::pipeline
