#pragma once

#include <cstddef>
#include <string_view>

/// Places in texts count characters (code points), not bytes.

namespace ks::store::cel {

size_t count_characters(std::string_view text);
/// The byte at which a character begins; the size of the text for the place after the last, npos
/// beyond that.
size_t byte_offset(std::string_view text, size_t character);

}  // namespace ks::store::cel
