#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/runtime/classes.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/objects.h"

namespace ks::groovy {

struct ClassDef;
class Regex;
class UserClass;

/// What one run knows beside its heap.
struct Interpreter::State {
  std::unordered_map<std::string, Ref<ClassInfo>>
      classes;  ///< of scripts and of the host, by full name
  std::unordered_map<const ClassInfo*, Ref<ClassInfo>> array_classes;
  std::unordered_map<std::string, std::unique_ptr<Name>>
      names;  ///< made from names known only at run time
  Ref<Map> binding;
  Value script;
  Value default_zone;  ///< a java.util.TimeZone that the script has set; null: UTC
  int32_t next_identity_hash = 0x1b2c3d;
  int script_number = 0;
  std::unordered_map<std::string, std::shared_ptr<const Regex>>
      regexes;                         ///< compiled, by flags and source
  std::vector<ClassInfo*> categories;  ///< of `use`, the innermost last

  ClassInfo* array_class(Heap& heap, ClassInfo* element);
};

/// The Name for a text that was not in the program.
const Name& name_of(Task& task, std::string_view text);
Ref<Array> make_array(Task& task, ClassInfo* element, std::vector<Value> items);

}  // namespace ks::groovy
