#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cmd/up/settings.h"
#include "http/client.h"

namespace ks::cmd {

/// All roles in one process: the store and its Kubernetes API, the engine and its Jenkins API, the
/// controllers, and the server that listens.
///
///   auto platform = TRY(Platform::start(settings));
///   ... platform->url() ...
///   platform->stop();
///
/// The parts start from the bottom up; the server listens early and answers 503 until all are
/// there, because the engine must know the address. They stop from the top down.
class Platform {
 public:
  static Result<std::unique_ptr<Platform>> start(const UpSettings& settings);
  /// Stops.
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  /// Takes no more requests, lets those under way end, leaves runs standing where they are: their
  /// commands live on in the agent.
  void stop();

  std::string url() const;
  std::string kubeconfig_file() const;
  std::string password_file() const;
  /// Of the user `admin`, when it was made by this start; else empty.
  std::string new_password() const;
  /// Calls the APIs of this process as `admin`, without a socket.
  http::Client& client();
  /// How long start() took.
  std::chrono::milliseconds start_time() const;

 private:
  struct State;
  explicit Platform(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ks::cmd
