#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <mutex>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace ks::engine {

/// Small things that clients keep at the server and that runs know nothing of: views, favourites,
/// domains of credentials, servers of forges. One JSON object in a file, which is there before a
/// change is acknowledged. Thread-safe.
class RestState {
 public:
  /// Without a file it lives as long as the process. One that cannot be read stays as it is:
  /// changes are refused.
  explicit RestState(std::string file);

  /// A copy of one member; null when there is none.
  json::value read(std::string_view member) const;
  /// Changes one member. An error of `change` leaves it as it was.
  Result<> change(std::string_view member, const std::function<Result<>(json::object&)>& change);

 private:
  const std::string file_;
  mutable std::mutex mutex_;  // held while the file is written: changes are rare
  json::object content_;
  std::string broken_;  ///< why the file cannot be read
};

}  // namespace ks::engine
