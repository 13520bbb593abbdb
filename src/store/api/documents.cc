#include "store/api/documents.h"

#include <fmt/format.h>
#include <algorithm>
#include <functional>

#include "base/random.h"
#include "base/text.h"

namespace ks::store {
namespace {

constexpr size_t kMaxRanges = 64;

/// In thousandths; 1000 when it is not given.
int quality_of(const MediaRange& range) {
  const std::string_view text = range.parameter("q");
  if (text.empty()) return 1'000;
  // Three digits after the point, as RFC 9110 has it.
  int out = text.starts_with('1') ? 1'000 : 0;
  int place = 100;
  for (size_t i = 2; i < text.size() && i < 5; i++, place /= 10) {
    if (text[i] >= '0' && text[i] <= '9') out += (text[i] - '0') * place;
  }
  return std::min(out, 1'000);
}

}  // namespace

std::string_view MediaRange::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

std::vector<MediaRange> accepted(const http::Request& request) {
  std::vector<std::pair<int, MediaRange>> ranges;
  for (const std::string_view entry : split(request.headers.get("Accept"), ',')) {
    if (ranges.size() == kMaxRanges) break;
    MediaRange range;
    for (const std::string_view part : split(entry, ';')) {
      const size_t equals = part.find('=');
      if (range.type.empty()) {
        range.type = to_lower(trim(part));
      } else if (equals != part.npos) {
        range.parameters.emplace_back(trim(part.substr(0, equals)), trim(part.substr(equals + 1)));
      }
    }
    const int quality = quality_of(range);
    if (!range.type.empty() && quality > 0) ranges.emplace_back(quality, std::move(range));
  }
  std::ranges::stable_sort(ranges, std::greater<>(), &std::pair<int, MediaRange>::first);
  std::vector<MediaRange> out;
  out.reserve(ranges.size());
  for (auto& [quality, range] : ranges) out.push_back(std::move(range));
  if (request.headers.get("Accept").empty()) out.push_back({"*/*", {}});
  return out;
}

std::string hash_of(std::string_view text) { return to_upper(hex_encode(sha256(text))); }

bool client_has(const http::Request& request, std::string_view hash) {
  const std::string etag = fmt::format("\"{}\"", hash);
  for (std::string_view one : split(request.headers.get("If-None-Match"), ',')) {
    one = trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

http::Response send_document(const http::Request& request, http::Bytes body, std::string_view hash,
                             std::string_view content_type) {
  http::Response response;
  response.headers.add("ETag", fmt::format("\"{}\"", hash));
  response.headers.add("Vary", "Accept");
  if (client_has(request, hash)) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", std::string(content_type));
  response.body = std::move(body);
  return response;
}

http::Response send_status(const kube::Status& status) {
  return http::Response::json(status.code, status.to_json_text());
}

bool is_read(const http::Request& request) {
  return request.method == http::Method::get || request.method == http::Method::head;
}

}  // namespace ks::store
