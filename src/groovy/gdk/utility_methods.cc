#include <fmt/format.h>
#include <algorithm>
#include <bit>

#include "base/random.h"
#include "base/text.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.util's helpers: Arrays, Collections, Objects, Optional, UUID, Random, Base64, digests,
/// TimeUnit, Locale.

namespace ks::groovy {

namespace {

constexpr std::string_view kArrays = "java.util.Arrays";
constexpr std::string_view kCollections = "java.util.Collections";
constexpr std::string_view kObjects = "java.util.Objects";
constexpr std::string_view kOptional = "java.util.Optional";
constexpr std::string_view kUuid = "java.util.UUID";
constexpr std::string_view kRandom = "java.util.Random";
constexpr std::string_view kBase64 = "java.util.Base64";
constexpr std::string_view kDigest = "java.security.MessageDigest";
constexpr std::string_view kAtomic = "java.util.concurrent.atomic.AtomicInteger";
constexpr std::string_view kAtomicLong = "java.util.concurrent.atomic.AtomicLong";
constexpr std::string_view kTimeUnit = "java.util.concurrent.TimeUnit";

// ----- objects of this file -----

/// Anything that is a class, a text and a value or two.
class Simple final : public NativeObject {
 public:
  Simple(std::string_view class_name, std::string shown, Value held = {})
      : cls_(library_class(class_name)), text(std::move(shown)), value(std::move(held)) {}
  ClassInfo* class_info() const override { return cls_; }
  std::string to_string(Task& task) override {
    if (cls_->name == kAtomic || cls_->name == kAtomicLong) return groovy::to_string(task, value);
    if (cls_->name == kOptional) {
      return value.is_null() ? "Optional.empty"
                             : "Optional[" + groovy::to_string(task, value) + "]";
    }
    return text;
  }
  bool equals(Task& task, const Value& other) override {
    auto* same = other.as_dynamic<Simple>();
    return same != nullptr && same->cls_ == cls_ && same->text == text &&
           groovy::equals(task, same->value, value);
  }
  int32_t hash_code(Task& task) override { return java_hash(text) ^ hash_of(task, value); }
  std::optional<int> compare(Task&, const Value& other) override {
    auto* same = other.as_dynamic<Simple>();
    if (same == nullptr || same->cls_ != cls_) return std::nullopt;
    return compare_text(text, same->text);
  }
  bool truth(Task&) override { return cls_->name != kOptional || !value.is_null(); }
  size_t footprint() const override { return sizeof(Simple) + text.capacity(); }

 private:
  ClassInfo* cls_;

