#include "http/server/stream.h"

#include <boost/asio/post.hpp>

#include <algorithm>

#include "base/log.h"
#include "http/server/connection.h"

namespace ks::http {

ConnectionStream::ConnectionStream(std::weak_ptr<Connection> connection,
                                   boost::asio::any_io_executor reactor, size_t max_bytes)
    : connection_(std::move(connection)), reactor_(std::move(reactor)), max_bytes_(max_bytes) {}

// Posting happens within the lock: once abandon() has taken it, nothing is posted any more, so that
// a producer may hold its stream longer than the server and its reactor live.

bool ConnectionStream::write(Bytes chunk) {
  if (chunk->empty()) return true;
  return state_.with([&](State& state) {
    if (state.gone || state.closed) return false;
    if (state.bytes + chunk->size() > max_bytes_) {
      abort(state, "it does not keep up");
      return false;
    }
    state.bytes += chunk->size();
    state.chunks.push_back(std::move(chunk));
    schedule(state);
    return true;
  });
}

void ConnectionStream::close() {
  state_.with([&](State& state) {
    if (std::exchange(state.closed, true) || state.gone) return;
    schedule(state);
  });
}

void ConnectionStream::fail() {
  state_.with([&](State& state) {
    if (!state.gone) abort(state, "its producer failed");
  });
}

void ConnectionStream::abort(State& state, std::string why) {
  state.gone = true;
  state.chunks.clear();
  boost::asio::post(reactor_, [weak = connection_, why = std::move(why)] {
    if (auto connection = weak.lock()) connection->abort_stream(why);
  });
}

void ConnectionStream::schedule(State& state) {
  if (std::exchange(state.scheduled, true)) return;
  boost::asio::post(reactor_, [weak = connection_] {
    if (auto connection = weak.lock()) connection->flush_stream();
  });
}

size_t ConnectionStream::queued_bytes() const {
  return state_.with([](const State& state) { return state.bytes; });
}

void ConnectionStream::when_drained(size_t below, std::move_only_function<void()> on_drained) {
  const bool now = state_.with([&](State& state) {
    if (state.bytes < below || state.gone) return true;
    state.wakers.emplace_back(below, std::move(on_drained));
    return false;
  });
  if (now) on_drained();
}

ConnectionStream::Taken ConnectionStream::take() {
  std::vector<Bytes> chunks;
  Taken taken;
  state_.with([&](State& state) {
    chunks.swap(state.chunks);
    state.scheduled = false;
    taken.end = state.closed;
  });
  size_t size = 0;
  for (const Bytes& chunk : chunks) size += chunk->size();
  taken.data.reserve(size);
  for (const Bytes& chunk : chunks) taken.data += *chunk;
  return taken;
}

void ConnectionStream::sent(size_t bytes) {
  std::vector<Waker> ready;
  state_.with([&](State& state) {
    state.bytes -= std::min(bytes, state.bytes);
    std::erase_if(state.wakers, [&](Waker& waker) {
      if (state.bytes >= waker.first) return false;
      ready.push_back(std::move(waker));
      return true;
    });
  });
  wake(std::move(ready));
}

void ConnectionStream::abandon() {
  std::vector<Waker> all;
  state_.with([&](State& state) {
    state.gone = true;
    state.chunks.clear();
    all.swap(state.wakers);
  });
  stop_.request_stop();
  wake(std::move(all));
}

void ConnectionStream::wake(std::vector<Waker> wakers) {
  for (Waker& waker : wakers) waker.second();
}

}  // namespace ks::http
