#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// Values of a running Groovy script.
///
/// A Value is 16 bytes: null, a primitive, or a counted pointer to an object of the run's Heap.
/// Java's boxed and primitive types are one here (`int` and `java.lang.Integer` are Kind::integer).
/// Counts are not atomic: the values of one run are touched by one thread at a time, and none may
/// outlive the run's Interpreter.
///
///   Value n = Value::of_int(3);
///   Value s = heap.string("abc");
///   if (String* text = s.as<String>()) use(text->text());

namespace ks::groovy {

class Heap;
class Object;
class ClassInfo;

/// Called when the count of `object` reached zero.
void dispose(Object* object);

enum class Kind : uint8_t {
  null,
  boolean,
  character,  ///< one UTF-16 unit
  byte_,
  short_,
  integer,
  long_,
  float_,
  double_,
  object,
};

/// What a heap object is, for quick switches; each has one C++ class (objects.h).
enum class ObjectKind : uint8_t {
  string,
  gstring,
  list,
  map,
  set,
  range,
  array,
  closure,
  klass,
  instance,  ///< of a script class, or of an exception class
  big_integer,
  big_decimal,
  builder,  ///< StringBuilder, StringBuffer, StringWriter
  pattern,
  matcher,
  entry,
  iterator,
  host,    ///< HostObject: the engine's own (env, params, currentBuild, ...)
  native,  ///< NativeObject: what the library adds (dates, JSON builders, random, ...)
};

/// The base of all heap objects. Freed when the last Value lets go, cycles with the Heap.
class Object {
 public:
  explicit Object(ObjectKind kind) : object_kind_(kind) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  ObjectKind object_kind() const { return object_kind_; }
  /// The heap that owns it; null for objects that belong to a program or to the library and are
  /// never counted.
  Heap* heap() const { return heap_; }

  /// Bytes it holds now, own size included. Asked after growth (Heap::grew), charged against the
  /// run's limit.
  virtual size_t footprint() const = 0;

  void retain() {
    if (heap_ != nullptr) ++count_;
  }

 private:
  friend class Heap;
  friend void dispose(Object* object);
  friend void release(Object* object);
  Heap* heap_ = nullptr;
  Object* next_ = nullptr;
  Object* previous_ = nullptr;
  uint32_t count_ = 0;
  ObjectKind object_kind_;
  bool dead_ = false;
  size_t charged_ = 0;
};

/// A function and no member: g++ 12 believes that a Value of a primitive may call it on null. When
/// a heap closes, objects let go of others whose destructors have run and whose memory is still
/// there (~Heap): hence no vptr check.
__attribute__((no_sanitize("vptr"))) inline void release(Object* object) {
  if (object->heap_ != nullptr && --object->count_ == 0) dispose(object);
}

/// A counted pointer to a heap object of known class; never null unless default-made or moved from.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) release(object_);
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

class Value {
 public:
  Value() = default;
  // Implicit: `return nullptr;` is Groovy's null, and a Ref is a Value as it is.
  Value(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  explicit Value(Object* object) {
    if (object == nullptr) return;
    kind_ = Kind::object;
    object_ = object;
    object->retain();
  }
  template <class T>
  Value(const Ref<T>& ref) : Value(static_cast<Object*>(ref.get())) {}  // NOLINT
  Value(const Value& other) : kind_(other.kind_), long_(other.long_) {
    if (kind_ == Kind::object) object_->retain();
  }
  Value(Value&& other) noexcept : kind_(other.kind_), long_(other.long_) {
    other.kind_ = Kind::null;
  }
  Value& operator=(const Value& other) {
    if (this != &other) *this = Value(other);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    if (this == &other) return *this;
    // Released last: `other` may live inside of it.
    Object* const old = kind_ == Kind::object ? object_ : nullptr;
    kind_ = other.kind_;
    long_ = other.long_;
    other.kind_ = Kind::null;
    if (old != nullptr) release(old);
    return *this;
  }
  ~Value() {
    if (kind_ == Kind::object) release(object_);
  }

  static Value of_bool(bool value) { return {Kind::boolean, value ? 1 : 0}; }
  static Value of_char(uint16_t unit) { return {Kind::character, unit}; }
  static Value of_byte(int8_t value) { return {Kind::byte_, value}; }
  static Value of_short(int16_t value) { return {Kind::short_, value}; }
  static Value of_int(int32_t value) { return {Kind::integer, value}; }
  static Value of_long(int64_t value) { return {Kind::long_, value}; }
  static Value of_float(float value) {
    Value v{Kind::float_, 0};
    v.double_ = value;
    return v;
  }
  static Value of_double(double value) {
    Value v{Kind::double_, 0};
    v.double_ = value;
    return v;
  }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_int() const { return kind_ == Kind::integer; }
  bool is_bool() const { return kind_ == Kind::boolean; }
  bool is_object() const { return kind_ == Kind::object; }
  /// byte, short, int or long: as_long() holds it.
  bool is_integral() const { return kind_ >= Kind::byte_ && kind_ <= Kind::long_; }
  /// float or double: as_double() holds it.
  bool is_floating() const { return kind_ == Kind::float_ || kind_ == Kind::double_; }

  // Each may be asked only when the kind fits.
  bool as_bool() const { return long_ != 0; }
  uint16_t as_char() const { return static_cast<uint16_t>(long_); }
  int32_t as_int() const { return static_cast<int32_t>(long_); }
  int64_t as_long() const { return long_; }
  double as_double() const { return double_; }
  Object* object() const { return object_; }

  /// The object as a T, or null when this is something else.
  template <class T>
  T* as() const {
    return kind_ == Kind::object && object_->object_kind() == T::kKind ? static_cast<T*>(object_)
                                                                       : nullptr;
  }
  template <class T>
  bool is() const {
    return as<T>() != nullptr;
  }
  /// For HostObject and NativeObject subclasses.
  template <class T>
  T* as_dynamic() const {
    return kind_ == Kind::object ? dynamic_cast<T*>(object_) : nullptr;
  }
  /// Groovy's `is()`: the same object, or the same primitive.
  bool same(const Value& other) const {
    return kind_ == other.kind_ && (is_null() || long_ == other.long_);
  }

 private:
  Value(Kind kind, int64_t bits) : kind_(kind), long_(bits) {}

  Kind kind_ = Kind::null;
  union {
    int64_t long_ = 0;
    double double_;
    Object* object_;
  };
};

static_assert(sizeof(Value) == 16);

}  // namespace ks::groovy
