#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "groovy/format.h"
#include "pipeline/lint.h"

namespace {

void require(bool condition, const char* what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "%s:\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace

/// What `ks lint` and `ks fmt` do never crashes; what is formatted is the same program, and stays
/// as it is when it is formatted again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const ks::pipeline::Finding& finding : ks::pipeline::lint(text).findings)
    require(finding.line > 0 && !finding.message.empty(), "a finding without place or words", text);
  const ks::groovy::Formatted once = ks::groovy::format(text);
  if (!once) {
    require(!once.errors[0].message.contains("another program"), "another program", text);
    return 0;
  }
  const ks::groovy::Formatted twice = ks::groovy::format(once.text);
  require(static_cast<bool>(twice), "what was formatted does not parse", once.text);
  require(twice.text == once.text, "formatting again changes it", text);
  return 0;
}
