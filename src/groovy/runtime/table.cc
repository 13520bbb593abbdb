#include "groovy/runtime/table.h"

#include <algorithm>

#include "groovy/runtime/objects.h"
#include "groovy/runtime/operators.h"

namespace ks::groovy {

namespace {

uint32_t spread(int32_t hash) {
  auto bits = static_cast<uint32_t>(hash);
  return bits ^ (bits >> 16);
}

// Places in the index are taken from other bits than Java's buckets: ints in a row would otherwise
// cluster.
uint32_t scatter(int32_t hash) { return static_cast<uint32_t>(hash) * 0x9E3779B1u; }

}  // namespace

template <class Same>
Table::Item* Table::find_hashed(int32_t hash, Same same) {
  if (index_.empty()) {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].live && items_[i].hash == hash && same(i)) {
        return i < items_.size() ? &items_[i] : nullptr;
      }
    }
    return nullptr;
  }
  size_t mask = index_.size() - 1;
  for (size_t place = (scatter(hash) >> 8) & mask; index_[place] != kFree;
       place = (place + 1) & mask) {
    uint32_t number = index_[place];
    if (number >= items_.size()) return nullptr;  // a comparison of the script changed the table
    if (items_[number].live && items_[number].hash == hash && same(number)) {
      return number < items_.size() ? &items_[number] : nullptr;
    }
    if (index_.empty()) return nullptr;
    mask = index_.size() - 1;
  }
  return nullptr;
}

Table::Item* Table::find(Task& task, const Value& key) {
  if (order_ == Order::sorted) {
    bool found = false;
    size_t at = lower_bound(task, key, found);
    return found ? &items_[at] : nullptr;
  }
  if (const String* text = key.as<String>()) {
    return find_hashed(text->hash(), [&](size_t i) {
      const String* other = items_[i].key.as<String>();
      if (other != nullptr) return other == text || other->text() == text->text();
      return key_equals(task, Value(items_[i].key), key);
    });
  }
  return find_hashed(key_hash(task, key), [&](size_t i) {
    const Value& other = items_[i].key;
    if (other.same(key)) return true;
    return key_equals(task, Value(other), key);
  });
}

Table::Item* Table::find(std::string_view key) {
  auto same = [&](size_t i) {
    const String* text = items_[i].key.as<String>();
    return text != nullptr && text->text() == key;
  };
  if (order_ == Order::sorted) {
    for (size_t i = 0; i < items_.size(); ++i) {
      if (same(i)) return &items_[i];
    }
    return nullptr;
  }
  return find_hashed(java_hash(key), same);
}

bool Table::put(Task& task, const Value& key, Value value) {
  if (order_ == Order::sorted) {
    bool found = false;
    size_t at = lower_bound(task, key, found);
    if (found) {
      items_[at].value = std::move(value);
      return false;
    }
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(at),
                  Item{key, std::move(value), 0, true});
    ++live_;
    ++changes_;
    return true;
  }
  if (Item* item = find(task, key)) {
    item->value = std::move(value);
    return false;
  }
  if (items_.size() >= 16 && live_ < items_.size() / 2) compact();
  items_.push_back(Item{key, std::move(value), key_hash(task, key), true});
  ++live_;
  ++changes_;
  if (order_ != Order::inserted) {
    arranged_ = false;
    while (live_ > java_capacity_ * 3 / 4) java_capacity_ *= 2;
  }
  if (items_.size() > kScanned) {
    if (index_.size() < items_.size() * 2) {
      reindex(items_.size() * 4);
    } else {
      add_to_index(static_cast<uint32_t>(items_.size() - 1));
    }
  }
  return true;
}

bool Table::remove(Task& task, const Value& key) {
  Item* item = find(task, key);
  if (item == nullptr) return false;
  ++changes_;
  --live_;
  if (order_ == Order::sorted) {
    Value kept_key = std::move(item->key);  // released only after the table is whole again
    Value kept_value = std::move(item->value);
    items_.erase(items_.begin() + (item - items_.data()));
    return true;
  }
  item->live = false;
  Value kept_key = std::move(item->key);
  Value kept_value = std::move(item->value);
  if (live_ == 0) {
    items_.clear();
    index_.clear();
  }
  return true;
}

void Table::clear() {
  std::vector<Item> gone = std::move(items_);
  items_ = {};
  index_ = {};
  live_ = 0;
  ++changes_;
}

void Table::compact() {
  std::erase_if(items_, [](const Item& item) { return !item.live; });
  index_again();
}

void Table::index_again() {
  // Small tables are searched without an index: one that stayed would miss what is added next.
  if (items_.size() > kScanned) {
    reindex(items_.size() * 4);
  } else {
    index_.clear();
  }
}

void Table::reindex(size_t at_least) {
  size_t size = 32;
  while (size < at_least) size *= 2;
  index_.assign(size, kFree);
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].live) add_to_index(static_cast<uint32_t>(i));
  }
}

void Table::add_to_index(uint32_t item) {
  size_t mask = index_.size() - 1;
  size_t place = (scatter(items_[item].hash) >> 8) & mask;
  while (index_[place] != kFree) place = (place + 1) & mask;
  index_[place] = item;
}

uint32_t Table::bucket(int32_t hash) const {
  if (order_ == Order::hashed) return spread(hash) & (java_capacity_ - 1);
  uint32_t capacity = 11;
  while (live_ > capacity * 3 / 4) capacity = capacity * 2 + 1;
  return capacity - 1 - (static_cast<uint32_t>(hash) & 0x7FFFFFFFu) % capacity;
}

void Table::expect(size_t entries, uint32_t at_least) {
  auto wanted = static_cast<uint32_t>(static_cast<double>(entries) / 0.75 + 1);
  java_capacity_ = 1;
  while (java_capacity_ < std::max(wanted, at_least)) java_capacity_ *= 2;
}

void Table::arrange() {
  if (arranged_ || order_ == Order::inserted || order_ == Order::sorted) return;
  std::erase_if(items_, [](const Item& item) { return !item.live; });
  std::stable_sort(items_.begin(), items_.end(),
                   [&](const Item& a, const Item& b) { return bucket(a.hash) < bucket(b.hash); });
  index_again();
  arranged_ = true;
}

size_t Table::lower_bound(Task& task, const Value& key, bool& found) {
  found = false;
  size_t low = 0;
  size_t high = items_.size();
  if (items_.empty())
    compare_keys(task, comparator_, key, key);  // a key without an order fails at once
  while (low < high && high <= items_.size()) {
    size_t middle = (low + high) / 2;
    int order = compare_keys(task, comparator_, key, Value(items_[middle].key));
    if (order == 0) {
      found = middle < items_.size();
      return middle;
    }
    if (order > 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::min(low, items_.size());
}

}  // namespace ks::groovy
