#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "store/schema/schema.h"

/// How messages name values and types.

namespace ks::store {

/// A value as Kubernetes shows it in an error: texts in quotes, the rest plain; long ones are cut.
std::string shown(const json::value& value);
/// `string`, `integer`, `number`, `boolean`, `array`, `object`, `null`.
std::string_view type_of_value(const json::value& value);
/// As Go prints a float: `1`, `1.5`.
std::string number_text(double number);
/// Equality of what the JSON means: 1 is 1.0 at any depth, members have no order.
bool same_value(const json::value& a, const json::value& b);

}  // namespace ks::store
