#include "engine/quality_gates.h"

#include <boost/json.hpp>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"

namespace ks::engine {

uint64_t QualityGates::wait(Wait wait) {
  const std::lock_guard lock(mutex_);
  waits_.emplace(next_, std::move(wait));
  return next_++;
}

void QualityGates::leave(uint64_t number) {
  const std::lock_guard lock(mutex_);
  waits_.erase(number);
}

Result<> QualityGates::heard(std::string_view body, std::string_view signature) {
  const json::value told = TRY(parse_json(body));
  const std::string_view task = text_at(told, {"taskId"});
  if (task.empty()) return Error{Code::invalid, "taskId: a webhook of SonarQube has one"};
  AnalysisEnd end{.status = std::string(text_at(told, {"status"})),
                  .gate = std::string(text_at(told, {"qualityGate", "status"}))};
  std::vector<std::pair<std::function<void(const AnalysisEnd&)>, bool>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = waits_.begin(); at != waits_.end();) {
      const Wait& one = at->second;
      const bool right =
          !one.secret.empty() &&
          equal_in_constant_time(hex_encode(hmac_sha256(one.secret, body)), to_lower(signature));
      if (one.task != task || (!one.secret.empty() && !right)) {
        ++at;
        continue;
      }
      calls.emplace_back(std::move(at->second.heard), right);
      at = waits_.erase(at);
    }
  }
  for (const auto& [call, right] : calls) {
    end.signed_right = right;
    call(end);
  }
  return {};
}

}  // namespace ks::engine
