#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "store/schema/cel/lexer.h"
#include "store/schema/cel/program.h"

namespace ks::store::cel {
namespace {

struct Operator {
  std::string_view symbol;
  std::string_view function;
};
constexpr std::array<Operator, 7> kRelations = {{{"==", "_==_"},
                                                 {"!=", "_!=_"},
                                                 {"<=", "_<=_"},
                                                 {">=", "_>=_"},
                                                 {"<", "_<_"},
                                                 {">", "_>_"},
                                                 {"in", "@in"}}};
constexpr std::array<Operator, 2> kSums = {{{"+", "_+_"}, {"-", "_-_"}}};
constexpr std::array<Operator, 3> kProducts = {{{"*", "_*_"}, {"/", "_/_"}, {"%", "_%_"}}};

constexpr std::array<std::string_view, 17> kReserved = {
    "as",  "break", "const",     "continue", "else",   "for", "function", "if",   "import",
    "let", "loop",  "namespace", "package",  "return", "var", "void",     "while"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypeNames = {
    {{"int", "int"},
     {"uint", "uint"},
     {"double", "double"},
     {"bool", "bool"},
     {"string", "string"},
     {"bytes", "bytes"},
     {"list", "list"},
     {"map", "map"},
     {"null_type", "null_type"},
     {"type", "type"},
     {"optional_type", "optional_type"}}};

struct MacroName {
  std::string_view name;
  Macro macro;
  size_t one_variable_most = 2;  ///< arguments of the form with one variable; 0: no such form
  size_t two_variables_most = 0;
  Kind result = Kind::error;
};
constexpr std::array<MacroName, 10> kMacros = {{
    {"all", Macro::all, 2, 3, Kind::boolean},
    {"exists", Macro::exists, 2, 3, Kind::boolean},
    {"exists_one", Macro::exists_one, 2, 0, Kind::boolean},
    {"existsOne", Macro::exists_one, 2, 3, Kind::boolean},
    {"map", Macro::map, 3, 0, Kind::list},
    {"filter", Macro::filter, 2, 0, Kind::list},
    {"transformList", Macro::transform_list, 0, 4, Kind::list},
    {"transformMap", Macro::transform_map, 0, 4, Kind::map},
    {"optMap", Macro::opt_map, 2, 0, Kind::optional},
    {"optFlatMap", Macro::opt_flat_map, 2, 0, Kind::optional},
}};

/// What a part of the object surely is; error when that depends.
Kind kind_of(const Schema* schema) {
  if (schema == nullptr || schema->int_or_string || schema->nullable) return Kind::error;
  switch (schema->type) {
    case Schema::Type::any: return Kind::error;
    case Schema::Type::object: return Kind::map;
    case Schema::Type::array: return Kind::list;
    case Schema::Type::integer: return Kind::integer;
    case Schema::Type::number: return Kind::real;
    case Schema::Type::boolean: return Kind::boolean;
    case Schema::Type::string: break;
  }
  return schema->format.empty() ? Kind::string : Kind::error;
}

}  // namespace

class Parser {
 public:
  Parser(std::string_view text, const Schema* schema, bool optional_old_self)
      : text_(text), schema_(schema), optional_old_self_(optional_old_self) {}

  Result<std::shared_ptr<const Program>> run(Kind wanted) {
    if (text_.size() > kMaxLength) {
      text_ = {};
      fail(0, fmt::format("the expression is longer than {} bytes", kMaxLength));
      return failure();
    }
    LexError fault;
    tokens_ = tokenize(text_, fault);
    if (tokens_.empty()) {
      fail(fault.offset, "Syntax error: " + fault.message);
      return failure();
    }
    const Expr* root = expression();
    if (root != nullptr && token().kind != TokenKind::end) unexpected();
    if (error_.empty() && wanted != Kind::error && root->result != Kind::error &&
        root->result != wanted)
      error_ = fmt::format("must evaluate to a {}", type_name(wanted));
    if (!error_.empty()) return failure();
    program_->root_ = root;
    return std::shared_ptr<const Program>(std::move(program_));
  }

