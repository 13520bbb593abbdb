#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "http/client/transfer.h"

// Internal to the client: the thread that moves its transfers.

typedef void CURLM;

namespace ks::http {

/// Runs transfers and keeps their connections for the next ones. Thread-safe.
///
class ClientLoop {
 public:
  ClientLoop();
  ~ClientLoop() { close(); }
  ClientLoop(const ClientLoop&) = delete;
  ClientLoop& operator=(const ClientLoop&) = delete;

  /// Ends what is in flight with `unavailable` and the thread; later starts fail. Not from a
  /// callback.
  void close();
  void start(const std::shared_ptr<Transfer>& transfer);
  /// Returns once no callback of the transfer runs or will; on the loop's own thread at once.
  void cancel(const std::shared_ptr<Transfer>& transfer);
  /// Ends it with an error, soon.
  void abort(const std::shared_ptr<Transfer>& transfer, Error error);

 private:
  enum class Action : uint8_t { start, remove };
  struct Command {
    Action action = Action::start;
    std::shared_ptr<Transfer> transfer;
    Error error;                             // of an abort
    std::shared_ptr<std::stop_source> done;  // of a cancel: stopped once it is carried out
  };
  struct State {
    std::vector<Command> commands;
    bool ended = false;
  };
  /// False when the loop has ended: nothing runs any more.
  bool post(Command command);
  void run(const std::stop_token& stop);
  void carry_out();
  void add(const std::shared_ptr<Transfer>& transfer);
  void remove(const Transfer& transfer);
  void collect();
  /// Ends transfers whose headers are late; the time until it must look again.
  int expire();

  CURLM* multi_;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> running_;  // the loop's thread only
  Guarded<State> state_;
  std::condition_variable done_;
  std::atomic<std::thread::id> id_;
  std::jthread thread_;
};

}  // namespace ks::http
