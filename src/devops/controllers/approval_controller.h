#pragma once

#include "devops/controllers/approval.h"
#include "devops/controllers/context.h"
#include "http/client.h"

namespace ks::devops {

/// Tells an external system of each question that a run waits with, until it takes it: at least
/// once, with growing pauses, also over restarts. The answer comes by the callback of the API.
class ApprovalController {
 public:
  ApprovalController(Context& context, ApprovalOptions options);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<> ask(const json::value& run, const jenkins::Step& step);
  Result<> send(const std::string& delivery, std::string body);

  Context& context_;
  const ApprovalOptions options_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

}  // namespace ks::devops
