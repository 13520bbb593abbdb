#include "engine/scm/git_script.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kMostRefs = 20'000;
constexpr size_t kMostCommits = 1024;
constexpr size_t kMaxChangeBytes = 8u << 20;

/// What all scripts begin with. `as N command...` runs a command with the credentials of remote N.
///
/// `timeout --foreground` keeps git in the script's process group, so that an abort reaches it.
constexpr std::string_view kPrelude = R"sh(#!/bin/sh
set -u
exec 3>&1 1>&2
export GIT_TERMINAL_PROMPT=0 LC_ALL=C.UTF-8
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_ASKPASS SSH_ASKPASS
say() { printf '%s\n' "$*"; }
timed=
timeout --foreground 1 true 2>/dev/null && timed=1
limited() {
  minutes=$1; shift
  if [ -n "$timed" ]; then timeout --foreground -k 10 "${minutes}m" "$@"; else "$@"; fi
}
# How a failed command is told: `failed STATUS MINUTES OUTPUT COMMAND...`
failed() {
  status=$1; minutes=$2; output=$3; shift 3
  [ "$status" -eq 124 ] && say "ERROR: Timeout after $minutes minutes"
  say "hudson.plugins.git.GitException: Command \"git $*\" returned status code $status:"
  say 'stdout: '
  say "stderr: $(printf '%s' "$output" | tr '\r' '\n' | tail -n 40)"
}
# A command that is shown; what it prints is shown when it fails: `git_ MINUTES COMMAND...`
git_() {
  limit=$1; shift
  say " > git $* # timeout=$limit"
  out=$(limited "$limit" git "$@" 2>&1) && return 0
  code=$?
  failed "$code" "$limit" "$out" "$@"
  return "$code"
}
git_folder() { git rev-parse --git-path "$1"; }
# Where keys lie while the script runs; the engine removes the folder too.
keys=${KS_GIT_KEYS-}
unset KS_GIT_KEYS
trap '[ -z "$keys" ] || rm -rf "$keys"' EXIT
trap 'exit 143' TERM INT HUP
# Runs a command with the credentials of a remote: `as N command...`. In a subshell: whether
# assignments before a function reach its commands depends on the shell.
as() (
  eval "name=\${user_$1-} pass=\${pass_$1-} key=\${key_$1-} site=\${site_$1-}"
  shift
  if [ -n "$key" ]; then
    umask 077
    mkdir -p "$keys" && printf '%s\n' "$key" >"$keys/key" || exit 1
    ask=; batch=yes
    if [ -n "$pass" ]; then
      printf '#!/bin/sh\nprintf "%%s\\n" "$KS_GIT_PASSWORD"\n' >"$keys/ask" && chmod 700 "$keys/ask" || exit 1
      ask="$keys/ask" batch=no
    fi
    umask 022
    export KS_GIT_PASSWORD="$pass" KS_GIT_KEY_FILE="$keys/key" SSH_ASKPASS="$ask" SSH_ASKPASS_REQUIRE=force
    export GIT_SSH_COMMAND="ssh -i \"\$KS_GIT_KEY_FILE\" -o IdentitiesOnly=yes -o BatchMode=$batch -o StrictHostKeyChecking=accept-new${name:+ -o User=$name}"
  elif [ -n "$name$pass" ]; then
    # Only the remote's own host gets them; what the machine has for others is left out.
    export KS_GIT_USERNAME="$name" KS_GIT_PASSWORD="$pass" GIT_CONFIG_COUNT=2
    export GIT_CONFIG_KEY_0=credential.helper GIT_CONFIG_VALUE_0=
    export GIT_CONFIG_KEY_1="credential.$site.helper"
    export GIT_CONFIG_VALUE_1='!f() { test "$1" = get && printf "username=%s\npassword=%s\n" "$KS_GIT_USERNAME" "$KS_GIT_PASSWORD"; }; f'
  else
    export GIT_SSH_COMMAND="${GIT_SSH_COMMAND-ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new}"
  fi
  "$@"
)
# The secrets leave the environment: nothing but what `as` runs sees them.
take_secrets() {
  eval "user_$1=\${KS_GIT_USERNAME_$1-} pass_$1=\${KS_GIT_PASSWORD_$1-} key_$1=\${KS_GIT_KEY_$1-} site_$1=\$2"
  unset "KS_GIT_USERNAME_$1" "KS_GIT_PASSWORD_$1" "KS_GIT_KEY_$1"
}
sha= ref=
# The first name that is a commit: `try NAME`
try() {
  [ -z "$sha" ] || return 0
  say " > git rev-parse $1^{commit} # timeout=10"
  sha=$(git rev-parse -q --verify "$1^{commit}" 2>/dev/null) || { sha=; return 0; }
  ref=$1
}
changes_after() {
  git cat-file -e "$1^{commit}" 2>/dev/null || return 0
  say " > git rev-list --no-walk $1 # timeout=10"
  printf 'changes\n' >&3
  git log --no-merges --name-status --no-renames -n "$3" --format='%x1e%H%x1f%an%x1f%ae%x1f%at%x1f%B%x1f' "$2" "^$1" | head -c "$4" >&3
}
)sh";

