#include <cmath>

#include "groovy/eval/nodes.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

Value BinaryNode::eval(Frame& frame) const {
  Value a = left->eval(frame);
  Value b = right->eval(frame);
  if (a.is_int() && b.is_int()) {
    auto x = static_cast<uint32_t>(a.as_int());
    auto y = static_cast<uint32_t>(b.as_int());
    switch (op) {
      case Op::add: return Value::of_int(static_cast<int32_t>(x + y));
      case Op::subtract: return Value::of_int(static_cast<int32_t>(x - y));
      case Op::multiply: return Value::of_int(static_cast<int32_t>(x * y));
      case Op::modulo:
        if (y != 0 && b.as_int() != -1) return Value::of_int(a.as_int() % b.as_int());
        break;
      default: break;
    }
  }
  frame.line = line;
  return binary(frame.task, op, a, b);
}

Value CompareNode::eval(Frame& frame) const {
  Value a = left->eval(frame);
  Value b = right->eval(frame);
  if (a.is_int() && b.is_int()) {
    int32_t x = a.as_int();
    int32_t y = b.as_int();
    switch (comparison) {
      case Comparison::equal: return Value::of_bool(x == y);
      case Comparison::not_equal: return Value::of_bool(x != y);
      case Comparison::less: return Value::of_bool(x < y);
      case Comparison::less_equal: return Value::of_bool(x <= y);
      case Comparison::greater: return Value::of_bool(x > y);
      case Comparison::greater_equal: return Value::of_bool(x >= y);
      case Comparison::three_way: return Value::of_int(x < y ? -1 : x > y ? 1 : 0);
      default: break;
    }
  }
  frame.line = line;
  Task& task = frame.task;
  const bool nan =
      is_number(a) && is_number(b) && (std::isnan(double_value(a)) || std::isnan(double_value(b)));
  switch (comparison) {
    case Comparison::equal: return Value::of_bool(equals(task, a, b));
    case Comparison::not_equal: return Value::of_bool(!equals(task, a, b));
    case Comparison::less: return Value::of_bool(!nan && compare(task, a, b) < 0);
    case Comparison::less_equal: return Value::of_bool(!nan && compare(task, a, b) <= 0);
    case Comparison::greater: return Value::of_bool(!nan && compare(task, a, b) > 0);
    case Comparison::greater_equal: return Value::of_bool(!nan && compare(task, a, b) >= 0);
    case Comparison::three_way: {
      int order = compare(task, a, b);
      bool own = a.is<Instance>();  // a script's compareTo() is handed out as it is
      return Value::of_int(own ? order : order < 0 ? -1 : order > 0 ? 1 : 0);
    }
    case Comparison::identical: return Value::of_bool(a.same(b));
    case Comparison::not_identical: return Value::of_bool(!a.same(b));
  }
  return {};
}

Value AndNode::eval(Frame& frame) const {
  return Value::of_bool(truth(frame.task, left->eval(frame)) &&
                        truth(frame.task, right->eval(frame)));
}
Value OrNode::eval(Frame& frame) const {
  return Value::of_bool(truth(frame.task, left->eval(frame)) ||
                        truth(frame.task, right->eval(frame)));
}
Value NotNode::eval(Frame& frame) const {
  return Value::of_bool(!truth(frame.task, value->eval(frame)));
}

Value UnaryNode::eval(Frame& frame) const {
  Value operand = value->eval(frame);
  frame.line = line;
  switch (unary) {
    case Unary::negate: return negate(frame.task, operand);
    case Unary::positive: return positive(frame.task, operand);
    case Unary::bitwise_not: return bitwise_not(frame.task, operand);
  }
  return {};
}

Value TernaryNode::eval(Frame& frame) const {
  Value test = condition->eval(frame);
  if (truth(frame.task, test)) return yes == nullptr ? test : yes->eval(frame);
  return no->eval(frame);
}

Value FindNode::eval(Frame& frame) const {
  Value text = left->eval(frame);
  Value pattern = right->eval(frame);
  frame.line = line;
  if (full) return Value::of_bool(!text.is_null() && full_match(frame.task, text, pattern));
  return make_matcher(frame.task, text, pattern);
}

Value InNode::eval(Frame& frame) const {
  Value item = left->eval(frame);
  Value collection = right->eval(frame);
  frame.line = line;
  if (collection.is_null()) return Value::of_bool(item.is_null());
  return Value::of_bool(is_case(frame.task, collection, item));
}

Value InstanceOfNode::eval(Frame& frame) const {
  Value object = value->eval(frame);
  Value cls = resolve_value(frame.task, type);
  if (auto* info = cls.as<ClassInfo>())
    return Value::of_bool(instance_of(frame.task, object, info));
  auto* host = object.as<HostObject>();
  return Value::of_bool(host != nullptr && host->is_instance_of(type.name));
}

Value CastNode::eval(Frame& frame) const {
  Value object = value->eval(frame);
  frame.line = line;
  ClassInfo* to = resolve(frame.task, type);
  return coerce ? as_type(frame.task, object, to) : cast(frame.task, object, to);
}

Value RecordedNode::eval(Frame& frame) const {
  Value seen = inner->eval(frame);
  if (frame.recording != nullptr) frame.recording->seen.push_back({column, seen});
  return seen;
}

}  // namespace ks::groovy
