#include "store/object.h"

#include "base/random.h"

namespace ks::store {
namespace {

/// Sorts before every character that a name may hold, so that `a` and all in it come before `a-b`.
constexpr char kSeparator = '\x01';

size_t bytes_of(const Pairs& pairs) {
  size_t total = pairs.capacity() * sizeof(Pairs::value_type);
  for (const auto& [name, value] : pairs) {
    total += (name.size() > 15 ? name.size() : 0) + (value.size() > 15 ? value.size() : 0);
  }
  return total;
}

std::string_view part(std::string_view key, int which) {
  for (; which > 0; which--) key.remove_prefix(key.find(kSeparator) + 1);
  return key.substr(0, key.find(kSeparator));
}

}  // namespace

std::string Key::text() const { return resource + kSeparator + space + kSeparator + name; }

Key Key::parse(std::string_view text) {
  return {std::string(part(text, 0)), std::string(part(text, 1)), std::string(part(text, 2))};
}

std::string Key::prefix(std::string_view resource) { return std::string(resource) + kSeparator; }

std::string Key::prefix(std::string_view resource, std::string_view space) {
  return std::string(resource) + kSeparator + std::string(space) + kSeparator;
}

std::string_view Object::resource() const { return part(key, 0); }
std::string_view Object::space() const { return part(key, 1); }
std::string_view Object::name() const { return part(key, 2); }

size_t Object::footprint() const {
  return sizeof(Object) + key.size() + uid.size() + (json ? json->size() + 64 : 0) +
         bytes_of(labels) + bytes_of(fields);
}

std::string_view revision_mark() {
  static const std::string mark = "rv-" + random_text(24);
  return mark;
}

}  // namespace ks::store
