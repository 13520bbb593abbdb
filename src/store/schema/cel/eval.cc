#include "store/schema/cel/eval.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ks::store::cel {
namespace {

class Evaluator {
 public:
  Evaluator(const Value& self, const Value* old_self, Evaluation& evaluation)
      : self_(self), old_self_(old_self), in_(evaluation) {}

  Value eval(const Expr& expr) {
    if (!in_.spend(1)) return in_.out_of_steps();
    switch (expr.op) {
      case Op::literal: return expr.literal;
      case Op::self: return self_;
      case Op::old_self: return old_self_ != nullptr ? *old_self_ : in_.arena.none();
      case Op::local: return in_.locals[expr.slot];
      case Op::select: return select(expr);
      case Op::has: return has(expr);
      case Op::index: return index(expr);
      case Op::call: return call(expr);
      case Op::list: return list(expr);
      case Op::map: return map(expr);
      case Op::condition: {
        const Value condition = eval(*expr.children[0]);
        if (condition.kind != Kind::boolean) return not_boolean(condition);
        return eval(*expr.children[condition.boolean ? 1 : 2]);
      }
      case Op::all_of: return combine(expr, false);
      case Op::any_of: return combine(expr, true);
      case Op::macro: return macro(expr);
    }
    return of_error(kNoOverload);
  }

 private:
  static Value not_boolean(const Value& value) {
    return value.is_error() ? value : of_error(kNoOverload);
  }

  Value no_such_key(std::string_view key) {
    return in_.arena.error("no such key: " + std::string(key));
  }

  /// `&&` and `||`: one operand that decides makes up for errors of others.
  Value combine(const Expr& expr, bool decisive) {
    std::optional<Value> fault;
    for (const Expr* part : expr.children) {
      const Value value = eval(*part);
      if (value.kind != Kind::boolean) {
        if (!fault) fault = not_boolean(value);
      } else if (value.boolean == decisive) {
        return value;
      }
    }
    return fault ? *fault : of_bool(!decisive);
  }

  /// An optional stands for what it holds; then the result is optional too.
  bool unwrap(Value& operand, bool& optional) const {
    if (operand.kind != Kind::optional) return true;
    optional = true;
    if (operand.content == nullptr) return false;
    operand = *operand.content;
    return true;
  }

  Value wrapped(bool optional, bool found, const Value& value) {
    if (!optional) return value;
    return found ? in_.arena.some(value) : in_.arena.none();
  }

  Value select(const Expr& expr) {
    Value operand = eval(*expr.children[0]);
    if (operand.is_error()) return operand;
    bool optional = expr.optional;
    if (!unwrap(operand, optional)) return in_.arena.none();
    if (operand.kind != Kind::map) return of_error(kNoOverload);
    Value out;
    const bool found = find_field(operand, expr.name, out, in_.arena);
    if (!found && !optional) return no_such_key(expr.name);
    return wrapped(optional, found, out);
  }

  Value has(const Expr& expr) {
    Value operand = eval(*expr.children[0]);
    if (operand.is_error()) return operand;
    bool optional = false;
    if (!unwrap(operand, optional)) return of_bool(false);
    if (operand.kind != Kind::map) return of_error(kNoOverload);
    Value out;
    return of_bool(find_field(operand, expr.name, out, in_.arena));
  }

  Value index(const Expr& expr) {
    Value operand = eval(*expr.children[0]);
    if (operand.is_error()) return operand;
    const Value key = eval(*expr.children[1]);
    if (key.is_error()) return key;
    bool optional = expr.optional;
    if (!unwrap(operand, optional)) return in_.arena.none();
    Value out;
    if (operand.kind == Kind::map) {
      const bool found = find_entry(operand, key, out, in_.arena);
      if (!found && !optional) return no_such_key(to_text(in_, key).text);
      return wrapped(optional, found, out);
    }
    if (operand.kind != Kind::list || !key.is_number()) return of_error(kNoOverload);
    const double place = key.kind == Kind::real      ? key.real
                         : key.kind == Kind::integer ? static_cast<double>(key.integer)
                                                     : static_cast<double>(key.unsigned_integer);
    const bool found = place >= 0 && place < static_cast<double>(size_of(operand));
    if (!found && !optional)
      return in_.arena.error("index out of bounds: " + std::string(to_text(in_, key).text));
    if (found) out = element(operand, static_cast<size_t>(place), in_.arena);
    return wrapped(optional, found, out);
  }

  Value call(const Expr& expr) {
    std::array<Value, 4> few;
    List many;
    if (expr.children.size() > few.size()) many.resize(expr.children.size());
    const std::span<Value> arguments =
        many.empty() ? std::span(few).first(expr.children.size()) : std::span(many);
    for (size_t i = 0; i < expr.children.size(); ++i) {
      arguments[i] = eval(*expr.children[i]);
      if (arguments[i].is_error()) return arguments[i];
    }
    return expr.function->call(in_, arguments);
  }

  /// False when an optional part is absent; an error is a part.
  bool part(const Expr& expr, bool optional, Value& out) {
    out = eval(expr);
    if (!optional || out.is_error()) return true;
    if (out.kind != Kind::optional) {
      out = of_error(kNoOverload);
      return true;
    }
    if (out.content == nullptr) return false;
    out = *out.content;
    return true;
  }

  Value list(const Expr& expr) {
    List out;
    for (size_t i = 0; i < expr.children.size(); ++i) {
      Value value;
      if (!part(*expr.children[i], expr.optional_children[i], value)) continue;
      if (value.is_error()) return value;
      out.push_back(value);
    }
    return in_.arena.list(std::move(out));
  }

