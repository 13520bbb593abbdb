#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "engine/engine.h"
#include "http/message.h"

namespace ks::engine {

/// The open streams of the API: followers of events and of logs. Each ends when its reader leaves.
class Streams {
 public:
  explicit Streams(Engine& engine) : engine_(engine) {}
  ~Streams();

  /// Server-sent events after `after` (`EPOCH-SEQUENCE`); a `reset` first when those are not known.
  void follow_events(const std::string& after, std::shared_ptr<http::Stream> stream);
  /// The log from an offset on to its end, as it grows.
  Result<> follow_log(const JobName& job, uint64_t number, uint64_t from,
                      std::shared_ptr<http::Stream> stream);

 private:
  struct Open {
    std::shared_ptr<http::Stream> stream;
    std::shared_ptr<void> token;
  };
  /// Also lets go of those whose readers have left: what they follow writes into nothing until
  /// then.
  void keep(std::shared_ptr<http::Stream> stream, std::shared_ptr<void> token);

  Engine& engine_;
  Guarded<std::vector<Open>> open_;
};

}  // namespace ks::engine
