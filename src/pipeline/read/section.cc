#include "pipeline/read/section.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ks::pipeline {

Line Reader::line(const ast::Stmt& statement) const {
  Line found;
  found.statement = &statement;
  const auto* expression = ast::as<ast::ExprStmt>(&statement);
  if (expression == nullptr) return found;
  found.call = ast::as<ast::Call>(expression->expr);
  if (found.call == nullptr) return found;
  if (found.call->receiver == nullptr) found.name = found.call->name;
  found.args.assign(found.call->args.begin(), found.call->args.end());
  if (!found.args.empty() && !found.args.back()->named()) {
    found.body = ast::as<ast::Closure>(found.args.back()->value);
    if (found.body != nullptr) found.args.pop_back();
  }
  return found;
}

std::string Reader::body_source(const ast::Closure& body) const {
  const ast::Block& block = *body.body;
  return block.statements.empty() ? "" : std::string(unit_.text(block.begin, block.end));
}

const ast::Closure* Reader::block(const Line& section, std::string_view name) {
  if (section.body != nullptr && section.args.empty()) return section.body;
  error(*section.statement, fmt::format("Expected a block for {}", name));
  return nullptr;
}

bool Reader::first(const Line& section, std::set<std::string, std::less<>>& seen) {
  if (seen.insert(std::string(section.name)).second) return true;
  error(*section.statement, fmt::format("Multiple occurrences of the {} section", section.name));
  return false;
}

void Reader::undefined(const Line& section) {
  if (!section.name.empty())
    return error(*section.statement, fmt::format("Undefined section \"{}\"", section.name));
  error(*section.statement,
        fmt::format("Not a valid section definition: \"{}\". Some extra configuration is required.",
                    source(*section.statement)));
}

void Reader::error(const ast::Node& at, std::string message) {
  errors_.push_back({std::move(message), at.line, at.column});
}

std::vector<groovy::CompileError> Reader::take_errors() { return std::move(errors_); }

}  // namespace ks::pipeline
