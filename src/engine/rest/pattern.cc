#include "engine/rest/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <array>
#include <memory>

namespace ks::engine {
namespace {

constexpr size_t kMostPatternBytes = 16u << 10;
constexpr uint32_t kMostSteps = 1'000'000;
constexpr uint32_t kMostDepth = 10'000;
constexpr uint32_t kMostHeapKiB = 16u << 10;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

class Matcher {
 public:
  static Result<Matcher> compile(std::string_view text) {
    if (text.size() > kMostPatternBytes) {
      return Error{Code::invalid, "the expression is longer than 16 KiB"};
    }
    int error = 0;
    size_t offset = 0;
    Matcher out;
    out.code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                  PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                  &error, &offset, nullptr));
    if (out.code_ == nullptr) {
      std::array<char, 160> message{};
      pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message.data()),
                              message.size());
      return Error{Code::invalid,
                   fmt::format("expression \"{}\": at byte {}: {}", text, offset, message.data())};
    }
    out.found_.reset(pcre2_match_data_create(1, nullptr));
    out.bounds_.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(out.bounds_.get(), kMostSteps);
    pcre2_set_depth_limit(out.bounds_.get(), kMostDepth);
    pcre2_set_heap_limit(out.bounds_.get(), kMostHeapKiB);
    return out;
  }

  /// The bytes of the next match; nothing when there is none.
  Result<std::optional<std::pair<size_t, size_t>>> find(std::string_view text, size_t from) {
    const int got = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                from, 0, found_.get(), bounds_.get());
    if (got == PCRE2_ERROR_NOMATCH) return std::optional<std::pair<size_t, size_t>>();
    if (got < 0) {
      return Error{Code::invalid, "the expression takes too many steps on what was sent"};
    }
    const size_t* at = pcre2_get_ovector_pointer(found_.get());
    return std::optional(std::pair(at[0], std::max(at[0], at[1])));
  }

 private:
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> found_;
  std::unique_ptr<pcre2_match_context, Free> bounds_;
};

}  // namespace

Result<bool> pattern_found(std::string_view pattern, std::string_view text) {
  Matcher matcher = TRY(Matcher::compile(pattern));
  return TRY(matcher.find(text, 0)).has_value();
}

Result<std::string> without_matches(std::string_view pattern, std::string_view text) {
  Matcher matcher = TRY(Matcher::compile(pattern));
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const auto found = TRY(matcher.find(text, at));
    if (!found) break;
    // Nothing of no length is taken away, and the search must go on.
    const size_t end = std::max(found->second, at + (found->first == found->second ? 1 : 0));
    out += text.substr(at, found->first - at);
    if (found->first == found->second && found->first < text.size()) out += text[found->first];
    at = std::max(end, found->first + (found->first == found->second ? 1 : 0));
  }
  out += text.substr(std::min(at, text.size()));
  return out;
}

}  // namespace ks::engine
