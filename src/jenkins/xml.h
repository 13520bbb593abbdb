#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

/// XML as Jenkins writes it, with bounds. Internal to this part and for those who read config.xml.

namespace ks::jenkins {

struct XmlLimits {
  size_t max_bytes = 8u << 20;
  size_t max_depth = 100;
};

/// No document types, no external entities; too deep or too large is `too_large`. XML 1.1 is taken.
Result<pugi::xml_document> parse_xml(std::string_view text, XmlLimits limits = {});
/// With `<?xml version='1.1' encoding='UTF-8'?>` and an indent of two.
std::string print_xml(const pugi::xml_document& document);

/// Appends `<name>text</name>`, or `<name/>` when the text is empty.
pugi::xml_node add_text(pugi::xml_node parent, const char* name, std::string_view text);
/// The text of a child; "" when there is none.
std::string child_text(pugi::xml_node parent, const char* name);
/// The child of that name, made when it is missing.
pugi::xml_node child_or_new(pugi::xml_node parent, const char* name);
void set_attribute(pugi::xml_node node, const char* name, const char* value);

}  // namespace ks::jenkins
