#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ks::devops::kapis {

/// What of an answer of Jenkins is passed on, in the notation of devops-api, section 5.
///
///   {a: string, b?: int, c: {d?: any}, e?: [Link]}
///
/// Fields that a shape does not name are dropped; `b?` is left out when it is zero, empty or null;
/// an object without `?` is always there. A value of the wrong type is an error with its path.
class Shape {
 public:
  /// The value as this shape has it. `invalid` when it does not fit.
  Result<json::value> apply(const json::value& value) const;

 private:
  friend class ShapeCatalogue;
  enum class Type : uint8_t { any, text, integer, boolean, object, list, map, named };
  struct Field;

  Result<json::value> apply_at(const json::value& value, std::string& path) const;
  json::value empty() const;

  Type type_ = Type::any;
  std::vector<Field> fields_;
  std::shared_ptr<const Shape> element_;  // of a list
  const Shape* named_ = nullptr;
};

struct Shape::Field {
  std::string name;
  bool optional = false;
  Shape shape;
};

/// The named shapes: `NAME = {...}` one after the other; a name may be used after its definition.
class ShapeCatalogue {
 public:
  /// The text is ours: a fault in it aborts.
  explicit ShapeCatalogue(std::string_view text);
  const Shape& get(std::string_view name) const;

 private:
  class Parser;
  std::map<std::string, std::unique_ptr<Shape>, std::less<>> shapes_;
};

}  // namespace ks::devops::kapis
