#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "groovy/walk.h"
#include "pipeline/lint/linter.h"
#include "pipeline/step_guide.h"

/// Calls that are steps: whether there is such a one.

namespace ks::pipeline {
namespace {

/// What Groovy gives to every script, and what the engine defines besides steps.
constexpr auto kBuiltins = std::to_array<std::string_view>(
    {"any",           "asType",       "call",        "collect",  "dump",       "each",
     "eachWithIndex", "equals",       "evaluate",    "every",    "find",       "findAll",
     "getBinding",    "getClass",     "getProperty", "hashCode", "identity",   "inject",
     "inspect",       "invokeMethod", "is",          "iterator", "pipeline",   "print",
     "printf",        "println",      "respondsTo",  "run",      "setBinding", "setProperty",
     "sprintf",       "super",        "tap",         "this",     "toString",   "use",
     "with"});

/// `error 'x'` and its like also as `steps.error 'x'` and `this.error 'x'`.
bool on_the_script(const ast::Call& call) {
  if (call.receiver == nullptr) return true;
  const auto* receiver = ast::as<ast::Variable>(call.receiver);
  return receiver != nullptr && (receiver->name == "this" || receiver->name == "steps");
}

/// Closures whose names somebody else looks up.
bool sets_delegate(const ast::Call& call) {
  return call.receiver != nullptr && (call.name == "with" || call.name == "tap");
}

}  // namespace

bool Linter::runs(std::string_view step) const {
  if (options_.runs) return options_.runs(step);
  return catalog_.steps.contains(step);
}

void Linter::calls() {
  ast::for_each_part(unit_, [&](const ast::Node& part) { visit(part, Mode::script); });
}

void Linter::visit(const ast::Node& node, Mode mode) {
  switch (node.kind) {
    case ast::Kind::call: return visit_call(ast::cast<ast::Call>(node), mode);
    // Calls in a class are its own methods.
    case ast::Kind::class_decl: return;
    case ast::Kind::assign:
      if (mode == Mode::section) mode = Mode::script;  // `NAME = sh(...)` in environment
      break;
    default: break;
  }
  ast::for_each_child(node, [&](const ast::Node& child) { visit(child, mode); });
}

void Linter::visit_call(const ast::Call& call, Mode mode) {
  if (call.receiver != nullptr) visit(*call.receiver, mode);
  if (call.name_expr != nullptr && call.name.empty()) visit(*call.name_expr, mode);
  const bool plain = on_the_script(call) && !call.name.empty();
  if (plain && mode == Mode::section) return visit_section(call);
  if (plain && call.receiver == nullptr && call.name == "pipeline" && mode == Mode::script) {
    for (const ast::Entry* entry : call.args) visit(*entry->value, Mode::section);
    return;
  }
  if (plain) check_step(call, mode);
  const bool known = !plain || catalog_.steps.contains(call.name) || is_own(call.name) ||
                     runs(call.name) || step_guide(call.name) != nullptr;
  for (const ast::Entry* entry : call.args) {
    const bool closure = entry->value->kind == ast::Kind::closure;
    Mode inner = mode;
    if (plain && call.name == "script") {
      inner = Mode::script;
    } else if (sets_delegate(call) || !closure || !known) {
      inner = Mode::foreign;  // also `parameters: [string(...)]`
    }
    visit(*entry, inner);
  }
}

/// agent, stages, when, ...: only what holds steps or Groovy matters.
void Linter::visit_section(const ast::Call& call) {
  Mode inner = Mode::section;
  if (call.name == "steps") inner = Mode::steps;
  if (call.name == "expression" || call.name == "script") inner = Mode::script;
  for (const ast::Entry* entry : call.args) {
    const auto* body = ast::as<ast::Closure>(entry->value);
    if (body == nullptr) {
      visit(*entry, Mode::foreign);
    } else if (call.name == "post") {
      for (const ast::Stmt* statement : body->body->statements) {
        const auto* line = ast::as<ast::ExprStmt>(statement);
        const auto* condition = line == nullptr ? nullptr : ast::as<ast::Call>(line->expr);
        if (condition == nullptr) continue;
        for (const ast::Entry* steps : condition->args) visit(*steps, Mode::steps);
      }
    } else {
      visit(*body, inner);
    }
  }
}

void Linter::check_step(const ast::Call& call, Mode mode) {
  if (is_own(call.name) || std::ranges::binary_search(kBuiltins, call.name)) return;
  const auto known = catalog_.steps.find(call.name);
  // What the engine has besides steps that people know are symbols: `credentials('id')`.
  if (step_guide(call.name) != nullptr) {
    // A name among arguments may be a symbol: `checkout(git(...))`, `[string(...)]`.
    const bool may_be_symbol = mode == Mode::foreign && !call.args.empty() &&
                               known != catalog_.steps.end() && known->second.block;
    if (!runs(call.name)) {
      if (!may_be_symbol) refuse_unsupported(call);
    } else if (known != catalog_.steps.end() && mode == Mode::script) {
      check_arguments(call, known->second);
    }
    return;
  }
  // Lists of job properties are often built before `properties` gets them.
  const bool property = catalog_.options.contains(call.name) ||
                        catalog_.triggers.contains(call.name) ||
                        catalog_.parameters.contains(call.name) || call.name == "parameters" ||
                        call.name == "pipelineTriggers" || call.name == "logRotator";
  if (mode != Mode::foreign && !property && !runs(call.name)) refuse_unknown(call);
}

void Linter::refuse_unsupported(const ast::Call& call) {
  const StepGuide* guide = step_guide(call.name);
  std::string message = fmt::format("step '{}' does not run here", call.name);
  std::string hint;
  if (guide != nullptr) {
    message = fmt::format("step '{}' of plugin '{}' does not run here", call.name, guide->plugin);
    if (!guide->instead.empty()) hint = fmt::format("what works: {}", guide->instead);
  }
  add(Rule::unsupported_step, Severity::warning, call, std::move(message), std::move(hint),
      std::string(call.name));
}

/// Empty when none is near.
const std::string& Linter::nearest_step(std::string_view name) {
  constexpr size_t kMostNames = 400;
  if (names_.empty()) {
    for (const auto& [step, signature] : catalog_.steps) names_.push_back(step);
    for (const StepGuide& guide : step_guides()) names_.emplace_back(guide.name);
    for (std::string_view own : own_.all) {
      if (names_.size() >= kMostNames) break;
      names_.emplace_back(own);
    }
  }
  const auto [found, is_new] = nearest_.try_emplace(std::string(name));
  if (is_new) {
    if (std::vector<std::string> near = nearest(name, names_, 1); !near.empty())
      found->second = std::move(near[0]);
  }
  return found->second;
}

void Linter::refuse_unknown(const ast::Call& call) {
  if (full()) return;
  const std::string& near = nearest_step(call.name);
  std::string hint;
  if (!near.empty()) {
    hint = fmt::format("did you mean '{}'?", near);
  } else if (own_.loads_code) {
    hint = "fine, when a library or a loaded script brings it";
  } else {
    hint = "define it, load the library that has it, or use a step of `ks lint --steps`";
  }
  add(Rule::unknown_step, own_.loads_code ? Severity::warning : Severity::error, call,
      fmt::format("there is no step or method '{}'", call.name), std::move(hint),
      std::string(call.name));
}

}  // namespace ks::pipeline
