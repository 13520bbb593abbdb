#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/step.h"

namespace ks::engine {

/// Secrets that are files, for the commands of one block: below `WORKSPACE@tmp/secretFiles/UUID/`,
/// for their owner alone, and masked by their path.
///
/// Not journaled: a replay writes the same names again, and the end of the block removes them, so
/// that a crash in between leaves none.
class SecretFiles {
 public:
  SecretFiles(Run& run, groovy::Task& task) : run_(run), task_(task) {}

  /// Writes a file and gives its path. Only the last part of `name` counts.
  std::string add(std::string_view name, std::string_view content);
  /// Writes several files and gives their folder.
  std::string add_folder(const std::vector<std::pair<std::string, std::string>>& files);
  /// Unpacks a zip archive and gives the folder. Bounded in size; no entry leaves the folder.
  std::string unpack(std::string_view zip);
  void remove();

 private:
  std::string new_folder();
  void write(const std::string& path, std::string_view content);

  Run& run_;
  groovy::Task& task_;
  std::vector<std::string> folders_;
};

/// Removes secret files that an earlier run left in a workspace when it could not end.
void remove_stale_secret_files(const std::string& workspace);

}  // namespace ks::engine
