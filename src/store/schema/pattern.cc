#include "store/schema/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace ks::store {

namespace {

constexpr size_t kMaxPatternBytes = 64u << 10;
constexpr uint32_t kEasySteps = 5'000;
constexpr uint32_t kMaxSteps = 1'000'000;
constexpr uint32_t kMaxDepth = 10'000;
constexpr uint32_t kMaxHeapKiB = 16u << 10;

}  // namespace

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return Error{Code::invalid, "the pattern is longer than 64 KiB"};
  }
  int error = 0;
  size_t offset = 0;
  // As Go reads it: `$` is the end of the text, not of a line before it.
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                                   &error, &offset, nullptr);
  if (code == nullptr) {
    std::array<char, 160> message{};
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message.data()), message.size());
    return Error{Code::invalid, "error parsing regexp: " + std::string(message.data()) + ": `" +
                                    std::string(text) + "`"};
  }
  return std::shared_ptr<const Pattern>(new Pattern(code));
}

Pattern::~Pattern() { pcre2_code_free(static_cast<pcre2_code*>(code_)); }

bool Pattern::matches(std::string_view text, bool* was_hard) const {
  pcre2_match_context* bounds = pcre2_match_context_create(nullptr);
  pcre2_set_depth_limit(bounds, kMaxDepth);
  pcre2_set_heap_limit(bounds, kMaxHeapKiB);
  pcre2_match_data* found = pcre2_match_data_create(1, nullptr);
  int matched = PCRE2_ERROR_MATCHLIMIT;
  for (uint32_t steps : {kEasySteps, kMaxSteps}) {
    pcre2_set_match_limit(bounds, steps);
    matched =
        pcre2_match(static_cast<const pcre2_code*>(code_),
                    reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, found, bounds);
    if (matched != PCRE2_ERROR_MATCHLIMIT) break;
    if (was_hard != nullptr) *was_hard = true;
  }
  pcre2_match_data_free(found);
  pcre2_match_context_free(bounds);
  return matched >= 0;
}

}  // namespace ks::store
