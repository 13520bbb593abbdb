#include <utility>

#include <fmt/format.h>

#include "pipeline/read/section.h"

/// stages, parallel, matrix, and what stands in a stage.

namespace ks::pipeline {

Stages Reader::stages(const Line& section, std::string_view name) {
  Stages made;
  made.place = place(*section.statement);
  const ast::Closure* body = block(section, name);
  if (body == nullptr) return made;
  for (const ast::Stmt* statement : body->body->statements) stage(line(*statement), made);
  return made;
}

void Reader::stage(const Line& from, Stages& into) {
  if (from.call == nullptr || from.name != "stage")
    return error(*from.statement, "Expected a stage");
  if (from.call->args.empty())
    return error(*from.statement, "Expected a stage name but did not find any");
  const ast::Entry& first = *from.call->args[0];
  std::optional<std::string> name =
      first.key == nullptr ? string_literal(*first.value) : std::nullopt;
  if (!name) {
    error(first.value->kind == ast::Kind::closure ? static_cast<const ast::Node&>(*from.statement)
                                                  : first,
          "Expected string literal");
  }
  if (from.body == nullptr) return error(*from.statement, "Stage does not have a block");
  Stage& made = into.list.emplace_back();
  made.place = place(*from.statement);
  made.name = name.value_or("");
  stage_body(*from.body, made);
}

void Reader::stage_body(const ast::Closure& body, Stage& stage) {
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body.body->statements) {
    Line section = line(*statement);
    if (section.name.empty()) {
      error(
          *statement,
          fmt::format(
              "Not a valid stage section definition: \"{}\". Some extra configuration is required.",
              source(*statement)));
      continue;
    }
    if (!first(section, seen)) continue;
    if (directive(section, stage)) continue;
    if (section.name == "stages") {
      stage.stages = stages(section, "stages");
    } else if (section.name == "parallel") {
      stage.parallel = stages(section, "parallel");
    } else if (section.name == "matrix") {
      stage.matrix = matrix(section);
    } else if (section.name == "steps") {
      steps_section(section, stage);
    } else if (section.name == "failFast") {
      stage.fail_fast = boolean(section);
    } else {
      refuse_stage_section(section);
    }
  }
}

/// What a stage and a matrix have in common.
bool Reader::directive(const Line& section, Stage& stage) {
  if (section.name == "agent") {
    stage.agent = agent(section, true);
  } else if (section.name == "when") {
    stage.when = when(section);
  } else if (section.name == "environment") {
    stage.environment = environment(section);
  } else if (section.name == "options") {
    stage.options = calls(section, "Options", "option");
  } else if (section.name == "tools") {
    stage.tools = tools(section);
  } else if (section.name == "input") {
    stage.input = input(section);
  } else if (section.name == "post") {
    stage.post = post(section);
  } else {
    return false;
  }
  return true;
}

void Reader::refuse_stage_section(const Line& section) {
  error(*section.statement, fmt::format("Unknown stage section \"{}\". Starting with version 0.5, "
                                        "steps in a stage must be in a ‘steps’ block.",
                                        section.name));
}

void Reader::steps_section(const Line& section, Stage& stage) {
  if (section.body == nullptr || !section.args.empty()) {
    return error(*section.statement, "Expected a block for steps");
  }
  if (!legacy_parallel(*section.body, stage)) stage.steps = steps_of(*section.body);
}

