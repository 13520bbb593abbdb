#include "groovy/eval/nodes.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/ranges.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

Value GStringNode::eval(Frame& frame) const {
  std::vector<Value> inserted;
  inserted.reserve(values.size());
  for (const NodePtr& value : values) inserted.push_back(value->eval(frame));
  return frame.heap().make<GString>(std::span<const std::string>(strings), std::move(inserted));
}

Value ListNode::eval(Frame& frame) const {
  std::vector<Value> out;
  out.reserve(items.size());
  for (const NodePtr& item : items) {
    if (has_spread && dynamic_cast<const SpreadNode*>(item.get()) != nullptr) {
      Value spread = item->eval(frame);
      if (spread.is_null()) {
        out.emplace_back();
      } else {
        for (const Value& each : items_of(frame.task, spread)) out.push_back(each);
      }
    } else {
      out.push_back(item->eval(frame));
    }
  }
  return frame.heap().make<List>(std::move(out));
}

Value MapNode::eval(Frame& frame) const {
  Ref<Map> map = frame.heap().make<Map>();
  for (const Pair& pair : pairs) {
    if (pair.key == nullptr) {
      for (const Value& entry : items_of(frame.task, pair.value->eval(frame))) {
        if (entry.is<Entry>())
          map->table.put(frame.task, entry.as<Entry>()->key, entry.as<Entry>()->value);
      }
      continue;
    }
    Value key = pair.key->eval(frame);
    map->table.put(frame.task, key, pair.value->eval(frame));
  }
  frame.heap().grew(map.get());
  return map;
}

Value RangeNode::eval(Frame& frame) const {
  Value first = from->eval(frame);
  return make_range(frame.task, first, to->eval(frame), inclusive);
}

Value ClosureNode::eval(Frame& frame) const {
  std::vector<Value> cells;
  cells.reserve(code->captures.size());
  for (const Capture& capture : code->captures) {
    switch (capture.from) {
      case Capture::From::slot: {
        Value& slot = frame.slots[capture.index];
        if (slot.is_null()) slot = Value(frame.heap().make<Cell>(Value{}));
        cells.push_back(slot);
        break;
      }
      case Capture::From::capture: cells.push_back(frame.closure->cells[capture.index]); break;
      case Capture::From::hidden_field:
        cells.push_back(
            frame.self.as<Instance>()->fields[frame.owner_class->first_own_field + capture.index]);
        break;
    }
  }
  Ref<CodeClosure> made =
      frame.heap().make<CodeClosure>(*code, frame.owner_class, std::move(cells));
  made->self = frame.self;
  made->owner = frame.closure != nullptr ? Value(frame.closure) : frame.self;
  made->delegate = made->owner;
  return made;
}

Value ClassNode::eval(Frame& frame) const { return resolve_value(frame.task, type); }

Value OuterThisNode::eval(Frame& frame) const {
  ClassInfo* wanted = resolve(frame.task, type);
  Value object = frame.self;
  while (auto* instance = object.as<Instance>()) {
    if (instance->cls->is_a(wanted)) return object;
    object = Value(instance->outer);
  }
  return frame.self;
}

namespace {

Value make_sized(Frame& frame, ClassInfo* element, const std::vector<int32_t>& sizes, size_t level,
                 int dimensions) {
  auto size = static_cast<size_t>(sizes[level]);
  frame.heap().check_room(size * sizeof(Value));
  frame.task.spend(size / 64 + 1);
  ClassInfo* type = element;
  for (int i = 1; i < dimensions; ++i)
    type = frame.task.interpreter().state().array_class(frame.heap(), type);
  if (level + 1 == sizes.size()) {
    return make_array(frame.task, type,
                      std::vector<Value>(size, dimensions > 1 ? Value{} : zero_of(*type)));
  }
  std::vector<Value> rows;
  rows.reserve(size);
  for (size_t i = 0; i < size; ++i)
    rows.push_back(make_sized(frame, element, sizes, level + 1, dimensions - 1));
  return make_array(frame.task, type, std::move(rows));
}

}  // namespace

Value NewArrayNode::eval(Frame& frame) const {
  std::vector<int32_t> counts;
  for (const NodePtr& size : sizes) {
    Value count = size->eval(frame);
    if (!is_number(count)) throw_cast(frame.task, count, "int");
    counts.push_back(int_value(count));
    if (counts.back() < 0) {
      throw_error(frame.task, "java.lang.NegativeArraySizeException",
                  std::to_string(counts.back()));
    }
  }
  return make_sized(frame, resolve(frame.task, element), counts, 0, dimensions);
}

}  // namespace ks::groovy
