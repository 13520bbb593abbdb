#pragma once

#include "devops/controllers/context.h"

namespace ks::devops {

/// Keeps the annotation `jenkins-metadata` of Pipelines: weather, duration, parameters (section 7).
/// It looks again when the pipeline or the state of one of its runs changed.
class MetadataController {
 public:
  explicit MetadataController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

  void on_event(const jenkins::Event& event);

 private:
  Result<Outcome> reconcile(const Key& key);

  Context& context_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

/// The annotation's value.
std::string metadata_text(const jenkins::Pipeline& pipeline);

}  // namespace ks::devops
