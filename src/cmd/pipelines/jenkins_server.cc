#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "cmd/pipelines/jenkins_source.h"
#include "jenkins/config_xml.h"

namespace ks::cmd {
namespace {

constexpr size_t kMostNames = 100'000;
constexpr std::string_view kFolder = "<com.cloudbees.hudson.plugins.folder.Folder/>";

std::string place_of(const JobPath& path) {
  std::string out;
  for (const std::string& name : path) out += "/job/" + percent_encode(name);
  return out;
}

/// The objects of a list; none when it is missing.
std::vector<const json::value*> members(const json::value& of, std::string_view list) {
  std::vector<const json::value*> out;
  const json::value* found = find(of, {list});
  if (found == nullptr || !found->is_array()) return out;
  for (const json::value& one : found->get_array()) {
    if (one.is_object() && out.size() < kMostNames) out.push_back(&one);
  }
  return out;
}

class Server final : public JenkinsSource {
 public:
  Server(std::unique_ptr<http::Client> transport, std::string url)
      : transport_(std::move(transport)), url_(std::move(url)) {}

  Result<std::vector<std::string>> jobs(const JobPath& folder) override {
    const json::value answer = TRY(ask(place_of(folder), "jobs[name,_class]"));
    std::vector<std::string> out;
    for (const json::value* one : members(answer, "jobs")) {
      const std::string_view name = text_at(*one, {"name"});
      if (name.empty()) continue;
      out.emplace_back(name);
      if (jenkins::kind_of_class(text_at(*one, {"_class"})) == jenkins::JobKind::folder) {
        JobPath path = folder;
        path.emplace_back(name);
        folders_.insert(place_of(path));
      }
    }
    std::ranges::sort(out);
    return out;
  }

  Result<std::string> config(const JobPath& job) override {
    // The list has told all that is read of a folder, and the user may not have the right to more.
    if (folders_.contains(place_of(job))) return std::string(kFolder);
    return get(place_of(job) + "/config.xml");
  }

  Result<std::vector<JenkinsCredential>> credentials(const JobPath& folder) override {
    const std::string store = fmt::format("{}/credentials/store/{}/domain/_", place_of(folder),
                                          folder.empty() ? "system" : "folder");
    const Result<json::value> answer = ask(store, "credentials[id,typeName,description]");
    std::vector<JenkinsCredential> out;
    // A folder has no store before something is put there, and a Jenkins may lack the plugin.
    if (!answer && answer.error().code == Code::not_found) return out;
    if (!answer) return answer.error();
    for (const json::value* one : members(*answer, "credentials")) {
      const std::string kind(text_at(*one, {"typeName"}));
      out.push_back({.id = std::string(text_at(*one, {"id"})),
                     .kind = kind,
                     .type = credential_type_of(kind),
                     .username = {},
                     .description = std::string(text_at(*one, {"description"}))});
    }
    std::erase_if(out, [](const JenkinsCredential& one) { return one.id.empty(); });
    return out;
  }

  Result<std::vector<JenkinsBuild>> builds(const JobPath& job, bool branches) override {
    std::vector<JenkinsBuild> out;
    if (!branches) {
      TRY(read_builds(job, "", out));
      return out;
    }
    std::vector<std::string> names = TRY(jobs(job));
    if (names.size() > kMostJenkinsBranches) names.resize(kMostJenkinsBranches);
    for (const std::string& name : names) {
      JobPath branch = job;
      branch.push_back(name);
      TRY(read_builds(branch, percent_decode(name), out));
    }
    return out;
  }

 private:
  Result<> read_builds(const JobPath& job, const std::string& branch,
                       std::vector<JenkinsBuild>& out) {
    constexpr std::string_view kFields = "[number,result,timestamp,duration]";
    // `builds` are the newest hundred of a stock Jenkins, which has more under the other name.
    const json::value answer =
        TRY(ask(place_of(job), fmt::format("allBuilds{}{{0,{}}},builds{}{{0,{}}}", kFields,
                                           kMostJenkinsBuilds, kFields, kMostJenkinsBuilds)));
    std::vector<const json::value*> found = members(answer, "allBuilds");
    if (found.empty()) found = members(answer, "builds");
    const size_t before = out.size();
    for (const json::value* one : found) {
      if (out.size() - before >= kMostJenkinsBuilds) break;
      const std::string_view result = text_at(*one, {"result"});
      const int64_t number = int_at(*one, {"number"});
      if (result.empty() || number <= 0) continue;
      out.push_back({.branch = branch,
                     .number = number,
                     .result = std::string(result),
                     .started = WallTime{std::chrono::milliseconds{int_at(*one, {"timestamp"})}},
                     .duration_ms = int_at(*one, {"duration"})});
    }
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
              [](const JenkinsBuild& a, const JenkinsBuild& b) { return a.number < b.number; });
    return {};
  }

  Result<json::value> ask(const std::string& place, const std::string& tree) {
    const std::string text =
        TRY(get(fmt::format("{}/api/json?tree={}", place, percent_encode(tree))));
    Result<json::value> answer = parse_json(text, {.max_depth = 32});
    if (!answer) return std::move(answer).error().in(fmt::format("{}{}", url_, place));
    return answer;
  }

  Result<std::string> get(const std::string& target) {
    http::Response answer = TRY(transport_->send(http::make_request(http::Method::get, target)));
    if (answer.status == 200) return std::move(answer.body).take();
    const std::string what = url_ + target.substr(0, target.find('?'));
    switch (answer.status) {
      case 401:
        return Error{Code::unauthenticated,
                     what +
                         ": the server does not know this user or token; name them with --user "
                         "and --token-file"};
      case 403:
        return Error{Code::forbidden,
                     what +
                         ": the user may not read this; it needs Overall/Read, Job/Read, "
                         "Job/ExtendedRead and Credentials/View"};
      case 404: return Error{Code::not_found, what + ": there is no such thing"};
      default: return Error{Code::unavailable, fmt::format("{}: answered {}", what, answer.status)};
    }
  }

  std::unique_ptr<http::Client> transport_;
  std::string url_;
  std::set<std::string> folders_;  ///< places of those that were listed
};

}  // namespace

Result<std::unique_ptr<JenkinsSource>> open_jenkins_server(http::ClientOptions options) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  const size_t host = options.base_url.find("://");
  if (host == std::string::npos ||
      options.base_url.substr(host, options.base_url.find('/', host + 3) - host).contains('@')) {
    return Error{Code::invalid,
                 "write the URL as https://HOST/PATH; a user is named with --user, and a token "
                 "comes from --token-file or $JENKINS_API_TOKEN"};
  }
  std::string url = options.base_url;
  std::unique_ptr<http::Client> transport = TRY(http::socket_client(std::move(options)));
  return std::unique_ptr<JenkinsSource>(
      std::make_unique<Server>(std::move(transport), std::move(url)));
}

}  // namespace ks::cmd
