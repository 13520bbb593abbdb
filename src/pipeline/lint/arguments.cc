#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/lint/linter.h"

/// What a step is called with, against what it takes.

namespace ks::pipeline {
namespace {

/// What kind of thing a literal is, in words; empty for what is known only at run time.
std::string_view literal_kind(const ast::Expr& value) {
  switch (value.kind) {
    case ast::Kind::gstring: return "string";
    case ast::Kind::list: return "list";
    case ast::Kind::map: return "map";
    case ast::Kind::range: return "range";
    case ast::Kind::closure: return "closure";
    case ast::Kind::constant: break;
    default: return "";
  }
  switch (ast::cast<ast::Constant>(value).type) {
    case ast::ConstantType::null: return "";
    case ast::ConstantType::boolean: return "boolean";
    case ast::ConstantType::string: return "string";
    case ast::ConstantType::integer:
    case ast::ConstantType::long_:
    case ast::ConstantType::big_integer: return "integer";
    default: return "decimal";
  }
}

std::string_view words_of(std::string_view type) {
  if (type == "class java.lang.String") return "string";
  if (type == "boolean") return "boolean";
  return "integer";
}

std::vector<std::string> names_of(const Signature& signature) {
  std::vector<std::string> names;
  names.reserve(signature.parameters.size());
  for (const ParameterType& parameter : signature.parameters) names.push_back(parameter.name);
  return names;
}

std::string parameters_of(const Signature& signature) {
  const std::vector<std::string> names = names_of(signature);
  return names.empty() ? "it takes none" : "it takes: " + join(names, ", ");
}

}  // namespace

void Linter::check_arguments(const ast::Call& call, const Signature& signature) {
  std::vector<const ast::Entry*> named, unnamed;
  bool body = false;
  for (const ast::Entry* entry : call.args) {
    const ast::Kind kind = entry->value->kind;
    if (kind == ast::Kind::spread || kind == ast::Kind::spread_map) return;
    if (entry->key != nullptr) {
      named.push_back(entry);
    } else if (entry == call.args.back() && kind == ast::Kind::closure) {
      body = true;
    } else {
      unnamed.push_back(entry);
    }
  }
  const std::string step(call.name);
  if (body && !signature.block && !signature.open) {
    add(Rule::unknown_parameter, Severity::error, *call.args.back(),
        fmt::format("step '{}' takes no body", step), "", step);
  }
  // A body may be in a variable: `timeout(5, body)`, `node('a', this.&work)`.
  const bool maybe_body = !unnamed.empty() && literal_kind(*unnamed.back()->value).empty();
  if (signature.block && !body && !maybe_body && step != "stage") {
    add(Rule::missing_parameter, Severity::error, call,
        fmt::format("step '{}' must be called with a body", step),
        fmt::format("write {}(...) {{ ... }}", step), step);
  }
  if (signature.block && !body && maybe_body) unnamed.pop_back();
  if (!named.empty() && !unnamed.empty()) {
    add(Rule::unknown_parameter, Severity::error, *unnamed[0],
        fmt::format("step '{}': named and unnamed arguments cannot be mixed", step),
        "name them all", step);
    return;
  }
  if (unnamed.size() == 1) {
    // `sh([script: 'x'])` is `sh(script: 'x')`.
    if (const auto* map = ast::as<ast::MapLiteral>(unnamed[0]->value);
        map != nullptr && !map->entries.empty()) {
      for (const ast::Entry* entry : map->entries) {
        if (entry->name() == "$class" || entry->key == nullptr) return;
      }
      return check_named(call, signature, {map->entries.begin(), map->entries.end()});
    }
    if (const ParameterType* sole = signature.parameter(signature.sole))
      return check_type(call, *unnamed[0]->value, *sole);
    if (signature.sole.empty() && !signature.open && !signature.block) {
      add(Rule::unknown_parameter, Severity::error, *unnamed[0],
          signature.parameters.empty()
              ? fmt::format("step '{}' takes no argument", step)
              : fmt::format("step '{}': the arguments must be named", step),
          parameters_of(signature), step);
    }
    return;
  }
  if (unnamed.size() > 1) {
    if (!signature.open) {
      add(Rule::unknown_parameter, Severity::error, *unnamed[1],
          fmt::format("step '{}' takes one unnamed argument at most", step),
          parameters_of(signature), step);
    }
    return;
  }
  check_named(call, signature, named);
}

void Linter::check_named(const ast::Call& call, const Signature& signature,
                         const std::vector<const ast::Entry*>& entries) {
  const std::string step(call.name);
  const std::vector<std::string> names = names_of(signature);
  std::vector<std::string_view> given;
  bool computed = false;
  for (const ast::Entry* entry : entries) {
    const std::string_view name = entry->name();
    computed |= name.empty();
    given.push_back(name);
    const ParameterType* parameter = signature.parameter(name);
    if (parameter != nullptr) {
      check_type(call, *entry->value, *parameter);
    } else if (!name.empty() && !signature.open) {
      const std::vector<std::string> near = nearest(name, names, 1);
      add(Rule::unknown_parameter, Severity::error, *entry,
          fmt::format("step '{}' has no parameter '{}'", step, name),
          near.empty() ? parameters_of(signature) : fmt::format("did you mean '{}'?", near[0]),
          step);
    }
  }
  if (computed) return;
  for (const ParameterType& parameter : signature.parameters) {
    if (!parameter.required || std::ranges::find(given, parameter.name) != given.end()) continue;
    add(Rule::missing_parameter, Severity::error, call,
        fmt::format("step '{}': parameter '{}' is missing", step, parameter.name),
        parameters_of(signature), step);
  }
}

void Linter::check_type(const ast::Call& call, const ast::Expr& value,
                        const ParameterType& parameter) {
  if (parameter.type.empty()) return;
  const std::string_view wanted = words_of(parameter.type), got = literal_kind(value);
  if (got.empty() || got == wanted) return;
  std::string hint;
  if (wanted == "string" && (got == "integer" || got == "decimal" || got == "boolean")) {
    hint = fmt::format("quote it: '{}'", unit_.text(value));
  } else if (const auto* text = ast::as<ast::Constant>(&value);
             text != nullptr && got == "string" &&
             (wanted == "boolean" ? text->text == "true" || text->text == "false"
                                  : parse_int(text->text).has_value())) {
    hint = fmt::format("without quotes: {}", text->text);
  }
  add(Rule::parameter_type, Severity::error, value,
      fmt::format("step '{}': parameter '{}' wants a{} {}, not a{} {}", call.name, parameter.name,
                  wanted == "integer" ? "n" : "", wanted, got == "integer" ? "n" : "", got),
      std::move(hint), std::string(call.name));
}

}  // namespace ks::pipeline
