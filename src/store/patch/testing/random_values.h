#pragma once

#include <boost/json.hpp>
#include <random>
#include <string>

#include "store/schema/schema.h"

namespace ks::store::testing {

/// Makes values of a type. Names and values are few, so that two of them often coincide.
class RandomValues {
 public:
  /// `faults`: of a hundred values, how many are of another kind, null, or repeat an element.
  RandomValues(unsigned seed, unsigned faults) : random_(seed), faults_(faults) {}

  json::value of(const Schema* schema) {
    if (fault()) return anything(2);
    if (schema == nullptr) return anything(2);
    switch (schema->type) {
      case Schema::Type::any: return anything(1);
      case Schema::Type::object: return object(*schema);
      case Schema::Type::array: return array(*schema);
      case Schema::Type::integer: return static_cast<int64_t>(below(3));
      case Schema::Type::number: return 0.5 * below(3);
      case Schema::Type::boolean: return below(2) == 0;
      case Schema::Type::string: break;
    }
    return text();
  }

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

 private:
  bool fault() { return below(100) < faults_; }
  json::string text() { return json::string(std::string(1, static_cast<char>('a' + below(3)))); }

  json::value object(const Schema& schema) {
    json::object out;
    for (const Schema::Property& property : schema.properties) {
      if (below(3) == 0) out[property.name] = of(property.schema);
    }
    if (schema.values != nullptr || schema.properties.empty()) {
      for (unsigned i = below(3); i > 0; i--) out[text()] = of(schema.values);
    }
    return out;
  }

  json::value array(const Schema& schema) {
    json::array out;
    const unsigned at_least = faults_ == 0 ? below(3) : 3;  // an empty list is in no field set
    for (unsigned i = 0; i < 3; i++) {
      if (i != at_least && below(2) == 0) continue;
      json::value item = of(schema.items);
      const std::string name(1, static_cast<char>('a' + i));
      if (schema.list_type == Schema::ListType::set && !fault()) item = name;
      if (schema.list_type == Schema::ListType::map && item.is_object() && !fault()) {
        for (const std::string& key : schema.list_keys) {
          const Schema* type = schema.items->field(key);
          if (type != nullptr && type->default_value != nullptr && below(2) == 0) continue;
          if (type != nullptr && type->type == Schema::Type::integer) {
            item.get_object()[key] = static_cast<int64_t>(i);
          } else {
            item.get_object()[key] = name;
          }
        }
      }
      out.insert(below(2) == 0 ? out.begin() : out.end(), std::move(item));
    }
    return out;
  }

  json::value anything(unsigned depth) {
    switch (below(depth > 0 ? 7 : 5)) {
      case 0: return nullptr;
      case 1: return static_cast<int64_t>(below(2));
      case 2: return text();
      case 3: return json::object();
      case 4: return json::array();
      case 5: return json::array{anything(depth - 1)};
      default: break;
    }
    json::object out;
    for (unsigned i = below(3); i > 0; i--) out[text()] = anything(depth - 1);
    return out;
  }

  std::mt19937 random_;
  unsigned faults_;
};

}  // namespace ks::store::testing
