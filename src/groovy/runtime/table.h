#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "groovy/value.h"

namespace ks::groovy {

class Task;

/// The hash table behind maps and sets.
///
/// Entries lie in order of insertion; what Java would iterate differently (HashMap, TreeMap) is
/// brought in that order when somebody looks. Looking up a key may run script code (`equals`,
/// `hashCode`, comparators), hence Task.
class Table {
 public:
  enum class Order : uint8_t {
    inserted,   ///< LinkedHashMap
    hashed,     ///< HashMap: by bucket, as Java's table of that size has them
    hashtable,  ///< Hashtable: by bucket from the highest, newest first
    sorted,     ///< TreeMap
  };
  struct Item {
    Value key;
    Value value;
    int32_t hash = 0;
    bool live = true;
  };

  explicit Table(Order order = Order::inserted) : order_(order) {}

  size_t size() const { return live_; }
  bool empty() const { return live_ == 0; }
  uint32_t changes() const { return changes_; }

  Item* find(Task& task, const Value& key);
  /// A String key, without making one. Not for sorted tables with a comparator of their own.
  Item* find(std::string_view key);
  /// True when the key is new. A known key keeps its place.
  bool put(Task& task, const Value& key, Value value);
  bool remove(Task& task, const Value& key);
  void clear();

  /// Brings the entries into the order that Java would iterate; indexes below hold until the next
  /// change.
  void arrange();
  /// Walks live entries in the table's order: `for (size_t i = t.begin(); i != t.end(); i =
  /// t.next(i)) t.at(i)`.
  size_t begin() {
    arrange();
    return skip(0);
  }
  size_t next(size_t index) const { return skip(index + 1); }
  size_t end() const { return items_.size(); }
  Item& at(size_t index) { return items_[index]; }
  const Item& at(size_t index) const { return items_[index]; }

  /// As `new HashMap(map)` and `new HashSet(collection)` size their tables, which shows in the
  /// order of iteration.
  void expect(size_t entries, uint32_t at_least = 1);

  /// As HashMap.putAll grows the table before it puts.
  void make_room(size_t entries) {
    while (order_ == Order::hashed && entries > java_capacity_ * 3 / 4) java_capacity_ *= 2;
  }

  Order order() const { return order_; }
  void set_comparator(Value comparator) { comparator_ = std::move(comparator); }
  const Value& comparator() const { return comparator_; }
  size_t footprint() const {
    return items_.capacity() * sizeof(Item) + index_.capacity() * sizeof(uint32_t);
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  static constexpr size_t kScanned = 8;  // tables up to this size have no index

  size_t skip(size_t index) const {
    while (index < items_.size() && !items_[index].live) ++index;
    return index;
  }
  template <class Same>
  Item* find_hashed(int32_t hash, Same same);
  size_t lower_bound(Task& task, const Value& key, bool& found);
  void compact();
  void index_again();
  void reindex(size_t at_least);
  void add_to_index(uint32_t item);
  uint32_t bucket(int32_t hash) const;

  std::vector<Item> items_;
  std::vector<uint32_t> index_;  // open addressing, item numbers
  Value comparator_;
  size_t live_ = 0;
  uint32_t changes_ = 0;
  uint32_t java_capacity_ = 16;
  Order order_;
  bool arranged_ = true;
};

}  // namespace ks::groovy
