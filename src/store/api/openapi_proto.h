#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

/// Swagger 2.0 as the protocol buffers of gnostic's `openapi.v2` package, which clients of
/// Kubernetes read faster than JSON; those of 1.20 read nothing else.

namespace ks::store::proto {

namespace json = boost::json;

/// An element of `Paths.path`, and of `Definitions.additional_properties`.
std::string named_path(std::string_view path, const json::object& item);
std::string named_schema(std::string_view name, const json::object& schema);

/// The whole document. `paths` and `definitions` are encoded lists: for each element a field
/// (kPath, kDefinition) of one of the messages above.
inline constexpr uint32_t kPath = 2;
inline constexpr uint32_t kDefinition = 1;
std::string document(std::string_view title, std::string_view version, std::string_view paths,
                     std::string_view definitions);

}  // namespace ks::store::proto
