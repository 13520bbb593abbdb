#pragma once

#include <string_view>

namespace ks::store {

/// Whether a text is of this `format`: date-time, date, duration, byte, ipv4, ipv6, cidr, mac, uri,
/// email, hostname, uuid, hexcolor. A format that is not known takes every text.
bool has_format(std::string_view text, std::string_view format);

/// `100m`, `1.5Gi`, `1e3`.
bool is_quantity(std::string_view text);

/// RFC 3339 with an offset, as Go's decoder takes it.
bool is_date_time(std::string_view text);

/// How many characters (code points) a text has.
size_t count_code_points(std::string_view utf8);

}  // namespace ks::store