constexpr std::string_view kWorkspace = R"sh(
clean() {
  say 'Cleaning workspace'
  git rev-parse -q --verify HEAD >/dev/null 2>&1 && { git_ 10 reset --hard || exit 1; }
  git_ 10 clean "$1" || exit 1
}
wipe() {
  say 'Wiping out workspace first.'
  find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
}
begin() {
  if [ -e .git ] && git rev-parse --resolve-git-dir .git >/dev/null 2>&1; then
    fresh=
    say " > git rev-parse --resolve-git-dir $PWD/.git # timeout=10"
    say 'Fetching changes from the remote Git repository'
    # What a killed command left behind.
    rm -f .git/index.lock .git/shallow.lock
  else
    fresh=1
    say 'Cloning the remote Git repository'
    say "Cloning repository $1"
    say " > git init $PWD # timeout=10"
    git init -q . || exit 1
  fi
}
# fetch_remote N NAME URL MINUTES CLONE_REFSPECS REFSPECS OPTIONS...
fetch_remote() {
  number=$1 remote=$2 url=$3 minutes=$4 refspecs=$5
  [ -z "$fresh" ] || refspecs="$6"
  shift 6
  # A shallow repository of this machine gives no more than it has.
  if [ -e "$url/shallow" ] || [ -e "$url/.git/shallow" ]; then set -- "$@" --update-shallow; fi
  git config "remote.$remote.url" "$url" || exit 1
  say " > git config remote.$remote.url $url # timeout=10"
  git config --unset-all "remote.$remote.fetch"
  set -f
  for one in $refspecs; do git config --add "remote.$remote.fetch" "$one" || exit 1; done
  say "Fetching upstream changes from $url"
  say " > git --version # timeout=10"
  say " > git --version # '$(git --version)'"
  say " > git fetch $* -- $url $refspecs # timeout=$minutes"
  out=$(as "$number" limited "$minutes" git fetch "$@" -- "$url" $refspecs 2>&1) && { set +f; return 0; }
  code=$?
  failed "$code" "$minutes" "$out" fetch "$@" -- "$url" $refspecs
  verb=fetching; [ -z "$fresh" ] || verb=cloning
  printf "failed %s remote repo '%s'\n" "$verb" "$remote" >&3
  exit 128
}
merge_with() { # REMOTE/BRANCH STRATEGY FAST_FORWARD
  say "Merging Revision $sha ($ref) to $1"
  target=$(git rev-parse -q --verify "refs/remotes/$1^{commit}") || { say "ERROR: the branch to merge with, $1, was not fetched"; exit 6; }
  git_ "$checkout_minutes" checkout -f "$target" || exit 1
  candidate=$sha
  if ! git_ 10 -c user.name="${GIT_COMMITTER_NAME:-ks}" -c user.email="${GIT_COMMITTER_EMAIL:-ks@localhost}" merge ${2:+--strategy=$2} "$3" "$sha"; then
    git merge --abort 2>/dev/null
    git checkout -q -f "$candidate"
    say "ERROR: Branch not suitable for integration as it does not merge cleanly: $candidate with $1"
    exit 6
  fi
  sha=$(git rev-parse HEAD)
}
sparse() {
  if [ $# -eq 0 ]; then
    say " > git config core.sparsecheckout # timeout=10"
    [ "$(git config core.sparsecheckout)" = true ] || return 0
    printf '/*\n' >"$(git_folder info/sparse-checkout)"
    git read-tree -mu HEAD 2>/dev/null
    git config core.sparsecheckout false
    return 0
  fi
  say " > git config core.sparsecheckout true # timeout=10"
  git config core.sparsecheckout true || exit 1
  mkdir -p "$(git_folder info)"
  printf '%s\n' "$@" >"$(git_folder info/sparse-checkout)" || exit 1
  git rev-parse -q --verify HEAD >/dev/null && git read-tree -mu HEAD
  return 0
}
lfs_pull() {
  git lfs version >/dev/null 2>&1 || { say "ERROR: GitLFSPull: git-lfs is not installed on this node; install the package git-lfs"; exit 7; }
  say " > git lfs pull $1 # timeout=10"
  out=$(as 0 limited 10 git lfs pull "$1" 2>&1) || { failed $? 10 "$out" lfs pull "$1"; exit 1; }
}
submodules() { # AS_NUMBER MINUTES OPTIONS...
  number=$1 minutes=$2; shift 2
  [ -e .gitmodules ] || return 0
  git_ 10 submodule init || exit 1
  git_ 10 submodule sync || exit 1
  say " > git submodule update --init $* # timeout=$minutes"
  # Addresses in a repository are somebody else's: git refuses local ones among them by itself.
  out=$(export GIT_PROTOCOL_FROM_USER=0; as "$number" limited "$minutes" git submodule update --init "$@" 2>&1) || { failed $? "$minutes" "$out" submodule update --init "$@"; exit 1; }
}
facts() {
  say "Commit message: \"$(git log -1 --format=%s "$sha")\""
  git log -1 --format="commit %H%nref $ref%nauthor %an%nauthor-mail %ae%ncommitter %cn%ncommitter-mail %ce" "$sha" >&3
}
)sh";

