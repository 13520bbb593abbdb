// Masking does not depend on how a text is split over writes, and lets no secret through. The input
// is secrets, each ended by a zero byte, then the text; its bytes say too where the writes end.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "engine/masker.h"

namespace {

void require(bool condition, const char* what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "%s: '%.*s'\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

std::string by_pieces(const ks::engine::Masker& forms, std::string_view text, bool whole_lines) {
  ks::engine::Masker masker;
  masker.use_forms_of(forms);
  std::string out;
  uint32_t state = static_cast<uint32_t>(text.size());
  while (!text.empty()) {
    state = state * 1664525 + static_cast<unsigned char>(text[0]) + 1013904223;
    const size_t length = std::min<size_t>(text.size(), 1 + (state >> 16) % 9);
    out += masker.mask(text.substr(0, length), whole_lines);
    text.remove_prefix(length);
  }
  return out + masker.flush();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  auto parts = ks::split(std::string_view(reinterpret_cast<const char*>(data), size), '\0');
  const std::string_view text = parts.back();
  parts.pop_back();
  ks::engine::Masker masker;
  for (std::string_view secret : parts) masker.add(secret);
  const std::string whole = masker.mask_all(text);
  require(by_pieces(masker, text, false) == whole, "split writes are masked in another way", text);
  require(by_pieces(masker, text, true) == whole, "whole lines are masked in another way", text);
  for (std::string_view secret : parts) {
    // The mask itself may complete one that has its character.
    if (ks::trim(secret).empty() || secret.contains('*')) continue;
    require(!whole.contains(secret), "a secret is in the log", secret);
  }
  return 0;
}
