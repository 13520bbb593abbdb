#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "devops/kapis/git/turns.h"
#include "devops/kapis/git/working_copy.h"

namespace ks::devops::kapis {

/// The working copies of a server: a folder for each, made when first needed, and taken away when
/// nobody used it for long or there are too many.
class WorkingCopies {
 public:
  static constexpr size_t kMostCopies = 500;
  static constexpr size_t kMostUploads = 64;  ///< files that wait in one copy
  static constexpr uint64_t kMostUploadBytes = 10u << 20;
  static constexpr std::chrono::hours kUploadsStay{1};

  /// `folder` empty: none can be made.
  WorkingCopies(std::string folder, const Clock& clock)
      : folder_(std::move(folder)), clock_(clock) {}

  /// The copy of `identity`, which says all that two copies must differ in: GitRepository, address,
  /// secret.
  Result<WorkingCopy> open(std::string_view identity);
  /// For fetching and pushing.
  Result<Turns::Turn> turn(const WorkingCopy& copy) { return turns_.take(copy.git().folder()); }

  // ----- files that were uploaded for a commit to come -----

  Result<> keep_upload(const WorkingCopy& copy, const std::string& path, std::string_view content);
  /// `not_found` when it was not uploaded, or too long ago.
  Result<std::string> upload(const WorkingCopy& copy, const std::string& path);
  void drop_upload(const WorkingCopy& copy, const std::string& path);

 private:
  void make_room();
  void drop_old_uploads(const std::string& folder);

  const std::string folder_;
  const Clock& clock_;
  Turns turns_;
};

}  // namespace ks::devops::kapis
