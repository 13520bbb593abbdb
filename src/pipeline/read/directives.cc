#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/read/section.h"

/// agent, environment, options, parameters, triggers, tools, post, input, libraries.

namespace ks::pipeline {

std::optional<Agent> Reader::agent(const Line& section, bool in_stage) {
  (void)in_stage;
  Agent made;
  made.place = place(*section.statement);
  if (section.body != nullptr && section.args.empty()) {
    const auto& statements = section.body->body->statements;
    if (statements.size() > 1) {
      error(*section.statement, "Only one agent type is allowed per agent section");
      return made;
    }
    if (statements.empty()) return made;
    Line type = line(*statements[0]);
    if (type.name.empty()) {
      // `agent { any }`: a type without settings.
      const auto* bare = ast::as<ast::ExprStmt>(statements[0]);
      const auto* name = bare == nullptr ? nullptr : ast::as<ast::Variable>(bare->expr);
      if (name == nullptr) {
        error(*statements[0], "Expected an agent");
        return std::nullopt;
      }
      made.type = name->name;
      return made;
    }
    made.type = type.name;
    if (type.body != nullptr) {
      made.settings = agent_settings(*type.body);
    } else if (type.args.empty()) {
      if (!type.call->has_parens) error(*statements[0], "No argument for agent");
    } else if (type.args.size() == 1 && type.args[0]->key == nullptr) {
      made.argument = value(*type.args[0]->value);
    } else {
      for (const ast::Entry* entry : type.args) {
        AgentSetting& setting = made.settings.emplace_back();
        setting.place = place(*entry);
        setting.name = entry->name();
        setting.value = value(*entry->value);
      }
    }
    return made;
  }
  const auto* word =
      section.args.size() == 1 ? ast::as<ast::Variable>(section.args[0]->value) : nullptr;
  if (word == nullptr || (word->name != "any" && word->name != "none") || section.body != nullptr) {
    if (section.args.empty()) {
      error(*section.statement, "No argument for agent");
    } else {
      error(*section.statement,
            "Only \"agent none\", \"agent any\" or \"agent {...}\" are allowed.");
    }
    return made;
  }
  made.type = word->name;
  return made;
}

std::vector<AgentSetting> Reader::agent_settings(const ast::Closure& body) {
  std::vector<AgentSetting> made;
  for (const ast::Stmt* statement : body.body->statements) {
    Line from = line(*statement);
    if (from.name.empty()) {
      error(*statement, "Expected to find ‘someKey \"someValue\"’");
      continue;
    }
    AgentSetting setting;
    setting.name = from.name;
    setting.place = place(*statement);
    if (from.body != nullptr) {
      setting.is_block = true;
      setting.nested = agent_settings(*from.body);
    } else if (from.args.empty()) {
      error(*statement, fmt::format("No argument for map key \"{}\"", from.name));
      continue;
    } else if (from.args.size() > 1) {
      error(*statement, fmt::format("Too many arguments for map key \"{}\"", from.name));
      continue;
    } else {
      setting.value = value(*from.args[0]->value);
    }
    made.push_back(std::move(setting));
  }
  return made;
}

// ----- environment -----

std::optional<Environment> Reader::environment(const Line& section) {
  const ast::Closure* body = block(section, "environment");
  if (body == nullptr) return std::nullopt;
  Environment made;
  made.place = place(*section.statement);
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body->body->statements)
    environment_entry(*statement, made, seen);
  return made;
}

