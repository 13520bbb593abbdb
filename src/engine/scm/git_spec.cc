#include "engine/scm/git_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxRemotes = 20;
constexpr size_t kMaxBranches = 50;
constexpr size_t kMaxTextBytes = 4096;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Error wrong(std::string_view what, std::string_view value, std::string_view why) {
  return Error{Code::invalid, fmt::format("git: {} '{}' {}", what, value, why)};
}

/// One extension by its simple class name or its symbol.
struct ExtensionName {
  std::string_view symbol, class_name;
};
constexpr ExtensionName kExtensions[] = {{"cloneOption", "CloneOption"},
                                         {"checkoutOption", "CheckoutOption"},
                                         {"localBranch", "LocalBranch"},
                                         {"cleanBeforeCheckout", "CleanBeforeCheckout"},
                                         {"cleanAfterCheckout", "CleanCheckout"},
                                         {"pruneStaleBranch", "PruneStaleBranch"},
                                         {"pruneTags", "PruneStaleTag"},
                                         {"submodule", "SubmoduleOption"},
                                         {"sparseCheckout", "SparseCheckoutPaths"},
                                         {"lfs", "GitLFSPull"}};

std::string class_of(const json::value& extension) {
  std::string name(text_at(extension, {"$class"}));
  // hudson.plugins.git.extensions.impl.CloneOption
  if (const size_t dot = name.rfind('.'); dot != name.npos) name.erase(0, dot + 1);
  for (const ExtensionName& known : kExtensions) {
    if (known.symbol == name) return std::string(known.class_name);
  }
  return name;
}

int64_t minutes_at(const json::value& value, int64_t otherwise) {
  const int64_t given = int_at(value, {"timeout"}, 0);
  return given <= 0 ? otherwise : std::min<int64_t>(given, 24 * 60);
}

int64_t depth_at(const json::value& value) {
  return std::clamp<int64_t>(int_at(value, {"depth"}, 1), 1, 1'000'000);
}

void read_clone_option(const json::value& value, GitExtensions& into) {
  // `depth` alone means shallow too.
  into.shallow = bool_at(value, {"shallow"}) || int_at(value, {"depth"}, 0) > 0;
  into.depth = depth_at(value);
  into.no_tags = bool_at(value, {"noTags"});
  into.honor_refspec = bool_at(value, {"honorRefspec"});
  into.reference = text_at(value, {"reference"});
  into.fetch_minutes = minutes_at(value, into.fetch_minutes);
}

Result<> read_submodules(const json::value& value, GitExtensions& into) {
  into.submodules = GitExtensions::Submodules{
      .disabled = bool_at(value, {"disableSubmodules"}),
      .recursive = bool_at(value, {"recursiveSubmodules"}),
      .tracking = bool_at(value, {"trackingSubmodules"}),
      .parent_credentials = bool_at(value, {"parentCredentials"}),
      .shallow = bool_at(value, {"shallow"}) || int_at(value, {"depth"}, 0) > 0,
      .depth = depth_at(value),
      .minutes = minutes_at(value, 10)};
  return {};
}

Result<> read_merge(const json::value& value, GitExtensions& into) {
  const json::value* options = find(value, {"options"});
  const json::value& from = options == nullptr ? value : *options;
  GitExtensions::Merge merge;
  if (const std::string_view remote = text_at(from, {"mergeRemote"}); !remote.empty())
    merge.remote = remote;
  merge.target = text_at(from, {"mergeTarget"});
  merge.strategy = to_lower(text_at(from, {"mergeStrategy"}));
  if (merge.strategy == "default") merge.strategy.clear();
  const std::string mode = to_lower(text_at(from, {"fastForwardMode"}));
  if (mode == "ff_only") merge.fast_forward = "--ff-only";
  if (mode == "no_ff") merge.fast_forward = "--no-ff";
  TRY(check_git_ref(merge.remote, "extension PreBuildMerge: mergeRemote"));
  TRY(check_git_ref(merge.target, "extension PreBuildMerge: mergeTarget"));
  constexpr std::string_view kStrategies[] = {"",     "recursive", "resolve",         "octopus",
                                              "ours", "subtree",   "recursive_theirs"};
  if (std::ranges::find(kStrategies, merge.strategy) == std::end(kStrategies))
    return wrong("extension PreBuildMerge: mergeStrategy", merge.strategy, "is not known");
  into.merge = std::move(merge);
  return {};
}

Result<> read_directory(const json::value& value, GitExtensions& into) {
  const std::string_view path = text_at(value, {"relativeTargetDir"});
  for (std::string_view part : split(path, '/')) {
    if (part == "..")
      return wrong("extension RelativeTargetDirectory: relativeTargetDir", path,
                   "leads out of the workspace");
  }
  if (path.starts_with('/'))
    return wrong("extension RelativeTargetDirectory: relativeTargetDir", path,
                 "is absolute; give one below the workspace");
  into.directory = path;
  return {};
}

