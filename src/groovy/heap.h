#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "groovy/value.h"

namespace ks::groovy {

/// Owns every object of one run, and counts their bytes against the run's limit.
///
/// Objects go when nothing refers to them; what is left (cycles) goes with the heap. Reaching the
/// limit throws Thrown with java.lang.OutOfMemoryError, which scripts cannot catch. Not
/// thread-safe.
class Heap {
 public:
  explicit Heap(size_t limit_bytes, size_t string_limit_bytes = size_t{64} << 20)
      : limit_(limit_bytes), string_limit_(string_limit_bytes) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  ~Heap();

  template <class T, class... A>
  Ref<T> make(A&&... args) {
    auto* object = new T(std::forward<A>(args)...);
    Ref<T> ref = adopt(object);
    grew(object);
    return ref;
  }

  /// Makes a String value. Text is UTF-8; lone surrogates are kept in their three-byte form.
  Value string(std::string text);
  Value string(std::string_view text) { return string(std::string(text)); }
  Value string(const char* text) { return string(std::string(text)); }

  /// To be called after an object may hold more bytes than before.
  void grew(Object* object);
  /// To be called before building a string of `bytes`: throws when it would be over the limit of
  /// one string or of the heap, so that the bytes are never taken.
  void check_string(size_t bytes);
  /// The same for any other block that is about to be taken.
  void check_room(size_t bytes);

  /// Runs `work` with the limit lifted: for the exception that reports a reached limit.
  template <class Work>
  void exempt(Work work) {
    struct Lift {
      size_t& limit;
      size_t before;
      ~Lift() { limit = before; }
    } lift{limit_, limit_};
    limit_ = SIZE_MAX;
    work();
  }

  /// A number for System.identityHashCode and Object.hashCode: unlike an address, the same in each
  /// replay.
  int32_t identity_of(Object* object);

  size_t used_bytes() const { return used_; }
  size_t limit_bytes() const { return limit_; }
  size_t live_objects() const { return objects_; }

 private:
  friend void dispose(Object* object);

  template <class T>
  Ref<T> adopt(T* object) {
    link(object);
    return Ref<T>(object);
  }
  void link(Object* object);
  void unlink(Object* object);
  void bury(Object* object);
  [[noreturn]] void out_of_memory(size_t wanted);

  size_t limit_;
  size_t string_limit_;
  size_t used_ = 0;
  size_t objects_ = 0;
  Object* first_ = nullptr;
  Object* graveyard_ =
      nullptr;  // dead, waiting to be deleted: destructors must not nest without bound
  std::unordered_map<Object*, int32_t> identities_;
  uint32_t next_identity_ = 0x2a139a55;
  bool burying_ = false;
  bool closing_ = false;
};

}  // namespace ks::groovy
