#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ks::groovy {

/// Which methods Groovy knows of a receiver, for "Possible solutions".
enum class MethodList : uint8_t {
  object,
  groovy_object,
  script,
  enumeration,
  throwable,
  every_object,
  every_closure,
};

/// `name(java.lang.String, int)` each.
std::span<const std::string_view> listed_methods(MethodList list);

}  // namespace ks::groovy
