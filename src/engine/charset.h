#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ks::engine {

/// Text of a named encoding (`utf-32le`, `ISO-8859-15`, `windows-1252`; empty: UTF-8) as UTF-8;
/// what is no text in it becomes U+FFFD. `invalid` when there is no such encoding.
Result<std::string> decode_text(std::string_view bytes, const std::string& charset);
/// The other way; characters that the encoding has not become `?`.
Result<std::string> encode_text(std::string_view utf8, const std::string& charset);

}  // namespace ks::engine
