#define PCRE2_CODE_UNIT_WIDTH 8
#include "devops/kapis/webhook/targets.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "base/text.h"
#include "devops/kapis/run_objects.h"
#include "kube/object.h"

namespace ks::devops::kapis {
namespace {

constexpr std::string_view kRepository = "scm.devops.kubesphere.io";
constexpr std::string_view kRefs = "scm.devops.kubesphere.io/ref";
constexpr size_t kMostPatterns = 100;
constexpr size_t kLongestPattern = 1000;
/// Steps of one match: patterns are the users', and must not keep a worker busy.
constexpr uint32_t kMatchLimit = 100'000;

bool finds(const std::string& pattern, const std::string& text) {
  if (pattern.size() > kLongestPattern) return false;
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &at,
                    nullptr),
      &pcre2_code_free);
  if (code == nullptr) return false;
  const std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context(
      pcre2_match_context_create(nullptr), &pcre2_match_context_free);
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  pcre2_set_match_limit(context.get(), kMatchLimit);
  return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                     data.get(), context.get()) >= 0;
}

/// `https://host` of an API's address; the provider's own without one.
std::string server_of(std::string_view api, std::string_view own) {
  if (api.empty() || api == "https://api.github.com") return std::string(own);
  const size_t begin = api.find("://");
  if (begin == api.npos) return std::string(own);
  return std::string(api.substr(0, api.find('/', begin + 3)));
}

void add(std::vector<std::string>& out, const std::string& url) {
  std::string name = repository_name(url);
  if (!name.empty()) out.push_back(std::move(name));
}

std::vector<std::string> sources_of(const json::value& multi_branch) {
  std::vector<std::string> out;
  add(out, std::string(text_at(multi_branch, {"git_source", "url"})));
  for (const auto& [field, own] : {std::pair{"github_source", "https://github.com"},
                                   std::pair{"gitlab_source", "https://gitlab.com"},
                                   std::pair{"bitbucket_server_source", "https://bitbucket.org"}}) {
    const json::value* source = find(multi_branch, {field});
    const std::string owner(source == nullptr ? "" : text_at(*source, {"owner"}));
    const std::string repo(source == nullptr ? "" : text_at(*source, {"repo"}));
    if (repo.empty()) continue;
    const std::string server = server_of(text_at(*source, {"api_uri"}), own);
    // GitLab's names are whole paths.
    if (repo.contains('/')) {
      add(out, fmt::format("{}/{}", server, repo));
    } else {
      add(out, fmt::format("{}/{}/{}", server, owner, repo));
      add(out, fmt::format("{}/scm/{}/{}", server, to_lower(owner), repo));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> repositories_of(const json::value& pipeline) {
  if (is_multi_branch(pipeline)) {
    const json::value* spec = find(pipeline, {"spec", "multi_branch_pipeline"});
    return spec == nullptr ? std::vector<std::string>() : sources_of(*spec);
  }
  std::vector<std::string> out;
  add(out, std::string(kube::annotation(pipeline, kRepository)));
  return out;
}

bool wants_ref(const json::value& pipeline, const std::vector<std::string>& refs) {
  const std::string_view annotation = kube::annotation(pipeline, kRefs);
  if (annotation.empty()) return true;
  const Result<json::value> patterns = parse_json(annotation);
  if (!patterns || !patterns->is_array()) return false;
  const json::array& list = patterns->get_array();
  return std::any_of(
      list.begin(), list.begin() + static_cast<ptrdiff_t>(std::min(list.size(), kMostPatterns)),
      [&](const json::value& pattern) {
        if (!pattern.is_string()) return false;
        const std::string text(pattern.get_string());
        return std::ranges::any_of(refs, [&](const std::string& ref) { return finds(text, ref); });
      });
}

}  // namespace ks::devops::kapis
