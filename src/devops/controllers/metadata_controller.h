#pragma once

#include "devops/controllers/context.h"

namespace ks::devops {

/// Keeps the annotation `jenkins-metadata` of Pipelines: weather, duration, parameters (section 7);
/// and `jenkins-branches` of multi-branch ones. It looks again when the pipeline or the state of
/// one of its runs changed.
class MetadataController {
 public:
  explicit MetadataController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

  void on_event(const jenkins::Event& event);

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<> look(const json::value& pipeline, json::object& annotations);

  Context& context_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

/// The annotation's value.
std::string metadata_text(const jenkins::Pipeline& pipeline);
/// That of `jenkins-branches`, from what Client::branches() gives.
std::string branches_text(const json::array& branches);

}  // namespace ks::devops
