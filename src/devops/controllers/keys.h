#pragma once

#include <string_view>

#include "kube/resource.h"

/// The labels, annotations and finalizers that the controllers share with the API and the console
/// (devops-controllers, section 2), and their resources.

namespace ks::devops {

inline constexpr std::string_view kSuccessful = "successful";
inline constexpr std::string_view kCreator = "kubesphere.io/creator";

namespace project {
inline constexpr std::string_view kLabel = "kubesphere.io/devopsproject";
inline constexpr std::string_view kSyncStatus = "devopsproject.devops.kubesphere.io/syncstatus";
inline constexpr std::string_view kFinalizer = "devopsproject.finalizers.kubesphere.io";
}  // namespace project

namespace pipeline {
inline constexpr std::string_view kFinalizer = "pipeline.finalizers.kubesphere.io";
inline constexpr std::string_view kSpecHash = "pipeline.devops.kubesphere.io/spechash";
inline constexpr std::string_view kSyncStatus = "pipeline.devops.kubesphere.io/syncstatus";
inline constexpr std::string_view kMetadata = "pipeline.devops.kubesphere.io/jenkins-metadata";
inline constexpr std::string_view kBranches = "pipeline.devops.kubesphere.io/jenkins-branches";
/// Ours: why the repository of a multi-branch pipeline could not be scanned.
inline constexpr std::string_view kScanError = "pipeline.devops.kubesphere.io/scan-error";
}  // namespace pipeline

namespace run {
inline constexpr std::string_view kFinalizer = "pipelinerun.finalizers.kubesphere.io";
inline constexpr std::string_view kPipeline = "devops.kubesphere.io/pipeline";
inline constexpr std::string_view kOrphan = "devops.kubesphere.io/jenkins-pipelinerun-orphan";
inline constexpr std::string_view kId = "devops.kubesphere.io/jenkins-pipelinerun-id";
inline constexpr std::string_view kStatus = "devops.kubesphere.io/jenkins-pipelinerun-status";
inline constexpr std::string_view kCreator = "devops.kubesphere.io/creator";
inline constexpr std::string_view kKeepRecord = "devops.kubesphere.io/keep-jenkins-record";
}  // namespace run

namespace credential {
inline constexpr std::string_view kTypePrefix = "credential.devops.kubesphere.io/";
inline constexpr std::string_view kFinalizer = "finalizers.kubesphere.io/credential";
inline constexpr std::string_view kDataHash = "credential.devops.kubesphere.io/datahash";
inline constexpr std::string_view kAutoSync = "credential.devops.kubesphere.io/autosync";
inline constexpr std::string_view kSyncStatus = "credential.devops.kubesphere.io/syncstatus";
}  // namespace credential

inline constexpr std::string_view kGroup = "devops.kubesphere.io";
inline kube::Resource devops_projects() {
  return {"devops.kubesphere.io", "v1alpha3", "devopsprojects", "DevOpsProject", false};
}
inline kube::Resource pipelines() {
  return {"devops.kubesphere.io", "v1alpha3", "pipelines", "Pipeline", true};
}
inline kube::Resource pipeline_runs() {
  return {"devops.kubesphere.io", "v1alpha3", "pipelineruns", "PipelineRun", true};
}

}  // namespace ks::devops
