#include "store/api/openapi_wire.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "store/api/wire_writer.h"

namespace ks::store::proto {

std::string any(const json::value& value) { return wrapped(2, to_json(value)); }

std::string named(std::string_view name, std::string_view value) {
  std::string out = wrapped(1, name);
  append_field(out, 2, value);
  return out;
}

const json::object& object_of(const json::value& value) {
  static const json::object kNone;
  return value.is_object() ? value.get_object() : kNone;
}

void append_text(std::string& out, uint32_t field, const json::value& value) {
  if (value.is_string()) append_field(out, field, value.get_string());
}

void append_flag(std::string& out, uint32_t field, const json::value& value) {
  if (value.is_bool()) append_number(out, field, value.get_bool() ? 1 : 0);
}

void append_count(std::string& out, uint32_t field, const json::value& value) {
  if (value.is_number()) append_number(out, field, value.to_number<uint64_t>());
}

void append_real(std::string& out, uint32_t field, const json::value& value) {
  if (value.is_number()) append_double(out, field, value.to_number<double>());
}

void append_extensions(std::string& out, uint32_t field, const json::object& from) {
  for (const auto& member : from) {
    if (std::string_view(member.key()).starts_with("x-"))
      append_field(out, field, named(member.key(), any(member.value())));
  }
}

}  // namespace ks::store::proto
