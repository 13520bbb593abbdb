#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "store/api/protobuf.h"

/// Objects in protocol buffers. What reads must be JSON that reads again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto object = ks::store::decode_protobuf(body, 512);
  if (object && !ks::parse_json(ks::to_json(*object))) std::abort();
  return 0;
}