void read_sparse(const json::value& value, GitExtensions& into) {
  const json::value* paths = find(value, {"sparseCheckoutPaths"});
  if (paths == nullptr || !paths->is_array()) return;
  for (const json::value& one : paths->get_array()) {
    std::string path(one.is_string() ? std::string_view(one.get_string()) : text_at(one, {"path"}));
    if (!path.empty()) into.sparse_paths.push_back(std::move(path));
  }
}

Result<> read_extension(const json::value& value, GitExtensions& into) {
  const std::string name = class_of(value);
  const bool nested = bool_at(value, {"deleteUntrackedNestedRepositories"});
  if (name == "CloneOption") {
    read_clone_option(value, into);
  } else if (name == "CheckoutOption") {
    into.checkout_minutes = minutes_at(value, into.checkout_minutes);
  } else if (name == "LocalBranch") {
    into.local_branch = text_at(value, {"localBranch"});
    if (!into.local_branch->empty() && *into.local_branch != "**")
      return check_git_ref(*into.local_branch, "extension LocalBranch: localBranch");
  } else if (name == "CleanBeforeCheckout") {
    into.clean_before = true;
    into.clean_nested |= nested;
  } else if (name == "CleanCheckout") {
    into.clean_after = true;
    into.clean_nested |= nested;
  } else if (name == "WipeWorkspace") {
    into.wipe = true;
  } else if (name == "RelativeTargetDirectory") {
    return read_directory(value, into);
  } else if (name == "SubmoduleOption") {
    return read_submodules(value, into);
  } else if (name == "SparseCheckoutPaths") {
    read_sparse(value, into);
  } else if (name == "PruneStaleBranch") {
    into.prune_branches = true;
  } else if (name == "PruneStaleTag") {
    into.prune_tags = bool_at(value, {"pruneTags"}, true);
  } else if (name == "PreBuildMerge") {
    return read_merge(value, into);
  } else if (name == "UserIdentity") {
    into.user_name = text_at(value, {"name"});
    into.user_email = text_at(value, {"email"});
  } else if (name == "GitLFSPull") {
    into.lfs_pull = true;
  } else if (name == "ChangelogToBranch") {
    const json::value* options = find(value, {"options"});
    const json::value& from = options == nullptr ? value : *options;
    std::string_view remote = text_at(from, {"compareRemote"});
    into.changelog_base =
        fmt::format("{}/{}", remote.empty() ? "origin" : remote, text_at(from, {"compareTarget"}));
    return check_git_ref(*into.changelog_base, "extension ChangelogToBranch");
  }
  // Others only say when a build begins, or how a page looks.
  return {};
}

Result<GitRemote> read_remote(const json::value& value, size_t number,
                              const std::function<std::string(std::string_view)>& expand) {
  GitRemote remote{.name = std::string(text_at(value, {"name"})),
                   .url = expand(trim(text_at(value, {"url"}))),
                   .refspec = expand(trim(text_at(value, {"refspec"}))),
                   .credentials_id = std::string(text_at(value, {"credentialsId"}))};
  if (remote.name.empty()) remote.name = number == 0 ? "origin" : fmt::format("origin{}", number);
  TRY(check_git_url(remote.url));
  TRY(check_git_ref(remote.name, "remote name"));
  if (remote.name.contains('/')) return wrong("remote name", remote.name, "has a '/'");
  for (std::string_view one : split(remote.refspec, ' ')) {
    if (one.starts_with('-')) return wrong("refspec", one, "begins with '-'");
  }
  if (has_control(remote.refspec) || remote.refspec.size() > kMaxTextBytes)
    return wrong("refspec", remote.name, "is too long or has control characters");
  return remote;
}

}  // namespace

std::string expand_variables(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view)>& value_of) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i++];
      continue;
    }
    const bool braced = text[i + 1] == '{';
    size_t end = i + (braced ? 2 : 1);
    const size_t begin = end;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const bool whole = end > begin && (!braced || (end < text.size() && text[end] == '}'));
    const auto value = whole ? value_of(text.substr(begin, end - begin)) : std::nullopt;
    if (value) {
      out += *value;
      i = end + (braced ? 1 : 0);
    } else {
      out += text[i++];
    }
  }
  return out;
}

