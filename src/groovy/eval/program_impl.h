#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "groovy/eval/code.h"
#include "groovy/program.h"

namespace ks::groovy {

/// Everything that one source text was compiled to.
class Program {
 public:
  std::string script_name;
  std::string file;
  std::unordered_map<std::string, std::unique_ptr<Name>> names;
  std::vector<std::unique_ptr<ClassDef>>
      classes;                 ///< of the text, inner ones included, outer before inner
  ClassDef* script = nullptr;  ///< one of them: the script body is its method `run`
  bool only_classes = false;   ///< no statements: running it calls `main` of the first class

  const Name& name(std::string_view text) {
    auto& slot = names[std::string(text)];
    if (slot == nullptr) slot = std::make_unique<Name>(text);
    return *slot;
  }
};

}  // namespace ks::groovy
