#include "engine/scm/branch_spec.h"

#include <algorithm>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr std::string_view kRemotes = "refs/remotes/";

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// `**` over everything, `*` within a segment. Keeps the set of places of `text` that the pattern
/// so far can end at, so that no pattern takes long.
bool glob(std::string_view text, std::string_view pattern) {
  std::vector<bool> at(text.size() + 1, false);
  at[0] = true;
  for (size_t p = 0; p < pattern.size(); p++) {
    if (pattern[p] == '*') {
      const bool all = p + 1 < pattern.size() && pattern[p + 1] == '*';
      if (all) p++;
      for (size_t i = 0; i < text.size(); i++) {
        if (at[i] && (all || text[i] != '/')) at[i + 1] = true;
      }
      continue;
    }
    for (size_t i = text.size(); i > 0; i--) at[i] = at[i - 1] && text[i - 1] == pattern[p];
    at[0] = false;
  }
  return at[text.size()];
}

}  // namespace

Result<BranchSpec> parse_branch(std::string_view branch, const std::vector<GitRemote>& remotes) {
  BranchSpec spec;
  if (branch.starts_with(':')) {
    spec.regex = branch.substr(1);
    return spec;
  }
  std::string_view name = branch;
  const bool any_remote = name.starts_with("*/") && !name.substr(2).contains('*');
  if (any_remote) name.remove_prefix(2);
  if (name.contains('*')) {
    spec.wildcard = name;
    return spec;
  }
  TRY(check_git_ref(name, "branch"));
  auto in_remotes = [&](std::string_view plain) {
    for (const GitRemote& remote : remotes)
      spec.names.push_back(std::string(kRemotes) + remote.name + "/" + std::string(plain));
  };
  constexpr std::string_view kHeads = "refs/heads/";
  if (is_commit(name)) spec.names.emplace_back(name);
  if (name.starts_with(kHeads)) {
    in_remotes(name.substr(kHeads.size()));
    return spec;
  }
  if (name.starts_with("remotes/")) {
    spec.names.push_back("refs/" + std::string(name));
    return spec;
  }
  if (name.starts_with("refs/")) {
    spec.names.emplace_back(name);
    return spec;
  }
  in_remotes(name);
  if (any_remote) return spec;
  for (const GitRemote& remote : remotes) {
    if (name.starts_with(remote.name + "/"))
      spec.names.push_back(std::string(kRemotes).append(name));
  }
  spec.names.push_back("refs/tags/" + std::string(name));
  if (!is_commit(name)) spec.names.emplace_back(name);
  return spec;
}

bool wildcard_takes(std::string_view wildcard, std::string_view ref) {
  if (glob(ref, wildcard)) return true;
  if (!ref.starts_with(kRemotes)) return false;
  const std::string_view short_name = ref.substr(kRemotes.size());
  if (glob(short_name, wildcard)) return true;
  // `release-*` means it of any remote.
  const size_t slash = short_name.find('/');
  return slash != short_name.npos && glob(short_name.substr(slash + 1), wildcard);
}

std::string branch_of_ref(std::string_view ref) {
  return std::string(ref.starts_with(kRemotes) ? ref.substr(kRemotes.size()) : ref);
}

std::string local_name_of_ref(std::string_view ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (ref.starts_with(prefix)) return std::string(ref.substr(prefix.size()));
  }
  std::string name = branch_of_ref(ref);
  if (name.size() != ref.size()) {
    const size_t slash = name.find('/');
    if (slash != name.npos) name.erase(0, slash + 1);
  }
  return name;
}

}  // namespace ks::engine
