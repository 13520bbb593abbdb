#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "groovy/ast.h"
#include "groovy/eval/code.h"
#include "groovy/eval/nodes.h"
#include "groovy/eval/program_impl.h"

/// Names while compiling: local variables and what closures share of them, classes and imports.

namespace ks::groovy {

struct LocalVariable {
  std::string name;
  uint32_t slot = 0;
  TypeRef type;
  bool boxed = false;
  std::vector<bool*> boxed_flags;  ///< of nodes made before a closure was seen to share it

  void share() {
    if (boxed) return;
    boxed = true;
    for (bool* flag : boxed_flags) *flag = true;
  }
  void follow(bool& flag) {
    flag = boxed;
    boxed_flags.push_back(&flag);
  }
};

/// Where a variable is, seen from one function.
struct Place {
  Storage storage = Storage::slot;
  uint32_t index = 0;
  LocalVariable* variable = nullptr;
};

struct ClassScope;

/// A method, constructor, closure or the script body, while it is compiled.
struct FunctionScope {
  FunctionScope* outer = nullptr;  ///< of a closure: the function around it
  ClassScope* cls = nullptr;
  Code* code = nullptr;
  bool is_static = false;
  std::vector<std::vector<std::unique_ptr<LocalVariable>>> blocks;
  std::vector<std::unique_ptr<LocalVariable>>
      left;                         ///< variables of closed blocks: nodes point into them
  std::vector<std::string> labels;  ///< of the statements around
  std::unordered_map<std::string, uint32_t> captured;

  LocalVariable& declare(std::string_view name, TypeRef type = {});
  std::optional<Place> find(std::string_view name);
  void open() { blocks.emplace_back(); }
  void close();
};

struct ClassScope {
  ClassScope* outer = nullptr;
  FunctionScope* around = nullptr;       ///< of an anonymous class
  const ast::ClassDecl* decl = nullptr;  ///< null for the script class
  ClassDef* def = nullptr;
  std::unordered_map<std::string, uint32_t> hidden;
  std::unordered_map<std::string, bool> fields;  ///< name -> static, of the class itself
  std::optional<uint32_t> logger;                ///< its field, when @Log or the like gives it one

  std::optional<Place> find_hidden(std::string_view name);
};

}  // namespace ks::groovy
