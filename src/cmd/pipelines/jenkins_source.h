#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"

/// A Jenkins that is read to import what it has: its home directory, or a server by REST. Whatever
/// it says is hostile: sizes and counts are bounded here.

namespace ks::cmd {

/// The names of the folders and of the job, from the top; empty: Jenkins itself.
using JobPath = std::vector<std::string>;
/// `team/web`
std::string text_of(const JobPath& path);

/// What is known of a credential without its secret.
struct JenkinsCredential {
  std::string id;
  std::string kind;  ///< as Jenkins calls it: a class, or `Username with password`
  std::string type;  ///< ours: `basic-auth`, ...; empty: there is none for that kind
  std::string username;
  std::string description;
};

/// A build that has ended.
struct JenkinsBuild {
  std::string branch;  ///< of a multi-branch pipeline; else empty
  int64_t number = 0;
  std::string result;
  WallTime started;
  int64_t duration_ms = 0;
};

class JenkinsSource {
 public:
  virtual ~JenkinsSource() = default;
  /// The names of what lies in a folder, sorted.
  virtual Result<std::vector<std::string>> jobs(const JobPath& folder) = 0;
  virtual Result<std::string> config(const JobPath& job) = 0;
  /// Those of the store of a folder, or with an empty path of the system.
  virtual Result<std::vector<JenkinsCredential>> credentials(const JobPath& folder) = 0;
  /// The newest builds of a job, or of all branches of a multi-branch pipeline; the oldest first.
  virtual Result<std::vector<JenkinsBuild>> builds(const JobPath& job, bool branches) = 0;
};

constexpr size_t kMostJenkinsBuilds = 1'000;    ///< of a job, or of one branch
constexpr size_t kMostJenkinsBranches = 1'000;  ///< whose builds are looked at

/// `not_found` when the folder does not look like a home: it has neither jobs/ nor config.xml.
/// Links are not followed.
Result<std::unique_ptr<JenkinsSource>> open_jenkins_home(const std::string& folder);
/// Asks nothing yet.
Result<std::unique_ptr<JenkinsSource>> open_jenkins_server(http::ClientOptions options);

/// Our type for what Jenkins calls a kind of credential: its class, or the name it shows.
std::string credential_type_of(std::string_view kind);

}  // namespace ks::cmd
