#include <fmt/format.h>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// groovy.util.Node, the tree that XML and markup become: names, attributes and children; NodeList,
/// what a path like `root.a.b` finds; and NodeBuilder, which makes them of nested calls.

namespace ks::groovy {

namespace {

constexpr std::string_view kNode = "groovy.util.Node";
constexpr std::string_view kNodeList = "groovy.util.NodeList";
constexpr std::string_view kBuilder = "groovy.util.NodeBuilder";

Ref<List> make_nodes(Heap& heap, std::vector<Value> nodes = {}) {
  return heap.make<List>(std::move(nodes), List::Flavour::nodes);
}

class Node final : public NativeObject {
 public:
  Node(Value node_name, Value node_attributes, Value node_value)
      : name(std::move(node_name)),
        attributes(std::move(node_attributes)),
        value(std::move(node_value)) {}
  ClassInfo* class_info() const override {
    static ClassInfo* const kClass = library_class(kNode);
    return kClass;
  }
  std::string to_string(Task& task) override {
    NestingScope nesting(task);
    return fmt::format("{}[attributes={}; value={}]", groovy::to_string(task, name),
                       java_text(task, attributes), java_text(task, value));
  }
  size_t footprint() const override { return sizeof(Node); }

  std::optional<Value> get_property(Task& task, std::string_view property) override {
    return get(task, property);
  }
  bool set_property(Task& task, std::string_view property, const Value& to) override {
    if (property.starts_with('@')) return set_attribute(task, property.substr(1), to);
    if (property != "value") return false;
    value = to;
    return true;
  }
  std::optional<Value> get_attribute(Task&, std::string_view attribute) override {
    auto* map = attributes.as<Map>();
    Table::Item* item = map == nullptr ? nullptr : map->table.find(attribute);
    return item == nullptr ? Value{} : item->value;
  }
  bool set_attribute(Task& task, std::string_view attribute, const Value& to) override {
    if (attributes.is<Map>())
      put_at(task, attributes, task.heap().string(std::string(attribute)), to);
    return true;
  }

  /// `@name`, `..`, `*`, `**`, or the children of that name.
  Value get(Task& task, std::string_view what) {
    if (what.starts_with('@')) return *get_attribute(task, what.substr(1));
    if (what == "..") return parent;
    if (what == "*") return children(task);
    if (what == "**") return depth_first(task);
    Ref<List> found = make_nodes(task.heap());
    for (const Value& child : items_of(task, children(task))) {
      if (auto* node = child.as_dynamic<Node>(); node != nullptr && node->is_named(task, what))
        found->items.push_back(child);
    }
    task.heap().grew(found.get());
    return found;
  }
  bool is_named(Task& task, std::string_view what) const {
    return (name.is<String>() || name.is<GString>()) && groovy::to_string(task, name) == what;
  }
  /// The list itself when the value is one, so that changing it changes the node.
  Value children(Task& task) {
    if (value.is_null()) return make_nodes(task.heap());
    if (value.is<List>()) return value;
    std::vector<Value> only{value};
    return make_nodes(task.heap(), std::move(only));
  }
  /// A value that is no list becomes the first child.
  List& children_to_change(Task& task) {
    if (!value.is<List>()) value = children(task);
    return *value.as<List>();
  }
  Value depth_first(Task& task) {
    Ref<List> out = make_nodes(task.heap());
    add_below(task, Value(this), *out);
    return out;
  }
  Value breadth_first(Task& task) {
    Ref<List> out = make_nodes(task.heap());
    out->items.emplace_back(this);
    for (size_t at = 0; at < out->items.size(); ++at) {
      task.spend();
      auto* node = out->items[at].as_dynamic<Node>();
      if (node == nullptr) continue;
      for (const Value& child : items_of(task, node->children(task))) {
        if (child.as_dynamic<Node>() != nullptr) out->items.push_back(child);
      }
      task.heap().grew(out.get());
    }
    return out;
  }
  void append(Task& task, const Value& child, std::optional<size_t> at = std::nullopt) {
    const Value self(this);  // which the child alone may keep alive
    auto* node = child.as_dynamic<Node>();
    if (auto* before = node->parent.as_dynamic<Node>()) before->remove(task, child);
    node->parent = self;
    List& list = children_to_change(task);
    const size_t place = std::min(at.value_or(list.items.size()), list.items.size());
    list.items.insert(list.items.begin() + static_cast<std::ptrdiff_t>(place), child);
    ++list.changes;
    task.heap().grew(&list);
  }
  bool remove(Task& task, const Value& child) {
    // The child may be what keeps this node alive.
    const Value held = std::exchange(child.as_dynamic<Node>()->parent, {});
    List& list = children_to_change(task);
    auto found =
        std::ranges::find_if(list.items, [&](const Value& each) { return each.same(child); });
    if (found == list.items.end()) return false;
    list.items.erase(found);
    ++list.changes;
    return true;
  }
  size_t place_of(Task& task, const Value& child) {
    const List& list = children_to_change(task);
    auto found =
        std::ranges::find_if(list.items, [&](const Value& each) { return each.same(child); });
    return static_cast<size_t>(found - list.items.begin());
  }

