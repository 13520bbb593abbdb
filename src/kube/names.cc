#include "kube/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace ks::kube {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_alphanumeric(char c) { return is_lower(c) || is_digit(c); }
bool is_alphanumeric(char c) { return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z'); }

std::string too_long(size_t most) { return fmt::format("must be no more than {} bytes", most); }

bool is_dns_label(std::string_view text) {
  if (text.empty() || !is_lower_alphanumeric(text.front()) || !is_lower_alphanumeric(text.back())) {
    return false;
  }
  return std::ranges::all_of(text, [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  while (true) {
    const size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// Alphanumeric at both ends, `-_.` in between.
bool is_name_part(std::string_view text) {
  if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

constexpr std::string_view kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kDns1035Rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kNamePartRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation "
    "is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

}  // namespace

Complaints check_dns1123_label(std::string_view text) {
  Complaints wrong;
  if (text.size() > 63) wrong.push_back(too_long(63));
  if (!is_dns_label(text)) wrong.emplace_back(kLabelRule);
  return wrong;
}

Complaints check_dns1123_subdomain(std::string_view text) {
  Complaints wrong;
  if (text.size() > 253) wrong.push_back(too_long(253));
  if (!is_dns_subdomain(text)) wrong.emplace_back(kSubdomainRule);
  return wrong;
}

Complaints check_dns1035_label(std::string_view text) {
  Complaints wrong;
  if (text.size() > 63) wrong.push_back(too_long(63));
  if (!is_dns_label(text) || !is_lower(text.front())) wrong.emplace_back(kDns1035Rule);
  return wrong;
}

Complaints check_path_segment(std::string_view text) {
  if (text == "." || text == "..") return {fmt::format("may not be '{}'", text)};
  Complaints wrong;
  for (char c : {'/', '%'}) {
    if (text.contains(c)) wrong.push_back(fmt::format("may not contain '{}'", c));
  }
  return wrong;
}

Complaints check_qualified_name(std::string_view text) {
  Complaints wrong;
  std::string_view name = text;
  if (const size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.contains('/')) {
      return {
          fmt::format("a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. "
                      "'example.com/MyName')",
                      kNamePartRule)};
    }
    if (prefix.empty()) {
      wrong.emplace_back("prefix part must be non-empty");
    } else {
      for (const std::string& complaint : check_dns1123_subdomain(prefix)) {
        wrong.push_back("prefix part " + complaint);
      }
    }
  }
  if (name.empty()) {
    wrong.emplace_back("name part must be non-empty");
  } else if (name.size() > 63) {
    wrong.push_back("name part " + too_long(63));
  }
  if (!is_name_part(name)) wrong.push_back(fmt::format("name part {}", kNamePartRule));
  return wrong;
}

Complaints check_label_value(std::string_view text) {
  Complaints wrong;
  if (text.size() > 63) wrong.push_back(too_long(63));
  if (!text.empty() && !is_name_part(text)) wrong.emplace_back(kLabelValueRule);
  return wrong;
}

}  // namespace ks::kube
