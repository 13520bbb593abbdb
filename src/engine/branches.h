#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "jenkins/types.h"

/// Multi-branch pipelines: a repository whose branches, tags and pull requests each are a job.
///
/// A multi-branch pipeline `demo/web` is a folder of jobs to the rest of the engine: its branch
/// `feature/x` is the job {"demo/web", "feature%2Fx"}, which runs like any other.

namespace ks::engine {

/// What of a repository is a job.
enum class HeadKind : uint8_t { branch, tag, request };

struct Head {
  HeadKind kind = HeadKind::branch;
  std::string name;    ///< `feature/x`, `v1.2`, `PR-7`
  std::string ref;     ///< in the repository: `refs/heads/feature/x`
  std::string commit;  ///< that the ref had at the last scan
  int64_t tag_time = 0;
  // Of a pull request.
  std::string id;      ///< `7`
  std::string source;  ///< the branch it comes from
  std::string target;  ///< the branch it is for
  std::string title, author, author_name, author_email, url;
  bool fork = false;    ///< it comes from another repository
  bool trusted = true;  ///< its own Jenkinsfile is run; else that of the target
  bool merge = false;   ///< built as merged into the target

  std::string job() const;  ///< the name of its job
  json::object to_json() const;
  static Head from_json(const json::value& value);
  /// BRANCH_NAME, CHANGE_ID, TAG_NAME, ...
  std::vector<std::pair<std::string, std::string>> env() const;
};

/// Multi-branch pipelines of an engine. Thread-safe; nothing here waits for a git server.
class Branches {
 public:
  virtual ~Branches() = default;

  enum class ScanState : uint8_t { never, waiting, running, done, failed };
  struct Scan {
    ScanState state = ScanState::never;
    WallTime started{};  ///< the last one, or the present one
    WallTime ended{};
    std::string error;  ///< why it failed
    std::string cause;
  };
  struct Branch {
    Head head;
    bool primary = false;  ///< the repository's own branch
    bool dead = false;     ///< gone from the repository, kept by the orphan strategy
  };
  struct Project {
    JobName name;
    std::string description;
    bool disabled = false;
    std::string source_type;  ///< `git`, `github`, ...
    std::string url;          ///< of the repository
    std::string script_path;
    std::vector<Branch> branches;
    Scan scan;
  };

  virtual bool has(const JobName& project) const = 0;
  virtual std::vector<JobName> projects(const std::string& folder) const = 0;
  /// `not_found` when there is none.
  virtual Result<Project> project(const JobName& project) const = 0;
  /// The branch that a job stands for.
  virtual std::optional<Branch> branch(const JobName& job) const = 0;
  /// Has the repository looked at soon, once however often this is called before. Returns at once.
  virtual Result<> scan(const JobName& project, const std::string& cause) = 0;
  /// The same for each project of that repository; their names. Addresses are compared without
  /// scheme, user, `.git` and case of the host.
  virtual std::vector<JobName> scan_repository(std::string_view url, const std::string& cause) = 0;
  struct Log {
    std::string text;
    bool complete = true;
  };
  /// Of the last scan, or the one under way.
  virtual Result<Log> indexing_log(const JobName& project) const = 0;
};

/// `demo/web` + `main` as the Jenkins contract names it, and back.
jenkins::JobRef job_ref(const JobName& job);
JobName job_name(const jenkins::JobRef& job);
/// By its full name: `demo/web/main`.
JobName job_name(std::string_view full);

/// Whether two addresses mean one repository: `git@host:a/b.git`, `https://host/a/b`.
bool same_repository(std::string_view a, std::string_view b);

}  // namespace ks::engine
