#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "groovy/parser.h"
#include "groovy/walk.h"

namespace {

/// Every node lies inside the text, and names a place that exists.
void check(const ks::groovy::ast::Unit& unit, const ks::groovy::ast::Node& node) {
  if (node.begin > node.end || node.end > unit.source().size() || node.line == 0 ||
      node.column == 0) {
    std::abort();
  }
  ks::groovy::ast::for_each_child(node, [&](const auto& child) { check(unit, child); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ks::groovy::Parsed parsed = ks::groovy::parse(text);
  if (parsed) {
    ks::groovy::ast::for_each_part(*parsed.unit,
                                   [&](const auto& part) { check(*parsed.unit, part); });
  } else {
    if (parsed.errors.empty()) std::abort();
    (void)ks::groovy::format_errors(text, "Fuzz", parsed.errors);
  }
  return 0;
}
