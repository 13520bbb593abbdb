#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "groovy/ast.h"
#include "groovy/program.h"

/// Groovy 2.4 source text to syntax tree.
///
///   Parsed parsed = parse(text);
///   if (!parsed) return format_errors(text, "WorkflowScript", parsed.errors);

namespace ks::groovy {

struct ParseLimits {
  size_t source_bytes = 8 << 20;
  uint32_t nesting = 300;      ///< brackets, blocks and operators inside one another
  uint32_t tree_depth = 2000;  ///< what passes after it (`a + b + c + ...`) may have to recurse
};

/// Either a tree, or what is wrong: all syntax errors; when there are none, all that is wrong
/// beyond syntax (a variable defined twice, `break` outside of a loop). In source order.
struct Parsed {
  std::unique_ptr<ast::Unit> unit;
  std::vector<CompileError> errors;

  explicit operator bool() const { return unit != nullptr; }
};

/// Text is UTF-8; a byte order mark and a `#!` line are skipped. Invalid UTF-8 is an error.
Parsed parse(std::string_view source, const ParseLimits& limits = {});

}  // namespace ks::groovy