constexpr std::string_view kCache = R"sh(
exec 9>>lock || exit 1
flock 9
mkdir -p repository.git && cd repository.git || exit 1
# A collection in the background would hold the lock.
[ -e HEAD ] || { git init -q --bare . && git config gc.autoDetach false; } || exit 1
known() { git cat-file -e "$1^{commit}" 2>/dev/null; }
fetch_all() { # URL
  say " > git fetch --tags --force --prune --progress -- $1 +refs/heads/*:refs/remotes/origin/* # timeout=10"
  out=$(as 0 limited 10 git fetch --tags --force --prune --progress --update-shallow -- "$1" '+refs/heads/*:refs/remotes/origin/*' 2>&1) && return 0
  code=$?
  failed "$code" 10 "$out" fetch --tags --force --prune --progress -- "$1" '+refs/heads/*:refs/remotes/origin/*'
  exit 128
}
# A ref or commit that no branch holds.
fetch_one() { # URL NAME
  [ -z "$sha" ] || return 0
  as 0 limited 10 git fetch -q --force -- "$1" "+$2:refs/ks/fetched" >/dev/null 2>&1 || return 0
  sha=$(git rev-parse -q --verify 'refs/ks/fetched^{commit}') || sha=
  ref=$2
}
)sh";

std::string prelude(const std::vector<GitRemote>& remotes) {
  std::string out(kPrelude);
  for (size_t i = 0; i < remotes.size(); i++) {
    // `https://host:port`: who gets the credentials.
    std::string site;
    const std::string& url = remotes[i].url;
    if (const size_t scheme = url.find("://"); scheme != url.npos) {
      std::string host = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
      if (const size_t at = host.rfind('@'); at != host.npos) host.erase(0, at + 1);
      site = url.substr(0, scheme + 3) + host;
    }
    out += fmt::format("take_secrets {} {}\n", i, shell_word(site));
  }
  return out;
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += " " + shell_word(one);
  return out;
}