void Reader::environment_entry(const ast::Stmt& statement, Environment& into,
                               std::set<std::string, std::less<>>& seen) {
  std::string_view name;
  const ast::Expr* right = nullptr;
  if (statement.kind != ast::Kind::expression) return error(statement, "Expected name=value pairs");
  if (const auto* expression = ast::as<ast::ExprStmt>(&statement)) {
    const auto* assign = ast::as<ast::Assign>(expression->expr);
    const auto* target =
        assign == nullptr || assign->compound ? nullptr : ast::as<ast::Variable>(assign->target);
    if (target != nullptr) {
      name = target->name;
      right = assign->value;
    }
    // `def NAME = value` is taken too.
    const auto* declared = ast::as<ast::Declaration>(expression->expr);
    if (declared != nullptr && declared->declarators.size() == 1) {
      name = declared->declarators[0]->name;
      right = declared->declarators[0]->value;
    }
  }
  if (right == nullptr) {
    return error(statement,
                 fmt::format("\"{}\" is not a valid environment expression. Use \"key = value\" "
                             "pairs with valid Java/shell keys.",
                             source(statement)));
  }
  if (!seen.insert(std::string(name)).second) {
    error(statement, fmt::format("Duplicate environment variable name: \"{}\"", name));
  }
  EnvironmentEntry entry;
  entry.name = name;
  entry.place = place(statement);
  const auto* call = ast::as<ast::Call>(right);
  if (call != nullptr && call->receiver == nullptr && call->name == "credentials") {
    entry.credentials = true;
    const ast::Expr* id =
        call->args.size() == 1 && !call->args[0]->named() ? call->args[0]->value : nullptr;
    const auto* constant = ast::as<ast::Constant>(id);
    bool text =
        id != nullptr && (id->kind == ast::Kind::gstring ||
                          (constant != nullptr && constant->type == ast::ConstantType::string));
    if (!text) return error(statement, "Internal function call parameters must be strings.");
    entry.value = value(*id);
  } else {
    if (!environment_value(*right)) return;
    entry.value = value(*right);
    entry.function = call != nullptr;
  }
  into.entries.push_back(std::move(entry));
}

/// Constants, GStrings, sums of those, and calls; `${X}` is reported by value().
bool Reader::environment_value(const ast::Expr& expr) {
  switch (expr.kind) {
    case ast::Kind::constant:
    case ast::Kind::gstring:
    case ast::Kind::call: return true;
    case ast::Kind::binary: return concatenation(expr);
    default:
      error(expr,
            "Environment variable values must either be single quoted, double quoted, or function "
            "calls.");
      return false;
  }
}

bool Reader::concatenation(const ast::Expr& expr) {
  if (const auto* binary = ast::as<ast::Binary>(&expr)) {
    if (binary->op != ast::BinaryOp::add) {
      error(expr, "Environment variable values can only be joined together with ‘+’s.");
      return false;
    }
    // A long sum leans to the left: go down it without recursion.
    const ast::Expr* left = binary;
    bool fine = true;
    while (fine) {
      const auto* sum = ast::as<ast::Binary>(left);
      if (sum == nullptr) break;
      if (sum->op != ast::BinaryOp::add) return concatenation(*sum);
      fine = concatenation(*sum->right);
      left = sum->left;
    }
    return fine && concatenation(*left);
  }
  const auto* constant = ast::as<ast::Constant>(&expr);
  bool quoted = expr.kind == ast::Kind::gstring ||
                (constant != nullptr && constant->type == ast::ConstantType::string);
  if (!quoted) {
    error(
        expr,
        "Environment variable values to be concatenated together must be single or double quoted.");
  }
  return quoted;
}

// ----- lists of calls -----

std::optional<Calls> Reader::calls(const Line& section, std::string_view plural,
                                   std::string_view one) {
  const ast::Closure* body = block(section, section.name);
  if (body == nullptr) return std::nullopt;
  Calls made;
  made.place = place(*section.statement);
  for (const ast::Stmt* statement : body->body->statements) {
    Line from = line(*statement);
    if (!from.name.empty()) {
      made.list.push_back(call(*from.call, plural));
      continue;
    }
    const auto* expression = ast::as<ast::ExprStmt>(statement);
    if (expression != nullptr && expression->expr->kind == ast::Kind::map) {
      error(*statement, fmt::format("{} cannot be defined as maps", plural));
    } else {
      bool vowel = one.starts_with('o');
      error(*statement, fmt::format("Expected a{} {}", vowel ? "n" : "", one));
    }
  }
  return made;
}

