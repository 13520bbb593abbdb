#include "groovy/eval/compiler.h"

namespace ks::groovy {

namespace {

std::optional<Op> arithmetic_op(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::add: return Op::add;
    case ast::BinaryOp::subtract: return Op::subtract;
    case ast::BinaryOp::multiply: return Op::multiply;
    case ast::BinaryOp::divide: return Op::divide;
    case ast::BinaryOp::remainder: return Op::modulo;
    case ast::BinaryOp::power: return Op::power;
    case ast::BinaryOp::shift_left: return Op::shift_left;
    case ast::BinaryOp::shift_right: return Op::shift_right;
    case ast::BinaryOp::shift_right_unsigned: return Op::shift_right_unsigned;
    case ast::BinaryOp::bit_and: return Op::bit_and;
    case ast::BinaryOp::bit_or: return Op::bit_or;
    case ast::BinaryOp::bit_xor: return Op::bit_xor;
    default: return std::nullopt;
  }
}

Comparison comparison_of(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::not_equal: return Comparison::not_equal;
    case ast::BinaryOp::less: return Comparison::less;
    case ast::BinaryOp::less_equal: return Comparison::less_equal;
    case ast::BinaryOp::greater: return Comparison::greater;
    case ast::BinaryOp::greater_equal: return Comparison::greater_equal;
    case ast::BinaryOp::compare: return Comparison::three_way;
    case ast::BinaryOp::identical: return Comparison::identical;
    case ast::BinaryOp::not_identical: return Comparison::not_identical;
    default: return Comparison::equal;
  }
}

/// Offset of the place under which the picture of a failed assert shows a value.
uint32_t anchor(const ast::Unit& unit, const ast::Expr& expression) {
  auto after = [&](const ast::Node* front, std::string_view what) {
    uint32_t from = front == nullptr ? expression.begin : front->end;
    std::string_view rest = unit.text(from, expression.end);
    size_t at = rest.find(what);
    return at == rest.npos ? expression.begin : from + static_cast<uint32_t>(at);
  };
  switch (expression.kind) {
    case ast::Kind::binary: {
      const auto& binary = ast::cast<ast::Binary>(expression);
      return after(binary.left, ast::symbol(binary.op));
    }
    case ast::Kind::logical: {
      const auto& logical = ast::cast<ast::Logical>(expression);
      return after(logical.left, logical.is_and ? "&&" : "||");
    }
    case ast::Kind::call: {
      const auto& call = ast::cast<ast::Call>(expression);
      if (call.name.empty() || call.implicit_call) return expression.begin;
      return after(call.receiver, call.name);
    }
    case ast::Kind::property: {
      const auto& property = ast::cast<ast::Property>(expression);
      return property.name.empty() ? expression.begin : after(property.object, property.name);
    }
    case ast::Kind::index: return after(ast::cast<ast::Index>(expression).object, "[");
    case ast::Kind::instance_of:
      return after(ast::cast<ast::InstanceOf>(expression).value, "instanceof");
    case ast::Kind::increment: {
      const auto& step = ast::cast<ast::Increment>(expression);
      return step.prefix ? expression.begin : step.operand->end;
    }
    default: return expression.begin;
  }
}

bool is_recorded(ast::Kind kind) {
  switch (kind) {
    case ast::Kind::variable:
    case ast::Kind::call:
    case ast::Kind::property:
    case ast::Kind::index:
    case ast::Kind::binary:
    case ast::Kind::logical:
    case ast::Kind::unary:
    case ast::Kind::increment:
    case ast::Kind::ternary:
    case ast::Kind::elvis:
    case ast::Kind::construct:
    case ast::Kind::instance_of:
    case ast::Kind::cast:
    case ast::Kind::method_pointer: return true;
    default: return false;
  }
}

}  // namespace

