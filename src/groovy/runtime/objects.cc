#include "groovy/runtime/objects.h"

#include "groovy/runtime/operators.h"
#include "groovy/runtime/text.h"

namespace ks::groovy {

String::String(std::string text)
    : Object(ObjectKind::string), text_(std::move(text)), ascii_(groovy::is_ascii(text_)) {
  length_ = ascii_ ? text_.size() : utf16_length(text_);
}

void String::compute_hash() const {
  hash_ = java_hash(text_);
  hashed_ = true;
}

size_t GString::footprint() const {
  size_t bytes = sizeof(GString) + values.capacity() * sizeof(Value);
  for (const std::string& text : owned) bytes += sizeof(std::string) + text.capacity();
  return bytes;
}

}  // namespace ks::groovy
