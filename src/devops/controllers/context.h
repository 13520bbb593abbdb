#pragma once

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "jenkins/client.h"
#include "kube/client.h"
#include "kube/controller.h"
#include "kube/event_recorder.h"
#include "kube/informer.h"

namespace ks::devops {

using kube::Key;
using kube::ObjectRef;
using Outcome = kube::Controller::Outcome;

/// What the controllers share: the clients, and one informer for each kind.
struct Context {
  kube::Client& kube;
  jenkins::Client& jenkins;
  const Clock& clock;
  kube::Informer& projects;
  kube::Informer& namespaces;
  kube::Informer& pipelines;
  kube::Informer& runs;
  kube::Informer& secrets;
  /// Whether the engine pushes events; a stock Jenkins does not, and is asked instead.
  std::function<bool()> engine_pushes;
};

}  // namespace ks::devops
