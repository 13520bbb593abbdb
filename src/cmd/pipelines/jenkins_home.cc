#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <functional>

#include "base/file.h"
#include "base/text.h"
#include "cmd/pipelines/jenkins_source.h"
#include "jenkins/xml.h"

namespace ks::cmd {
namespace {

constexpr size_t kMostXmlBytes = 8u << 20;
constexpr size_t kMostNameBytes = 4096;
constexpr size_t kMostEntries = 100'000;  // of one folder
constexpr const char* kFolderCredentials =
    "com.cloudbees.hudson.plugins.folder.properties.FolderCredentialsProvider_-"
    "FolderCredentialsProperty";
constexpr const char* kBranchProperty =
    "org.jenkinsci.plugins.workflow.multibranch.BranchJobProperty";

Result<std::string> real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return errno_error("cannot read", path, errno);
  std::string out(resolved);
  std::free(resolved);  // NOLINT: realpath's own
  return out;
}

Result<pugi::xml_document> xml_of(const std::string& text) {
  return jenkins::parse_xml(text, {.max_bytes = kMostXmlBytes});
}

/// `domainCredentialsMap`: of each domain a list of credentials, each an element of its class.
void read_store(pugi::xml_node map, std::vector<JenkinsCredential>& out) {
  for (const pugi::xml_node entry : map.children("entry")) {
    for (const pugi::xml_node list : entry.children()) {
      for (const pugi::xml_node one : list.children()) {
        const std::string id = jenkins::child_text(one, "id");
        if (id.empty() || out.size() >= kMostEntries) continue;
        JenkinsCredential found{.id = id,
                                .kind = replace_all(one.name(), "__", "_"),
                                .type = {},
                                .username = {},
                                .description = jenkins::child_text(one, "description")};
        found.type = credential_type_of(found.kind);
        if (jenkins::child_text(one, "usernameSecret") != "true") {
          found.username = jenkins::child_text(one, "username");
        }
        out.push_back(std::move(found));
      }
    }
  }
}

class Home final : public JenkinsSource {
 public:
  explicit Home(std::string root) : root_(std::move(root)) {}

  Result<std::vector<std::string>> jobs(const JobPath& folder) override {
    return names_in(place_of(folder) + "/jobs");
  }

  Result<std::string> config(const JobPath& job) override {
    return read(place_of(job) + "/config.xml", kMostXmlBytes);
  }

  Result<std::vector<JenkinsCredential>> credentials(const JobPath& folder) override {
    std::vector<JenkinsCredential> out;
    const Result<std::string> text =
        folder.empty() ? read(root_ + "/credentials.xml", kMostXmlBytes) : config(folder);
    if (!text && text.error().code == Code::not_found) return out;
    if (!text) return text.error();
    const pugi::xml_document document = TRY(xml_of(*text));
    const pugi::xml_node root = document.document_element();
    const pugi::xml_node store =
        folder.empty() ? root : root.child("properties").child(kFolderCredentials);
    read_store(store.child("domainCredentialsMap"), out);
    return out;
  }

  Result<std::vector<JenkinsBuild>> builds(const JobPath& job, bool branches) override {
    std::vector<JenkinsBuild> out;
    if (!branches) {
      TRY(read_builds(place_of(job), "", out));
      return out;
    }
    const std::string place = place_of(job) + "/branches";
    std::vector<std::string> names = TRY(names_in(place));
    if (names.size() > kMostJenkinsBranches) names.resize(kMostJenkinsBranches);
    for (const std::string& name : names) {
      const std::string branch = place + "/" + name;
      TRY(read_builds(branch, branch_name(branch, name), out));
    }
    return out;
  }

 private:
  std::string place_of(const JobPath& path) const {
    std::string out = root_;
    for (const std::string& name : path) out += "/jobs/" + name;
    return out;
  }

  /// That a place is where its path says: a link could lead anywhere, or in circles.
  Result<> check(const std::string& path) const {
    if (TRY(real_path(path)) == path) return {};
    return Error{Code::forbidden, fmt::format("{} is or lies behind a link; links are not followed",
                                              path.substr(root_.size() + 1))};
  }