Result<> check_git_url(std::string_view url) {
  if (url.empty())
    return Error{Code::invalid, "git: url: '' is no repository; give its URL or path"};
  if (url.starts_with('-'))
    return wrong("url", url, "begins with '-', so git takes it for an option");
  if (url.size() > kMaxTextBytes || has_control(url))
    return Error{Code::invalid, "git: url is too long or has control characters"};
  const size_t scheme_end = url.find("://");
  if (const size_t colons = url.find("::"); colons != url.npos && colons < url.find('/')) {
    // `ext::sh -c ...` runs a command, `fd::` reads a descriptor of ours.
    const std::string_view helper = url.substr(0, colons);
    if (std::ranges::all_of(helper, [](char c) { return is_name_char(c) || c == '-' || c == '+'; }))
      return wrong("url", url,
                   fmt::format("names the transport '{}', which is not allowed", helper));
  }
  if (scheme_end == url.npos) {
    // `host:path`: a host that begins with '-' is an option of ssh.
    if (const size_t at = url.find('@'); at != url.npos && url.substr(at + 1).starts_with('-'))
      return wrong("url", url, "has a host that begins with '-'");
    return {};
  }
  constexpr std::string_view kSchemes[] = {"https", "http",    "ssh",    "git",
                                           "file",  "git+ssh", "ssh+git"};
  const std::string scheme = to_lower(url.substr(0, scheme_end));
  if (std::ranges::find(kSchemes, scheme) == std::end(kSchemes))
    return wrong("url", url, "has a scheme that is none of https, http, ssh, git, file");
  std::string_view host = url.substr(scheme_end + 3);
  host = host.substr(0, host.find('/'));
  if (const size_t at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
  if (host.starts_with('-')) return wrong("url", url, "has a host that begins with '-'");
  return {};
}

Result<> check_git_ref(std::string_view ref, std::string_view what) {
  if (ref.empty()) return Error{Code::invalid, fmt::format("git: {} is empty", what)};
  if (ref.starts_with('-'))
    return wrong(what, ref, "begins with '-', so git takes it for an option");
  if (ref.size() > kMaxTextBytes || has_control(ref))
    return wrong(what, ref.substr(0, 100), "is too long or has control characters");
  if (ref.contains("..") || ref.contains("@{") || ref.find_first_of(" ~^:?[\\") != ref.npos)
    return wrong(what, ref, "is no name of a branch, tag or commit");
  return {};
}

std::string url_without_password(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return std::string(url);
  const size_t host = scheme + 3, host_end = std::min(url.find('/', host), url.size());
  const size_t at = url.substr(0, host_end).rfind('@'), colon = url.find(':', host);
  if (at == url.npos || at < host || colon > at) return std::string(url);
  return std::string(url.substr(0, colon)).append(url.substr(at));
}

std::string GitSpec::key() const {
  std::string out = "git";
  for (const GitRemote& remote : remotes) out += " " + url_without_password(remote.url);
  return extensions.directory.empty() ? out : out + " " + extensions.directory;
}

Result<GitSpec> read_git_spec(const json::value& description,
                              const std::function<std::string(std::string_view)>& expand) {
  GitSpec spec;
  spec.source = description;
  const json::value* remotes = find(description, {"userRemoteConfigs"});
  if (remotes == nullptr || !remotes->is_array() || remotes->get_array().empty()) {
    return Error{Code::invalid,
                 "git: userRemoteConfigs is missing; give [[url: 'https://...']] at least"};
  }
  if (remotes->get_array().size() > kMaxRemotes)
    return Error{Code::invalid, fmt::format("git: more than {} userRemoteConfigs", kMaxRemotes)};
  for (const json::value& one : remotes->get_array())
    spec.remotes.push_back(TRY(read_remote(one, spec.remotes.size(), expand)));
  if (const json::value* branches = find(description, {"branches"});
      branches != nullptr && branches->is_array()) {
    for (const json::value& one : branches->get_array()) {
      std::string name = expand(
          trim(one.is_string() ? std::string_view(one.get_string()) : text_at(one, {"name"})));
      if (name.starts_with('-'))
        return wrong("branch", name, "begins with '-', so git takes it for an option");
      if (has_control(name) || name.size() > kMaxTextBytes)
        return wrong("branch", name.substr(0, 100), "is too long or has control characters");
      if (!name.empty()) spec.branches.push_back(std::move(name));
    }
  }
  if (spec.branches.size() > kMaxBranches)
    return Error{Code::invalid, fmt::format("git: more than {} branches", kMaxBranches)};
  if (spec.branches.empty()) spec.branches.emplace_back("**");
  spec.revision = text_at(description, {"revision"});
  if (!spec.revision.empty()) TRY(check_git_ref(spec.revision, "revision"));
  if (const json::value* extensions = find(description, {"extensions"});
      extensions != nullptr && extensions->is_array()) {
    for (const json::value& one : extensions->get_array())
      TRY(read_extension(one, spec.extensions));
  }
  return spec;
}

}  // namespace ks::engine
