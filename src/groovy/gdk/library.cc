#include "groovy/gdk/library.h"

#include <array>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"

namespace ks::groovy {

std::span<const LibraryPart> library_parts() {
  static const std::array kParts = {
      core_classes(),      object_methods(),        closure_methods(), collection_methods(),
      list_methods(),      map_methods(),           string_methods(),  number_methods(),
      regex_methods(),     builder_methods(),       system_methods(),  utility_methods(),
      format_methods(),    json_methods(),          date_methods(),    url_methods(),
      combining_methods(), string_number_methods(), time_methods(),    script_methods(),
      math_methods(),      node_methods(),          logging_methods(),
  };
  return kParts;
}

std::string Call::text(size_t index) const { return to_string(task, args[index]); }
int32_t Call::to_int(size_t index) const { return int_value(args[index]); }
int64_t Call::to_long(size_t index) const { return long_value(args[index]); }
double Call::to_double(size_t index) const { return double_value(args[index]); }
std::string Call::self_text() const { return to_string(task, self); }

Value construct(Task& task, ClassInfo* cls, Args args) {
  if (cls->is_user) return construct_user(task, *static_cast<UserClass*>(cls), args);
  static const MethodGroup* const kConstructors = method_group("new");
  if (kConstructors != nullptr) {
    for (const Method& method : kConstructors->methods) {
      if (method.cls != cls || !fits_signature(method.signature, args)) continue;
      Call call{task, task.interpreter(), Value(cls), args};
      return method.function(call);
    }
  }
  if (cls->is_throwable && args.size() <= 2) {
    Ref<Instance> made = task.heap().make<Instance>(cls);
    made->throwable = std::make_unique<ThrowableData>();
    made->throwable->trace = task.trace();
    set_throwable(task, *made, args);
    return made;
  }
  throw_no_constructor(task, cls, args);
}

}  // namespace ks::groovy
