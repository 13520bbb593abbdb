#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/library_config.h"
#include "engine/run.h"
#include "engine/scm/repository.h"

namespace ks::engine {

/// Where a library comes from when the script itself says so: `library(retriever: ...)`.
struct LibraryRetriever {
  std::string url;
  std::string credentials_id;
  std::string path;
};

/// The shared libraries of one run: which there are, their texts, and what scripts find in them
/// (pipeline-language.md section 13, "Shared libraries").
///
/// A text is read once and journaled: a run that is resumed has the code that it began with, also
/// when a branch has moved on. All functions are called on a strand of the run, and throw.
class LibrarySet {
 public:
  explicit LibrarySet(Run& run);
  ~LibrarySet();
  LibrarySet(const LibrarySet&) = delete;
  LibrarySet& operator=(const LibrarySet&) = delete;

  /// Before the script is compiled: the implicit libraries and those of its `@Library` annotations.
  /// False when one cannot be had; the console says why, and the run has failed.
  bool load_declared(groovy::Task& task, const std::string& script);
  /// The step `library`.
  void load(groovy::Task& task, const LibraryId& id, bool changelog,
            const std::optional<LibraryRetriever>& retriever);

  /// `vars/NAME.groovy`: the one instance that it has in a run. Nothing when no library has it.
  std::optional<groovy::Value> variable(groovy::Task& task, std::string_view name);
  /// `src/a/b/C.groovy` for `a.b.C`. Nothing when no library has it.
  std::optional<groovy::Value> find_class(groovy::Task& task, std::string_view full_name);
  bool has_package(std::string_view name) const;
  bool has_class(std::string_view full_name) const;
  /// `resources/PATH` of the first library that has it.
  std::optional<std::string> resource(groovy::Task& task, const std::string& path);

 private:
  struct Library {
    std::string name;
    std::string version;
    std::map<std::string, std::string, std::less<>> files;  ///< below vars and src, by path
    std::optional<RepositoryCommit> commit;
    std::string folder;  ///< instead of a commit
    std::string path;    ///< of the library in it
  };

  const LibraryConfig* config_of(std::string_view name) const;
  Library read(groovy::Task& task, const LibraryConfig& config, const std::string& version,
               bool changelog, bool trusted);
  void read_commit(groovy::Task& task, Library& library, const LibraryConfig& config,
                   bool changelog, bool trusted);
  void read_folder(groovy::Task& task, Library& library);
  const std::string* file(std::string_view path) const;
  groovy::ProgramRef compile(groovy::Task& task, const std::string& text, std::string name,
                             const std::string& path);

  Run& run_;
  std::vector<LibraryConfig> configs_;
  std::vector<Library> libraries_;
  std::map<std::string, groovy::Value, std::less<>> variables_;
  std::set<std::string, std::less<>> opening_;  ///< variables and classes that are being loaded
};

/// What `library` returns: `lib.com.example.Tool.new(1)`, `lib.com.example.Tool.LIMIT`.
groovy::Value library_classes(Run& run, groovy::Task& task);

}  // namespace ks::engine