  Value name;
  Value attributes;  ///< a map; null where the constructor was given null
  Value value;       ///< a list of nodes and texts, or one text
  Value parent;

 private:
  static void add_below(Task& task, const Value& at, List& out) {
    NestingScope nesting(task);
    task.spend();
    out.items.push_back(at);
    task.heap().grew(&out);
    if (auto* node = at.as_dynamic<Node>()) {
      for (const Value& child : items_of(task, node->children(task))) {
        if (child.as_dynamic<Node>() != nullptr) add_below(task, child, out);
      }
    }
  }
};

Node& self(Call& c) { return *c.self.as_dynamic<Node>(); }
Node& node_argument(Call& c, size_t index) {
  auto* node = c.arg(index).as_dynamic<Node>();
  if (node == nullptr) throw_cast(c.task, c.arg(index), kNode);
  return *node;
}

// ----- making nodes -----

Value make_node(Task& task, const Value& name, Value attributes, Value value) {
  if (value.is_null()) value = make_nodes(task.heap());
  Ref<Node> made = task.heap().make<Node>(name, std::move(attributes), std::move(value));
  return made;
}
Value no_attributes(Task& task) { return task.heap().make<Map>(); }

Value new_node(Call& c) {
  if (!c.arg(0).is_null() && c.arg(0).as_dynamic<Node>() == nullptr)
    throw_no_constructor(c.task, library_class(kNode), c.args);
  Value attributes = no_attributes(c.task);
  Value value;
  if (c.count() == 4) {
    attributes = c.arg(2);
    value = c.arg(3);
  } else if (c.count() == 3) {
    const bool map = underlying(c.arg(2)).is<Map>();
    if (map) attributes = c.arg(2);
    if (c.arg(2).is_null()) attributes = {};
    if (!map) value = c.arg(2);
  }
  Value made = make_node(c.task, c.arg(1), std::move(attributes), std::move(value));
  if (auto* parent = c.arg(0).as_dynamic<Node>()) parent->append(c.task, made);
  return made;
}
/// appendNode(name), (name, value), (name, attributes), (name, attributes, value)
Value append_node(Call& c) {
  Value attributes = no_attributes(c.task);
  Value value;
  for (size_t i = 1; i < c.count(); ++i) (c.arg(i).is<Map>() ? attributes : value) = c.arg(i);
  Value made = make_node(c.task, c.arg(0), std::move(attributes), std::move(value));
  self(c).append(c.task, made);
  return made;
}
Value append(Call& c) {
  node_argument(c, 0);
  self(c).append(c.task, c.arg(0));
  return Value::of_bool(true);
}
Value remove(Call& c) {
  node_argument(c, 0);
  return Value::of_bool(self(c).remove(c.task, c.arg(0)));
}

/// Makes a node of each call on it: `a(x: 1) { b('text') }`. Calls within a closure make children.
class Builder final : public NativeObject {
 public:
  ClassInfo* class_info() const override {
    static ClassInfo* const kClass = library_class(kBuilder);
    return kClass;
  }
  std::string to_string(Task&) override { return std::string(kBuilder); }
  size_t footprint() const override { return sizeof(Builder) + open_.capacity() * sizeof(Value); }
  std::optional<Value> call_method(Task& task, std::string_view name, Args args) override {
    NestingScope nesting(task);
    Value attributes = no_attributes(task);
    Value value;
    Value body;
    size_t plain = 0;
    for (const Value& each : args) {
      if (each.is<Closure>()) {
        body = each;
      } else if (each.is<Map>()) {
        attributes = each;
      } else {
        value = each;
        ++plain;
      }
    }
    if (plain > 1) throw_missing_method(task, Value(this), name, args);
    Value made = make_node(task, task.heap().string(std::string(name)), std::move(attributes),
                           std::move(value));
    if (!open_.empty()) open_.back().as_dynamic<Node>()->append(task, made);
    if (!body.is_null()) run(task, body, made);
    return made;
  }
  /// Runs a closure whose calls make children of `around`.
  void run(Task& task, const Value& body, const Value& around) {
    struct Opened {
      std::vector<Value>& open;
      ~Opened() { open.pop_back(); }
    };
    open_.push_back(around);
    const Opened opened{open_};
    Ref<Closure> copy = body.as<Closure>()->clone(task.heap());
    copy->delegate = Value(this);
    copy->call(task, {});
  }

