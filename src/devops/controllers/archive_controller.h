#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "devops/controllers/context.h"

namespace ks::s3 {
class Client;
}

namespace ks::devops {

namespace archive {
/// Annotation of a PipelineRun whose log and artifacts are in S3: where, and since when.
inline constexpr std::string_view kStored = "archive.devops.kubesphere.io/stored";
/// `runs/INSTALLATION/demo/app-x7k2p/`; below it `log` and `artifacts/PATH`. Installations that
/// share a bucket have nothing in common there: each removes only what is below its own name.
std::string prefix_of(std::string_view installation, const Key& run);
/// Where the annotation says that the run's archive is. Nothing when it is none, or names a place
/// that can be no archive of this run: users may write annotations.
std::optional<std::string> stored_prefix(const json::value& run);

/// The name of the installation that has this data directory, made at its first start: 32 digits
/// that nobody can guess.
Result<std::string> installation_id(const std::string& data_dir);
}  // namespace archive

/// Copies log and artifacts of finished runs to S3, and removes them there when their PipelineRun
/// goes, by whatever retention. What went while this was not running is found at the start.
class ArchiveController {
 public:
  /// `bucket` must outlive this.
  ArchiveController(Context& context, s3::Client& bucket, std::string installation);
  void start();
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<> store(const json::value& run, std::string_view id);
  Result<> store_log(const std::string& prefix, const jenkins::JobRef& job, std::string_view id);
  /// How many there are; those that cannot be had any more are warned of and left out.
  Result<size_t> store_artifacts(const json::value& run, const std::string& prefix,
                                 const jenkins::JobRef& job, std::string_view id);
  /// Removes what belongs to runs that are no more.
  Result<> sweep();

  Context& context_;
  s3::Client& bucket_;
  const std::string installation_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

}  // namespace ks::devops
