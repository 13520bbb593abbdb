#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/runtime/table.h"
#include "groovy/value.h"

/// The heap objects behind each ObjectKind but numbers (numbers.h), classes (classes.h) and regular
/// expressions.

namespace ks::groovy {

struct Code;

/// An immutable Java string: UTF-8 inside, UTF-16 outside (length, indexes, hash).
class String final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::string;
  explicit String(std::string text);

  const std::string& text() const { return text_; }
  /// Every index is a byte index too.
  bool is_ascii() const { return ascii_; }
  /// In UTF-16 units.
  size_t length() const { return length_; }
  int32_t hash() const {
    if (!hashed_) compute_hash();
    return hash_;
  }
  size_t footprint() const override {
    return sizeof(String) + (text_.capacity() > 15 ? text_.capacity() + 1 : 0);
  }

 private:
  void compute_hash() const;

  std::string text_;
  size_t length_;
  mutable int32_t hash_ = 0;
  mutable bool hashed_ = false;
  bool ascii_;
};

/// `"a${x}b"`: texts around values; evaluated values, but texts are made when asked.
class GString final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::gstring;
  /// The texts belong to the program.
  GString(std::span<const std::string> texts, std::vector<Value> inserted)
      : Object(ObjectKind::gstring), strings(texts), values(std::move(inserted)) {}
  GString(std::vector<std::string> texts, std::vector<Value> inserted)
      : Object(ObjectKind::gstring),
        owned(std::move(texts)),
        strings(owned),
        values(std::move(inserted)) {}
  std::vector<std::string> owned;
  std::span<const std::string> strings;  ///< one more than values, or as many
  std::vector<Value> values;
  size_t footprint() const override;
};

class List final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::list;
  enum class Flavour : uint8_t {
    array_list,
    linked_list,
    vector,
    stack,
    unmodifiable,
    fixed_size,
    tuple,
    tuple2,
    nodes,  ///< groovy.util.NodeList
  };
  explicit List(std::vector<Value> values = {}, Flavour list_flavour = Flavour::array_list)
      : Object(ObjectKind::list), items(std::move(values)), flavour(list_flavour) {}
  std::vector<Value> items;
  Flavour flavour;
  Value default_maker;  ///< closure of withDefault, or null
  bool eager_default = false;
  Value view_of;         ///< the map whose values these are: removing them removes its entries
  uint32_t changes = 0;  ///< structural ones, for ConcurrentModificationException
  /// Not even an item may be replaced by another.
  bool is_constant() const {
    return flavour == Flavour::unmodifiable || flavour == Flavour::tuple ||
           flavour == Flavour::tuple2;
  }
  bool is_fixed_size() const { return is_constant() || flavour == Flavour::fixed_size; }
  size_t footprint() const override { return sizeof(List) + items.capacity() * sizeof(Value); }
};

class Map final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::map;
  enum class Flavour : uint8_t {
    linked,
    hash,
    tree,
    hashtable,
    concurrent,
    unmodifiable,
    properties,
    weak,
    lazy,  ///< what groovy.json.JsonSlurper makes: sorted, where Java is newer than Groovy 2.4
  };
  explicit Map(Flavour map_flavour = Flavour::linked)
      : Object(ObjectKind::map),
        table(own_table_),
        flavour(map_flavour),
        own_table_(order_of(map_flavour)) {}
  /// Another face of a map, with the same entries: what withDefault makes.
  explicit Map(const Ref<Map>& other)
      : Object(ObjectKind::map), table(other->table), flavour(other->flavour), shared_(other) {}
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  Table& table;
  Flavour flavour;
  bool grow_on_default = true;  ///< withDefault keeps what its closure made
  Value default_maker;          ///< closure of withDefault, or null
  size_t footprint() const override { return sizeof(Map) + table.footprint(); }

  static Table::Order order_of(Flavour flavour) {
    if (flavour == Flavour::tree || flavour == Flavour::lazy) return Table::Order::sorted;
    return flavour == Flavour::hash || flavour == Flavour::concurrent || flavour == Flavour::weak
               ? Table::Order::hashed
           : flavour == Flavour::hashtable || flavour == Flavour::properties
               ? Table::Order::hashtable
               : Table::Order::inserted;
  }

 private:
  Table own_table_;
  Value shared_;  ///< the map that has the table, when that is not this one
};