/// `parallel(a: { ... }, b: { ... }, failFast: true)` as the only step: a stage of several
/// branches.
bool Reader::legacy_parallel(const ast::Closure& body, Stage& stage) {
  if (body.body->statements.size() != 1) return false;
  Line only = line(*body.body->statements[0]);
  if (only.name != "parallel") return false;
  if (only.call->args.empty()) return true;  // no branches: the stage is left without content
  stage.steps = Steps{.list = {}, .place = place(body), .body = &body};
  for (const ast::Entry* entry : only.call->args) {
    std::optional<std::string> name;
    if (entry->key != nullptr) name = string_literal(*entry->key);
    if (!name) {
      error(*entry, "Expected string literal");
      continue;
    }
    if (const auto* branch = ast::as<ast::Closure>(entry->value)) {
      stage.branches.emplace_back(*name, steps_of(*branch));
      continue;
    }
    const auto* constant = ast::as<ast::Constant>(entry->value);
    if (*name == "failFast" && constant != nullptr &&
        constant->type == ast::ConstantType::boolean) {
      stage.fail_fast = constant->integer != 0;
    } else if (*name == "failFast") {
      error(*entry, "Expected a boolean with failFast");
    } else {
      error(*entry, "Expected closure or failFast");
    }
  }
  return true;
}

std::shared_ptr<Matrix> Reader::matrix(const Line& section) {
  auto made = std::make_shared<Matrix>();
  made->place = made->cell.place = place(*section.statement);
  const ast::Closure* body = block(section, "matrix");
  if (body == nullptr) return made;
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body->body->statements) {
    Line inner = line(*statement);
    if (inner.name.empty()) {
      undefined(inner);
      continue;
    }
    if (!first(inner, seen)) continue;
    if (directive(inner, made->cell)) continue;
    if (inner.name == "axes") {
      made->axes.emplace();
      if (const ast::Closure* list = block(inner, "axes")) made->axes = axes(*list, false);
    } else if (inner.name == "excludes") {
      made->excludes.emplace();
      const ast::Closure* list = block(inner, "excludes");
      if (list == nullptr) continue;
      for (const ast::Stmt* one : list->body->statements) {
        Line exclude = line(*one);
        if (exclude.name != "exclude") {
          undefined(exclude);
        } else if (const ast::Closure* inside = block(exclude, "exclude")) {
          made->excludes->push_back(axes(*inside, true));
        }
      }
    } else if (inner.name == "stages") {
      made->cell.stages = stages(inner, "stages");
    } else {
      undefined(inner);
    }
  }
  return made;
}

std::vector<Axis> Reader::axes(const ast::Closure& body, bool excluding) {
  std::vector<Axis> made;
  for (const ast::Stmt* statement : body.body->statements) {
    Line from = line(*statement);
    if (from.name != "axis") {
      undefined(from);
      continue;
    }
    made.push_back(axis(from, excluding));
  }
  return made;
}

Axis Reader::axis(const Line& from, bool excluding) {
  Axis made;
  made.place = place(*from.statement);
  const ast::Closure* body = block(from, "axis");
  if (body == nullptr) return made;
  std::set<std::string, std::less<>> seen;
  for (const ast::Stmt* statement : body->body->statements) {
    Line field = line(*statement);
    if (field.name.empty()) {
      undefined(field);
      continue;
    }
    if (!first(field, seen)) continue;
    bool inverse = field.name == "notValues" && excluding;
    if (field.name != "name" && field.name != "values" && !inverse) {
      undefined(field);
      continue;
    }
    if (field.args.empty()) {
      error(*statement, fmt::format("No argument for field \"{}\"", field.name));
      continue;
    }
    if (field.name == "name") {
      if (field.args.size() > 1) error(*statement, "Too many arguments for field \"name\"");
      made.name = value(*field.args[0]->value);
      if (made.name->string() == nullptr)
        error(*statement,
              fmt::format("Expected string literal but got {}", source(*field.args[0]->value)));
      continue;
    }
    if (made.has_values)
      error(*statement, "Exclude axis must contain either \"values\" or \"notValues\"");
    made.has_values = true;
    made.inverse = inverse;
    for (const ast::Entry* entry : field.args) {
      Expression one = value(*entry->value);
      if (!one.is_literal())
        error(*entry, fmt::format("Expected string literal but got {}", source(*entry->value)));
      made.values.push_back(std::move(one));
    }
  }
  return made;
}

}  // namespace ks::pipeline
