#include "engine/scm/checkout.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/run_command.h"
#include "engine/scm/changes.h"
#include "engine/scm/git_credentials.h"
#include "engine/scm/git_script.h"

namespace ks::engine {
namespace {

constexpr std::string_view kNoRevision =
    "Couldn't find any revision to build. Verify the repository and branch configuration for this "
    "job.";
constexpr size_t kMostShownBranches = 50;

class Checkout {
 public:
  Checkout(Run& run, groovy::Task& task, const GitSpec& spec)
      : run_(run), task_(task), spec_(spec), context_(run.context(task)) {
    folder_ = context_->directory;
    if (!spec.extensions.directory.empty()) folder_ += "/" + spec.extensions.directory;
  }

  GitVariables check_out(bool changelog) {
    if (is_kept_repository()) return note(as_it_is(), changelog);
    run_.print_line("The recommended git tool is: git");
    const std::string keys =
        fmt::format("{}@tmp/git-{}", context_->workspace->path(), run_.next_await());
    secrets_ = credential_env(run_, task_, spec_.remotes, keys);
    struct RemoveKeys {
      const std::string& folder;
      ~RemoveKeys() { (void)remove_tree(folder); }
    } remove{keys};
    previous_ = run_.draw(task_, "the last checkout", [&] {
      return run_.services().previous_checkout
                 ? run_.services().previous_checkout(run_.spec(), spec_.key())
                 : json::value(nullptr);
    });
    const std::vector<BranchSpec> branches = parse_branches();
    const CheckedOut done = fetch_and_check_out(branches);
    return note(done, changelog);
  }

 private:
  /// `ks run --workspace` in a repository of the user: its changes must not be lost.
  bool is_kept_repository() {
    const std::string& kept = run_.services().kept_repository;
    if (kept.empty() || folder_ != kept) return false;
    if (spec_.remotes.front().url == kept) return true;
    run_.fail(task_,
              fmt::format("{} is a repository that was there before the run: a checkout would "
                          "overwrite what is changed in it; use another workspace, or surround the "
                          "checkout with dir('...')",
                          folder_));
  }

  CheckedOut as_it_is() {
    run_.print_line(folder_ + " is the repository itself: its files are used as they are");
    CheckedOut found = parse_checked_out(run_git(facts_script()));
    if (found.ref.starts_with("refs/heads/")) found.ref = "origin/" + found.ref.substr(11);
    return found;
  }

  std::vector<BranchSpec> parse_branches() {
    std::vector<BranchSpec> out;
    if (!spec_.revision.empty()) {
      out.push_back({.names = {spec_.revision}, .wildcard = {}, .regex = {}});
      return out;
    }
    for (const std::string& branch : spec_.branches) {
      Result<BranchSpec> parsed = parse_branch(branch, spec_.remotes);
      if (!parsed) run_.fail(task_, parsed.error().message);
      out.push_back(std::move(*parsed));
    }
    return out;
  }

  CheckedOut fetch_and_check_out(const std::vector<BranchSpec>& branches) {
    std::vector<std::string> names;
    bool patterns = false;
    for (const BranchSpec& branch : branches) {
      patterns |= branch.is_pattern();
      names.insert(names.end(), branch.names.begin(), branch.names.end());
    }
    const std::string before(text_at(previous_, {"commit"}));
    if (!patterns) return parse_checked_out(run_git(fetch_script(spec_, names, before)));
    const auto [commit, ref] = choose(branches, run_git(fetch_script(spec_, {}, before)));
    return parse_checked_out(run_git(checkout_script(spec_, commit, ref, before)));
  }

  std::string run_git(std::string script) {
    std::vector<std::pair<std::string, std::string>> env = command_env(run_, context_.get());
    env.insert(env.end(), secrets_.begin(), secrets_.end());
    const json::object result = run_command(run_, task_, context_->workspace,
                                            {.what = "git",
                                             .script = std::move(script),
                                             .folder = folder_,
                                             .env = std::move(env),
                                             .keep_stdout = true});
    const int64_t exit = result.at("exit").to_number<int64_t>();
    std::string output(result.at("stdout").as_string());
    if (exit == 0) return output;
    if (exit == 3) run_.fail(task_, kNoRevision);
    const CheckedOut failed = parse_checked_out(output);
    run_.fail(task_, failed.failure.empty()
                         ? fmt::format("git ended with exit code {}; see the lines above", exit)
                         : "Error " + failed.failure);
  }

