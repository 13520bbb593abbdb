#include "engine/branches/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/branches/bounded_process.h"
#include "engine/branches/heads.h"
#include "engine/files.h"
#include "engine/git_source.h"
#include "engine/masker.h"
#include "engine/scm/git_credentials.h"
#include "engine/scm/git_script.h"
#include "engine/scm/repository.h"

namespace ks::engine {
namespace {

constexpr size_t kMostHeads = 20'000;
constexpr size_t kMostRequests = 2'000;
constexpr size_t kMostErrorBytes = 64u << 10;
constexpr std::string_view kProbe = "probe\n";

class Scanner {
 public:
  Scanner(const ScanRequest& request, const std::stop_token& stop,
          const std::function<void(std::string_view)>& log)
      : request_(request), settings_(request.settings), stop_(stop), log_(log) {}

  /// What the server says that it has.
  Result<RemoteRefs> ask() {
    const GitRemote remote = settings_.remote();
    if (is_local_url(remote.url) && !request_.local_repositories) {
      return Error{Code::forbidden,
                   fmt::format("{} is a folder of the server, which would be read with the "
                               "server's rights; give an address, or allow it with "
                               "--allow-local-repositories",
                               remote.url)};
    }
    TRY(make_dirs(request_.copy_folder, 0700));
    TRY(take_secrets(remote));
    return list(remote);
  }

  Result<ScanResult> scan() {
    const GitRemote remote = settings_.remote();
    const RemoteRefs refs = TRY(ask());
    std::vector<Head> heads = TRY(discover_heads(without_requests(), refs, {}));
    if (heads.size() > kMostHeads) {
      return Error{Code::too_large,
                   fmt::format("the repository has {} branches, tags and pull requests, more than "
                               "the {} that are scanned; choose some with a filter by name",
                               heads.size(), kMostHeads)};
    }
    log_("Checking branches...\n");
    const std::vector<const Head*> unknown = unknown_of(heads);
    std::map<std::string, bool> found;
    if (!unknown.empty()) found = TRY(probe(remote, unknown));
    ScanResult out{.primary = refs.primary, .heads = {}, .other = {}};
    for (Head& head : heads) {
      const auto probed = found.find(head.name);
      const bool has =
          probed != found.end() ? probed->second : request_.known.at(head.name).has_script;
      tell(head, probed != found.end(), has);
      if (has) {
        out.heads.push_back(std::move(head));
      } else {
        out.other.emplace(head.name, head.commit);
      }
    }
    log_(fmt::format("Processed {} branches\n", heads.size()));
    return out;
  }

 private:
  /// No forge is asked for its pull requests yet. Without them "only branches with one" would be
  /// none, which removes the jobs of all: those and "only branches without" take all branches.
  BranchSettings without_requests() const {
    BranchSettings out = settings_;
    const bool by_request = out.branches == 1 || out.branches == 2;
    if (by_request || out.origin_requests != 0 || out.fork_requests != 0)
      log_("Pull requests of the forge are not discovered yet: only its branches and tags are\n");
    if (by_request) out.branches = 3;
    return out;
  }

  Result<> take_secrets(const GitRemote& remote) {
    secrets_ = TRY(remote_secrets(remote, 0, request_.credentials));
    if (secrets_.empty()) {
      log_("No credentials specified\n");
    } else {
      log_("using credential " + remote.credentials_id + "\n");
    }
    for (const auto& [name, value] : secrets_) {
      if (name.starts_with("KS_GIT_USERNAME")) continue;
      masker_.add(value);
      masker_.add(percent_encode(value));
    }
    const std::string password = password_in(remote.url);
    masker_.add(password);
    masker_.add(percent_decode(password));
    return {};
  }

  /// Standard output of a script. What went wrong is the end of what it said.
  Result<std::string> run(const std::string& script, std::string_view input,
                          std::chrono::milliseconds time, std::string_view doing) {
    const std::string keys = fmt::format("{}/keys-scan-{}", request_.copy_folder, random_text(8));
    SpawnOptions options{.argv = {"/bin/sh", "-c", script},
                         .env = {"PATH=" + base_path(), "HOME=" + home_folder(), "LANG=C.UTF-8",
                                 "KS_GIT_KEYS=" + keys},
                         .cwd = request_.copy_folder};
    for (const auto& [name, value] : secrets_) options.env.push_back(name + "=" + value);
    std::string said;
    auto take = [&](const std::string& shown) {
      log_(shown);
      said += shown;
      if (said.size() > kMostErrorBytes) said.erase(0, said.size() - kMostErrorBytes);
    };
    // A secret may come in two pieces.
    Masker masker;
    masker.use_forms_of(masker_);
    Result<Output> done =
        run_bounded(std::move(options), input, {.time = time, .stop = stop_},
                    [&](std::string_view text) { take(to_utf8_lossy(masker.mask(text))); });
    take(to_utf8_lossy(masker.flush()));
    (void)remove_tree(keys);
    const std::string where = fmt::format("{} {}", doing, url_without_password(settings_.url));
    if (!done) return Error(done.error()).in(where);
    if (done->exit_code == 0) return std::move(done->out);
    return Error{Code::unavailable, fmt::format("{}: git ended with exit code {}: {}", where,
                                                done->exit_code, reason(said))};
  }