 public:
  std::string text;
  Value value;
};

Simple& simple(Call& c) { return *c.self.as_dynamic<Simple>(); }
Value make_simple(Call& c, std::string_view cls, std::string text, Value value = {}) {
  return c.heap().make<Simple>(cls, std::move(text), std::move(value));
}

// ----- Arrays and Collections -----

List& list_of(Call& c, size_t index) {
  auto* list = underlying(c.arg(index)).as<List>();
  if (list == nullptr || list->is_constant()) throw_unsupported(c.task);
  return *list;
}
Value as_list(Call& c) {
  std::vector<Value> items(c.args.begin(), c.args.end());
  if (items.size() == 1 && items[0].is<Array>()) items = items[0].as<Array>()->items;
  return c.heap().make<List>(std::move(items), List::Flavour::fixed_size);
}
Value array_text(Call& c) {
  std::string out = "[";
  for (const Value& item : items_of(c.task, c.arg(0)))
    out += (out.size() > 1 ? ", " : "") + java_text(c.task, item);
  return text(c, out + "]");
}
Value sort(Call& c) {
  std::vector<Value> items = items_of(c.task, c.arg(0));
  sort_items(c.task, items, ordering(c.task, c.count() == 2 ? c.arg(1) : Value{}));
  if (auto* array = c.arg(0).as<Array>()) {
    array->items = std::move(items);
  } else {
    list_of(c, 0).items = std::move(items);
  }
  return {};
}
Value fill(Call& c) {
  if (auto* array = c.arg(0).as<Array>()) {
    for (Value& item : array->items) item = cast(c.task, c.arg(1), array->element);
  } else {
    for (Value& item : list_of(c, 0).items) item = c.arg(1);
  }
  return {};
}
Value copy_of(Call& c) {
  auto* array = c.arg(0).as<Array>();
  if (array == nullptr) throw_cast(c.task, c.arg(0), "[Ljava.lang.Object;");
  auto from = static_cast<int64_t>(c.count() == 3 ? c.to_int(1) : 0);
  auto to = static_cast<int64_t>(c.to_int(c.count() - 1));
  if (from < 0 || to < from) throw_index(c.task, from, array->items.size());
  c.heap().check_room(static_cast<size_t>(to - from) * sizeof(Value));
  std::vector<Value> out;
  for (int64_t i = from; i < to; ++i) {
    bool inside = i < static_cast<int64_t>(array->items.size());
    Value zero = array->element->primitive == Kind::null
                     ? Value{}
                     : cast(c.task, Value::of_int(0), array->element);
    out.push_back(inside ? array->items[static_cast<size_t>(i)] : zero);
  }
  return make_array(c.task, array->element, std::move(out));
}
Value equal_arrays(Call& c) { return Value::of_bool(equals(c.task, c.arg(0), c.arg(1))); }
Value hash_of_array(Call& c) {
  return Value::of_int(hash_of(c.task, make_list(c, items_of(c.task, c.arg(0)))));
}

Value binary_search(Call& c) {
  std::vector<Value> items = items_of(c.task, c.arg(0));
  size_t low = 0;
  size_t high = items.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = compare_keys(c.task, c.count() == 3 ? c.arg(2) : Value{}, items[middle], c.arg(1));
    if (order == 0) return of_size(middle);
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Value::of_int(-static_cast<int32_t>(low) - 1);
}
Value empty_list(Call& c) {
  return c.heap().make<List>(std::vector<Value>{}, List::Flavour::unmodifiable);
}
Value empty_map(Call& c) { return c.heap().make<Map>(Map::Flavour::unmodifiable); }
Value empty_set(Call& c) { return c.heap().make<Set>(Set::Flavour::unmodifiable); }
Value fixed_list(Call& c) {
  return c.heap().make<List>(items_of(c.task, c.arg(0)), List::Flavour::unmodifiable);
}
Value single_list(Call& c) {
  return c.heap().make<List>(std::vector<Value>{c.arg(0)}, List::Flavour::unmodifiable);
}
Value single_set(Call& c) { return make_set(c.task, {c.arg(0)}); }
Value single_map(Call& c) {
  Ref<Map> map = c.heap().make<Map>();
  map->table.put(c.task, c.arg(0), c.arg(1));
  return map;
}
Value fixed_map(Call& c) {
  static const Name kName("asImmutable");
  return call_method(c.task, c.arg(0), kName, {});
}
Value same_argument(Call& c) { return c.arg(0); }
Value n_copies(Call& c) {
  auto count = static_cast<size_t>(std::max(0, c.to_int(0)));
  c.heap().check_room(count * sizeof(Value));
  c.task.spend(count / 16 + 1);
  return c.heap().make<List>(std::vector<Value>(count, c.arg(1)), List::Flavour::unmodifiable);
}
Value reverse_list(Call& c) {
  List& list = list_of(c, 0);
  std::reverse(list.items.begin(), list.items.end());
  return {};
}
Value shuffle(Call& c) {
  List& list = list_of(c, 0);
  for (size_t i = list.items.size(); i > 1; --i) {
    std::swap(list.items[i - 1], list.items[c.in.host().random_bits(c.task) % i]);
  }
  return {};
}
Value swap_items(Call& c) {
  List& list = list_of(c, 0);
  auto a = static_cast<size_t>(c.to_int(1));
  auto b = static_cast<size_t>(c.to_int(2));
  if (a >= list.items.size() || b >= list.items.size())
    throw_index(c.task, c.to_int(1), list.items.size());
  std::swap(list.items[a], list.items[b]);
  return {};
}
Value reverse_order(Call& c) {
  Value inner = c.count() == 1 ? c.arg(0) : Value{};
  auto body = [inner](Task& task, Args args) {
    return Value::of_int(compare_keys(task, inner, args[1], args[0]));
  };
  return c.heap().make<NativeClosure>(std::move(body), 2, std::vector<Value>{inner});
}
template <int sign>
Value extreme(Call& c) {
  std::vector<Value> items = items_of(c.task, c.arg(0));
  if (items.empty()) throw_no_such_element(c.task);
  Value best = items[0];
  for (const Value& item : items) {
    if (compare_keys(c.task, c.count() == 2 ? c.arg(1) : Value{}, item, best) * sign > 0)
      best = item;
  }
  return best;
}
Value frequency(Call& c) {
  int32_t count = 0;
  for (const Value& item : items_of(c.task, c.arg(0)))
    count += equals(c.task, item, c.arg(1)) ? 1 : 0;
  return Value::of_int(count);
}
Value add_all(Call& c) {
  std::vector<Value> more(c.args.begin() + 1, c.args.end());
  if (more.size() == 1 && more[0].is<Array>()) more = more[0].as<Array>()->items;
  for (const Value& item : more) add_to(c.task, c.arg(0), item);
  return Value::of_bool(!more.empty());
}

// ----- Objects, Optional -----

Value objects_equals(Call& c) { return Value::of_bool(key_equals(c.task, c.arg(0), c.arg(1))); }
Value objects_hash(Call& c) {
  return Value::of_int(
      hash_of(c.task, make_list(c, std::vector<Value>(c.args.begin(), c.args.end()))));
}
Value objects_hash_code(Call& c) { return Value::of_int(hash_of(c.task, c.arg(0))); }
Value objects_text(Call& c) {
  return c.arg(0).is_null() && c.count() == 2 ? c.arg(1) : text(c, c.text(0));
}
Value is_null(Call& c) { return Value::of_bool(c.arg(0).is_null()); }
Value non_null(Call& c) { return Value::of_bool(!c.arg(0).is_null()); }
Value require_non_null(Call& c) {
  if (!c.arg(0).is_null()) return c.arg(0);
  if (c.count() == 2) throw_error(c.task, "java.lang.NullPointerException", c.text(1));
  throw_error(c.task, "java.lang.NullPointerException");
}

Value optional_of(Call& c) {
  if (c.arg(0).is_null()) throw_error(c.task, "java.lang.NullPointerException");
  return make_simple(c, kOptional, "", c.arg(0));
}
Value optional_of_nullable(Call& c) { return make_simple(c, kOptional, "", c.arg(0)); }
Value optional_empty(Call& c) { return make_simple(c, kOptional, ""); }
Value optional_get(Call& c) {
  if (simple(c).value.is_null()) throw_no_such_element(c.task, "No value present");
  return simple(c).value;
}
Value optional_present(Call& c) { return Value::of_bool(!simple(c).value.is_null()); }
Value optional_or_else(Call& c) { return simple(c).value.is_null() ? c.arg(0) : simple(c).value; }
Value optional_or_get(Call& c) {
  return simple(c).value.is_null() ? call_value(c.task, c.arg(0), {}) : simple(c).value;
}
Value optional_if_present(Call& c) {
  if (!simple(c).value.is_null()) call1(c.task, c.arg(0), Value(simple(c).value));
  return {};
}
Value optional_map(Call& c) {
  if (simple(c).value.is_null()) return c.self;
  return make_simple(c, kOptional, "", call1(c.task, c.arg(0), Value(simple(c).value)));
}
Value optional_filter(Call& c) {
  if (simple(c).value.is_null() || test1(c.task, c.arg(0), Value(simple(c).value))) return c.self;
  return make_simple(c, kOptional, "");
}

// ----- chance -----

std::string uuid_text(uint64_t high, uint64_t low) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFFull);
}
Value random_uuid(Call& c) {
  uint64_t high = (c.in.host().random_bits(c.task) & ~0xF000ull) | 0x4000;
  uint64_t low = (c.in.host().random_bits(c.task) & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull;
  return make_simple(c, kUuid, uuid_text(high, low));
}
Value uuid_from_text(Call& c) {
  std::string given = c.text(0);
  size_t dashes = static_cast<size_t>(std::count(given.begin(), given.end(), '-'));
  bool valid = dashes == 4 && std::all_of(given.begin(), given.end(), [](char ch) {
                 return ch == '-' || std::isxdigit(static_cast<unsigned char>(ch)) != 0;
               });
  if (!valid)
    throw_error(c.task, "java.lang.IllegalArgumentException", "Invalid UUID string: " + given);
  return make_simple(c, kUuid, ks::to_lower(given));
}
Value uuid_from_bytes(Call& c) {
  std::string bytes;
  for (const Value& each : items_of(c.task, c.arg(0))) bytes += static_cast<char>(each.as_int());
  std::string digest = md5(bytes);
  auto word = [&](size_t from) {
    uint64_t out = 0;
    for (size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<uint8_t>(digest[from + i]);
    return out;
  };
  return make_simple(c, kUuid,
                     uuid_text((word(0) & ~0xF000ull) | 0x3000,
                               (word(8) & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull));
}

/// java.util.Random: the linear congruence that Java documents, so that a seed gives Java's
/// numbers.
class RandomSource final : public NativeObject {
 public:
  explicit RandomSource(uint64_t seed) : seed_((seed ^ kMultiplier) & kMask) {}
  ClassInfo* class_info() const override { return library_class(kRandom); }
  std::string to_string(Task&) override { return "java.util.Random"; }
  size_t footprint() const override { return sizeof(RandomSource); }
  int32_t next(int bits) {
    seed_ = (seed_ * kMultiplier + 0xB) & kMask;
    return static_cast<int32_t>(static_cast<uint32_t>(seed_ >> (48 - bits)));
  }
  int64_t next_long() {
    auto high = static_cast<uint64_t>(static_cast<int64_t>(next(32))) << 32;
    return static_cast<int64_t>(high + static_cast<uint64_t>(static_cast<int64_t>(next(32))));
  }
  int32_t next_below(int32_t bound) {
    int32_t bits = next(31);
    int32_t most = bound - 1;
    if ((bound & most) == 0)
      return static_cast<int32_t>((static_cast<int64_t>(bound) * bits) >> 31);
    int32_t value = bits % bound;
    while (static_cast<int64_t>(bits) - value + most > INT32_MAX) {
      bits = next(31);
      value = bits % bound;
    }
    return value;
  }
  double next_double() {
    int64_t high = static_cast<int64_t>(next(26)) << 27;
    return static_cast<double>(high + next(27)) * 0x1.0p-53;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5DEECE66Dull;
  static constexpr uint64_t kMask = (1ull << 48) - 1;
  uint64_t seed_;
};
RandomSource& random_source(Call& c) { return *c.self.as_dynamic<RandomSource>(); }
Value new_random(Call& c) {
  uint64_t seed =
      c.count() == 1 ? static_cast<uint64_t>(c.to_long(0)) : c.in.host().random_bits(c.task);
  return c.heap().make<RandomSource>(seed);
}
Value next_int(Call& c) {
  if (c.count() == 0) return Value::of_int(random_source(c).next(32));
  if (c.to_int(0) <= 0)
    throw_error(c.task, "java.lang.IllegalArgumentException", "bound must be positive");
  return Value::of_int(random_source(c).next_below(c.to_int(0)));
}
Value next_long(Call& c) { return Value::of_long(random_source(c).next_long()); }
Value next_double(Call& c) { return Value::of_double(random_source(c).next_double()); }
Value next_boolean(Call& c) { return Value::of_bool(random_source(c).next(1) != 0); }

// ----- bytes -----

std::string bytes_of(Call& c, const Value& value) {
  if (value.is<String>() || value.is<GString>()) return to_string(c.task, value);
  std::string out;
  for (const Value& each : items_of(c.task, value)) {
    if (is_number(each)) out += static_cast<char>(long_value(each));
  }
  return out;
}
Value byte_array(Call& c, std::string_view bytes) {
  std::vector<Value> out;
  out.reserve(bytes.size());
  for (char byte : bytes) out.push_back(Value::of_byte(static_cast<int8_t>(byte)));
  return make_array(c.task, types().p_byte, std::move(out));
}
std::string decoded(Call& c, const std::string& given) {
  Result<std::string> bytes = base64_decode(given);
  if (!bytes) throw_error(c.task, "java.lang.IllegalArgumentException", "Illegal base64 character");
  return *bytes;
}
Value encode_base64(Call& c) { return text(c, base64_encode(bytes_of(c, c.self))); }
Value decode_base64(Call& c) { return byte_array(c, decoded(c, c.self_text())); }
Value encode_hex(Call& c) { return text(c, hex_encode(bytes_of(c, c.self))); }
Value decode_hex(Call& c) {
  std::string hex = c.self_text();
  std::string out;
  if (hex.size() % 2 != 0) {
    throw_error(c.task, "java.lang.NumberFormatException",
                "odd number of characters in hex string");
  }
  for (size_t i = 0; i < hex.size(); i += 2) {
    std::optional<BigNumber> byte = BigNumber::parse(hex.substr(i, 2), 16);
    if (!byte) throw_number_format(c.task, hex.substr(i, 2));
    out += static_cast<char>(byte->low_bits());
  }
  return byte_array(c, out);
}
Value self_md5(Call& c) { return text(c, hex_encode(md5(bytes_of(c, c.self)))); }
Value self_sha256(Call& c) { return text(c, hex_encode(sha256(bytes_of(c, c.self)))); }
Value coder(Call& c) { return make_simple(c, kBase64, "java.util.Base64"); }
Value url_coder(Call& c) { return make_simple(c, kBase64, "url"); }
Value coder_encode(Call& c) {
  std::string bytes = bytes_of(c, c.arg(0));
  return text(c, simple(c).text == "url" ? base64url_encode(bytes) : base64_encode(bytes));
}
Value coder_encode_bytes(Call& c) { return byte_array(c, base64_encode(bytes_of(c, c.arg(0)))); }
Value coder_decode(Call& c) {
  if (simple(c).text != "url") return byte_array(c, decoded(c, bytes_of(c, c.arg(0))));
  Result<std::string> bytes = base64url_decode(bytes_of(c, c.arg(0)));
  if (!bytes) throw_error(c.task, "java.lang.IllegalArgumentException", "Illegal base64 character");
  return byte_array(c, *bytes);
}
Value coder_self(Call& c) { return c.self; }

Value digest_of(Call& c) {
  std::string name = ks::to_upper(c.text(0));
  if (name != "MD5" && name != "SHA-1" && name != "SHA1" && name != "SHA" && name != "SHA-256") {
    throw_error(c.task, "java.security.NoSuchAlgorithmException",
                c.text(0) + " MessageDigest not available");
  }
  return make_simple(c, kDigest, name, make_list(c, {}));
}
Value digest_update(Call& c) {
  auto* collected = simple(c).value.as<List>();
  collected->items.push_back(c.heap().string(bytes_of(c, c.arg(0))));
  return c.self;
}
Value digest_finish(Call& c) {
  if (c.count() == 1) digest_update(c);
  auto* collected = simple(c).value.as<List>();
  std::string bytes;
  for (const Value& each : collected->items) bytes += each.as<String>()->text();
  collected->items.clear();
  const std::string& name = simple(c).text;
  return byte_array(c, name == "MD5"       ? md5(bytes)
                       : name == "SHA-256" ? sha256(bytes)
                                           : sha1(bytes));
}

// ----- counters, units of time, locales -----

Value new_atomic(Call& c) {
  Value start = c.count() == 1 ? c.arg(0) : Value::of_int(0);
  bool is_long = c.self.as<ClassInfo>()->name == kAtomicLong;
  return make_simple(c, is_long ? kAtomicLong : kAtomic, "",
                     is_long ? Value::of_long(long_value(start)) : Value::of_int(int_value(start)));
}
Value atomic_get(Call& c) { return simple(c).value; }
Value atomic_set(Call& c) {
  simple(c).value = c.arg(0);
  return {};
}
template <int by, bool before>
Value atomic_step(Call& c) {
  Value old = simple(c).value;
  simple(c).value = binary(c.task, Op::add, old, Value::of_int(by));
  return before ? old : simple(c).value;
}
Value atomic_add(Call& c) {
  simple(c).value = binary(c.task, Op::add, simple(c).value, c.arg(0));
  return simple(c).value;
}
Value atomic_get_and_add(Call& c) {
  Value old = simple(c).value;
  atomic_add(c);
  return old;
}
Value atomic_compare_and_set(Call& c) {
  if (!equals(c.task, simple(c).value, c.arg(0))) return Value::of_bool(false);
  simple(c).value = c.arg(1);
  return Value::of_bool(true);
}

constexpr std::pair<std::string_view, int64_t> kUnits[] = {
    {"NANOSECONDS", 1},           {"MICROSECONDS", 1'000},     {"MILLISECONDS", 1'000'000},
    {"SECONDS", 1'000'000'000},   {"MINUTES", 60'000'000'000}, {"HOURS", 3'600'000'000'000},
    {"DAYS", 86'400'000'000'000},
};
int64_t nanos_of(std::string_view unit) {
  for (const auto& [name, nanos] : kUnits) {
    if (name == unit) return nanos;
  }
  return 1;
}
template <int index>
Value unit(Call& c) {
  return make_simple(c, kTimeUnit, std::string(kUnits[index].first));
}
Value unit_by_name(Call& c) {
  for (const auto& [name, nanos] : kUnits) {
    if (name == c.text(0)) return make_simple(c, kTimeUnit, std::string(name));
  }
  throw_error(c.task, "java.lang.IllegalArgumentException",
              "No enum constant java.util.concurrent.TimeUnit." + c.text(0));
}
template <int index>
Value unit_to(Call& c) {
  auto total =
      static_cast<__int128>(c.to_long(0)) * nanos_of(simple(c).text) / kUnits[index].second;
  return Value::of_long(static_cast<int64_t>(std::clamp<__int128>(total, INT64_MIN, INT64_MAX)));
}
Value unit_convert(Call& c) {
  auto* from = c.arg(1).as_dynamic<Simple>();
  if (from == nullptr) throw_cast(c.task, c.arg(1), kTimeUnit);
  auto total =
      static_cast<__int128>(c.to_long(0)) * nanos_of(from->text) / nanos_of(simple(c).text);
  return Value::of_long(static_cast<int64_t>(std::clamp<__int128>(total, INT64_MIN, INT64_MAX)));
}
Value simple_name(Call& c) { return text(c, simple(c).text); }

template <auto& tag>
Value locale(Call& c) {
  return make_simple(c, "java.util.Locale", tag);
}
constexpr char kEnglish[] = "en";
constexpr char kUs[] = "en_US";
constexpr char kRoot[] = "";
constexpr char kGerman[] = "de_DE";
constexpr char kUk[] = "en_GB";
constexpr char kFrance[] = "fr_FR";
Value new_locale(Call& c) {
  return make_simple(c, "java.util.Locale",
                     c.count() == 2 ? c.text(0) + "_" + c.text(1) : c.text(0));
}

Value compare_by(Call& c) {
  Value order = c.arg(0);
  auto body = [order](Task& task, Args args) {
    return Value::of_int(ordering(task, order)(args[0], args[1]));
  };
  return c.heap().make<NativeClosure>(std::move(body), 2, std::vector<Value>{order});
}

constexpr ClassRow kClasses[] = {
    {kArrays, "", ""},
    {kCollections, "", ""},
    {kObjects, "", ""},
    {kOptional, "", ""},
    {kUuid, "", "java.lang.Comparable,java.io.Serializable"},
    {kRandom, "", "java.io.Serializable"},
    {"java.security.SecureRandom", kRandom, ""},
    {kBase64, "", ""},
    {kDigest, "", ""},
    {kAtomic, "", ""},
    {kAtomicLong, "", ""},
    {kTimeUnit, "java.lang.Object", "java.lang.Comparable"},
    {"java.util.Locale", "", "java.io.Serializable"},
    {"org.codehaus.groovy.runtime.ClosureComparator", "", "java.util.Comparator"},
    {"groovy.util.ClosureComparator", "", "java.util.Comparator"},
    {"groovy.util.OrderBy", "", "java.util.Comparator"},
};

constexpr MethodRow kRows[] = {
    {kArrays, "static asList", "O*", as_list},
    {kArrays, "static toString", "O", array_text},
    {kArrays, "static sort", "L", sort},
    {kArrays, "static sort", "LE", sort},
    {kArrays, "static fill", "LO", fill},
    {kArrays, "static copyOf", "AI", copy_of},
    {kArrays, "static copyOfRange", "AII", copy_of},
    {kArrays, "static equals", "OO", equal_arrays},
    {kArrays, "static deepEquals", "OO", equal_arrays},
    {kArrays, "static hashCode", "O", hash_of_array},
    {kArrays, "static binarySearch", "LO", binary_search},
    {kCollections, "static sort", "L", sort},
    {kCollections, "static sort", "LE", sort},
    {kCollections, "static fill", "LO", fill},
    {kCollections, "static binarySearch", "LO", binary_search},
    {kCollections, "static binarySearch", "LOE", binary_search},
    {kCollections, "static emptyList", "", empty_list},
    {kCollections, "static emptyMap", "", empty_map},
    {kCollections, "static emptySet", "", empty_set},
    {kCollections, "static EMPTY_LIST", "=", empty_list},
    {kCollections, "static EMPTY_MAP", "=", empty_map},
    {kCollections, "static EMPTY_SET", "=", empty_set},
    {kCollections, "static unmodifiableList", "L", fixed_list},
    {kCollections, "static unmodifiableCollection", "K", fixed_list},
    {kCollections, "static unmodifiableMap", "M", fixed_map},
    {kCollections, "static unmodifiableSet", "K", fixed_map},
    {kCollections, "static synchronizedList", "O", same_argument},
    {kCollections, "static synchronizedMap", "O", same_argument},
    {kCollections, "static synchronizedSet", "O", same_argument},
    {kCollections, "static singletonList", "O", single_list},
    {kCollections, "static singleton", "O", single_set},
    {kCollections, "static singletonMap", "OO", single_map},
    {kCollections, "static nCopies", "IO", n_copies},
    {kCollections, "static reverse", "L", reverse_list},
    {kCollections, "static shuffle", "L", shuffle},
    {kCollections, "static shuffle", "LO", shuffle},
    {kCollections, "static swap", "LII", swap_items},
    {kCollections, "static reverseOrder", "", reverse_order},
    {kCollections, "static reverseOrder", "E", reverse_order},
    {kCollections, "static max", "K", extreme<1>},
    {kCollections, "static max", "KE", extreme<1>},
    {kCollections, "static min", "K", extreme<-1>},
    {kCollections, "static min", "KE", extreme<-1>},
    {kCollections, "static frequency", "KO", frequency},
    {kCollections, "static addAll", "KO*", add_all},
    {kObjects, "static equals", "OO", objects_equals},
    {kObjects, "static hash", "O*", objects_hash},
    {kObjects, "static hashCode", "O", objects_hash_code},
    {kObjects, "static toString", "O", objects_text},
    {kObjects, "static toString", "OO", objects_text},
    {kObjects, "static isNull", "O", is_null},
    {kObjects, "static nonNull", "O", non_null},
    {kObjects, "static requireNonNull", "O", require_non_null},
    {kObjects, "static requireNonNull", "OS", require_non_null},
    {kOptional, "static of", "O", optional_of},
    {kOptional, "static ofNullable", "O", optional_of_nullable},
    {kOptional, "static empty", "", optional_empty},
    {kOptional, "get", "", optional_get},
    {kOptional, "isPresent", "", optional_present},
    {kOptional, "orElse", "O", optional_or_else},
    {kOptional, "orElseGet", "C", optional_or_get},
    {kOptional, "ifPresent", "C", optional_if_present},
    {kOptional, "map", "C", optional_map},
    {kOptional, "filter", "C", optional_filter},
    {kUuid, "static randomUUID", "", random_uuid},
    {kUuid, "static fromString", "S", uuid_from_text},
    {kUuid, "static nameUUIDFromBytes", "O", uuid_from_bytes},
    {kUuid, "toString", "", simple_name},
    {kRandom, "new", "", new_random},
    {kRandom, "new", "J", new_random},
    {"java.security.SecureRandom", "new", "", new_random},
    {kRandom, "nextInt", "", next_int},
    {kRandom, "nextInt", "I", next_int},
    {kRandom, "nextLong", "", next_long},
    {kRandom, "nextDouble", "", next_double},
    {kRandom, "nextBoolean", "", next_boolean},
    {"java.lang.String", "decodeBase64", "", decode_base64},
    {"java.lang.String", "decodeHex", "", decode_hex},
    {"java.lang.String", "md5", "", self_md5},
    {"java.lang.String", "sha256", "", self_sha256},
    {"java.util.List", "encodeBase64", "", encode_base64},
    {"java.util.List", "encodeHex", "", encode_hex},
    {"java.util.List", "md5", "", self_md5},
    {"java.util.List", "sha256", "", self_sha256},
    {kBase64, "static getEncoder", "", coder},
    {kBase64, "static getDecoder", "", coder},
    {kBase64, "static getUrlEncoder", "", url_coder},
    {kBase64, "static getUrlDecoder", "", url_coder},
    {kBase64, "static getMimeDecoder", "", coder},
    {kBase64, "encodeToString", "O", coder_encode},
    {kBase64, "encode", "O", coder_encode_bytes},
    {kBase64, "decode", "O", coder_decode},
    {kBase64, "withoutPadding", "", coder_self},
    {kDigest, "static getInstance", "S", digest_of},
    {kDigest, "update", "O", digest_update},
    {kDigest, "digest", "", digest_finish},
    {kDigest, "digest", "O", digest_finish},
    {kAtomic, "new", "", new_atomic},
    {kAtomic, "new", "N", new_atomic},
    {kAtomicLong, "new", "", new_atomic},
    {kAtomicLong, "new", "N", new_atomic},
    {kAtomic, "get", "", atomic_get},
    {kAtomic, "intValue", "", atomic_get},
    {kAtomic, "set", "N", atomic_set},
    {kAtomic, "incrementAndGet", "", atomic_step<1, false>},
    {kAtomic, "decrementAndGet", "", atomic_step<-1, false>},
    {kAtomic, "getAndIncrement", "", atomic_step<1, true>},
    {kAtomic, "getAndDecrement", "", atomic_step<-1, true>},
    {kAtomic, "addAndGet", "N", atomic_add},
    {kAtomic, "getAndAdd", "N", atomic_get_and_add},
    {kAtomic, "compareAndSet", "NN", atomic_compare_and_set},
    {kAtomicLong, "get", "", atomic_get},
    {kAtomicLong, "set", "N", atomic_set},
    {kAtomicLong, "incrementAndGet", "", atomic_step<1, false>},
    {kAtomicLong, "getAndIncrement", "", atomic_step<1, true>},
    {kAtomicLong, "addAndGet", "N", atomic_add},
    {kTimeUnit, "static NANOSECONDS", "=", unit<0>},
    {kTimeUnit, "static MICROSECONDS", "=", unit<1>},
    {kTimeUnit, "static MILLISECONDS", "=", unit<2>},
    {kTimeUnit, "static SECONDS", "=", unit<3>},
    {kTimeUnit, "static MINUTES", "=", unit<4>},
    {kTimeUnit, "static HOURS", "=", unit<5>},
    {kTimeUnit, "static DAYS", "=", unit<6>},
    {kTimeUnit, "static valueOf", "S", unit_by_name},
    {kTimeUnit, "toNanos", "N", unit_to<0>},
    {kTimeUnit, "toMicros", "N", unit_to<1>},
    {kTimeUnit, "toMillis", "N", unit_to<2>},
    {kTimeUnit, "toSeconds", "N", unit_to<3>},
    {kTimeUnit, "toMinutes", "N", unit_to<4>},
    {kTimeUnit, "toHours", "N", unit_to<5>},
    {kTimeUnit, "toDays", "N", unit_to<6>},
    {kTimeUnit, "convert", "NO", unit_convert},
    {kTimeUnit, "name", "", simple_name},
    {"java.util.Locale", "static ENGLISH", "=", locale<kEnglish>},
    {"java.util.Locale", "static US", "=", locale<kUs>},
    {"java.util.Locale", "static UK", "=", locale<kUk>},
    {"java.util.Locale", "static ROOT", "=", locale<kRoot>},
    {"java.util.Locale", "static GERMANY", "=", locale<kGerman>},
    {"java.util.Locale", "static FRANCE", "=", locale<kFrance>},
    {"java.util.Locale", "static getDefault", "", locale<kUs>},
    {"java.util.Locale", "new", "S", new_locale},
    {"java.util.Locale", "new", "SS", new_locale},
    {"org.codehaus.groovy.runtime.ClosureComparator", "new", "C", compare_by},
    {"groovy.util.ClosureComparator", "new", "C", compare_by},
    {"groovy.util.OrderBy", "new", "C", compare_by},
};

}  // namespace

LibraryPart utility_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