 private:
  std::vector<Value> open_;  ///< nodes whose closures run, the innermost last
};

Value new_builder(Call& c) { return c.heap().make<Builder>(); }

/// The nodes that a closure makes.
std::vector<Value> built(Call& c, const Value& closure) {
  Ref<Builder> builder = c.heap().make<Builder>();
  Value around = make_node(c.task, text(c, "dummyNode"), no_attributes(c.task), {});
  builder->run(c.task, closure, around);
  return items_of(c.task, around.as_dynamic<Node>()->children(c.task));
}
/// The closure may change the tree meanwhile: the parent is the one from before.
void put_beside(Call& c, const Value& parent, size_t at) {
  for (const Value& made : built(c, c.arg(0)))
    parent.as_dynamic<Node>()->append(c.task, made, at++);
}
Value replace_node(Task& task, Call& c, const Value& gone) {
  const Value above = gone.as_dynamic<Node>()->parent;
  auto* parent = above.as_dynamic<Node>();
  if (parent == nullptr) {
    throw_error(task, "java.lang.UnsupportedOperationException",
                "Replacing the root node is not supported");
  }
  put_beside(c, above, parent->place_of(task, gone) + 1);
  parent->remove(task, gone);
  return gone;
}
Value replace_self(Call& c) { return replace_node(c.task, c, Value(c.self)); }
Value plus_beside(Call& c, const Value& at) {
  const Value above = at.as_dynamic<Node>()->parent;
  auto* parent = above.as_dynamic<Node>();
  if (parent == nullptr) {
    throw_error(c.task, "java.lang.UnsupportedOperationException",
                "Adding sibling nodes to the root node is not supported");
  }
  put_beside(c, above, parent->place_of(c.task, at) + 1);
  return {};
}
Value plus(Call& c) { return plus_beside(c, Value(c.self)); }

// ----- reading -----

void add_text(Task& task, const Value& value, std::string& out, bool deep) {
  NestingScope nesting(task);
  if (!value.is<List>()) {
    if (!value.is_null()) out += to_string(task, value);
    return;
  }
  for (const Value& child : value.as<List>()->items) {
    if (auto* node = child.as_dynamic<Node>()) {
      if (deep) add_text(task, Value(node->value), out, deep);
    } else {
      out += to_string(task, child);
    }
    task.heap().check_string(out.size());
  }
}
Value text_of(Call& c) {
  std::string out;
  add_text(c.task, self(c).value, out, true);
  return text(c, std::move(out));
}
Value local_text(Call& c) {
  std::vector<Value> out;
  for (const Value& child : items_of(c.task, self(c).children(c.task))) {
    if (child.as_dynamic<Node>() == nullptr) out.push_back(child);
  }
  return make_list(c, std::move(out));
}
Value name_of_node(Call& c) { return self(c).name; }
Value value_of_node(Call& c) { return self(c).value; }
Value set_value(Call& c) {
  self(c).value = c.arg(0);
  return {};
}
Value parent_of(Call& c) { return self(c).parent; }
Value attributes_of(Call& c) { return self(c).attributes; }
Value attribute_of(Call& c) {
  const Value& attributes = self(c).attributes;
  return attributes.is_null() ? Value{} : get_at(c.task, attributes, c.arg(0));
}
Value children_of(Call& c) { return self(c).children(c.task); }
Value get(Call& c) { return self(c).get(c.task, c.text(0)); }
Value depth_first(Call& c) { return self(c).depth_first(c.task); }
Value breadth_first(Call& c) { return self(c).breadth_first(c.task); }
Value iterator(Call& c) {
  static const Name kIterator("iterator");
  return call_method(c.task, self(c).children(c.task), kIterator, {});
}
Value clone_of(Task& task, const Value& value) {
  NestingScope nesting(task);
  if (value.is<List>()) {
    std::vector<Value> items;
    for (const Value& child : items_of(task, value)) items.push_back(clone_of(task, child));
    return make_nodes(task.heap(), std::move(items));
  }
  auto* node = value.as_dynamic<Node>();
  if (node == nullptr) return value;
  Ref<Map> attributes = task.heap().make<Map>();
  for (const Value& entry : items_of(task, node->attributes))
    attributes->table.put(task, entry.as<Entry>()->key, entry.as<Entry>()->value);
  task.heap().grew(attributes.get());
  Value copy = make_node(task, node->name, Value(attributes), clone_of(task, node->value));
  for (const Value& child : items_of(task, copy.as_dynamic<Node>()->value)) {
    if (auto* below = child.as_dynamic<Node>()) below->parent = copy;
  }
  return copy;
}
Value clone(Call& c) { return clone_of(c.task, c.self); }

// ----- lists of nodes -----

std::vector<Value> nodes(Call& c) { return c.self.as<List>()->items; }

/// What each node has under this name, in one list.
Value get_of_all(Call& c) {
  Ref<List> found = make_nodes(c.heap());
  for (const Value& each : nodes(c)) {
    auto* node = each.as_dynamic<Node>();
    if (node == nullptr) continue;
    Value got = node->get(c.task, c.text(0));
    if (got.is<List>()) {
      for (const Value& item : items_of(c.task, got)) found->items.push_back(item);
    } else {
      found->items.push_back(std::move(got));
    }
    c.heap().grew(found.get());
  }
  return found;
}
Value text_of_all(Call& c) {
  std::string out;
  for (const Value& each : nodes(c)) {
    if (auto* node = each.as_dynamic<Node>()) {
      add_text(c.task, Value(node->value), out, true);
    } else {
      out += to_string(c.task, each);
    }
  }
  return text(c, std::move(out));
}
Value plus_all(Call& c) {
  for (const Value& each : nodes(c)) {
    if (each.as_dynamic<Node>() != nullptr) plus_beside(c, each);
  }
  return {};
}
Value replace_only(Call& c) {
  const std::vector<Value> all = nodes(c);
  if (all.size() != 1 || all[0].as_dynamic<Node>() == nullptr) {
    throw_error(c.task, "groovy.lang.GroovyRuntimeException",
                "replaceNode() can only be used to replace a single node, but was applied to " +
                    std::to_string(all.size()) + " nodes");
  }
  return replace_node(c.task, c, all[0]);
}
Value join_lists(Call& c) {
  std::vector<Value> out = nodes(c);
  for (const Value& each : items_of(c.task, c.arg(0))) out.push_back(each);
  return make_nodes(c.heap(), std::move(out));
}
Value new_list(Call& c) {
  return make_nodes(c.heap(), c.count() == 1 && !is_number(c.arg(0)) ? items_of(c.task, c.arg(0))
                                                                     : std::vector<Value>{});
}

constexpr ClassRow kClasses[] = {
    {kNode, "", "java.io.Serializable,java.lang.Cloneable"},
    {kNodeList, "java.util.ArrayList", ""},
    {kBuilder, "groovy.lang.GroovyObjectSupport", ""},
};

constexpr MethodRow kRows[] = {
    {kNode, "new", "OO", new_node},
    {kNode, "new", "OOO", new_node},
    {kNode, "new", "OOOO", new_node},
    {kNode, "append", "O", append},
    {kNode, "appendNode", "O", append_node},
    {kNode, "appendNode", "OO", append_node},
    {kNode, "appendNode", "OMO", append_node},
    {kNode, "remove", "O", remove},
    {kNode, "replaceNode", "C", replace_self},
    {kNode, "plus", "C", plus},
    {kNode, "name", "", name_of_node},
    {kNode, "value", "", value_of_node},
    {kNode, "setValue", "O", set_value},
    {kNode, "parent", "", parent_of},
    {kNode, "attributes", "", attributes_of},
    {kNode, "attribute", "O", attribute_of},
    {kNode, "children", "", children_of},
    {kNode, "get", "S", get},
    {kNode, "getAt", "S", get},
    {kNode, "text", "", text_of},
    {kNode, "localText", "", local_text},
    {kNode, "depthFirst", "", depth_first},
    {kNode, "breadthFirst", "", breadth_first},
    {kNode, "iterator", "", iterator},
    {kNode, "clone", "", clone},
    {kNodeList, "new", "", new_list},
    {kNodeList, "new", "O", new_list},
    {kNodeList, "getAt", "S", get_of_all},
    {kNodeList, "text", "", text_of_all},
    {kNodeList, "plus", "C", plus_all},
    {kNodeList, "plus", "K", join_lists},
    {kNodeList, "replaceNode", "C", replace_only},
    {kBuilder, "new", "", new_builder},
};

}  // namespace

LibraryPart node_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
