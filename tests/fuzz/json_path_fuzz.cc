#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "store/api/json_path.h"

/// The first line is an object, the rest a JSONPath over it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  if (line == text.npos) return 0;
  const auto path = ks::store::JsonPath::parse(text.substr(line + 1));
  const auto object = ks::parse_json(text.substr(0, line));
  if (!path || !object) return 0;
  for (const boost::json::value* found : path->all(*object, 1'000)) {
    (void)ks::store::text_of(*found);
  }
  return 0;
}