  /// The newest of the fetched refs that a pattern takes.
  std::pair<std::string, std::string> choose(const std::vector<BranchSpec>& branches,
                                             std::string_view refs) {
    std::vector<std::pair<std::string, std::string>> fitting;
    for (std::string_view line : split(refs, '\n')) {
      const size_t space = line.find(' ');
      if (space == line.npos) continue;
      const std::string ref(line.substr(space + 1));
      for (const BranchSpec& branch : branches) {
        if (!takes(branch, ref)) continue;
        fitting.emplace_back(line.substr(0, space), ref);
        break;
      }
    }
    for (size_t i = 0; i < std::min(fitting.size(), kMostShownBranches); i++)
      run_.print_line("Seen branch in repository " + branch_of_ref(fitting[i].second));
    if (fitting.empty()) run_.fail(task_, kNoRevision);
    run_.print_line(
        fmt::format("Seen {} remote branch{}", fitting.size(), fitting.size() == 1 ? "" : "es"));
    if (fitting.size() > 1) run_.print_line("Multiple candidate revisions");
    return fitting.front();
  }

  bool takes(const BranchSpec& branch, const std::string& ref) {
    if (branch.regex.empty() && branch.wildcard.empty())
      return std::ranges::find(branch.names, ref) != branch.names.end();
    if (!branch.wildcard.empty()) return wildcard_takes(branch.wildcard, ref);
    groovy::Interpreter& groovy = run_.interpreter();
    const groovy::Value pattern[] = {groovy.make_string(branch.regex)};
    for (const std::string& name : {branch_of_ref(ref), ref, ref.substr(5)}) {
      if (groovy.truth(task_, groovy.invoke(task_, groovy.make_string(name), "matches", pattern)))
        return true;
    }
    return false;
  }

  GitVariables note(const CheckedOut& done, bool changelog) {
    json::array changes;
    if (changelog && done.has_changes) changes = parse_changes(done.changes);
    run_.add_checkout({{"key", spec_.key()},
                       {"url", url_without_password(spec_.remotes.front().url)},
                       {"commit", done.commit},
                       {"branch", branch_of_ref(done.ref)},
                       {"changes", std::move(changes)}});
    GitVariables out = {{"GIT_COMMIT", done.commit}};
    for (const auto& [name, member] : {std::pair{"GIT_PREVIOUS_COMMIT", "commit"},
                                       std::pair{"GIT_PREVIOUS_SUCCESSFUL_COMMIT", "successful"}}) {
      if (const std::string_view value = text_at(previous_, {member}); !value.empty())
        out.emplace_back(name, value);
    }
    out.emplace_back("GIT_BRANCH", branch_of_ref(done.ref));
    if (!done.local_branch.empty()) out.emplace_back("GIT_LOCAL_BRANCH", done.local_branch);
    if (!spec_.extensions.directory.empty())
      out.emplace_back("GIT_CHECKOUT_DIR", spec_.extensions.directory);
    const bool one = spec_.remotes.size() == 1;
    out.emplace_back("GIT_URL", spec_.remotes.front().url);
    for (size_t i = 0; !one && i < spec_.remotes.size(); i++)
      out.emplace_back(fmt::format("GIT_URL_{}", i + 1), spec_.remotes[i].url);
    const GitExtensions& with = spec_.extensions;
    auto person = [&](const char* role, const std::string& name, const std::string& email) {
      out.emplace_back(fmt::format("GIT_{}_NAME", role),
                       with.user_name.empty() ? name : with.user_name);
      out.emplace_back(fmt::format("GIT_{}_EMAIL", role),
                       with.user_email.empty() ? email : with.user_email);
    };
    person("COMMITTER", done.committer_name, done.committer_email);
    person("AUTHOR", done.author_name, done.author_email);
    return out;
  }

  Run& run_;
  groovy::Task& task_;
  const GitSpec& spec_;
  ContextRef context_;
  std::string folder_;
  std::vector<std::pair<std::string, std::string>> secrets_;
  json::value previous_;
};

}  // namespace

GitVariables check_out(Run& run, groovy::Task& task, const GitSpec& spec, bool changelog) {
  return Checkout(run, task, spec).check_out(changelog);
}

}  // namespace ks::engine
