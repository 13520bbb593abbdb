#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "base/guarded.h"
#include "http/message.h"

namespace ks::http {

class Connection;

/// The Stream of a response that goes out over a connection. Chunks that wait together leave as
/// one.
class ConnectionStream final : public Stream {
 public:
  ConnectionStream(std::weak_ptr<Connection> connection, boost::asio::any_io_executor reactor,
                   size_t max_bytes);

  bool write(Bytes chunk) override;
  void close() override;
  /// The producer cannot go on: the reader sees a broken response, not a proper end.
  void fail();
  size_t queued_bytes() const override;
  void when_drained(size_t below, std::move_only_function<void()> wake) override;
  std::stop_token stop_token() const override { return stop_.get_token(); }

  // For the connection, on its reactor.

  /// Everything that waits, and whether the end follows it.
  struct Taken {
    std::string data;
    bool end = false;
  };
  Taken take();
  /// What was taken last is on the wire: producers may go on.
  void sent(size_t bytes);
  /// The reader is gone or cut off.
  void abandon();
  /// The server shuts down: producers are told and are expected to close.
  void request_stop() { stop_.request_stop(); }

 private:
  using Waker = std::pair<size_t, std::move_only_function<void()>>;
  struct State {
    std::vector<Bytes> chunks;
    size_t bytes = 0;  // waiting and taken but not yet sent
    bool scheduled = false;
    bool closed = false;
    bool gone = false;
    std::vector<Waker> wakers;
  };
  void schedule(State& state);
  void abort(State& state, std::string why);
  void wake(std::vector<Waker> wakers);

  std::weak_ptr<Connection> connection_;
  boost::asio::any_io_executor reactor_;
  const size_t max_bytes_;
  mutable Guarded<State> state_;
  std::stop_source stop_;
};

}  // namespace ks::http