class Set final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::set;
  enum class Flavour : uint8_t { linked, hash, tree, unmodifiable, key_view };
  explicit Set(Flavour set_flavour = Flavour::linked)
      : Object(ObjectKind::set),
        table(set_flavour == Flavour::tree   ? Table::Order::sorted
              : set_flavour == Flavour::hash ? Table::Order::hashed
                                             : Table::Order::inserted),
        flavour(set_flavour) {}
  Table table;
  Flavour flavour;
  Value view_of;  ///< the map whose keys or entries these are: removing them removes its entries
  size_t footprint() const override { return sizeof(Set) + table.footprint(); }
};

/// A key with its value. Of a map (setValue writes through) or standing alone.
class Entry final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::entry;
  Entry(Value entry_key, Value entry_value, Value in_map = {})
      : Object(ObjectKind::entry),
        key(std::move(entry_key)),
        value(std::move(entry_value)),
        map(std::move(in_map)) {}
  Value key;
  Value value;
  Value map;
  size_t footprint() const override { return sizeof(Entry); }
};

/// `a..b`. Of ints it is computed; of anything else `items` holds it.
class Range final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::range;
  /// Of ints: `first` to `last` as written, both meant to be inside unless !inclusive.
  Range(int32_t first, int32_t last, bool is_inclusive);
  /// Of other values: `range_items` in written order.
  Range(Value first, Value last, bool is_reverse, std::vector<Value> range_items);
  /// Of `item_count` numbers of any size, each one more (or one less) than the one before.
  Range(Value first, Value last, bool is_reverse, size_t item_count);

  bool is_int() const { return int_; }
  bool reverse() const { return reverse_; }
  bool inclusive() const { return inclusive_; }
  size_t size() const { return int_ || stepped_ ? count_ : items_.size(); }
  Value at(size_t index) const {
    if (stepped_) return step(index);
    if (!int_) return items_[index];
    return Value::of_int(reverse_ ? start_ - static_cast<int32_t>(index)
                                  : start_ + static_cast<int32_t>(index));
  }
  /// The lower and upper end, as getFrom and getTo give them.
  const Value& from() const { return from_; }
  const Value& to() const { return to_; }
  /// The ends as they were written.
  const Value& written_first() const { return reverse_ ? to_ : from_; }
  size_t footprint() const override { return sizeof(Range) + items_.capacity() * sizeof(Value); }

 private:
  Value from_;
  Value to_;
  std::vector<Value> items_;
  size_t count_ = 0;
  int32_t start_ = 0;
  bool int_;
  bool stepped_ = false;
  bool reverse_ = false;
  bool inclusive_ = true;

  Value step(size_t index) const;
};

class Array final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::array;
  /// Both classes live as long as the run (Interpreter::State::array_class).
  Array(ClassInfo* element_class, ClassInfo* array_class, std::vector<Value> values)
      : Object(ObjectKind::array),
        element(element_class),
        cls(array_class),
        items(std::move(values)) {}
  ClassInfo* element;
  ClassInfo* cls;
  std::vector<Value> items;
  size_t footprint() const override { return sizeof(Array) + items.capacity() * sizeof(Value); }
};

/// StringBuilder, StringBuffer, StringWriter.
class Builder final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::builder;
  enum class Flavour : uint8_t { builder, buffer, writer };
  Builder(Flavour builder_flavour, std::string initial)
      : Object(ObjectKind::builder), text(std::move(initial)), flavour(builder_flavour) {}
  std::string text;
  Flavour flavour;
  size_t footprint() const override { return sizeof(Builder) + text.capacity(); }
};

/// java.util.Iterator over anything: asks `next` until it gives nothing.
class Iterator final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::iterator;
  using Next = std::function<std::optional<Value>(Task&)>;
  /// `kept` are the values that `next_item` uses by reference.
  Iterator(std::vector<Value> values, Next next_item, std::function<void(Task&)> remove_last = {})
      : Object(ObjectKind::iterator),
        kept(std::move(values)),
        next(std::move(next_item)),
        remove(std::move(remove_last)) {}
  bool has_next(Task& task) {
    if (!ahead && !ended) {
      ahead = next(task);
      ended = !ahead;
    }
    return ahead.has_value();
  }
  std::optional<Value> take(Task& task) {
    if (!has_next(task)) return std::nullopt;
    return std::exchange(ahead, std::nullopt);
  }
  std::vector<Value> kept;
  Next next;
  std::function<void(Task&)> remove;
  std::optional<Value> ahead;
  bool ended = false;
  size_t footprint() const override { return sizeof(Iterator) + kept.capacity() * sizeof(Value); }
};

/// A variable that a closure shares with the scope around it.
class Cell final : public Object {
 public:
  explicit Cell(Value initial) : Object(ObjectKind::native), value(std::move(initial)) {}
  Value value;
  size_t footprint() const override { return sizeof(Cell); }
};

