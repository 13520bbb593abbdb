#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Small text helpers that several parts share.

namespace ks {

/// Pieces between separators, empty ones included; an empty text has none.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Without white space at both ends.
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view what, std::string_view with);
std::string to_lower(std::string_view ascii);
std::string to_upper(std::string_view ascii);
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// The whole text as a decimal number; nothing when it is none or does not fit.
std::optional<int64_t> parse_int(std::string_view text);
/// `10s`, `1h30m`, `500ms`, `7d` in milliseconds.
Result<int64_t> parse_duration_ms(std::string_view text);
/// `8Mi`, `10Gi`, `64k`, `1024` in bytes.
Result<uint64_t> parse_size_bytes(std::string_view text);
/// `3.2 MiB`, for people.
std::string human_size(uint64_t bytes);

/// Standard alphabet with padding.
std::string base64_encode(std::string_view bytes);
/// RFC 4648 section 4; line breaks are skipped, anything else is an error.
Result<std::string> base64_decode(std::string_view text);
/// URL alphabet without padding (JWT, tokens).
std::string base64url_encode(std::string_view bytes);
Result<std::string> base64url_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);

/// Everything but unreserved characters (RFC 3986) as %XX; `keep` names more that stay.
std::string percent_encode(std::string_view text, std::string_view keep = {});
/// An escape that is none stays as it is. `plus_is_space` for form data.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

bool is_utf8(std::string_view bytes);
/// Invalid sequences become U+FFFD.
std::string to_utf8_lossy(std::string_view bytes);
/// Appends the code point.
void append_utf8(std::string& out, uint32_t code_point);

/// `*` and `?` only.
bool matches_wildcard(std::string_view text, std::string_view pattern);
/// Up to `most` of `candidates` that are near `word` (edit distance), nearest first: for "did you
/// mean".
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates,
                                 size_t most = 3);

}  // namespace ks
