#include "cmd/pipelines/scm_job.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <set>

#include "jenkins/xml.h"

namespace ks::cmd {
namespace {

constexpr std::string_view kFromScm = "org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition";
constexpr std::string_view kGit = "hudson.plugins.git.GitSCM";
constexpr size_t kMostIdBytes = 253;
constexpr size_t kMostIds = 1'000;

std::string quoted_for_regex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

/// The branch that a specifier means; empty for any. A tag, a commit or a pattern is none.
Result<std::string> branch_of(std::string_view specifier) {
  if (specifier.empty() || specifier == "**" || specifier == "*/*") return std::string();
  std::string_view name = specifier;
  for (std::string_view prefix :
       {"*/", "refs/heads/", "refs/remotes/origin/", "remotes/origin/", "origin/"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    break;
  }
  const bool is_hash =
      name.size() == 40 && name.find_first_not_of("0123456789abcdefABCDEF") == name.npos;
  if (name.empty() || name.starts_with("refs/") || name.starts_with(':') || is_hash ||
      name.find_first_of("*$ ") != name.npos) {
    return Error{Code::invalid, fmt::format("its branch '{}' is not one branch; make a "
                                            "multi-branch pipeline of the repository",
                                            specifier)};
  }
  return std::string(name);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void add_id(std::string_view id, std::set<std::string>& out) {
  if (id.empty() || id.size() > kMostIdBytes || out.size() >= kMostIds) return;
  if (id.find_first_of("$\n\r\t") != id.npos) return;  // made when it runs
  out.emplace(id);
}

/// `credentialsId: 'x'`, `credentials('x')`, `sshagent(['x'])`.
void scan(std::string_view script, std::set<std::string>& out) {
  for (std::string_view word : {"credentialsId", "credentials", "sshagent"}) {
    for (size_t at = script.find(word); at != script.npos; at = script.find(word, at + 1)) {
      if (at > 0 && is_word(script[at - 1])) continue;
      const size_t begin = script.find_first_not_of(" \t:=([", at + word.size());
      if (begin == script.npos || (script[begin] != '\'' && script[begin] != '"')) continue;
      const size_t end = script.find(script[begin], begin + 1);
      if (end == script.npos) continue;
      add_id(script.substr(begin + 1, end - begin - 1), out);
    }
  }
}

void walk(pugi::xml_node node, std::set<std::string>& out) {
  for (const pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string_view name = child.name();
    if (name == "credentialsId") add_id(child.child_value(), out);
    if (name == "script") scan(child.child_value(), out);
    walk(child, out);
  }
}

}  // namespace

bool is_scm_job(pugi::xml_node root) {
  return root.child("definition").attribute("class").value() == kFromScm;
}

Result<ScmJob> read_scm_job(pugi::xml_node root) {
  const pugi::xml_node definition = root.child("definition");
  const pugi::xml_node scm = definition.child("scm");
  if (const std::string_view name = scm.attribute("class").value(); name != kGit) {
    return Error{Code::invalid,
                 fmt::format("its script comes from a repository by '{}'; git is supported", name)};
  }
  const pugi::xml_node remotes = scm.child("userRemoteConfigs");
  const auto all = remotes.children("hudson.plugins.git.UserRemoteConfig");
  const auto branches = scm.child("branches").children("hudson.plugins.git.BranchSpec");
  if (std::distance(all.begin(), all.end()) != 1 ||
      std::distance(branches.begin(), branches.end()) > 1) {
    return Error{Code::invalid,
                 "it takes several repositories or branches together; one is "
                 "supported"};
  }
  const pugi::xml_node remote = *all.begin();
  const std::string url = jenkins::child_text(remote, "url");
  if (url.empty()) return Error{Code::invalid, "its repository has no address"};
  ScmJob out;
  if (branches.begin() != branches.end()) {
    out.branch = TRY(branch_of(jenkins::child_text(*branches.begin(), "name")));
  }
  json::object source{{"url", url}, {"discover_branches", true}};
  if (const std::string id = jenkins::child_text(remote, "credentialsId"); !id.empty()) {
    source["credential_id"] = id;
  }
  if (!out.branch.empty()) source["regex_filter"] = quoted_for_regex(out.branch);
  std::string path = jenkins::child_text(definition, "scriptPath");
  json::object pipeline{{"name", ""},
                        {"description", jenkins::child_text(root, "description")},
                        {"source_type", "git"},
                        {"git_source", std::move(source)},
                        {"script_path", path.empty() ? "Jenkinsfile" : std::move(path)}};
  out.spec = {{"type", "multi-branch-pipeline"}, {"multi_branch_pipeline", std::move(pipeline)}};
  return out;
}

std::vector<std::string> credentials_named_in(pugi::xml_node root) {
  std::set<std::string> found;
  walk(root, found);
  return {found.begin(), found.end()};
}

}  // namespace ks::cmd