  /// The lines that say why, of all that git and the script said.
  static std::string reason(const std::string& said) {
    std::string out;
    for (std::string_view line : split(said, '\n')) {
      for (std::string_view mark : {"fatal: ", "error: ", "remote: ", "ERROR: "}) {
        const size_t at = line.find(mark);
        if (at == line.npos || out.size() > 500) continue;
        if (!out.empty()) out += "; ";
        out += trim(line.substr(at));
        break;
      }
    }
    return out.empty()
               ? std::string(trim(said.substr(said.size() - std::min<size_t>(said.size(), 500))))
               : out;
  }

  Result<RemoteRefs> list(const GitRemote& remote) {
    std::string patterns = " HEAD";
    if (settings_.branches != 0) patterns += " 'refs/heads/*'";
    if (settings_.tags) patterns += " 'refs/tags/*'";
    for (const BranchSettings::RequestRefs& refs : settings_.request_refs)
      patterns += " " + shell_word(refs.before + "*" + refs.after);
    const std::string script =
        remote_prelude(remote) + fmt::format(
                                     "say \" > git ls-remote --symref -- {0}\"\n"
                                     "as 0 git ls-remote --symref -- {1}{2} >&3\n",
                                     url_without_password(remote.url), shell_word(remote.url),
                                     patterns);
    size_t unreadable = 0;
    RemoteRefs refs = parse_remote_refs(
        TRY(run(script, {}, request_.list_time, "cannot list the branches of")), unreadable);
    if (unreadable > 0)
      log_(fmt::format("{} refs have names that are no UTF-8, and are left out\n", unreadable));
    return refs;
  }

  std::vector<const Head*> unknown_of(const std::vector<Head>& heads) const {
    std::vector<const Head*> out;
    for (const Head& head : heads) {
      const auto known = request_.known.find(head.name);
      if (known == request_.known.end() || known->second.commit != head.commit)
        out.push_back(&head);
    }
    return out;
  }

  /// Fetches, and says of each head whether it holds the Jenkinsfile.
  Result<std::map<std::string, bool>> probe(const GitRemote& remote,
                                            const std::vector<const Head*>& heads) {
    std::string script = cache_prelude(remote);
    script += fmt::format("fetch_all {}\n", shell_word(remote.url));
    std::set<std::string> refs;
    for (const Head* head : heads) {
      if (head->kind == HeadKind::request && refs.size() < kMostRequests)
        refs.insert("+" + head->ref + ":refs/ks/requests/" + head->id);
    }
    std::string requests;
    for (const std::string& ref : refs) requests += " " + shell_word(ref);
    if (!requests.empty()) {
      script += fmt::format("as 0 git fetch -q --force -- {}{} || exit 128\n",
                            shell_word(remote.url), requests);
    }
    script += "printf 'probe\\n' >&3\ngit cat-file --batch-check >&3\n";
    std::string questions;
    for (const Head* head : heads)
      questions += fmt::format("{}:{}\n", head->commit, settings_.script_path);
    const int64_t minutes =
        settings_.clone.is_object() && settings_.clone.get_object().contains("timeout")
            ? settings_.clone.get_object().at("timeout").to_number<int64_t>()
            : 10;
    const std::string output =
        TRY(run(script, questions, std::chrono::minutes(minutes), "cannot fetch"));
    const size_t at = output.find(kProbe);
    if (at == output.npos) return Error{Code::internal, "git: its answer cannot be read"};
    const std::vector<std::string_view> lines =
        split(std::string_view(output).substr(at + kProbe.size()), '\n');
    std::map<std::string, bool> out;
    for (size_t i = 0; i < heads.size(); ++i) {
      if (i >= lines.size()) return Error{Code::internal, "git: its answer is too short"};
      // `OBJECT blob BYTES`, or what was asked for and `missing`.
      out[heads[i]->name] = lines[i].contains(" blob ") && !lines[i].ends_with(" missing");
    }
    return out;
  }

  void tell(const Head& head, bool probed, bool has) {
    const std::string_view kind = head.kind == HeadKind::branch ? "branch"
                                  : head.kind == HeadKind::tag  ? "tag"
                                                                : "pull request";
    log_(fmt::format("  Checking {} {}\n", kind, head.name));
    if (probed) log_(fmt::format("      ‘{}’ {}found\n", settings_.script_path, has ? "" : "not "));
    if (!has) log_("    Does not meet criteria\n");
  }

  const ScanRequest& request_;
  const BranchSettings& settings_;
  const std::stop_token& stop_;
  const std::function<void(std::string_view)>& log_;
  std::vector<std::pair<std::string, std::string>> secrets_;
  Masker masker_;
};

}  // namespace

Result<ScanResult> scan_heads(const ScanRequest& request, const std::stop_token& stop,
                              const std::function<void(std::string_view)>& log) {
  return Scanner(request, stop, log).scan();
}

Result<RemoteRefs> list_heads(const ScanRequest& request, const std::stop_token& stop) {
  const std::function<void(std::string_view)> quiet = [](std::string_view) {};
  return Scanner(request, stop, quiet).ask();
}

}  // namespace ks::engine
