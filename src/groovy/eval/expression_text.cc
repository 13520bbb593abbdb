#include "groovy/eval/expression_text.h"

namespace ks::groovy {

namespace {

class Wording {
 public:
  explicit Wording(const ast::Unit& unit) : unit_(unit) {}

  std::string of(const ast::Expr* expression) {
    if (expression == nullptr) return "null";
    switch (expression->kind) {
      case ast::Kind::constant: return constant(ast::cast<ast::Constant>(*expression));
      case ast::Kind::variable: return std::string(ast::cast<ast::Variable>(*expression).name);
      case ast::Kind::list:
        return "[" + joined(ast::cast<ast::ListLiteral>(*expression).items) + "]";
      case ast::Kind::map: return map(ast::cast<ast::MapLiteral>(*expression).entries);
      case ast::Kind::range: {
        const auto& range = ast::cast<ast::Range>(*expression);
        return "(" + of(range.from) + (range.exclusive ? "..<" : "..") + of(range.to) + ")";
      }
      case ast::Kind::binary: {
        const auto& binary = ast::cast<ast::Binary>(*expression);
        return pair(of(binary.left), ast::symbol(binary.op), of(binary.right));
      }
      case ast::Kind::logical: {
        const auto& logical = ast::cast<ast::Logical>(*expression);
        return pair(of(logical.left), logical.is_and ? "&&" : "||", of(logical.right));
      }
      case ast::Kind::instance_of: {
        const auto& test = ast::cast<ast::InstanceOf>(*expression);
        return pair(of(test.value), "instanceof", std::string(test.type->name));
      }
      case ast::Kind::unary: {
        const auto& unary = ast::cast<ast::Unary>(*expression);
        std::string_view sign = unary.op == ast::UnaryOp::not_    ? "!"
                                : unary.op == ast::UnaryOp::minus ? "-"
                                : unary.op == ast::UnaryOp::plus  ? "+"
                                                                  : "~";
        return std::string(sign) + of(unary.operand);
      }
      case ast::Kind::index: {
        const auto& index = ast::cast<ast::Index>(*expression);
        return of(index.object) + "[" + of(index.key) + "]";
      }
      case ast::Kind::property: {
        const auto& property = ast::cast<ast::Property>(*expression);
        std::string name =
            property.name.empty() ? of(property.name_expr) : std::string(property.name);
        return of(property.object) + (property.spread ? "*." : property.safe ? "?." : ".") + name;
      }
      case ast::Kind::call: return call(ast::cast<ast::Call>(*expression));
      case ast::Kind::construct: {
        const auto& made = ast::cast<ast::Construct>(*expression);
        return "new " + std::string(made.type->name) + arguments(made.args);
      }
      case ast::Kind::ternary: {
        const auto& ternary = ast::cast<ast::Ternary>(*expression);
        return "(" + of(ternary.condition) + ") ? " + of(ternary.yes) + " : " + of(ternary.no);
      }
      default: return std::string(unit_.text(*expression));
    }
  }

 private:
  static std::string pair(std::string left, std::string_view op, const std::string& right) {
    return "(" + std::move(left) + " " + std::string(op) + " " + right + ")";
  }
  std::string constant(const ast::Constant& constant) {
    if (constant.type == ast::ConstantType::string) return std::string(constant.text);
    return std::string(unit_.text(constant));
  }
  std::string joined(ast::Array<ast::Expr*> items) {
    std::string out;
    for (const ast::Expr* each : items) out += (out.empty() ? "" : ", ") + of(each);
    return out;
  }
  std::string map(ast::Array<ast::Entry*> entries) {
    if (entries.empty()) return "[:]";
    std::string out;
    for (const ast::Entry* each : entries)
      out += (out.empty() ? "" : ", ") + of(each->key) + ":" + of(each->value);
    return "[" + out + "]";
  }
  std::string arguments(ast::Array<ast::Entry*> args) {
    std::string out;
    for (const ast::Entry* each : args) {
      if (!out.empty()) out += ", ";
      if (each->key != nullptr) out += of(each->key) + ":";
      out += of(each->value);
    }
    return "(" + out + ")";
  }
  std::string call(const ast::Call& call) {
    std::string front = call.receiver == nullptr ? "this" : of(call.receiver);
    std::string name = call.name.empty() && call.name_expr != nullptr ? of(call.name_expr)
                                                                      : std::string(call.name);
    return front + (call.spread ? "*." : call.safe ? "?." : ".") + name + arguments(call.args);
  }

  const ast::Unit& unit_;
};

}  // namespace

std::string expression_text(const ast::Unit& unit, const ast::Expr* expression) {
  return Wording(unit).of(expression);
}

void collect_variables(const ast::Expr* expression, std::vector<const ast::Variable*>& out) {
  if (const auto* variable = ast::as<ast::Variable>(expression)) {
    out.push_back(variable);
  } else if (const auto* binary = ast::as<ast::Binary>(expression)) {
    collect_variables(binary->left, out);
    collect_variables(binary->right, out);
  } else if (const auto* logical = ast::as<ast::Logical>(expression)) {
    collect_variables(logical->left, out);
    collect_variables(logical->right, out);
  }
}

}  // namespace ks::groovy
