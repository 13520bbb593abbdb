#include "http/range.h"

#include <algorithm>

#include "base/text.h"

namespace ks::http {

std::optional<ByteRange> requested_range(const Request& request, uint64_t size) {
  std::string_view text = request.headers.get("Range");
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit) || text.contains(',')) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const std::string_view from = trim(text.substr(0, dash)), to = trim(text.substr(dash + 1));
  const std::optional<int64_t> first = parse_int(from), last = parse_int(to);
  if ((!from.empty() && (!first || *first < 0)) || (!to.empty() && (!last || *last < 0))) {
    return std::nullopt;
  }
  if (!first) {
    if (!last) return std::nullopt;
    const uint64_t count = std::min(static_cast<uint64_t>(*last), size);
    if (count == 0) return ByteRange{.satisfiable = false};
    return ByteRange{.first = size - count, .last = size - 1};
  }
  const auto begin = static_cast<uint64_t>(*first);
  if (last && *last < *first) return std::nullopt;
  if (begin >= size) return ByteRange{.satisfiable = false};
  return ByteRange{.first = begin,
                   .last = last ? std::min(static_cast<uint64_t>(*last), size - 1) : size - 1};
}

void set_range(Response& response, const ByteRange& range, uint64_t size) {
  response.headers.set("Accept-Ranges", "bytes");
  if (!range.satisfiable) {
    response = Response::text(416, "there are no such bytes\n");
    response.headers.set("Content-Range", "bytes */" + std::to_string(size));
    return;
  }
  response.status = 206;
  response.headers.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                            std::to_string(range.last) + "/" +
                                            std::to_string(size));
}

Response ranged(const Request& request, Response whole) {
  const uint64_t size = whole.body.size();
  whole.headers.set("Accept-Ranges", "bytes");
  const std::optional<ByteRange> range = requested_range(request, size);
  if (!range || whole.status != 200) return whole;
  if (range->satisfiable) {
    whole.body =
        std::string(whole.body.view().substr(range->first, range->last - range->first + 1));
  }
  set_range(whole, *range, size);
  return whole;
}

}  // namespace ks::http
