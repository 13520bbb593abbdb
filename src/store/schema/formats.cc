#include "store/schema/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "kube/names.h"

namespace ks::store {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Takes `digits` digits off the front; -1 when there are none such.
int take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int out = 0;
  for (char c : text.substr(0, digits)) {
    if (!is_digit(c)) return -1;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return out;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text) {
  int year = take_number(text, 4);
  if (year < 0 || !take(text, '-')) return false;
  int month = take_number(text, 2);
  if (month < 1 || month > 12 || !take(text, '-')) return false;
  int day = take_number(text, 2);
  constexpr std::array<int, 12> lengths = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (day < 1 || day > lengths[static_cast<size_t>(month - 1)]) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month != 2 || day != 29 || leap;
}

bool is_address(std::string_view text, int family) {
  if (text.size() > 64) return false;
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(family, std::string(text).c_str(), out.data()) == 1;
}

bool is_cidr(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view address = text.substr(0, slash);
  std::optional<int64_t> bits = parse_int(text.substr(slash + 1));
  if (!bits || *bits < 0) return false;
  return (*bits <= 32 && is_address(address, AF_INET)) ||
         (*bits <= 128 && is_address(address, AF_INET6));
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool separator = i % 3 == 2;
    if (separator ? text[i] != text[2] || (text[i] != ':' && text[i] != '-') : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_uuid(std::string_view text, char version) {
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-' &&
        (hex.size() == 8 || hex.size() == 12 || hex.size() == 16 || hex.size() == 20)) {
      continue;
    }
    if (!is_hex(text[i])) return false;
    hex += text[i];
  }
  return hex.size() == 32 && (version == 0 || hex[12] == version);
}

bool is_uri(std::string_view text) {
  size_t colon = text.find(':');
  if (text.starts_with('/')) return !text.contains(' ');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool is_email(std::string_view text) {
  size_t at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && !text.contains(' ');
}

bool is_hostname(std::string_view text) {
  return text.size() <= 255 && kube::check_dns1123_subdomain(to_lower(text)).empty();
}

/// Go's: `1h30m`, `-1.5s`, `0`.
bool is_duration(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    size_t number = 0;
    bool digits = false;
    for (; number < text.size() && (is_digit(text[number]) || text[number] == '.'); ++number) {
      digits |= is_digit(text[number]);
    }
    if (!digits || std::count(text.begin(), text.begin() + static_cast<long>(number), '.') > 1) {
      return false;
    }
    text.remove_prefix(number);
    constexpr std::array<std::string_view, 8> units = {"ns", "us", "µs", "ms", "s", "m", "h", "d"};
    auto unit = std::find_if(units.begin(), units.end(),
                             [&](std::string_view one) { return text.starts_with(one); });
    if (unit == units.end()) return false;
    text.remove_prefix(unit->size());
  }
  return true;
}

bool is_hex_color(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  return (text.size() == 3 || text.size() == 6) && std::all_of(text.begin(), text.end(), is_hex);
}

}  // namespace

bool is_date_time(std::string_view text) {
  if (!take_date(text) || (!take(text, 'T') && !take(text, 't'))) return false;
  int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return false;
  int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return false;
  int second = take_number(text, 2);
  if (second < 0 || second > 59) return false;
  if (take(text, '.')) {
    size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == 0) return false;
    text.remove_prefix(digits);
  }
  if (text == "Z" || text == "z") return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  int offset_hour = take_number(text, 2);
  if (offset_hour < 0 || offset_hour > 24 || !take(text, ':')) return false;
  int offset_minute = take_number(text, 2);
  return offset_minute >= 0 && offset_minute < 60 && text.empty();
}

bool is_quantity(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  size_t number = 0;
  size_t digits = 0, points = 0;
  for (; number < text.size() && (is_digit(text[number]) || text[number] == '.'); ++number) {
    text[number] == '.' ? ++points : ++digits;
  }
  if (digits == 0 || points > 1) return false;
  std::string_view suffix = text.substr(number);
  constexpr std::array<std::string_view, 16> suffixes = {
      "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  if (std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end()) return true;
  if (suffix[0] != 'e' && suffix[0] != 'E') return false;
  suffix.remove_prefix(1);
  if (suffix.starts_with('+') || suffix.starts_with('-')) suffix.remove_prefix(1);
  return !suffix.empty() && std::all_of(suffix.begin(), suffix.end(), is_digit);
}

size_t count_code_points(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool has_format(std::string_view text, std::string_view format) {
  struct Entry {
    std::string_view format;
    bool (*check)(std::string_view);
  };
  static constexpr std::array checks = {
      Entry{"date-time", is_date_time},
      Entry{"datetime", is_date_time},
      Entry{"date", [](std::string_view t) { return take_date(t) && t.empty(); }},
      Entry{"duration", is_duration},
      Entry{"byte", [](std::string_view t) { return base64_decode(t).ok(); }},
      Entry{"ipv4", [](std::string_view t) { return is_address(t, AF_INET); }},
      Entry{"ipv6", [](std::string_view t) { return is_address(t, AF_INET6); }},
      Entry{"cidr", is_cidr},
      Entry{"mac", is_mac},
      Entry{"uri", is_uri},
      Entry{"email", is_email},
      Entry{"hostname", is_hostname},
      Entry{"uuid", [](std::string_view t) { return is_uuid(t, 0); }},
      Entry{"uuid3", [](std::string_view t) { return is_uuid(t, '3'); }},
      Entry{"uuid4", [](std::string_view t) { return is_uuid(t, '4'); }},
      Entry{"uuid5", [](std::string_view t) { return is_uuid(t, '5'); }},
      Entry{"hexcolor", is_hex_color},
  };
  auto found = std::find_if(checks.begin(), checks.end(),
                            [&](const Entry& one) { return one.format == format; });
  return found == checks.end() || found->check(text);
}

}  // namespace ks::store
