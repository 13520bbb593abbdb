#include <algorithm>
#include <array>

#include "groovy/eval/compiler.h"

/// What Groovy's compiler knows of the types of arguments. It calls a method of the same class at
/// once when the method's parameters are exactly that: with `f(int)` and `f(Integer)`, `f(1)` is
/// the first, although the value that a variable without type holds would go to the second.

namespace ks::groovy {

namespace {

/// Classes that cannot be anything narrower while running.
bool is_final(const ClassInfo* cls) {
  const Types& t = types();
  const std::array kFinal = {t.string,  t.boolean_, t.character, t.byte_,  t.short_,
                             t.integer, t.long_,    t.float_,    t.double_};
  return cls->primitive != Kind::null || std::ranges::find(kFinal, cls) != kFinal.end();
}

/// int, long or double, whichever both widen to; null for others.
ClassInfo* widened(ClassInfo* a, ClassInfo* b) {
  const Types& t = types();
  if (a == nullptr || b == nullptr) return nullptr;
  auto rank = [&](const ClassInfo* each) {
    return each == t.p_double                                         ? 3
           : each == t.p_long                                         ? 2
           : each == t.p_int || each == t.p_short || each == t.p_byte ? 1
                                                                      : 0;
  };
  if (rank(a) == 0 || rank(b) == 0) return nullptr;
  const std::array kWidest = {t.p_int, t.p_long, t.p_double};
  return kWidest[static_cast<size_t>(std::max(rank(a), rank(b)) - 1)];
}

}  // namespace

ClassInfo* Compiler::static_type(const ast::Expr& expression, FunctionScope& f) {
  const Types& t = types();
  auto primitive = [&](const ast::Expr* e) -> ClassInfo* {
    ClassInfo* found = static_type(*e, f);
    return found != nullptr && found->primitive != Kind::null ? found : nullptr;
  };
  switch (expression.kind) {
    case ast::Kind::constant: {
      const auto& constant = ast::cast<ast::Constant>(expression);
      // A minus is an operator, whose type is not known.
      if (unit_.text(constant).starts_with('-')) return nullptr;
      switch (constant.type) {
        case ast::ConstantType::boolean: return t.p_boolean;
        case ast::ConstantType::integer: return t.p_int;
        case ast::ConstantType::long_: return t.p_long;
        case ast::ConstantType::float_: return t.p_float;
        case ast::ConstantType::double_: return t.p_double;
        case ast::ConstantType::string: return t.string;
        case ast::ConstantType::null:
        case ast::ConstantType::big_integer:
        case ast::ConstantType::big_decimal: return nullptr;
      }
      return nullptr;
    }
    case ast::Kind::variable: {
      const std::optional<groovy::Place> place = f.find(ast::cast<ast::Variable>(expression).name);
      if (!place || place->variable == nullptr) return nullptr;
      const TypeRef& type = place->variable->type;
      return type.known != nullptr && type.dimensions == 0 && is_final(type.known) ? type.known
                                                                                   : nullptr;
    }
    case ast::Kind::cast: {
      const TypeRef to = type(ast::cast<ast::Cast>(expression).type, f.cls);
      return to.known != nullptr && to.dimensions == 0 && is_final(to.known) ? to.known : nullptr;
    }
    case ast::Kind::increment: return primitive(ast::cast<ast::Increment>(expression).operand);
    case ast::Kind::logical:
    case ast::Kind::instance_of: return t.p_boolean;
    case ast::Kind::unary: {
      const auto& unary = ast::cast<ast::Unary>(expression);
      if (unary.op == ast::UnaryOp::not_) return t.p_boolean;
      return unary.op == ast::UnaryOp::plus ? primitive(unary.operand) : nullptr;
    }
    case ast::Kind::binary: {
      const auto& binary = ast::cast<ast::Binary>(expression);
      switch (binary.op) {
        case ast::BinaryOp::equal:
        case ast::BinaryOp::not_equal:
        case ast::BinaryOp::less:
        case ast::BinaryOp::less_equal:
        case ast::BinaryOp::greater:
        case ast::BinaryOp::greater_equal:
        case ast::BinaryOp::match:
        case ast::BinaryOp::in: return t.p_boolean;
        case ast::BinaryOp::add:
        case ast::BinaryOp::subtract:
        case ast::BinaryOp::multiply:
        case ast::BinaryOp::remainder:
          return widened(primitive(binary.left), primitive(binary.right));
        case ast::BinaryOp::divide: {
          ClassInfo* both = widened(primitive(binary.left), primitive(binary.right));
          return both == t.p_double ? both : nullptr;
        }
        case ast::BinaryOp::bit_and:
        case ast::BinaryOp::bit_or:
        case ast::BinaryOp::bit_xor: {
          ClassInfo* both = widened(primitive(binary.left), primitive(binary.right));
          return both == t.p_double ? nullptr : both;
        }
        case ast::BinaryOp::shift_left:
        case ast::BinaryOp::shift_right:
        case ast::BinaryOp::shift_right_unsigned: {
          ClassInfo* left = widened(primitive(binary.left), t.p_int);
          return primitive(binary.right) == nullptr || left == t.p_double ? nullptr : left;
        }
        default: return nullptr;
      }
    }
    default: return nullptr;
  }
}

bool Compiler::may_choose(std::string_view method, const FunctionScope& f) const {
  const ast::ClassDecl* decl = f.cls->decl;
  const auto own = std::ranges::count(decl == nullptr ? unit_.methods : decl->methods, method,
                                      &ast::Method::name);
  const bool inherits = decl != nullptr && decl->superclass != nullptr;
  return own > 1 || (own == 1 && inherits);
}

std::vector<ClassInfo*> Compiler::static_types(const ast::Call& call, FunctionScope& f) {
  std::vector<ClassInfo*> out;
  if (f.code == nullptr || f.code->is_closure || !may_choose(call.name, f)) return out;
  bool any_primitive = false;
  for (const ast::Entry* each : call.args) {
    ClassInfo* type = each->key != nullptr ? nullptr : static_type(*each->value, f);
    if (type == nullptr) return {};
    any_primitive = any_primitive || type->primitive != Kind::null;
    out.push_back(type);
  }
  // Of other classes, the choice while running is the same.
  if (!any_primitive) out.clear();
  return out;
}

}  // namespace ks::groovy
