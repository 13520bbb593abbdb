#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/schema/cel/functions.h"
#include "store/schema/cel/value.h"
#include "store/schema/schema.h"

/// A parsed expression.

namespace ks::store::cel {

enum class Op : uint8_t {
  literal,
  self,
  old_self,
  local,   ///< variable of a macro
  select,  ///< `a.name`; optional: `a.?name`
  has,     ///< has(a.name)
  index,   ///< `a[b]`; optional: `a[?b]`
  call,
  list,       ///< the optional ones of its children are `?a`
  map,        ///< key, value, key, value, ...
  condition,  ///< `a ? b : c`
  all_of,     ///< `a && b && ...`
  any_of,     ///< `a || b || ...`
  macro,
};

/// What a macro makes of the entries of a list or the keys of a map.
enum class Macro : uint8_t {
  all,
  exists,
  exists_one,
  map,             ///< range, transformation
  filter,          ///< range, condition
  transform_list,  ///< range, transformation; with a condition before it, three children
  transform_map,
  opt_map,       ///< of an optional: of the result
  opt_flat_map,  ///< of an optional: the result, an optional
};

struct Expr {
  Op op = Op::literal;
  Kind result = Kind::error;     ///< what it surely gives; error: anything
  const Schema* type = nullptr;  ///< of what it gives, when it is part of the object
  Value literal;
  std::string_view name;
  std::vector<const Expr*> children;
  std::vector<bool> optional_children;  ///< of lists and maps
  const Function* function = nullptr;
  Macro macro = Macro::all;
  bool optional = false;
  bool two_variables = false;
  uint32_t slot = 0;  ///< of a local; of a macro's first variable
  uint32_t depth = 1;
};

/// Nodes may be this deep.
constexpr uint32_t kMaxDepth = 400;
/// An expression may be this long.
constexpr size_t kMaxLength = 64 << 10;

/// Immutable once compiled; may be evaluated by many threads.
class Program {
 public:
  const Expr& root() const { return *root_; }
  bool uses_old_self() const { return uses_old_self_; }
  uint32_t slots() const { return slots_; }

 private:
  friend class Parser;
  std::deque<Expr> nodes_;
  Arena arena_;  // texts and literals that nodes point at
  const Expr* root_ = nullptr;
  bool uses_old_self_ = false;
  uint32_t slots_ = 0;
};

/// `self` is of type `schema`; null: of any. `wanted` is what the expression must give; error:
/// anything. The error is in the words of Kubernetes: `ERROR: <input>:1:6: undeclared reference to
/// 'x'`, and the line.
Result<std::shared_ptr<const Program>> compile(std::string_view text, const Schema* schema,
                                               Kind wanted, bool optional_old_self = false);

}  // namespace ks::store::cel
