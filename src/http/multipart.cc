#include "http/multipart.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ks::http {
namespace {

constexpr size_t kMostHeaderBytes = 8u << 10;

/// `name` of `form-data; name="x"; filename="a \" b"`.
struct Parameter {
  bool found = false;
  std::string value;
};
Parameter parameter(std::string_view header, std::string_view name) {
  size_t at = header.find(';');
  while (at != header.npos) {
    header.remove_prefix(at + 1);
    header = trim(header);
    const size_t equals = header.find('=');
    if (equals == header.npos) break;
    const bool wanted = equals_ignoring_case(trim(header.substr(0, equals)), name);
    header.remove_prefix(equals + 1);
    std::string value;
    if (header.starts_with('"')) {
      size_t i = 1;
      for (; i < header.size() && header[i] != '"'; ++i) {
        // Browsers escape only the quote, so that a Windows path keeps its backslashes.
        if (header[i] == '\\' && i + 1 < header.size() && header[i + 1] == '"') ++i;
        value += header[i];
      }
      header.remove_prefix(std::min(i + 1, header.size()));
    } else {
      value = trim(header.substr(0, header.find(';')));
    }
    if (wanted) return {true, std::move(value)};
    at = header.find(';');
  }
  return {};
}

/// The headers of one part; false when it is no form field.
bool read_headers(std::string_view head, FormPart& part) {
  for (std::string_view line : split(head, '\n')) {
    const size_t colon = line.find(':');
    if (colon == line.npos ||
        !equals_ignoring_case(trim(line.substr(0, colon)), "Content-Disposition")) {
      continue;
    }
    const std::string_view value = trim(line.substr(colon + 1));
    const Parameter name = parameter(value, "name"), filename = parameter(value, "filename");
    part.name = name.value;
    part.filename = filename.value;
    part.is_file = filename.found;
    return name.found;
  }
  return false;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body,
                                              size_t max_parts) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  const Parameter boundary = parameter(content_type, "boundary");
  if (!equals_ignoring_case(type, "multipart/form-data") || boundary.value.empty() ||
      boundary.value.size() > 200) {
    return Error{Code::invalid, "request Content-Type isn't multipart/form-data"};
  }
  const Error cut{Code::invalid, "the form is cut off: multipart boundary or header missing"};
  const std::string first = "--" + boundary.value, next = "\r\n" + first;
  const size_t begin = body.starts_with(first) ? 0 : body.find(next);
  if (begin == body.npos) return cut;
  body.remove_prefix(begin + (begin == 0 ? first.size() : next.size()));
  std::vector<FormPart> parts;
  while (!body.starts_with("--")) {
    // After the boundary: white space, a line break, headers, an empty line, the content.
    const size_t line = body.find("\r\n");
    if (line == body.npos) return cut;
    body.remove_prefix(line);
    const size_t head_end = body.find("\r\n\r\n");
    if (head_end == body.npos || head_end > kMostHeaderBytes) return cut;
    FormPart part;
    const bool is_field = read_headers(body.substr(0, head_end), part);
    body.remove_prefix(head_end + 4);
    // An empty content ends with the line break that begins the boundary.
    const size_t end = body.find(next);
    if (end == body.npos) return cut;
    part.content = body.substr(0, end);
    if (is_field) parts.push_back(std::move(part));
    if (parts.size() > max_parts) {
      return Error{Code::too_large, fmt::format("the form has more than {} fields", max_parts)};
    }
    body.remove_prefix(end + next.size());
  }
  return parts;
}

}  // namespace ks::http
