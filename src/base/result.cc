#include "base/result.h"

#include <fmt/format.h>

namespace ks {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid: return "invalid";
    case Code::unauthenticated: return "unauthenticated";
    case Code::forbidden: return "forbidden";
    case Code::not_found: return "not found";
    case Code::already_exists: return "already exists";
    case Code::conflict: return "conflict";
    case Code::gone: return "gone";
    case Code::too_large: return "too large";
    case Code::exhausted: return "exhausted";
    case Code::timeout: return "timeout";
    case Code::unavailable: return "unavailable";
    case Code::internal: return "internal";
  }
  return "internal";
}

Error Error::in(std::string_view context) && {
  return {code, fmt::format("{}: {}", context, message)};
}

}  // namespace ks