NodePtr Compiler::recorded(NodePtr node, uint32_t offset) {
  auto out = std::make_unique<RecordedNode>();
  std::string_view before = unit_.text(recording_->begin, offset);
  out->line = node->line;
  out->column = static_cast<uint32_t>(before.size()) + 1;
  out->inner = std::move(node);
  return out;
}

NodePtr Compiler::expr(const ast::Expr* expression, FunctionScope& f) {
  if (expression == nullptr) return std::make_unique<Constant>(Value{});
  if (recording_ == nullptr) return plain_expr(*expression, f);
  const ast::Assert* recording = recording_;
  if (expression->kind == ast::Kind::closure)
    recording_ = nullptr;  // runs at other times, or never
  NodePtr node = plain_expr(*expression, f);
  recording_ = recording;
  bool is_class = dynamic_cast<const ClassNode*>(node.get()) != nullptr;
  if (!is_recorded(expression->kind) || is_class) return node;
  return recorded(std::move(node), anchor(unit_, *expression));
}

NodePtr Compiler::plain_expr(const ast::Expr& e, FunctionScope& f) {
  switch (e.kind) {
    case ast::Kind::constant: return constant(ast::cast<ast::Constant>(e));
    case ast::Kind::gstring: return gstring(ast::cast<ast::GString>(e), f);
    case ast::Kind::variable: return variable(ast::cast<ast::Variable>(e), f);
    case ast::Kind::list: {
      auto out = make<ListNode>(e);
      for (const ast::Expr* item : ast::cast<ast::ListLiteral>(e).items) {
        out->has_spread = out->has_spread || item->kind == ast::Kind::spread;
        out->items.push_back(expr(item, f));
      }
      return out;
    }
    case ast::Kind::map: return map(ast::cast<ast::MapLiteral>(e).entries, f);
    case ast::Kind::range: {
      const auto& in = ast::cast<ast::Range>(e);
      auto out = make<RangeNode>(e);
      out->from = expr(in.from, f);
      out->to = expr(in.to, f);
      out->inclusive = !in.exclusive;
      return out;
    }
    case ast::Kind::closure: return closure(ast::cast<ast::Closure>(e), f);
    case ast::Kind::call: return call(ast::cast<ast::Call>(e), f);
    case ast::Kind::construct: return construct(ast::cast<ast::Construct>(e), f);
    case ast::Kind::new_array: {
      const auto& in = ast::cast<ast::NewArray>(e);
      auto out = make<NewArrayNode>(e);
      out->element = type(in.element, f.cls);
      for (const ast::Expr* size : in.sizes) out->sizes.push_back(expr(size, f));
      out->dimensions = static_cast<int>(in.dimensions);
      return out;
    }
    case ast::Kind::property: return property(ast::cast<ast::Property>(e), f);
    case ast::Kind::index: {
      const auto& in = ast::cast<ast::Index>(e);
      auto out = make<IndexNode>(e);
      out->receiver = expr(in.object, f);
      out->index = expr(in.key, f);
      return out;
    }
    case ast::Kind::binary: return binary(ast::cast<ast::Binary>(e), f);
    case ast::Kind::logical: {
      const auto& in = ast::cast<ast::Logical>(e);
      NodePtr left = expr(in.left, f);
      NodePtr right = expr(in.right, f);
      if (in.is_and) {
        auto out = make<AndNode>(e);
        out->left = std::move(left);
        out->right = std::move(right);
        return out;
      }
      auto out = make<OrNode>(e);
      out->left = std::move(left);
      out->right = std::move(right);
      return out;
    }
    case ast::Kind::unary: {
      const auto& in = ast::cast<ast::Unary>(e);
      if (in.op == ast::UnaryOp::not_) {
        auto out = make<NotNode>(e);
        out->value = expr(in.operand, f);
        return out;
      }
      auto out = make<UnaryNode>(e);
      out->unary = in.op == ast::UnaryOp::minus  ? Unary::negate
                   : in.op == ast::UnaryOp::plus ? Unary::positive
                                                 : Unary::bitwise_not;
      out->value = expr(in.operand, f);
      return out;
    }
    case ast::Kind::increment: {
      const auto& in = ast::cast<ast::Increment>(e);
      bool assignable = in.operand->kind == ast::Kind::variable ||
                        in.operand->kind == ast::Kind::property ||
                        in.operand->kind == ast::Kind::index;
      if (!assignable) {
        auto out = make<StepValueNode>(e);
        out->value = expr(in.operand, f);
        out->up = !in.decrement;
        out->before = in.prefix;
        return out;
      }
      auto out = make<StepNode>(e);
      out->target = target(in.operand, f);
      out->up = !in.decrement;
      out->before = in.prefix;
      return out;
    }
    case ast::Kind::assign: return assign(ast::cast<ast::Assign>(e), f);
    case ast::Kind::ternary: {
      const auto& in = ast::cast<ast::Ternary>(e);
      auto out = make<TernaryNode>(e);
      out->condition = expr(in.condition, f);
      out->yes = expr(in.yes, f);
      out->no = expr(in.no, f);
      return out;
    }
    case ast::Kind::elvis: {
      const auto& in = ast::cast<ast::Elvis>(e);
      auto out = make<TernaryNode>(e);
      out->condition = expr(in.value, f);
      out->no = expr(in.otherwise, f);
      return out;
    }
    case ast::Kind::cast: {
      const auto& in = ast::cast<ast::Cast>(e);
      auto out = make<CastNode>(e);
      out->value = expr(in.value, f);
      out->type = type(in.type, f.cls);
      out->coerce = in.coerce;
      return out;
    }
    case ast::Kind::instance_of: {
      const auto& in = ast::cast<ast::InstanceOf>(e);
      auto out = make<InstanceOfNode>(e);
      out->value = expr(in.value, f);
      out->type = type(in.type, f.cls);
      return out;
    }
    case ast::Kind::method_pointer: {
      const auto& in = ast::cast<ast::MethodPointer>(e);
      auto out = make<MethodPointerNode>(e);
      out->receiver = expr(in.object, f);
      out->name = std::string(in.name);
      if (in.name_expr != nullptr && in.name.empty()) out->dynamic_name = expr(in.name_expr, f);
      return out;
    }
    case ast::Kind::spread: {
      auto out = make<SpreadNode>(e);
      out->value = expr(ast::cast<ast::Spread>(e).value, f);
      return out;
    }
    case ast::Kind::spread_map: return expr(ast::cast<ast::SpreadMap>(e).value, f);
    case ast::Kind::type_literal: {
      auto out = make<ClassNode>(e);
      out->type = type(ast::cast<ast::TypeLiteral>(e).type, f.cls);
      return out;
    }
    case ast::Kind::declaration: {
      error(e, "unexpected declaration");
      return std::make_unique<Constant>(Value{});
    }
    default: error(e, "unexpected expression"); return std::make_unique<Constant>(Value{});
  }
}

