#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/schema/schema.h"

/// What CEL expressions work with.

namespace ks::store::cel {

enum class Kind : uint8_t {
  error,  ///< a failure under way; `text` says which
  null,
  boolean,
  integer,
  unsigned_integer,
  real,
  string,
  bytes,
  list,
  map,
  duration,
  timestamp,
  type,
  optional,
  url,
  quantity,
  ip,
  cidr,
  format,
};
/// `int`, `google.protobuf.Timestamp`, ...: what type() gives.
std::string_view type_name(Kind kind);

struct Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<Value, Value>>;

/// Small enough to copy: what is large lives in the JSON that is validated or in an Arena.
struct Value {
  Kind kind = Kind::null;
  bool boolean = false;
  uint32_t nanos = 0;  ///< of a timestamp
  union {
    int64_t integer = 0;  ///< also nanoseconds of a duration, seconds of a timestamp
    uint64_t unsigned_integer;
    double real;
  };
  std::string_view text;  ///< of strings, bytes, types, errors, urls, addresses, formats
  const json::value* node = nullptr;  ///< of lists and maps that are part of the object
  const Schema* schema = nullptr;     ///< of `node`; null: not known
  union {
    const List* list = nullptr;  ///< of lists that were made
    const Map* map;              ///< of maps that were made
    const Value* content;        ///< of an optional; null: none
    const __int128* amount;      ///< of a quantity, in billionths
    const std::string* address;  ///< of an ip or cidr: 4 or 16 bytes
  };

  bool is_error() const { return kind == Kind::error; }
  bool is_true() const { return kind == Kind::boolean && boolean; }
  bool is_number() const {
    return kind == Kind::integer || kind == Kind::unsigned_integer || kind == Kind::real;
  }
};

Value of_bool(bool value);
Value of_int(int64_t value);
Value of_uint(uint64_t value);
Value of_double(double value);
Value of_duration(int64_t nanoseconds);
Value of_timestamp(int64_t seconds, uint32_t nanos);
/// A view: the text must outlive the value.
Value of_string(std::string_view text);
Value of_text(Kind kind, std::string_view text);
Value of_error(std::string_view constant_text);

/// Keeps what an evaluation makes until it ends.
class Arena {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  const std::string* keep_pointer(std::string text) {
    return &texts_.emplace_back(std::move(text));
  }
  Value string(std::string text) { return of_string(keep(std::move(text))); }
  Value error(std::string text) { return of_text(Kind::error, keep(std::move(text))); }
  Value list(List values);
  Value map(Map values);
  Value some(const Value& value);
  Value none() const;
  Value quantity(__int128 amount);

 private:
  std::deque<std::string> texts_;
  std::deque<List> lists_;
  std::deque<Map> maps_;
  std::deque<Value> values_;
  std::deque<__int128> amounts_;
};

/// A part of the object as its type says: a string of format date-time is a timestamp, an integer
/// in a field of type number is a double.
Value of_json(const json::value& node, const Schema* schema, Arena& arena);

size_t size_of(const Value& list_or_map);
/// `index` must be in range.
Value element(const Value& list, size_t index, Arena& arena);
Value map_key(const Value& map, size_t index);
Value map_value(const Value& map, size_t index, Arena& arena);
/// The entry of a key; false when there is none.
bool find_entry(const Value& map, const Value& key, Value& out, Arena& arena);
/// The field that an expression names: `__dot__` and the like stand for what no identifier has in
/// them.
bool find_field(const Value& object, std::string_view name, Value& out, Arena& arena);
/// `x-kubernetes-list-type` and `-map-keys`: what makes two lists equal, and what `+` does.
Schema::ListType list_type(const Value& list);

/// Numbers are equal over their types, lists of type set and map in any order. Each value looked at
/// takes a step; when they are used up the answer is false.
bool equal(const Value& a, const Value& b, Arena& arena, uint64_t& steps);
/// Negative, 0 or positive. `comparable` is set to false for what has no order.
int compare(const Value& a, const Value& b, bool& comparable);

/// `__kebab__dash__case` to `kebab-case`.
std::string unescape_field(std::string_view name);

}  // namespace ks::store::cel