  Result<std::string> read(const std::string& path, size_t most) const {
    TRY(check(path));
    struct stat is{};
    if (::lstat(path.c_str(), &is) != 0) return errno_error("cannot read", path, errno);
    if (!S_ISREG(is.st_mode)) {
      return Error{Code::invalid, fmt::format("{} is no file", path.substr(root_.size() + 1))};
    }
    return read_file(path, most);
  }

  /// What may be folders in a folder: links too, which are refused by name once they are read.
  Result<std::vector<std::string>> names_in(const std::string& path) const {
    std::vector<std::string> out;
    if (Result<> there = check(path); !there) {
      if (there.error().code == Code::not_found) return out;
      return there.error();
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
    if (!folder) return errno_error("cannot read", path, errno);
    while (const dirent* entry = ::readdir(folder.get())) {
      const std::string_view name = entry->d_name;
      if (name.starts_with('.') || entry->d_type == DT_REG) continue;
      if (out.size() >= kMostEntries) {
        return Error{Code::too_large,
                     fmt::format("{} has more than {} entries", path, kMostEntries)};
      }
      out.emplace_back(name);
    }
    std::ranges::sort(out);
    return out;
  }

  Result<> read_builds(const std::string& place, const std::string& branch,
                       std::vector<JenkinsBuild>& out) const {
    std::vector<int64_t> numbers;
    for (const std::string& name : TRY(names_in(place + "/builds"))) {
      // Beside them lie lastSuccessfulBuild and the like, which lead to one of them.
      const std::optional<int64_t> number = parse_int(name);
      if (number && *number > 0 && name == std::to_string(*number)) numbers.push_back(*number);
    }
    std::ranges::sort(numbers, std::greater());
    if (numbers.size() > kMostJenkinsBuilds) numbers.resize(kMostJenkinsBuilds);
    std::ranges::reverse(numbers);
    for (const int64_t number : numbers) {
      const std::string name = fmt::format("{}/builds/{}/build.xml", place, number);
      const Result<std::string> text = read(name, kMostXmlBytes);
      // One that was removed, or never was written.
      if (!text && text.error().code == Code::not_found) continue;
      if (!text) return text.error();
      Result<pugi::xml_document> document = xml_of(*text);
      if (!document) return std::move(document).error().in(name.substr(root_.size() + 1));
      const pugi::xml_node root = document->document_element();
      const std::string result = jenkins::child_text(root, "result");
      if (result.empty()) continue;  // it had not ended
      std::optional<int64_t> start = parse_int(jenkins::child_text(root, "startTime"));
      if (!start) start = parse_int(jenkins::child_text(root, "timestamp"));
      const int64_t took = parse_int(jenkins::child_text(root, "duration")).value_or(0);
      out.push_back({.branch = branch,
                     .number = number,
                     .result = result,
                     .started = WallTime{std::chrono::milliseconds{start.value_or(0)}},
                     .duration_ms = took});
    }
    return {};
  }

  /// The folder of a branch has a shortened name; its own stands in one of two files.
  std::string branch_name(const std::string& place, const std::string& folder) const {
    if (const Result<std::string> name = read(place + "/name-utf8.txt", kMostNameBytes)) {
      return percent_decode(trim(*name));
    }
    const Result<std::string> text = read(place + "/config.xml", kMostXmlBytes);
    if (text) {
      if (const Result<pugi::xml_document> document = xml_of(*text)) {
        const pugi::xml_node property =
            document->document_element().child("properties").child(kBranchProperty);
        std::string name = jenkins::child_text(property.child("branch").child("head"), "name");
        if (!name.empty()) return name;
      }
    }
    return percent_decode(folder);
  }

  std::string root_;  ///< resolved, without a slash at its end
};

}  // namespace

Result<std::unique_ptr<JenkinsSource>> open_jenkins_home(const std::string& folder) {
  std::string root = TRY(real_path(folder));
  if (!file_exists(root + "/jobs") && !file_exists(root + "/config.xml")) {
    return Error{Code::not_found,
                 fmt::format("{} is no Jenkins home: it has neither jobs/ nor config.xml; name the "
                             "folder that $JENKINS_HOME is on that server, or its URL",
                             folder)};
  }
  return std::unique_ptr<JenkinsSource>(std::make_unique<Home>(std::move(root)));
}

}  // namespace ks::cmd
