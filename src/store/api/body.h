#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "store/api/call.h"

namespace ks::store {

namespace json = boost::json;

/// The body of a request as a value: JSON, YAML or protocol buffers by its Content-Type. 415 for
/// other types; 400 for what does not parse.
Outcome<json::value> parse_body(const Call& call, size_t max_depth);

/// The body when it is JSON; else empty.
std::string_view json_text(const Call& call);

/// The paths of fields that occur twice in one object of a JSON text, whose value is `parsed`.
/// Quick when there are none.
std::vector<std::string> duplicate_fields(std::string_view text, const json::value& parsed);

/// Makes an object that came in fit for its kind: apiVersion and kind are those of the path,
/// unknown fields are dropped and told of as `validation` wants it. 400 for what is no such object.
Outcome<> decode_object(Call& call, json::value& object, FieldValidation validation,
                        std::string_view text);

}  // namespace ks::store
