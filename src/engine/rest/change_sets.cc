#include "engine/rest/change_sets.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

WallTime time_of(const json::value& change) {
  return WallTime{std::chrono::milliseconds{int_at(change, {"timestamp"})}};
}

std::string user_url(const std::string& base, std::string_view name) {
  return fmt::format("{}/user/{}", base, percent_encode(name));
}

/// Calls `each` with a checkout and its changes, for those that have any.
template <class Each>
void for_changes(const RunInfo& info, Each each) {
  for (const json::value& checkout : info.checkouts) {
    const json::value* changes = find(checkout, {"changes"});
    if (changes != nullptr && changes->is_array() && !changes->get_array().empty()) {
      each(checkout, changes->get_array());
    }
  }
}

json::array texts(const json::value& change, std::string_view name) {
  const json::value* found = find(change, {name});
  return found != nullptr && found->is_array() ? found->get_array() : json::array();
}

json::array paths_of(const json::value& change) {
  json::array out;
  for (const json::value& file : texts(change, "affectedFiles")) {
    out.push_back(json::object{{"editType", text_at(file, {"editType", "name"})},
                               {"file", text_at(file, {"path"})}});
  }
  return out;
}

json::object core_item(const json::value& change, const std::string& base) {
  const std::string_view author = text_at(change, {"author", "fullName"});
  const std::string date = format_rfc3339(time_of(change));
  return {{"_class", "hudson.plugins.git.GitChangeSet"},
          {"affectedPaths", texts(change, "affectedPaths")},
          {"commitId", text_at(change, {"commitId"})},
          {"timestamp", int_at(change, {"timestamp"})},
          {"author", json::object{{"absoluteUrl", user_url(base, author)}, {"fullName", author}}},
          {"authorEmail", text_at(change, {"authorEmail"})},
          {"comment", fmt::format("{}\n", text_at(change, {"comment"}))},
          {"date", replace_all(replace_all(date, "T", " "), "Z", " +0000")},
          {"id", text_at(change, {"commitId"})},
          {"msg", text_at(change, {"msg"})},
          {"paths", paths_of(change)}};
}

}  // namespace

json::array core_change_sets(const RunInfo& info, const std::string& base) {
  json::array out;
  for_changes(info, [&](const json::value&, const json::array& changes) {
    json::array items;
    for (const json::value& change : changes) items.push_back(core_item(change, base));
    out.push_back(json::object{{"_class", "hudson.plugins.git.GitChangeSetList"},
                               {"items", std::move(items)},
                               {"kind", "git"}});
  });
  return out;
}

json::array culprits(const RunInfo& info, const std::string& base) {
  json::array out;
  std::set<std::string, std::less<>> seen;
  for_changes(info, [&](const json::value&, const json::array& changes) {
    for (const json::value& change : changes) {
      const std::string_view name = text_at(change, {"author", "fullName"});
      if (!seen.emplace(name).second) continue;
      out.push_back(json::object{{"absoluteUrl", user_url(base, name)}, {"fullName", name}});
    }
  });
  return out;
}

json::array build_data(const RunInfo& info) {
  json::array out;
  for (const json::value& checkout : info.checkouts) {
    const std::string_view commit = text_at(checkout, {"commit"});
    const json::object revision{
        {"SHA1", commit},
        {"branch",
         json::array{json::value(json::object{
             {"SHA1", commit},
             {"name", fmt::format("refs/remotes/origin/{}", text_at(checkout, {"branch"}))}})}}};
    out.push_back(json::object{{"_class", "hudson.plugins.git.util.BuildData"},
                               {"buildsByBranchName", json::object()},
                               {"lastBuiltRevision", revision},
                               {"remoteUrls", json::array{json::value(text_at(checkout, {"url"}))}},
                               {"scmName", ""}});
  }
  return out;
}

json::array blue_changes(const RunInfo& info, const std::string& self) {
  json::array out;
  for_changes(info, [&](const json::value& checkout, const json::array& changes) {
    for (const json::value& change : changes) {
      const std::string_view commit = text_at(change, {"commitId"});
      const json::object link{{"_class", "io.jenkins.blueocean.rest.hal.Link"},
                              {"href", fmt::format("{}changeset/{}/", self, commit)}};
      out.push_back(json::object{
          {"_class", "io.jenkins.blueocean.rest.impl.pipeline.PipelineRunImpl$ChangeSetResource"},
          {"_links", json::object{{"self", link}}},
          {"affectedPaths", texts(change, "affectedPaths")},
          {"author", json::object{{"_class", "io.jenkins.blueocean.service.embedded.rest.UserImpl"},
                                  {"avatar", nullptr},
                                  {"email", text_at(change, {"authorEmail"})},
                                  {"fullName", text_at(change, {"author", "fullName"})},
                                  {"id", text_at(change, {"author", "id"})}}},
          {"checkoutCount", static_cast<int64_t>(&checkout - info.checkouts.begin())},
          {"commitId", commit},
          {"issues", json::array()},
          {"msg", text_at(change, {"msg"})},
          {"timestamp", jenkins::format_blue_time(time_of(change))},
          {"url", nullptr}});
    }
  });
  return out;
}

json::array wf_changes(const RunInfo& info) {
  json::array out;
  for_changes(info, [&](const json::value&, const json::array& changes) {
    json::array commits;
    for (const json::value& change : changes) {
      commits.push_back(json::object{{"commitId", text_at(change, {"commitId"})},
                                     {"commitUrl", nullptr},
                                     {"message", text_at(change, {"msg"})},
                                     {"authorJenkinsId", text_at(change, {"author", "id"})},
                                     {"timestamp", int_at(change, {"timestamp"})},
                                     {"consoleUrl", nullptr}});
    }
    out.push_back(json::object{{"kind", "git"},
                               {"commitCount", commits.size()},
                               {"commits", std::move(commits)},
                               {"consoleUrl", nullptr}});
  });
  return out;
}

std::string commit_of(const RunInfo& info) {
  if (info.checkouts.empty()) return {};
  return std::string(text_at(info.checkouts.front(), {"commit"}));
}

}  // namespace ks::engine