std::string fetch_lines(const GitSpec& spec) {
  const GitExtensions& with = spec.extensions;
  std::string out = fmt::format("begin {}\n", shell_word(spec.remotes.front().url));
  if (!with.reference.empty() && with.reference.starts_with('/')) {
    out += fmt::format(
        "[ -z \"$fresh\" ] || [ ! -d {0}/objects ] || printf '%s\\n' {0}/objects "
        ">.git/objects/info/alternates\n",
        shell_word(with.reference));
  }
  if (with.clean_before)
    out += fmt::format("[ -n \"$fresh\" ] || clean {}\n", with.clean_nested ? "-ffdx" : "-fdx");
  for (size_t i = 0; i < spec.remotes.size(); i++) {
    const GitRemote& remote = spec.remotes[i];
    const std::string all = fmt::format("+refs/heads/*:refs/remotes/{}/*", remote.name);
    const std::string given = remote.refspec.empty() ? all : remote.refspec;
    // A clone takes all branches too, unless it was told to honour the refspec.
    const std::string of_clone =
        given.starts_with(all) || with.honor_refspec ? given : all + " " + given;
    std::vector<std::string> options = {with.no_tags ? "--no-tags" : "--tags", "--force",
                                        "--progress"};
    if (with.prune_branches) options.emplace_back("--prune");
    if (with.prune_tags) options.emplace_back("--prune-tags");
    if (with.shallow) options.push_back(fmt::format("--depth={}", with.depth));
    out += fmt::format("fetch_remote {} {} {} {} {} {}{}\n", i, shell_word(remote.name),
                       shell_word(remote.url), with.fetch_minutes, shell_word(given),
                       shell_word(of_clone), words(options));
  }
  return out;
}

std::string checkout_lines(const GitSpec& spec, std::string_view previous) {
  const GitExtensions& with = spec.extensions;
  std::string out = fmt::format("checkout_minutes={}\n", with.checkout_minutes);
  if (!with.user_name.empty()) {
    out += fmt::format("export GIT_COMMITTER_NAME={0} GIT_AUTHOR_NAME={0}\n",
                       shell_word(with.user_name));
  }
  if (!with.user_email.empty()) {
    out += fmt::format("export GIT_COMMITTER_EMAIL={0} GIT_AUTHOR_EMAIL={0}\n",
                       shell_word(with.user_email));
  }
  if (with.lfs_pull) out += "export GIT_LFS_SKIP_SMUDGE=1\n";
  if (with.merge) {
    out += fmt::format("merge_with {} {} {}\n",
                       shell_word(with.merge->remote + "/" + with.merge->target),
                       shell_word(with.merge->strategy), with.merge->fast_forward);
  }
  out += "say \"Checking out Revision $sha ($ref)\"\n";
  out += fmt::format("sparse{}\n", words(with.sparse_paths));
  if (with.local_branch) {
    const bool same = with.local_branch->empty() || *with.local_branch == "**";
    out += fmt::format("local={}\n", same ? "$local_name" : shell_word(*with.local_branch));
    out +=
        "[ -n \"$local\" ] || { say 'ERROR: LocalBranch: a commit has no branch name; give one'; "
        "exit 6; }\n"
        "as 0 git_ \"$checkout_minutes\" checkout -f -B \"$local\" \"$sha\" || exit 1\n"
        "printf 'local %s\\n' \"$local\" >&3\n";
  } else {
    out += "as 0 git_ \"$checkout_minutes\" checkout -f \"$sha\" || exit 1\n";
  }
  if (with.lfs_pull) out += fmt::format("lfs_pull {}\n", shell_word(spec.remotes.front().name));
  if (with.clean_after) out += fmt::format("clean {}\n", with.clean_nested ? "-ffdx" : "-fdx");
  if (with.submodules && !with.submodules->disabled) {
    std::vector<std::string> options;
    if (with.submodules->recursive) options.emplace_back("--recursive");
    if (with.submodules->tracking) options.emplace_back("--remote");
    if (with.submodules->shallow)
      options.push_back(fmt::format("--depth={}", with.submodules->depth));
    out += fmt::format("submodules {} {}{}\n", with.submodules->parent_credentials ? "0" : "none",
                       with.submodules->minutes, words(options));
  }
  out += "facts\n";
  if (with.changelog_base) {
    out += fmt::format("changes_after {} \"$sha\" {} {}\n",
                       shell_word("refs/remotes/" + *with.changelog_base), kMostCommits,
                       kMaxChangeBytes);
  } else if (previous.empty()) {
    out += "say 'First time build. Skipping changelog.'\n";
  } else {
    out += fmt::format("changes_after {} \"$sha\" {} {}\n", shell_word(previous), kMostCommits,
                       kMaxChangeBytes);
  }
  return out;
}

