#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace ks::store {

namespace json = boost::json;

/// How clients call it. Those of Kubernetes 1.32 write objects of built-in kinds in it, whatever
/// they accept as an answer; kubectl does so in `create namespace` and `auth whoami`.
inline constexpr std::string_view kProtobufType = "application/vnd.kubernetes.protobuf";

/// Whether a body begins as such objects do.
bool is_protobuf_object(std::string_view body);

/// The object of a body as JSON, with its apiVersion and kind. What a Go program would leave out of
/// the JSON (empty texts, zeros that are no pointers) is left out. An error for bytes that do not
/// read, and for kinds that are not built in.
Result<json::value> decode_protobuf(std::string_view body, size_t max_depth);

}  // namespace ks::store