  Value map(const Expr& expr) {
    Map out;
    for (size_t i = 0; i < expr.children.size(); i += 2) {
      const Value key = eval(*expr.children[i]);
      if (key.is_error()) return key;
      Value value;
      if (!part(*expr.children[i + 1], expr.optional_children[i / 2], value)) continue;
      if (value.is_error()) return value;
      if (Value fault = insert(out, key, value); fault.is_error()) return fault;
    }
    return in_.arena.map(std::move(out));
  }

  Value insert(Map& map, const Value& key, const Value& value) {
    for (const auto& [name, _] : map)
      if (equal(name, key, in_.arena, in_.steps))
        return in_.arena.error("insert failed: key " + std::string(to_text(in_, key).text) +
                               " already exists");
    map.emplace_back(key, value);
    return {};
  }

  // --- macros

  Value macro(const Expr& expr) {
    const Value range = eval(*expr.children[0]);
    if (range.is_error()) return range;
    if (expr.macro == Macro::opt_map || expr.macro == Macro::opt_flat_map)
      return optional_macro(expr, range);
    if (range.kind != Kind::list && range.kind != Kind::map) return of_error(kNoOverload);
    switch (expr.macro) {
      case Macro::all: return quantifier(expr, range, false);
      case Macro::exists: return quantifier(expr, range, true);
      case Macro::exists_one: return exists_one(expr, range);
      case Macro::map:
      case Macro::filter:
      case Macro::transform_list: return made_list(expr, range);
      case Macro::transform_map: return made_map(expr, range);
      case Macro::opt_map:
      case Macro::opt_flat_map: break;
    }
    return of_error(kNoOverload);
  }

  Value optional_macro(const Expr& expr, const Value& range) {
    if (range.kind != Kind::optional) return of_error(kNoOverload);
    if (range.content == nullptr) return range;
    in_.locals[expr.slot] = *range.content;
    const Value out = eval(*expr.children[1]);
    if (out.is_error()) return out;
    if (expr.macro == Macro::opt_flat_map && out.kind != Kind::optional)
      return of_error(kNoOverload);
    return expr.macro == Macro::opt_map ? in_.arena.some(out) : out;
  }

  /// Sets the variables to an entry: element, or key; with two: index and element, key and value.
  /// Gives what one variable is.
  Value bind(const Expr& expr, const Value& range, size_t i) {
    const bool is_list = range.kind == Kind::list;
    const Value first = is_list ? element(range, i, in_.arena) : map_key(range, i);
    in_.locals[expr.slot] = expr.two_variables && is_list ? of_int(static_cast<int64_t>(i)) : first;
    if (expr.two_variables)
      in_.locals[expr.slot + 1] = is_list ? first : map_value(range, i, in_.arena);
    return first;
  }

  Value quantifier(const Expr& expr, const Value& range, bool decisive) {
    std::optional<Value> fault;
    for (size_t i = 0; i < size_of(range); ++i) {
      bind(expr, range, i);
      const Value value = eval(*expr.children[1]);
      if (in_.steps == 0) return in_.out_of_steps();
      if (value.kind != Kind::boolean) {
        if (!fault) fault = not_boolean(value);
      } else if (value.boolean == decisive) {
        return value;
      }
    }
    return fault ? *fault : of_bool(!decisive);
  }

  Value exists_one(const Expr& expr, const Value& range) {
    size_t found = 0;
    for (size_t i = 0; i < size_of(range); ++i) {
      bind(expr, range, i);
      const Value value = eval(*expr.children[1]);
      if (value.kind != Kind::boolean) return not_boolean(value);
      found += value.boolean ? 1 : 0;
    }
    return of_bool(found == 1);
  }

  /// Whether an entry is taken: the condition of `map(x, condition, result)`.
  Value taken(const Expr& expr) {
    if (expr.children.size() < 3) return of_bool(true);
    const Value out = eval(*expr.children[1]);
    return out.kind == Kind::boolean ? out : not_boolean(out);
  }

  Value made_list(const Expr& expr, const Value& range) {
    List out;
    for (size_t i = 0; i < size_of(range); ++i) {
      const Value entry = bind(expr, range, i);
      const Value wanted = taken(expr);
      if (wanted.is_error()) return wanted;
      if (!wanted.boolean) continue;
      const Value value = eval(*expr.children.back());
      if (value.is_error()) return value;
      if (expr.macro != Macro::filter)
        out.push_back(value);
      else if (value.kind != Kind::boolean)
        return of_error(kNoOverload);
      else if (value.boolean)
        out.push_back(entry);
    }
    Value made = in_.arena.list(std::move(out));
    if (expr.macro == Macro::filter && range.kind == Kind::list) made.schema = range.schema;
    return made;
  }

  Value made_map(const Expr& expr, const Value& range) {
    Map out;
    for (size_t i = 0; i < size_of(range); ++i) {
      bind(expr, range, i);
      const Value key = in_.locals[expr.slot];
      const Value wanted = taken(expr);
      if (wanted.is_error()) return wanted;
      if (!wanted.boolean) continue;
      const Value value = eval(*expr.children.back());
      if (value.is_error()) return value;
      out.emplace_back(key, value);
    }
    return in_.arena.map(std::move(out));
  }

  const Value& self_;
  const Value* old_self_;
  Evaluation& in_;
};

}  // namespace

Value evaluate(const Program& program, const Value& self, const Value* old_self,
               Evaluation& evaluation) {
  evaluation.locals.assign(program.slots(), Value{});
  const Value out = Evaluator(self, old_self, evaluation).eval(program.root());
  // What ran out somewhere inside may have been taken for a difference.
  return evaluation.steps == 0 ? evaluation.out_of_steps() : out;
}

}  // namespace ks::store::cel