 private:
  // --- errors

  Result<std::shared_ptr<const Program>> failure() const { return Error{Code::invalid, error_}; }

  std::nullptr_t fail(size_t offset, std::string_view message) {
    if (!error_.empty()) return nullptr;
    const std::string_view before = text_.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
    const size_t end = std::min(text_.find('\n', offset), text_.size());
    error_ = fmt::format("ERROR: <input>:{}:{}: {}\n | {}\n | {:.>{}}", line, offset - start + 1,
                         message, text_.substr(start, end - start), "^", offset - start + 1);
    return nullptr;
  }

  std::nullptr_t unexpected() {
    const Token& at = token();
    return fail(at.offset, fmt::format("Syntax error: unexpected '{}'",
                                       at.kind == TokenKind::end ? "<EOF>" : at.text));
  }

  // --- tokens

  const Token& token(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool at(std::string_view symbol, size_t ahead = 0) const {
    const Token& next = token(ahead);
    return next.text == symbol && (next.kind == TokenKind::symbol ||
                                   (symbol == "in" && next.kind == TokenKind::identifier));
  }
  bool accept(std::string_view symbol) {
    if (!at(symbol)) return false;
    ++at_;
    return true;
  }
  bool expect(std::string_view symbol) {
    if (accept(symbol)) return true;
    unexpected();
    return false;
  }

  // --- nodes

  Expr* make(Op op, std::vector<const Expr*> children = {}) {
    Expr& out = program_->nodes_.emplace_back();
    out.op = op;
    for (const Expr* child : children) {
      if (child == nullptr) return nullptr;
      out.depth = std::max(out.depth, child->depth + 1);
    }
    out.children = std::move(children);
    if (out.depth > kMaxDepth) return fail(token().offset, "the expression is nested too deeply");
    return &out;
  }

  const Expr* literal(Value value) {
    Expr* out = make(Op::literal);
    out->literal = value;
    out->result = value.kind;
    return out;
  }

  const Expr* call(size_t offset, std::string_view name, bool member,
                   std::vector<const Expr*> arguments) {
    bool known = false;
    const Function* function = find_function(name, member, arguments.size(), known);
    Expr* out = make(Op::call, std::move(arguments));
    if (out == nullptr) return nullptr;
    if (function == nullptr && !known)
      return fail(offset, fmt::format("undeclared reference to '{}' (in container '')", name));
    if (function == nullptr || !fits(name, out->children)) {
      std::vector<std::string_view> kinds;
      kinds.reserve(out->children.size());
      for (const Expr* child : out->children)
        kinds.push_back(child->result == Kind::error ? "dyn" : type_name(child->result));
      return fail(offset, fmt::format("found no matching overload for '{}' applied to '({})'", name,
                                      fmt::join(kinds, ", ")));
    }
    out->function = function;
    out->result = result_of(*function, out->children);
    return out;
  }

  /// Whether the operands of an operator can be of these kinds, as far as is known.
  static bool fits(std::string_view name, const std::vector<const Expr*>& operands) {
    if (operands.empty() || operands[0]->result == Kind::error) return true;
    const Kind left = operands[0]->result;
    if (name == "!_") return left == Kind::boolean;
    if (operands.size() < 2 || operands[1]->result == Kind::error) return true;
    const Kind right = operands[1]->result;
    auto number = [](Kind k) {
      return k == Kind::integer || k == Kind::unsigned_integer || k == Kind::real;
    };
    if (name == "_==_" || name == "_!=_")
      return left == right || left == Kind::null || right == Kind::null ||
             (number(left) && number(right));
    if (name == "_<_" || name == "_<=_" || name == "_>_" || name == "_>=_")
      return left == right || (number(left) && number(right));
    if (name == "@in") return right == Kind::list || right == Kind::map;
    auto moment = [](Kind k) { return k == Kind::duration || k == Kind::timestamp; };
    if (name == "_+_" || name == "_-_") return left == right || (moment(left) && moment(right));
    if (name == "_*_" || name == "_/_" || name == "_%_") return left == right && number(left);
    return true;
  }

  static Kind result_of(const Function& function, const std::vector<const Expr*>& operands) {
    if (function.result != Kind::error || operands.size() != 2) return function.result;
    const Kind left = operands[0]->result, right = operands[1]->result;
    const bool arithmetic = function.name.starts_with('_') && function.name != "_[_]";
    const bool moment = left == Kind::timestamp || left == Kind::duration;
    return arithmetic && left == right && !moment ? left : Kind::error;
  }

  // --- the grammar, loosest first

  const Expr* expression() {
    if (++nesting_ > kMaxDepth / 2) {
      return fail(token().offset, "the expression is nested too deeply");
    }
    const Expr* condition = alternatives();
    if (condition != nullptr && accept("?")) condition = ternary(condition);
    --nesting_;
    return condition;
  }

  const Expr* ternary(const Expr* condition) {
    const Expr* yes = alternatives();
    if (yes == nullptr || !expect(":")) return nullptr;
    const Expr* no = expression();
    Expr* out = make(Op::condition, {condition, yes, no});
    if (out == nullptr) return nullptr;
    if (condition->result != Kind::error && condition->result != Kind::boolean)
      return fail(token().offset, "the condition of '? :' must be a bool");
    if (yes->result == no->result) out->result = yes->result;
    if (yes->type == no->type) out->type = yes->type;
    return out;
  }

  const Expr* alternatives() {
    return chain("||", Op::any_of, [this] { return conjunction(); });
  }
  const Expr* conjunction() {
    return chain("&&", Op::all_of, [this] { return relation(); });
  }

  template <class Next>
  const Expr* chain(std::string_view symbol, Op op, Next next) {
    const size_t offset = token().offset;
    const Expr* first = next();
    if (first == nullptr || !at(symbol)) return first;
    std::vector<const Expr*> parts = {first};
    while (accept(symbol)) {
      parts.push_back(next());
      if (parts.back() == nullptr) return nullptr;
    }
    for (const Expr* part : parts) {
      if (part->result != Kind::error && part->result != Kind::boolean)
        return fail(offset, fmt::format("found no matching overload for '_{}_' applied to '({})'",
                                        symbol, type_name(part->result)));
    }
    Expr* out = make(op, std::move(parts));
    if (out != nullptr) out->result = Kind::boolean;
    return out;
  }

  template <size_t N, class Next>
  const Expr* binary(const std::array<Operator, N>& operators, Next next) {
    const Expr* left = next();
    while (left != nullptr) {
      const auto match =
          std::ranges::find_if(operators, [&](const Operator& each) { return at(each.symbol); });
      if (match == operators.end()) return left;
      const size_t offset = tokens_[at_++].offset;
      left = call(offset, match->function, false, {left, next()});
    }
    return nullptr;
  }

  const Expr* relation() {
    return binary(kRelations, [this] { return sum(); });
  }
  const Expr* sum() {
    return binary(kSums, [this] { return product(); });
  }
  const Expr* product() {
    return binary(kProducts, [this] { return unary(); });
  }

  const Expr* unary() {
    if (!at("!") && !at("-")) return member();
    const size_t offset = token().offset;
    const bool negation = at("!");
    size_t count = 0;
    while (accept(negation ? "!" : "-")) ++count;
    const bool number = token().kind == TokenKind::integer || token().kind == TokenKind::real;
    if (!negation && count == 1 && number) return postfix(number_literal(true));
    const Expr* operand = member();
    // Twice is not at all; the operand must still be of the right kind.
    for (size_t i = 0; operand != nullptr && i < 2 - count % 2; ++i)
      operand = call(offset, negation ? "!_" : "-_", false, {operand});
    return operand;
  }

  const Expr* member() { return postfix(primary()); }

  const Expr* postfix(const Expr* operand) {
    while (operand != nullptr) {
      if (accept(".")) {
        operand = selection(operand);
      } else if (accept("[")) {
        const size_t offset = tokens_[at_ - 1].offset;
        const bool optional = accept("?");
        const Expr* key = expression();
        if (key == nullptr || !expect("]")) return nullptr;
        operand = index(offset, operand, key, optional);
      } else {
        break;
      }
    }
    return operand;
  }

  const Expr* index(size_t offset, const Expr* operand, const Expr* key, bool optional) {
    Expr* out = make(Op::index, {operand, key});
    if (out == nullptr) return nullptr;
    if (operand->result != Kind::error && operand->result != Kind::list &&
        operand->result != Kind::map && operand->result != Kind::optional)
      return fail(offset, fmt::format("found no matching overload for '_[_]' applied to '({}, {})'",
                                      type_name(operand->result),
                                      key->result == Kind::error ? "dyn" : type_name(key->result)));
    out->optional = optional;
    if (optional) {
      out->result = Kind::optional;
    } else if (operand->type != nullptr) {
      out->type = operand->type->items != nullptr ? operand->type->items : operand->type->values;
      out->result = kind_of(out->type);
    }
    return out;
  }

  /// After the dot.
  const Expr* selection(const Expr* operand) {
    const bool optional = accept("?");
    if (token().kind != TokenKind::identifier || is_keyword(token().text)) return unexpected();
    const Token& name = tokens_[at_++];
    if (!optional && at("(")) return method(operand, name);
    Expr* out = make(Op::select, {operand});
    if (out == nullptr) return nullptr;
    out->name = keep(name.text);
    out->optional = optional;
    if (optional) out->result = Kind::optional;
    if (operand->type != nullptr && !type_field(*out, *operand->type, name)) return nullptr;
    return out;
  }

  /// Gives a selection its type. False when the object cannot have such a field.
  bool type_field(Expr& selection, const Schema& object, const Token& name) {
    if (!object.properties.empty()) {
      const std::string field = unescape_field(name.text);
      const Schema* type = object.field(field);
      const bool implied = object.preserve_unknown || object.embedded_resource ||
                           field == "apiVersion" || field == "kind" || field == "metadata" ||
                           field == "name" || field == "generateName";
      if (type == nullptr && !implied) {
        fail(name.offset - 1, fmt::format("undefined field '{}'", name.text));
        return false;
      }
      selection.type = selection.optional ? nullptr : type;
    } else if (!selection.optional) {
      selection.type = object.values;
    }
    if (selection.type != nullptr) selection.result = kind_of(selection.type);
    return true;
  }

  const Expr* method(const Expr* operand, const Token& name) {
    const auto macro = std::ranges::find(kMacros, name.text, &MacroName::name);
    if (macro != kMacros.end() && token(1).kind == TokenKind::identifier && at(",", 2))
      return macro_call(*macro, operand);
    ++at_;  // the parenthesis
    std::vector<const Expr*> arguments = {operand};
    if (!list_of(")", arguments)) return nullptr;
    return call(name.offset, keep(name.text), true, std::move(arguments));
  }

  /// `(x, condition)` and its kin; the parenthesis is next.
  const Expr* macro_call(const MacroName& macro, const Expr* range) {
    const size_t offset = tokens_[at_++].offset;
    const bool two =
        macro.two_variables_most > 0 && token(2).kind == TokenKind::identifier && at(",", 3);
    const size_t scope = scope_.size();
    const Schema* element = nullptr;
    if (range->type != nullptr && !two) element = range->type->items;
    for (size_t i = 0; i < (two ? 2u : 1u); ++i) {
      if (is_keyword(token().text)) return unexpected();
      scope_.push_back({keep(token().text), i == 0 ? element : nullptr,
                        i == 0 && range->type != nullptr && range->type->values != nullptr});
      at_ += 2;
    }
    program_->slots_ = std::max(program_->slots_, static_cast<uint32_t>(scope_.size()));
    std::vector<const Expr*> children = {range};
    const bool read = list_of(")", children);
    scope_.resize(scope);
    if (!read) return nullptr;
    const size_t most = two ? macro.two_variables_most : macro.one_variable_most;
    const size_t arguments = children.size() - 1 + (two ? 2 : 1);
    const bool may_filter = macro.macro == Macro::map || macro.macro == Macro::transform_list ||
                            macro.macro == Macro::transform_map;
    if (arguments > most || arguments + (may_filter ? 1 : 0) < most)
      return fail(offset, fmt::format("wrong number of arguments of '{}'", macro.name));
    Expr* out = make(Op::macro, std::move(children));
    if (out == nullptr) return nullptr;
    out->macro = macro.macro;
    out->two_variables = two;
    out->slot = static_cast<uint32_t>(scope);
    out->result = macro.result;
    if (macro.macro == Macro::filter && range->type != nullptr && range->type->items != nullptr)
      out->type = range->type;
    return out;
  }

  /// Expressions with commas between up to `close`, which is eaten.
  bool list_of(std::string_view close, std::vector<const Expr*>& out) {
    if (accept(close)) return true;
    do {
      out.push_back(expression());
      if (out.back() == nullptr) return false;
    } while (accept(","));
    return expect(close);
  }

  const Expr* primary() {
    const Token& next = token();
    switch (next.kind) {
      case TokenKind::integer:
      case TokenKind::real:
      case TokenKind::unsigned_integer: return number_literal(false);
      case TokenKind::string:
      case TokenKind::bytes:
        ++at_;
        return literal(
            of_text(next.kind == TokenKind::string ? Kind::string : Kind::bytes, keep(next.value)));
      case TokenKind::identifier: return identifier();
      case TokenKind::end: return unexpected();
      case TokenKind::symbol: break;
    }
    if (accept("(")) {
      const Expr* inner = expression();
      return inner != nullptr && expect(")") ? inner : nullptr;
    }
    if (accept("[")) return list_literal();
    if (accept("{")) return map_literal();
    if (at(".") && token(1).kind == TokenKind::identifier) {
      ++at_;
      return identifier();
    }
    return unexpected();
  }

  const Expr* number_literal(bool negative) {
    const Token& number = tokens_[at_++];
    std::string text = (negative ? "-" : "") + std::string(number.text);
    if (number.kind == TokenKind::real) {
      double value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return literal(of_double(value));
    }
    int base = 10;
    if (const size_t hex = text.find_first_of("xX"); hex != text.npos) {
      text.erase(hex - 1, 2);
      base = 16;
    }
    const char* end = text.data() + text.size();
    int64_t value = 0;
    uint64_t unsigned_value = 0;
    const bool is_unsigned = number.kind == TokenKind::unsigned_integer;
    const auto [stop, fault] = is_unsigned ? std::from_chars(text.data(), end, unsigned_value, base)
                                           : std::from_chars(text.data(), end, value, base);
    if (fault != std::errc() || stop != end)
      return fail(number.offset,
                  fmt::format("Syntax error: invalid {} literal", is_unsigned ? "uint" : "int"));
    return literal(is_unsigned ? of_uint(unsigned_value) : of_int(value));
  }

  const Expr* list_literal() {
    std::vector<const Expr*> children;
    std::vector<bool> optional;
    while (!accept("]")) {
      optional.push_back(accept("?"));
      children.push_back(expression());
      if (children.back() == nullptr) return nullptr;
      if (!at("]") && !expect(",")) return nullptr;
    }
    Expr* out = make(Op::list, std::move(children));
    if (out == nullptr) return nullptr;
    out->optional_children = std::move(optional);
    out->result = Kind::list;
    return out;
  }

  const Expr* map_literal() {
    std::vector<const Expr*> children;
    std::vector<bool> optional;
    while (!accept("}")) {
      optional.push_back(accept("?"));
      children.push_back(expression());
      if (children.back() == nullptr || !expect(":")) return nullptr;
      children.push_back(expression());
      if (children.back() == nullptr) return nullptr;
      if (!at("}") && !expect(",")) return nullptr;
    }
    Expr* out = make(Op::map, std::move(children));
    if (out == nullptr) return nullptr;
    out->optional_children = std::move(optional);
    out->result = Kind::map;
    return out;
  }

  static bool is_keyword(std::string_view name) {
    return name == "in" || name == "true" || name == "false" || name == "null";
  }

  const Expr* identifier() {
    const Token& name = tokens_[at_++];
    if (name.text == "true" || name.text == "false") return literal(of_bool(name.text == "true"));
    if (name.text == "null") return literal({});
    if (name.text == "in" || std::ranges::count(kReserved, name.text) > 0)
      return fail(name.offset, fmt::format("Syntax error: reserved identifier: {}", name.text));
    const Expr* variable = this->variable(name.text);
    if (variable != nullptr || !error_.empty()) return variable;
    if (name.text == "has" && accept("(")) return has(name.offset);
    if (at("(")) return function(name.offset, keep(name.text));
    if (at(".") && token(1).kind == TokenKind::identifier && at("(", 2)) {
      const std::string qualified = fmt::format("{}.{}", name.text, token(1).text);
      bool known = false;
      if (find_function(qualified, false, 0, known); known) {
        at_ += 2;
        return function(name.offset, keep(qualified));
      }
    }
    const auto type = std::ranges::find(kTypeNames, name.text,
                                        &std::pair<std::string_view, std::string_view>::first);
    if (type != kTypeNames.end()) return literal(of_text(Kind::type, type->second));
    return fail(name.offset,
                fmt::format("undeclared reference to '{}' (in container '')", name.text));
  }

  const Expr* variable(std::string_view name) {
    for (size_t i = scope_.size(); i-- > 0;) {
      if (scope_[i].name != name) continue;
      Expr* out = make(Op::local);
      out->slot = static_cast<uint32_t>(i);
      out->type = scope_[i].type;
      out->result = scope_[i].is_key ? Kind::string : kind_of(out->type);
      return out;
    }
    const bool old = name == "oldSelf";
    if (!old && name != "self") return nullptr;
    Expr* out = make(old ? Op::old_self : Op::self);
    program_->uses_old_self_ |= old;
    out->type = old && optional_old_self_ ? nullptr : schema_;
    out->result = old && optional_old_self_ ? Kind::optional : kind_of(schema_);
    return out;
  }

  const Expr* has(size_t offset) {
    const Expr* inner = expression();
    if (inner == nullptr || !expect(")")) return nullptr;
    if (inner->op != Op::select || inner->optional)
      return fail(offset, "invalid argument to has() macro");
    Expr* out = make(Op::has, inner->children);
    if (out == nullptr) return nullptr;
    out->name = inner->name;
    out->result = Kind::boolean;
    return out;
  }

  const Expr* function(size_t offset, std::string_view name) {
    if (!expect("(")) return nullptr;
    std::vector<const Expr*> arguments;
    if (!list_of(")", arguments)) return nullptr;
    return call(offset, name, false, std::move(arguments));
  }

  std::string_view keep(std::string_view text) { return program_->arena_.keep(std::string(text)); }

  struct Variable {
    std::string_view name;
    const Schema* type = nullptr;
    bool is_key = false;
  };

  std::string_view text_;
  const Schema* schema_;
  bool optional_old_self_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
  std::vector<Token> tokens_;
  size_t at_ = 0;
  std::vector<Variable> scope_;
  std::string error_;
  uint32_t nesting_ = 0;
};

Result<std::shared_ptr<const Program>> compile(std::string_view text, const Schema* schema,
                                               Kind wanted, bool optional_old_self) {
  return Parser(text, schema, optional_old_self).run(wanted);
}

}  // namespace ks::store::cel
