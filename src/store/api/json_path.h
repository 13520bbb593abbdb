#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ks::store {

namespace json = boost::json;

/// A JSONPath as CRDs write them for printer columns, selectable fields and scale.
///
///   JsonPath ready = TRY(JsonPath::parse(R"(.status.conditions[?(@.type=="Ready")].status)"));
///   const json::value* status = ready.first(object);
///
/// Names (`.a`, `['a.b']`, `.a\.b`), indices (`[0]`, `[-1]`, `[0:2]`, `[0,1]`), `*`, `..name`, and
/// filters that compare one path with a literal or another path. Evaluation is bounded: beyond
/// 100,000 visited values it finds nothing more.
class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);

  /// Null when nothing is there.
  const json::value* first(const json::value& root) const;
  /// At most `most` values, in the order of the document.
  std::vector<const json::value*> all(const json::value& root, size_t most) const;

  struct Filter;
  struct Step {
    enum class Kind : uint8_t { names, wildcard, indices, slice, filter, descend };
    Kind kind = Kind::names;
    std::vector<std::string> names;        ///< one, or a union
    std::vector<int64_t> indices;          ///< one, a union, or the two ends of a slice
    std::shared_ptr<const Filter> filter;  ///< of `[?(...)]`
  };
  enum class Comparison : uint8_t { exists, equal, not_equal, less, at_most, more, at_least };

 private:
  std::vector<Step> steps_;
};

/// A value as people read it: a text as it is, a list or object as JSON, null as nothing.
std::string text_of(const json::value& value);

}  // namespace ks::store
