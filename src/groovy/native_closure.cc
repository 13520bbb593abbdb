#include "groovy/native_closure.h"

#include <utility>

#include "groovy/runtime/objects.h"

namespace ks::groovy {

Value native_closure(Task& task, std::function<Value(Task&, Args)> body) {
  return Value(task.heap().make<NativeClosure>(std::move(body), 0));
}

}  // namespace ks::groovy
