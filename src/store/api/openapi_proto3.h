#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

/// OpenAPI 3.0 as protocol buffers (gnostic's openapi.v3): what kubectl's validation asks for. The
/// document is put together from parts, so that its JSON is never whole in memory.

namespace ks::store::proto3 {

namespace json = boost::json;

inline constexpr uint32_t kPath = 1;    ///< field of Paths that named_path() goes into
inline constexpr uint32_t kSchema = 1;  ///< field of SchemasOrReferences for named_schema()

std::string named_path(std::string_view path, const json::object& item);
std::string named_schema(std::string_view name, const json::object& schema);
/// The whole, from the texts of its Paths and SchemasOrReferences messages.
std::string document(std::string_view title, std::string_view version, std::string_view paths,
                     std::string_view schemas);

}  // namespace ks::store::proto3
