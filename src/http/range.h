#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/message.h"

/// Parts of a body by their bytes (RFC 9110, section 14).

namespace ks::http {

struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;  ///< inclusive
  bool satisfiable = true;
};
/// What `Range: bytes=...` asks for of `size` bytes. Nothing: the whole, as also for several
/// ranges at once and for what is no range.
std::optional<ByteRange> requested_range(const Request& request, uint64_t size);
/// The headers and the status of an answer with that part of `size` bytes; 416 when there is no
/// such part.
void set_range(Response& response, const ByteRange& range, uint64_t size);
/// Cuts the body of an answer to what was asked for.
Response ranged(const Request& request, Response whole);

}  // namespace ks::http
