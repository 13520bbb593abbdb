#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace ks::store {

/// Reads the fields of a protocol buffer one by one.
///
///   WireReader reader(bytes);
///   while (std::optional<WireReader::Field> field = reader.next()) { ... }
///   if (reader.broken()) ...
///
/// The bytes must outlive the fields.
class WireReader {
 public:
  struct Field {
    uint64_t number = 0;
    enum class Type : uint8_t { varint, fixed, bytes } type = Type::varint;
    uint64_t value = 0;      ///< of a varint, or the bits of a fixed one
    std::string_view bytes;  ///< a text, a message, or packed numbers
  };

  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  /// Nothing at the end, and where the bytes do not read.
  std::optional<Field> next() {
    if (rest_.empty() || broken_) return {};
    const uint64_t tag = varint();
    Field field{.number = tag >> 3};
    switch (tag & 7) {
      case 0: field.value = varint(); break;
      case 1:
        field.type = Field::Type::fixed;
        field.value = fixed(8);
        break;
      case 2:
        field.type = Field::Type::bytes;
        field.bytes = take(varint());
        break;
      case 5:
        field.type = Field::Type::fixed;
        field.value = fixed(4);
        break;
      default: broken_ = true;
    }
    if (broken_) return {};
    return field;
  }

  /// One number of a packed list; nothing at the end.
  std::optional<uint64_t> next_number() {
    if (rest_.empty() || broken_) return {};
    const uint64_t value = varint();
    return broken_ ? std::nullopt : std::optional(value);
  }

  bool broken() const { return broken_; }

 private:
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    broken_ = true;
    return 0;
  }
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  uint64_t fixed(size_t size) {
    uint64_t value = 0;
    const std::string_view bytes = take(size);
    for (size_t i = 0; i < bytes.size(); i++) {
      value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }

  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace ks::store
