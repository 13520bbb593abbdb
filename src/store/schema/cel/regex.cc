#define PCRE2_CODE_UNIT_WIDTH 8
#include "store/schema/cel/regex.h"

#include <pcre2.h>

#include <string>

namespace ks::store::cel {
namespace {

constexpr uint32_t kMatchLimit = 200'000;
constexpr uint32_t kDepthLimit = 1000;

pcre2_match_context* match_context() {
  thread_local const std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>
      context = [] {
        pcre2_match_context* made = pcre2_match_context_create(nullptr);
        pcre2_set_match_limit(made, kMatchLimit);
        pcre2_set_depth_limit(made, kDepthLimit);
        return std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>(
            made, &pcre2_match_context_free);
      }();
  return context.get();
}

}  // namespace

void Regex::Free::operator()(void* code) const { pcre2_code_free(static_cast<pcre2_code*>(code)); }

Result<Regex> Regex::compile(std::string_view pattern) {
  int fault = 0;
  size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &fault, &offset, nullptr);
  if (code == nullptr) {
    char text[160] = {};
    pcre2_get_error_message(fault, reinterpret_cast<PCRE2_UCHAR*>(text), sizeof text);
    return Error{Code::invalid,
                 "error parsing regexp: " + std::string(text) + ": `" + std::string(pattern) + "`"};
  }
  Regex out;
  out.code_.reset(code);
  return out;
}

std::vector<std::pair<size_t, size_t>> Regex::find(std::string_view text, size_t from) const {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create_from_pattern(code, nullptr), &pcre2_match_data_free);
  const int groups = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                                 0, data.get(), match_context());
  std::vector<std::pair<size_t, size_t>> out;
  if (groups <= 0) return out;
  const size_t* offsets = pcre2_get_ovector_pointer(data.get());
  for (size_t i = 0; i < pcre2_get_ovector_count(data.get()); ++i)
    out.emplace_back(offsets[i * 2], offsets[i * 2 + 1]);
  return out;
}

}  // namespace ks::store::cel
