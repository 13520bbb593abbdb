#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Shared libraries that a run may load, as somebody configured them.

namespace ks::engine {

struct LibraryConfig {
  std::string name;
  /// A repository, or a folder with `vars`, `src` and `resources`. A folder that is a repository is
  /// read at the version when one is named, else as its files are.
  std::string source;
  std::string credentials_id;
  std::string default_version;  ///< branch, tag or commit; may be empty
  std::string path;             ///< of the library in the repository; empty: its top
  std::string project;          ///< only jobs of this folder have it; empty: all
  bool implicit = false;        ///< loaded without being asked for
  bool allow_version_override = true;
  bool changelog = true;  ///< its changes are among the run's
};

boost::json::object library_to_json(const LibraryConfig& config);
LibraryConfig library_from_json(const boost::json::value& value);

/// `NAME=GIT_URL_OR_DIR[@VERSION]`, as `ks run --library` takes it. The library is implicit.
Result<LibraryConfig> parse_library(std::string_view text);

/// The `libraries` of a configuration file, a list of objects:
///
///   libraries:
///   - name: build-tools
///     git: https://git.example.org/build-tools.git   # or `directory: /srv/build-tools`
///     version: main
///     credentialsId: git-token
///     implicit: true
///     allowVersionOverride: false
///     changelog: false
///     libraryPath: jenkins/
///     project: demo
Result<std::vector<LibraryConfig>> read_libraries(const boost::json::value& list);

/// A library's name and version, as `@Library('name@version')` gives them.
struct LibraryId {
  std::string name;
  std::string version;  ///< empty: the default
};
LibraryId parse_library_id(std::string_view text);

}  // namespace ks::engine
