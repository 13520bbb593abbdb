#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/guarded.h"
#include "engine/engine.h"
#include "http/message.h"

namespace ks::engine {

/// The event gateway that Blue Ocean's pages listen to (engine-rest, section 6): a client connects,
/// says which channels it wants, and listens. Thread-safe.
class SseGateway {
 public:
  explicit SseGateway(Engine& engine) : engine_(engine) {}
  ~SseGateway();

  /// Makes the client known; of more than 1,000 the one that came first is forgotten.
  void connect(const std::string& client);
  bool knows(const std::string& client) const;
  /// `invalid` for a client that has not connected.
  Result<> configure(const std::string& client, const json::value& subscribe,
                     const json::value& unsubscribe);
  /// What happens from now on, until the reader leaves.
  void listen(const std::string& client, std::shared_ptr<http::Stream> stream);

 private:
  struct Client {
    Guarded<std::set<std::string>> channels;
    std::map<std::string, RunState> states;  ///< of the runs it heard of; only the events' thread
    std::shared_ptr<http::Stream> stream;
    std::shared_ptr<void> token;
    uint64_t order = 0;
  };
  using ClientRef = std::shared_ptr<Client>;
  static void tell(Client& client, const EngineEvent& event);

  Engine& engine_;
  Guarded<std::map<std::string, ClientRef>> clients_;
};

}  // namespace ks::engine
