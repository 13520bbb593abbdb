#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/schema/cel/regex.h"
#include "store/schema/cel/value.h"

/// The functions and operators of CEL and of Kubernetes' libraries.

namespace ks::store::cel {

/// One evaluation under way.
struct Evaluation {
  Arena arena;
  uint64_t steps = 0;  ///< that are left
  std::map<std::string, Regex, std::less<>> expressions;
  std::vector<Value> locals;

  /// False when the budget is used up.
  bool spend(uint64_t cost) {
    if (steps < cost) return steps = 0, false;
    steps -= cost;
    return true;
  }
  Value out_of_steps() const { return of_error(kOutOfSteps); }
  static constexpr std::string_view kOutOfSteps = "operation cancelled: actual cost limit exceeded";
};

constexpr std::string_view kNoOverload = "no such overload";

using Args = std::span<const Value>;
/// Arguments are never errors; the first is what a member function is called on.
using Native = Value (*)(Evaluation& evaluation, Args args);

struct Function {
  std::string_view name;  ///< `size`, `sets.contains`, `_+_`
  bool member = false;
  uint8_t least = 0, most = 0;  ///< arguments, what it is called on included
  Kind result = Kind::error;    ///< what it gives; error: depends
  Native call = nullptr;
};

/// Null when nothing fits; `known` tells whether the name and style exist at all.
const Function* find_function(std::string_view name, bool member, size_t arguments, bool& known);

// One table a subject; find_function() looks through them.
std::span<const Function> operator_functions();
std::span<const Function> conversion_functions();
std::span<const Function> string_functions();
std::span<const Function> list_functions();
std::span<const Function> time_functions();
std::span<const Function> optional_functions();
std::span<const Function> quantity_functions();
std::span<const Function> address_functions();
std::span<const Function> format_functions();

/// `5`, `1.5`, `true`, `a`; for string() and messages.
std::string double_text(double value);
/// What string() gives; an error for what has no text.
Value to_text(Evaluation& evaluation, const Value& value);

}  // namespace ks::store::cel
