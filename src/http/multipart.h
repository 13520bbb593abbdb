#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ks::http {

/// One field of a form that was sent as `multipart/form-data` (RFC 7578). Views into the body.
struct FormPart {
  std::string name;
  std::string filename;  ///< as the sender gave it: a name, never a path to open
  bool is_file = false;  ///< it had a filename, maybe an empty one
  std::string_view content;
};

/// The fields in order. `invalid` when the type is another one or the body is cut off; at most
/// `max_parts`.
Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body,
                                              size_t max_parts = 64);

}  // namespace ks::http
