#include "devops/controllers/hash.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <vector>

namespace ks::devops {
namespace {

class Fnv1a {
 public:
  void add(std::string_view bytes) {
    for (char c : bytes) state_ = (state_ ^ static_cast<unsigned char>(c)) * 16'777'619u;
  }
  /// Texts of different lengths must not run into each other.
  void add_text(std::string_view text) {
    add(std::to_string(text.size()));
    add(":");
    add(text);
  }
  uint32_t value() const { return state_; }

 private:
  uint32_t state_ = 2'166'136'261u;
};

void add(Fnv1a& hash, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    std::vector<std::string_view> names;
    for (const auto& member : *object) names.emplace_back(member.key());
    std::ranges::sort(names);
    hash.add("{");
    for (std::string_view name : names) {
      hash.add_text(name);
      add(hash, object->at(name));
    }
    hash.add("}");
  } else if (const json::array* array = value.if_array()) {
    hash.add("[");
    for (const json::value& one : *array) add(hash, one);
    hash.add("]");
  } else if (const json::string* text = value.if_string()) {
    hash.add_text(*text);
  } else {
    hash.add(to_json(value));
    hash.add(",");
  }
}

}  // namespace

std::string hash_of(const json::value& value) {
  Fnv1a hash;
  add(hash, value);
  // In letters that cannot spell a word, as Kubernetes writes such things.
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out = std::to_string(hash.value());
  for (char& digit : out) digit = kLetters[static_cast<size_t>(digit) % kLetters.size()];
  return out;
}

}  // namespace ks::devops
