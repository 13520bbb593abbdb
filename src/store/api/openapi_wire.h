#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

/// What the two versions of the format have in common: JSON values as fields and messages.

namespace ks::store::proto {

namespace json = boost::json;

/// `Any`: the value as YAML, of which JSON is a part.
std::string any(const json::value& value);

/// `name` and `value`, as all of the format's Named* messages have them.
std::string named(std::string_view name, std::string_view value);

/// The value, or an empty object for another kind.
const json::object& object_of(const json::value& value);

/// A value of another kind than the function's is left out.
void append_text(std::string& out, uint32_t field, const json::value& value);
void append_flag(std::string& out, uint32_t field, const json::value& value);
void append_count(std::string& out, uint32_t field, const json::value& value);
void append_real(std::string& out, uint32_t field, const json::value& value);

/// The members of `from` that begin with `x-`.
void append_extensions(std::string& out, uint32_t field, const json::object& from);

}  // namespace ks::store::proto
