#include "engine/branches/heads.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";
constexpr uint32_t kMatchLimit = 100'000;
constexpr uint32_t kDepthLimit = 1'000;

/// Takes a whole name, as Java's `matches` does, within bounds.
class NameFilter {
 public:
  static Result<NameFilter> of(const std::string& regex) {
    NameFilter out;
    if (regex.empty()) return out;
    int error = 0;
    PCRE2_SIZE at = 0;
    out.code_.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(regex.data()), regex.size(),
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C,
                      &error, &at, nullptr));
    if (out.code_ == nullptr) {
      PCRE2_UCHAR text[128] = {};
      pcre2_get_error_message(error, text, sizeof text);
      return Error{Code::invalid,
                   fmt::format("regex_filter: '{}' is no regular expression: at {}: {}", regex, at,
                               reinterpret_cast<const char*>(text))};
    }
    out.limits_.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(out.limits_.get(), kMatchLimit);
    pcre2_set_depth_limit(out.limits_.get(), kDepthLimit);
    return out;
  }

  Result<bool> takes(const std::string& name) const {
    if (code_ == nullptr) return true;
    const std::unique_ptr<pcre2_match_data, Free> data(
        pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(name.data()),
                                  name.size(), 0, 0, data.get(), limits_.get());
    if (found == PCRE2_ERROR_NOMATCH) return false;
    if (found >= 0) return true;
    return Error{Code::invalid,
                 fmt::format("regex_filter: it takes too long for the branch '{}'; write it with "
                             "fewer nested repetitions",
                             name)};
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_context* limits) const { pcre2_match_context_free(limits); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_context, Free> limits_;
};

/// The number in `refs/pull/7/head`; empty when the ref is none of those.
std::string number_of(std::string_view ref, const BranchSettings::RequestRefs& refs) {
  if (!ref.starts_with(refs.before) || !ref.ends_with(refs.after)) return {};
  if (ref.size() <= refs.before.size() + refs.after.size()) return {};
  ref = ref.substr(refs.before.size(), ref.size() - refs.before.size() - refs.after.size());
  return ref.contains('/') ? std::string() : std::string(ref);
}

/// A request once for each way it is to be built: `PR-7`, or `PR-7-head` and `PR-7-merge`.
void add_request(std::vector<Head>& heads, Head request, int64_t ways) {
  const std::string name = request.name;
  for (const bool merge : {true, false}) {
    if ((ways & (merge ? 1 : 2)) == 0) continue;
    request.merge = merge;
    request.name = ways == 3 ? name + (merge ? "-merge" : "-head") : name;
    heads.push_back(request);
  }
}

std::vector<Head> all_heads(const BranchSettings& settings, const RemoteRefs& remote,
                            const std::vector<Head>& requests) {
  std::vector<Head> heads;
  std::map<std::string_view, std::string_view> commits;
  for (const RemoteRef& ref : remote.refs) commits.emplace(ref.name, ref.commit);
  std::set<std::string_view> proposed;
  for (const Head& request : requests) {
    if (!request.fork) proposed.insert(request.source);
    Head head = request;
    // What the server has counts: what the forge says may be older.
    if (const auto commit = commits.find(head.ref); commit != commits.end())
      head.commit = commit->second;
    if (head.commit.empty()) continue;
    add_request(heads, std::move(head),
                request.fork ? settings.fork_requests : settings.origin_requests);
  }
  for (const RemoteRef& ref : remote.refs) {
    Head head{.ref = ref.name, .commit = ref.commit};
    if (ref.name.starts_with(kHeads)) {
      head.name = ref.name.substr(kHeads.size());
      const bool has_request = proposed.contains(head.name);
      if (settings.branches == 3 || (settings.branches == 1 && !has_request) ||
          (settings.branches == 2 && has_request))
        heads.push_back(std::move(head));
      continue;
    }
    if (ref.name.starts_with(kTags)) {
      if (!settings.tags) continue;
      head.kind = HeadKind::tag;
      head.name = ref.name.substr(kTags.size());
      heads.push_back(std::move(head));
      continue;
    }
    for (const BranchSettings::RequestRefs& refs : settings.request_refs) {
      head.id = number_of(ref.name, refs);
      if (head.id.empty()) continue;
      head.kind = HeadKind::request;
      head.name = refs.prefix + head.id;
      heads.push_back(head);
      break;
    }
  }
  return heads;
}

}  // namespace

RemoteRefs parse_remote_refs(std::string_view output, size_t& unreadable) {
  constexpr std::string_view kSymbolic = "ref: ";
  RemoteRefs out;
  for (std::string_view line : split(output, '\n')) {
    const size_t tab = line.find('\t');
    if (tab == line.npos) continue;
    const std::string_view before = line.substr(0, tab), name = line.substr(tab + 1);
    if (before.starts_with(kSymbolic)) {
      const std::string_view target = before.substr(kSymbolic.size());
      if (name == "HEAD" && target.starts_with(kHeads)) out.primary = target.substr(kHeads.size());
      continue;
    }
    if (!name.starts_with("refs/")) continue;
    if (!is_utf8(name)) {
      ++unreadable;
      continue;
    }
    if (name.ends_with("^{}")) {
      // What the tag before it stands for.
      if (!out.refs.empty() && out.refs.back().name == name.substr(0, name.size() - 3))
        out.refs.back().commit = before;
      continue;
    }
    out.refs.push_back({std::string(name), std::string(before)});
  }
  return out;
}

Result<std::vector<Head>> discover_heads(const BranchSettings& settings, const RemoteRefs& remote,
                                         const std::vector<Head>& requests) {
  const NameFilter filter = TRY(NameFilter::of(settings.regex));
  std::vector<Head> out;
  for (Head& head : all_heads(settings, remote, requests)) {
    if (TRY(filter.takes(head.name))) out.push_back(std::move(head));
  }
  // A tag and a branch of one name would be one job: the branch has it.
  std::ranges::stable_sort(out, [](const Head& a, const Head& b) {
    return a.name != b.name ? a.name < b.name : a.kind < b.kind;
  });
  const auto same = std::ranges::unique(out, {}, &Head::name);
  out.erase(same.begin(), same.end());
  return out;
}

}  // namespace ks::engine