NodePtr Compiler::string_constant(std::string_view text) {
  auto string = std::make_unique<String>(std::string(text));
  string->hash();  // now: once shared, nobody may write to it
  return std::make_unique<SharedConstant>(std::move(string));
}

NodePtr Compiler::constant(const ast::Constant& in) {
  NodePtr out;
  switch (in.type) {
    case ast::ConstantType::null: out = std::make_unique<Constant>(Value{}); break;
    case ast::ConstantType::boolean:
      out = std::make_unique<Constant>(Value::of_bool(in.integer != 0));
      break;
    case ast::ConstantType::integer:
      out = std::make_unique<Constant>(Value::of_int(static_cast<int32_t>(in.integer)));
      break;
    case ast::ConstantType::long_:
      out = std::make_unique<Constant>(Value::of_long(in.integer));
      break;
    case ast::ConstantType::float_:
      out = std::make_unique<Constant>(Value::of_float(static_cast<float>(in.floating)));
      break;
    case ast::ConstantType::double_:
      out = std::make_unique<Constant>(Value::of_double(in.floating));
      break;
    case ast::ConstantType::big_integer:
      out = std::make_unique<SharedConstant>(
          std::make_unique<BigInteger>(BigNumber::parse(in.text).value_or(BigNumber(0))));
      break;
    case ast::ConstantType::big_decimal: {
      Decimal number = Decimal::parse(in.text).value_or(Decimal{});
      // What make_decimal() refuses while running: its digits would fill the memory.
      constexpr int32_t kMostScale = 10'000'000;
      if (number.scale > kMostScale || number.scale < -kMostScale)
        error(in, "number " + std::string(in.text) + " is out of range");
      out = std::make_unique<SharedConstant>(std::make_unique<BigDecimal>(std::move(number)));
      break;
    }
    case ast::ConstantType::string: out = string_constant(in.text); break;
  }
  auto* node = const_cast<Node*>(out.get());
  node->line = in.line;
  node->column = in.column;
  return out;
}

