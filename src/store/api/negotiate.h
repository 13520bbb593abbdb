#pragma once

#include "http/message.h"
#include "store/api/outcome.h"
#include "store/api/table.h"

namespace ks::store {

/// How an answer is to look: what a request's Accept header and query ask for.
struct Format {
  enum class As : uint8_t { object, table, partial };
  As as = As::object;
  bool yaml = false;
  bool pretty = false;
  IncludeObject include = IncludeObject::metadata;  ///< of tables

  /// Stored bytes can be sent as they are.
  bool plain() const { return as == As::object && !yaml && !pretty; }
};

/// Picks the first of the accepted types that we speak. 406 when there is none.
Outcome<Format> negotiate(const http::Request& request);

/// `text/x; a=b` without its parameters, in lower case.
std::string media_type(std::string_view header);

}  // namespace ks::store
