#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "base/result.h"

namespace ks::engine {

/// One message between the engine and an agent: what it is about as JSON, and bytes that need not
/// be text. On the wire: length of the whole, length of the JSON (both 4 bytes, little end first),
/// JSON, bytes.
///
/// To the agent: `run` (a command, and the offset that its output is wanted from), `ack` (a piece
/// of output is safe), `kill`, `forget`. From it: `output`, `ended`.
struct Frame {
  boost::json::object about;  ///< {op, key, ...}
  std::string bytes;
};

constexpr size_t kMaxFrameBytes = size_t{128} << 20;

/// Blocking. An error when the other side is gone.
Result<> write_frame(int socket, const Frame& frame);
Result<Frame> read_frame(int socket);

}  // namespace ks::engine