/// The value of a line `NAME VALUE` of a checkout's output.
std::string fact(std::string_view output, std::string_view name) {
  for (std::string_view line : split(output, '\n')) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(' '))
      return std::string(line.substr(name.size() + 1));
  }
  return {};
}

}  // namespace

std::string shell_word(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

std::string fetch_script(const GitSpec& spec, const std::vector<std::string>& names,
                         std::string_view previous) {
  std::string out = prelude(spec.remotes);
  out += kWorkspace;
  if (spec.extensions.wipe) out += "wipe\n";
  out += fetch_lines(spec);
  if (names.empty()) {
    out += fmt::format(
        "git for-each-ref --count={} --sort=-committerdate --format='%(objectname) %(refname)' "
        "refs/remotes refs/tags >&3\n",
        kMostRefs);
    return out;
  }
  out += "local_name=\n";
  for (const std::string& name : names) {
    out += fmt::format("try {}\n[ \"$ref\" != {} ] || local_name={}\n", shell_word(name),
                       shell_word(name), shell_word(local_name_of_ref(name)));
  }
  out +=
      "[ -n \"$sha\" ] || exit 3\n"
      "[ \"$ref\" != \"$sha\" ] || { ref=detached; local_name=; }\n";
  if (const std::string_view head = text_at(spec.source, {"headName"}); !head.empty()) {
    // Of a multi-branch pipeline: as its branch is called.
    out += fmt::format("ref={0} local_name={0}\n", shell_word(head));
  } else if (!spec.revision.empty() && !spec.branches.front().contains('*')) {
    // A commit that was chosen before: what it was chosen by names it.
    const std::string ref =
        fmt::format("refs/remotes/{}/{}", spec.remotes.front().name, spec.branches.front());
    out +=
        fmt::format("ref={} local_name={}\n", shell_word(ref), shell_word(spec.branches.front()));
  }
  return out + checkout_lines(spec, previous);
}

std::string checkout_script(const GitSpec& spec, std::string_view commit, std::string_view ref,
                            std::string_view previous) {
  std::string out = prelude(spec.remotes);
  out += kWorkspace;
  out += fmt::format("sha={} ref={} local_name={}\n", shell_word(commit), shell_word(ref),
                     shell_word(local_name_of_ref(ref)));
  return out + checkout_lines(spec, previous);
}

std::string facts_script() {
  return std::string(kPrelude) + std::string(kWorkspace) +
         "sha=$(git rev-parse -q --verify HEAD) || exit 3\n"
         "ref=$(git symbolic-ref -q HEAD) || ref=detached\n"
         "facts\n";
}

CheckedOut parse_checked_out(std::string_view output) {
  CheckedOut out;
  constexpr std::string_view kChanges = "changes\n";
  size_t at = output.starts_with(kChanges) ? 0 : output.find("\nchanges\n");
  if (at != output.npos) {
    at += output[at] == '\n' ? 1 : 0;
    out.changes = output.substr(at + kChanges.size());
    out.has_changes = true;
    output = output.substr(0, at);
  }
  out.failure = fact(output, "failed");
  out.commit = fact(output, "commit");
  out.ref = fact(output, "ref");
  out.local_branch = fact(output, "local");
  out.author_name = fact(output, "author");
  out.author_email = fact(output, "author-mail");
  out.committer_name = fact(output, "committer");
  out.committer_email = fact(output, "committer-mail");
  return out;
}

std::string cache_prelude(const GitRemote& remote) { return prelude({remote}).append(kCache); }

std::string remote_prelude(const GitRemote& remote) { return prelude({remote}); }

std::string cache_script(const GitRemote& remote, const std::vector<std::string>& names,
                         std::string_view previous) {
  std::string out = cache_prelude(remote);
  const std::string url = shell_word(remote.url);
  // A commit never changes: one that is here needs no network.
  const std::string first = names.empty() ? std::string() : names.front();
  const bool commit =
      first.size() == 40 && first.find_first_not_of("0123456789abcdef") == first.npos;
  if (commit) out += fmt::format("known {} ||", shell_word(first));
  out += fmt::format("fetch_all {}\n", url);
  for (const std::string& name : names) out += fmt::format("try {}\n", shell_word(name));
  if (commit ||
      (!first.empty() && first.starts_with("refs/") && !first.starts_with("refs/remotes/")))
    out += fmt::format("fetch_one {} {}\n", url, shell_word(first));
  out +=
      "[ -n \"$sha\" ] || exit 3\n"
      "git update-ref \"refs/ks/used/$sha\" \"$sha\" || exit 1\n"
      "printf 'commit %s\\nref %s\\n' \"$sha\" \"$ref\" >&3\n";
  if (!previous.empty()) {
    out += fmt::format("changes_after {} \"$sha\" {} {}\n", shell_word(previous), kMostCommits,
                       kMaxChangeBytes);
  }
  return out;
}

std::string files_script(std::string_view commit, const std::vector<std::string>& paths,
                         uint64_t max_bytes, size_t max_files) {
  // Objects that are files, not links or submodules: only those have mode 100644 or 100755. Names
  // with control characters come quoted, and are left out.
  return std::string(kPrelude) + fmt::format(R"sh(
cd repository.git || exit 1
list=$(git -c core.quotePath=false ls-tree -r -l {} --{}) || exit 1
list=$(printf '%s\n' "$list" | grep '^100' | grep -v '	"')
[ -n "$list" ] || exit 4
printf '%s\n' "$list" | awk '{{ bytes += $4; files++ }} END {{ exit (bytes > {} || files > {}) }}' || exit 5
printf '%s\n' "$list" | cut -f 2 >&3
printf '\n' >&3
printf '%s\n' "$list" | awk '{{ print $3 }}' | git cat-file --batch | base64 -w 0 >&3
)sh",
                                             shell_word(commit), words(paths), max_bytes,
                                             max_files);
}

Result<std::vector<RepositoryFile>> parse_files(std::string_view output) {
  const Error broken{Code::internal, "git: what 'git cat-file' printed cannot be read"};
  const size_t end = output.find("\n\n");
  if (end == output.npos) return broken;
  const std::string bytes = TRY(base64_decode(trim(output.substr(end + 2))));
  std::vector<RepositoryFile> out;
  size_t at = 0;
  for (std::string_view path : split(output.substr(0, end), '\n')) {
    // `SHA blob BYTES`, the content, a line break
    const size_t line = bytes.find('\n', at);
    if (line == bytes.npos) return broken;
    const std::string_view head = std::string_view(bytes).substr(at, line - at);
    const auto size = parse_int(head.substr(head.rfind(' ') + 1));
    if (!size || *size < 0 || line + 1 + static_cast<size_t>(*size) > bytes.size()) return broken;
    out.push_back({std::string(path), bytes.substr(line + 1, static_cast<size_t>(*size))});
    at = line + 2 + static_cast<size_t>(*size);
  }
  return out;
}

}  // namespace ks::engine