std::optional<Tools> Reader::tools(const Line& section) {
  const ast::Closure* body = block(section, "tools");
  if (body == nullptr) return std::nullopt;
  Tools made;
  made.place = place(*section.statement);
  for (const ast::Stmt* statement : body->body->statements) {
    Line from = line(*statement);
    if (from.name.empty() || from.body != nullptr) {
      error(*statement, "Expected to find ‘someTool \"someVersion\"’");
    } else if (from.args.empty()) {
      error(*statement, fmt::format("No argument for tool \"{}\"", from.name));
    } else if (from.args.size() > 1) {
      error(*statement, fmt::format("Too many arguments for tool \"{}\"", from.name));
    } else {
      made.list.push_back({std::string(from.name), value(*from.args[0]->value), place(*statement)});
    }
  }
  return made;
}

std::optional<Post> Reader::post(const Line& section) {
  if (section.body == nullptr || !section.args.empty()) {
    error(*section.statement, "Expected a block");
    return std::nullopt;
  }
  Post made;
  made.place = place(*section.statement);
  for (const ast::Stmt* statement : section.body->body->statements) {
    Line from = line(*statement);
    if (from.name.empty() || from.body == nullptr || !from.args.empty()) {
      error(*statement, fmt::format("The ‘post’ section can only contain build condition names "
                                    "with code blocks. Valid condition names are [{}]",
                                    fmt::join(post_condition_names(), ", ")));
      continue;
    }
    PostCondition& condition = made.conditions.emplace_back();
    condition.name = from.name;
    condition.place = place(*statement);
    condition.steps = steps_of(*from.body);
  }
  return made;
}

std::optional<Input> Reader::input(const Line& section) {
  const ast::Closure* body = block(section, "input");
  if (body == nullptr) return std::nullopt;
  Input made;
  made.place = place(*section.statement);
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body->body->statements) {
    Line field = line(*statement);
    if (field.name.empty()) {
      error(*statement, fmt::format("Not a valid field for input: \"{}\"", source(*statement)));
      continue;
    }
    if (!first(field, seen)) continue;
    if (field.name == "parameters") {
      made.parameters = calls(field, "Build parameters", "build parameter definition");
      continue;
    }
    std::optional<Expression>* slot = field.name == "message"     ? &made.message
                                      : field.name == "id"        ? &made.id
                                      : field.name == "ok"        ? &made.ok
                                      : field.name == "submitter" ? &made.submitter
                                      : field.name == "submitterParameter"
                                          ? &made.submitter_parameter
                                          : nullptr;
    if (slot == nullptr) {
      error(*statement, fmt::format("Not a valid field for input: \"{}\"", field.name));
    } else if (field.args.empty()) {
      error(*statement, fmt::format("No argument for field \"{}\"", field.name));
    } else if (field.args.size() > 1) {
      error(*statement, fmt::format("Too many arguments for field \"{}\"", field.name));
    } else {
      *slot = value(*field.args[0]->value);
    }
  }
  return made;
}

void Reader::libraries(const Line& section, Pipeline& into) {
  const ast::Closure* body = block(section, "libraries");
  if (body == nullptr) return;
  into.libraries.emplace();
  into.libraries_place = place(*section.statement);
  for (const ast::Stmt* statement : body->body->statements) {
    Line from = line(*statement);
    // They are loaded before anything is evaluated: only what stands there can be taken.
    bool fits = from.name == "lib" && from.body == nullptr && from.args.size() == 1 &&
                from.args[0]->key == nullptr &&
                (from.args[0]->value->kind == ast::Kind::constant ||
                 from.args[0]->value->kind == ast::Kind::gstring);
    if (from.body != nullptr) {
      error(*statement, "Libraries definitions cannot have blocks");
    } else if (!fits) {
      error(*statement, fmt::format("Expected a \"lib(...)\" but got {}", source(*statement)));
    } else {
      into.libraries->push_back(value(*from.args[0]->value));
    }
  }
}

}  // namespace ks::pipeline