/// A closure of any make. `call` runs it; the rest is what Groovy shows of it.
class Closure : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::closure;
  Closure() : Object(ObjectKind::closure) {}

  virtual Value call(Task& task, Args args) = 0;
  virtual Ref<Closure> clone(Heap& heap) const = 0;
  virtual int parameter_count() const = 0;
  /// Classes of the parameters, Object where none is declared.
  virtual std::vector<ClassInfo*> parameter_types(Task&) const;
  /// Whether it has variable arguments.
  virtual bool takes_rest() const { return false; }

  Value owner;
  Value self;  ///< `this` inside: the script or instance around it
  Value delegate;
  Resolve strategy = Resolve::owner_first;
  Value directive;  ///< Closure.DONE or SKIP, or null
};

/// A closure made by library code.
class NativeClosure final : public Closure {
 public:
  using Function = std::function<Value(Task&, Args)>;
  NativeClosure(Function body, int parameters, std::vector<Value> values = {})
      : function(std::move(body)), count(parameters), kept(std::move(values)) {}
  Value call(Task& task, Args args) override;
  Ref<Closure> clone(Heap& heap) const override;
  int parameter_count() const override { return count; }
  size_t footprint() const override {
    return sizeof(NativeClosure) + kept.capacity() * sizeof(Value);
  }
  std::vector<ClassInfo*> parameter_types(Task& task) const override {
    return types.empty() ? Closure::parameter_types(task) : types;
  }
  std::vector<ClassInfo*> types;  ///< of the parameters; empty: Object each
  Function function;
  int count;
  std::vector<Value> kept;  ///< values that the function uses by reference
};

/// `x.&name`.
class MethodClosure final : public Closure {
 public:
  MethodClosure(Value receiver, std::string method) : name(std::move(method)) {
    owner = receiver;
    delegate = std::move(receiver);
  }
  Value call(Task& task, Args args) override;
  Ref<Closure> clone(Heap& heap) const override;
  int parameter_count() const override;
  size_t footprint() const override { return sizeof(MethodClosure) + name.capacity(); }
  std::string name;
};

/// curry, rcurry, ncurry.
class CurriedClosure final : public Closure {
 public:
  CurriedClosure(Ref<Closure> inner, int position, std::vector<Value> values)
      : base(std::move(inner)),
        at(position),
        bound(std::move(values)),
        count_(std::max(0, base->parameter_count() - static_cast<int>(bound.size()))),
        takes_rest_(base->takes_rest()) {
    owner = base->owner;
    self = base->self;
    delegate = base->delegate;
    strategy = base->strategy;
  }
  Value call(Task& task, Args args) override;
  Ref<Closure> clone(Heap& heap) const override;
  int parameter_count() const override { return count_; }
  bool takes_rest() const override { return takes_rest_; }
  std::vector<ClassInfo*> parameter_types(Task& task) const override;
  size_t footprint() const override {
    return sizeof(CurriedClosure) + bound.capacity() * sizeof(Value);
  }
  Ref<Closure> base;
  int at;  ///< index of the first bound argument; negative counts from the end, as rcurry does (-1)
  std::vector<Value> bound;

 private:
  // Kept: closures may be curried a thousand times.
  int count_;
  bool takes_rest_;
};

/// An object of a library class without a kind of its own (dates, JSON, random, ...).
class NativeObject : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::native;
  NativeObject() : Object(ObjectKind::native) {}
  virtual ClassInfo* class_info() const = 0;
  virtual std::string to_string(Task&) = 0;
  virtual bool equals(Task&, const Value& other) { return Value(this).same(other); }
  virtual int32_t hash_code(Task&) {
    return static_cast<int32_t>(reinterpret_cast<uintptr_t>(this) >> 4);
  }
  /// Nothing when the class has no natural order.
  virtual std::optional<int> compare(Task&, const Value&) { return std::nullopt; }
  /// Properties that have no getter in the tables: Expando, JsonBuilder.
  virtual std::optional<Value> get_property(Task&, std::string_view) { return std::nullopt; }
  virtual bool set_property(Task&, std::string_view, const Value&) { return false; }
  /// `object.@name`.
  virtual std::optional<Value> get_attribute(Task&, std::string_view) { return std::nullopt; }
  virtual bool set_attribute(Task&, std::string_view, const Value&) { return false; }
  /// Calls that no table answers: builders.
  virtual std::optional<Value> call_method(Task&, std::string_view, Args) { return std::nullopt; }
  virtual bool truth(Task&) { return true; }
};

}  // namespace ks::groovy
