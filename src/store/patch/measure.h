#pragma once

#include <boost/json/fwd.hpp>
#include <string>

/// Values as patches measure and print them.

namespace ks::store {

namespace json = boost::json;

/// How deep a patched object may get: what the parser takes, so that everything stored can be read.
constexpr size_t kMaxPatchDepth = 512;

/// Levels of nesting; 0 for what holds nothing.
size_t depth_of(const json::value& value);
/// About how many bytes the text of a value takes.
size_t size_of(const json::value& value);
/// As Go prints with `%v`, which is what users of Kubernetes know from its messages:
/// `map[name:web ports:[80 443]]`. Cut off after some hundred bytes.
std::string go_text(const json::value& value);

}  // namespace ks::store