NodePtr Compiler::gstring(const ast::GString& in, FunctionScope& f) {
  auto out = make<GStringNode>(in);
  for (std::string_view text : in.strings) out->strings.emplace_back(text);
  for (const ast::Expr* value : in.values) out->values.push_back(expr(value, f));
  return out;
}

NodePtr Compiler::map(ast::Array<ast::Entry*> entries, FunctionScope& f) {
  auto out = std::make_unique<MapNode>();
  for (const ast::Entry* entry : entries) {
    MapNode::Pair pair;
    if (entry->key != nullptr) pair.key = expr(entry->key, f);
    pair.value = expr(entry->value, f);
    out->pairs.push_back(std::move(pair));
  }
  return out;
}

NodePtr Compiler::local(const groovy::Place& place) {
  switch (place.storage) {
    case Storage::slot: {
      auto out = std::make_unique<SlotNode>(place.index);
      place.variable->follow(out->boxed);
      return out;
    }
    case Storage::capture: return std::make_unique<CaptureNode>(place.index);
    case Storage::hidden_field: return std::make_unique<HiddenFieldNode>(place.index);
  }
  return nullptr;
}

TargetPtr Compiler::local_target(const groovy::Place& place) {
  auto out = std::make_unique<LocalTarget>();
  out->storage = place.storage;
  out->index = place.index;
  out->type = place.variable->type;
  if (place.storage == Storage::slot) place.variable->follow(out->boxed);
  return out;
}

NodePtr Compiler::class_node(TypeRef type, const ast::Node& at) {
  auto out = make<ClassNode>(at);
  out->type = std::move(type);
  return out;
}

NodePtr Compiler::variable(const ast::Variable& in, FunctionScope& f) {
  if (in.name == "this" || in.name == "super") return make<ThisNode>(in);
  if (std::optional<groovy::Place> place = f.find(in.name)) {
    NodePtr out = local(*place);
    const_cast<Node*>(out.get())->line = in.line;
    return out;
  }
  bool is_field = false;
  for (const ClassScope* scope = f.cls; scope != nullptr; scope = scope->outer) {
    is_field = is_field || scope->fields.contains(std::string(in.name));
  }
  if (!is_field) {
    if (NodePtr imported = static_import_property(in.name)) return imported;
    if (std::optional<TypeRef> cls = class_named(in.name, f.cls))
      return class_node(std::move(*cls), in);
  }
  auto out = std::make_unique<ImplicitNode>(name(in.name));
  out->line = in.line;
  out->column = in.column;
  return out;
}

