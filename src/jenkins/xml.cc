#include "jenkins/xml.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ks::jenkins {
namespace {

/// Where the markup that begins at `at` ends: one past its `>`. npos when it does not.
size_t end_of_markup(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  auto after = [&](std::string_view mark) {
    const size_t found = text.find(mark, at);
    return found == text.npos ? text.npos : found + mark.size();
  };
  if (rest.starts_with("<!--")) return after("-->");
  if (rest.starts_with("<![CDATA[")) return after("]]>");
  if (rest.starts_with("<?")) return after("?>");
  char quote = 0;
  for (size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return i + 1;
    }
  }
  return text.npos;
}

/// Entities can name files and grow without bound; nobody who writes our XML declares any.
bool has_document_type(std::string_view text) {
  for (size_t at = text.find('<'); at != text.npos;) {
    const std::string_view rest = text.substr(at);
    if (equals_ignoring_case(rest.substr(0, 9), "<!doctype")) return true;
    const size_t end = end_of_markup(text, at);
    // It stands before the root element.
    if (end == text.npos || (!rest.starts_with("<!") && !rest.starts_with("<?"))) return false;
    at = text.find('<', end);
  }
  return false;
}

/// How deep elements nest, at most `bound` + 1. The parser itself has no bound, and freeing its
/// tree recurses.
size_t depth_of(std::string_view text, size_t bound) {
  size_t depth = 0, deepest = 0;
  for (size_t at = text.find('<'); at != text.npos && deepest <= bound;) {
    const size_t end = end_of_markup(text, at);
    if (end == text.npos) break;
    const std::string_view markup = text.substr(at, end - at);
    if (markup.starts_with("</")) {
      if (depth > 0) --depth;
    } else if (!markup.starts_with("<!") && !markup.starts_with("<?")) {
      deepest = std::max(deepest, depth + 1);
      if (!markup.ends_with("/>")) ++depth;
    }
    at = text.find('<', end);
  }
  return deepest;
}

struct StringWriter final : pugi::xml_writer {
  std::string text;
  void write(const void* data, size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

}  // namespace

Result<pugi::xml_document> parse_xml(std::string_view text, XmlLimits limits) {
  if (text.size() > limits.max_bytes) {
    return Error{Code::too_large, fmt::format("xml: larger than {} bytes", limits.max_bytes)};
  }
  if (has_document_type(text)) {
    return Error{Code::invalid,
                 "xml: a document type (<!DOCTYPE>) is refused, as are its entities"};
  }
  if (depth_of(text, limits.max_depth) > limits.max_depth) {
    return Error{Code::too_large,
                 fmt::format("xml: nested deeper than {} levels", limits.max_depth)};
  }
  pugi::xml_document document;
  const pugi::xml_parse_result result =
      document.load_buffer(text.data(), text.size(),
                           pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!result) {
    return Error{Code::invalid,
                 fmt::format("xml: at byte {}: {}", result.offset, result.description())};
  }
  if (document.document_element().empty()) return Error{Code::invalid, "xml: no root element"};
  return document;
}

std::string print_xml(const pugi::xml_document& document) {
  StringWriter writer;
  writer.text = "<?xml version='1.1' encoding='UTF-8'?>\n";
  document.document_element().print(writer, "  ", pugi::format_indent, pugi::encoding_utf8);
  return std::move(writer.text);
}

pugi::xml_node add_text(pugi::xml_node parent, const char* name, std::string_view text) {
  pugi::xml_node node = parent.append_child(name);
  if (!text.empty()) node.append_child(pugi::node_pcdata).set_value(std::string(text).c_str());
  return node;
}

std::string child_text(pugi::xml_node parent, const char* name) {
  return parent.child(name).child_value();
}

pugi::xml_node child_or_new(pugi::xml_node parent, const char* name) {
  pugi::xml_node found = parent.child(name);
  return found ? found : parent.append_child(name);
}

void set_attribute(pugi::xml_node node, const char* name, const char* value) {
  pugi::xml_attribute attribute = node.attribute(name);
  if (!attribute) attribute = node.append_attribute(name);
  attribute.set_value(value);
}

}  // namespace ks::jenkins
