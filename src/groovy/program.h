#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Compiled Groovy text: immutable, shared by all runs and threads that execute it.

namespace ks::groovy {

namespace ast {
class Unit;
}
class Program;
using ProgramRef = std::shared_ptr<const Program>;

struct CompileOptions {
  std::string script_name = "Script1";  ///< class name of the script, and file name in messages
  std::string file = {};  ///< its name in stack traces; empty: `script_name` and ".groovy"
  /// Tells whether somebody else (a library, the host) has a class of this full name. With it, a
  /// type that nobody knows is a compile error; without, it is looked for when the code that names
  /// it runs.
  std::function<bool(std::string_view)> class_exists = {};
};

/// One thing that is wrong in a source text. Lines and columns start at 1.
struct CompileError {
  std::string message;
  uint32_t line = 0;
  uint32_t column = 0;
};

/// Either a program, or all errors that were found, in source order.
struct Compiled {
  ProgramRef program;
  std::vector<CompileError> errors;

  explicit operator bool() const { return program != nullptr; }
};

/// Compiles without running anything.
Compiled compile(std::string_view source, const CompileOptions& options = {});

/// The same from a tree, which may have been changed after parsing (Declarative does) and is not
/// needed afterwards.
Compiled compile(const ast::Unit& unit, const CompileOptions& options = {});

/// `startup failed:` and each error with source line and caret, as Groovy's compiler prints them.
std::string format_errors(std::string_view source, std::string_view script_name,
                          const std::vector<CompileError>& errors);

}  // namespace ks::groovy