NodePtr Compiler::closure(const ast::Closure& in, FunctionScope& f) {
  auto out = make<ClosureNode>(in);
  auto code = std::make_unique<Code>();
  code->name = "doCall";
  code->class_name = f.code->class_name + (f.code->is_closure ? "" : "$_" + f.code->name) +
                     "_closure" + std::to_string(++closure_count_);
  code->file = program_->file;
  code->line = in.line;
  code->is_closure = true;
  FunctionScope& scope = *functions_.emplace_back(std::make_unique<FunctionScope>());
  scope.outer = &f;
  scope.cls = f.cls;
  scope.code = code.get();
  scope.is_static = f.is_static;
  scope.open();
  if (in.parameters.empty() && !in.has_arrow) {
    code->implicit_it = true;
    code->parameters.reserve(1);
    Parameter& it = code->parameters.emplace_back();
    it.name = "it";
    LocalVariable& variable = scope.declare("it");
    it.slot = variable.slot;
    variable.follow(it.boxed);
  } else {
    compile_parameters(scope, in.parameters);
  }
  code->body = body(in.body, scope);
  scope.close();
  out->code = std::move(code);
  return out;
}

NodePtr Compiler::binary(const ast::Binary& in, FunctionScope& f) {
  NodePtr left = expr(in.left, f);
  NodePtr right = expr(in.right, f);
  if (std::optional<Op> op = arithmetic_op(in.op)) {
    auto out = make<BinaryNode>(in);
    out->op = *op;
    out->left = std::move(left);
    out->right = std::move(right);
    return out;
  }
  if (in.op == ast::BinaryOp::find || in.op == ast::BinaryOp::match) {
    auto out = make<FindNode>(in);
    out->full = in.op == ast::BinaryOp::match;
    out->left = std::move(left);
    out->right = std::move(right);
    return out;
  }
  if (in.op == ast::BinaryOp::in) {
    auto out = make<InNode>(in);
    out->left = std::move(left);
    out->right = std::move(right);
    return out;
  }
  auto out = make<CompareNode>(in);
  out->comparison = comparison_of(in.op);
  out->left = std::move(left);
  out->right = std::move(right);
  return out;
}

TargetPtr Compiler::target(const ast::Expr* e, FunctionScope& f) {
  if (const auto* variable = ast::as<ast::Variable>(e)) {
    if (std::optional<groovy::Place> place = f.find(variable->name)) return local_target(*place);
    return std::make_unique<ImplicitTarget>(name(variable->name));
  }
  if (const auto* property = ast::as<ast::Property>(e)) {
    auto out = std::make_unique<PropertyTarget>();
    const auto* object = ast::as<ast::Variable>(property->object);
    out->on_this = object != nullptr && (object->name == "this" || object->name == "super");
    out->receiver = expr(property->object, f);
    if (!property->name.empty()) {
      out->name = &name(property->name);
    } else {
      out->dynamic_name = expr(property->name_expr, f);
    }
    out->safe = property->safe;
    out->spread = property->spread;
    out->field = property->attribute;
    return out;
  }
  if (const auto* index = ast::as<ast::Index>(e)) {
    auto out = std::make_unique<IndexTarget>();
    out->receiver = expr(index->object, f);
    out->index = expr(index->key, f);
    return out;
  }
  error(*e, "unexpected left side of an assignment");
  return std::make_unique<ImplicitTarget>(name("?"));
}

NodePtr Compiler::assign(const ast::Assign& in, FunctionScope& f) {
  if (in.multiple) {
    auto out = make<MultiAssignNode>(in);
    for (const ast::Expr* each : ast::cast<ast::ListLiteral>(*in.target).items)
      out->targets.push_back(target(each, f));
    out->value = expr(in.value, f);
    return out;
  }
  if (in.compound) {
    auto out = make<CompoundAssignNode>(in);
    out->target = target(in.target, f);
    out->op = arithmetic_op(in.op).value_or(Op::add);
    out->value = expr(in.value, f);
    return out;
  }
  auto out = make<AssignNode>(in);
  out->target = target(in.target, f);
  out->value = expr(in.value, f);
  return out;
}

}  // namespace ks::groovy
