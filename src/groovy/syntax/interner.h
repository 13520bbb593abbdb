#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace ks::groovy::syntax {

/// A copy of `text` that lives as long as the arena.
inline std::string_view keep(std::pmr::memory_resource& arena, std::string_view text) {
  if (text.empty()) return {};
  auto* copy = static_cast<char*>(arena.allocate(text.size(), 1));
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

/// Gives equal names one address: the text of the first one seen, which must stay where it is.
class Interner {
 public:
  std::string_view intern(std::string_view name) {
    if (count_ * 2 >= slots_.size()) grow();
    std::string_view& slot = find(name);
    if (slot.data() == nullptr) {
      slot = name;
      ++count_;
    }
    return slot;
  }

 private:
  std::string_view& find(std::string_view name) {
    uint64_t hash = 14695981039346656037ULL;
    for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    size_t i = hash & (slots_.size() - 1);
    while (slots_[i].data() != nullptr && slots_[i] != name) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }
  void grow() {
    std::vector<std::string_view> before(slots_.empty() ? 256 : slots_.size() * 2);
    before.swap(slots_);
    for (std::string_view name : before) {
      if (name.data() != nullptr) find(name) = name;
    }
  }

  std::vector<std::string_view> slots_;
  size_t count_ = 0;
};

}  // namespace ks::groovy::syntax
