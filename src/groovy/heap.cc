#include "groovy/heap.h"

#include <vector>

#include "groovy/runtime/errors.h"
#include "groovy/runtime/objects.h"

namespace ks::groovy {

__attribute__((no_sanitize("vptr"))) void dispose(Object* object) {
  if (!object->heap_->closing_) object->heap_->bury(object);
}

void Heap::link(Object* object) {
  object->heap_ = this;
  object->next_ = first_;
  if (first_ != nullptr) first_->previous_ = object;
  first_ = object;
  ++objects_;
}

void Heap::unlink(Object* object) {
  if (object->previous_ != nullptr) {
    object->previous_->next_ = object->next_;
  } else {
    first_ = object->next_;
  }
  if (object->next_ != nullptr) object->next_->previous_ = object->previous_;
  used_ -= object->charged_;
  --objects_;
}

void Heap::bury(Object* object) {
  if (object->dead_) return;
  object->dead_ = true;
  unlink(object);
  if (!identities_.empty()) identities_.erase(object);
  object->next_ = graveyard_;
  graveyard_ = object;
  if (burying_) return;
  burying_ = true;
  while (graveyard_ != nullptr) {
    Object* next = graveyard_;
    graveyard_ = next->next_;
    delete next;
  }
  burying_ = false;
}

int32_t Heap::identity_of(Object* object) {
  auto [found, is_new] = identities_.try_emplace(object, 0);
  if (is_new) {
    next_identity_ = next_identity_ * 1664525u + 1013904223u;
    found->second = static_cast<int32_t>(next_identity_ >> 4);
  }
  return found->second;
}

Value Heap::string(std::string text) {
  check_string(text.size());
  return make<String>(std::move(text));
}

void Heap::grew(Object* object) {
  size_t now = object->footprint();
  size_t before = object->charged_;
  object->charged_ = now;
  used_ += now - before;
  if (now > before && used_ > limit_) {
    object->charged_ = before;
    used_ -= now - before;
    out_of_memory(now - before);
  }
}

void Heap::check_string(size_t bytes) {
  if (bytes > string_limit_) throw_string_limit(*this, bytes, string_limit_);
  check_room(bytes);
}

void Heap::check_room(size_t bytes) {
  if (bytes > limit_ || used_ > limit_ - bytes) out_of_memory(bytes);
}

void Heap::out_of_memory(size_t wanted) { throw_heap_limit(*this, wanted, limit_); }

Heap::~Heap() {
  closing_ = true;
  std::vector<Object*> all;
  all.reserve(objects_);
  for (Object* each = first_; each != nullptr; each = each->next_) all.push_back(each);
  // Objects refer to each other in any order, so none of the memory may go before every destructor
  // has run. Counts that fall to zero meanwhile are ignored (closing_).
  std::vector<void*> blocks;
  blocks.reserve(all.size());
  for (Object* each : all) blocks.push_back(dynamic_cast<void*>(each));
  for (Object* each : all) each->~Object();
  for (void* block : blocks) ::operator delete(block);
}

}  // namespace ks::groovy
