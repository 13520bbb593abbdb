#include <condition_variable>
#include <deque>
#include <thread>

#include "base/guarded.h"
#include "base/random.h"
#include "http/client.h"

namespace ks::http {
namespace {

/// More than this waiting for a reader means that it does not keep up.
constexpr size_t kMaxQueuedBytes = 64u << 20;

/// The sink of a handler's stream; a thread of the reading takes chunks from it in order.
class Pipe final : public Stream {
 public:
  bool write(Bytes chunk) override {
    bool taken = false, overflow = false;
    state_.with([&](State& state) {
      if (state.closed || state.gone) return;
      if (state.bytes + chunk->size() > kMaxQueuedBytes) {
        state.gone = overflow = true;
        state.chunks.clear();
        return;
      }
      state.bytes += chunk->size();
      state.chunks.push_back(std::move(chunk));
      taken = true;
    });
    changed_.notify_all();
    if (overflow) stop_.request_stop();
    return taken;
  }

  void close() override {
    state_.with([](State& state) { state.closed = true; });
    changed_.notify_all();
  }

  size_t queued_bytes() const override {
    return state_.with([](const State& state) { return state.bytes; });
  }

  void when_drained(size_t limit, std::move_only_function<void()> wake) override {
    const bool now = state_.with([&](State& state) {
      if (state.bytes < limit || state.gone) return true;
      state.wakers.emplace_back(limit, std::move(wake));
      return false;
    });
    if (now) wake();
  }

  std::stop_token stop_token() const override { return stop_.get_token(); }

  /// The next chunk; nothing at the end. `cut` says that the reader was too slow.
  std::optional<Bytes> next(bool& cut) {
    std::optional<Bytes> chunk;
    std::vector<std::move_only_function<void()>> wakers;
    state_.wait(
        changed_, [](const State& s) { return !s.chunks.empty() || s.closed || s.gone; },
        [&](State& state) {
          cut = state.gone;
          if (state.gone || state.chunks.empty()) return;
          chunk = std::move(state.chunks.front());
          state.chunks.pop_front();
          state.bytes -= (*chunk)->size();
          std::erase_if(state.wakers, [&](auto& waker) {
            if (state.bytes >= waker.first) return false;
            wakers.push_back(std::move(waker.second));
            return true;
          });
        });
    for (auto& wake : wakers) wake();
    return chunk;
  }

  /// The reader leaves: the writer is told, what is queued is dropped.
  void abandon() {
    std::vector<std::pair<size_t, std::move_only_function<void()>>> wakers;
    state_.with([&](State& state) {
      state.gone = true;
      state.chunks.clear();
      state.bytes = 0;
      wakers.swap(state.wakers);
    });
    changed_.notify_all();
    stop_.request_stop();
    for (auto& [limit, wake] : wakers) wake();
  }

 private:
  struct State {
    std::deque<Bytes> chunks;
    size_t bytes = 0;
    bool closed = false;
    bool gone = false;
    std::vector<std::pair<size_t, std::move_only_function<void()>>> wakers;
  };
  mutable Guarded<State> state_;
  std::condition_variable changed_;
  std::stop_source stop_;
};

class PipeReading final : public Reading {
 public:
  PipeReading(const Router& router, Request request, Client::Reader reader)
      : pipe_(std::make_shared<Pipe>()),
        thread_([&router, pipe = pipe_, request = std::move(request),
                 reader = std::move(reader)](const std::stop_token& stop) mutable {
          run(router, *pipe, pipe, request, reader, stop);
        }) {}

  ~PipeReading() override {
    thread_.request_stop();
    pipe_->abandon();
    // A reader may drop its own reading from a callback: then the thread is us, and ends when the
    // callback returns.
    if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();
  }

 private:
  static void run(const Router& router, Pipe& pipe, std::shared_ptr<Pipe> shared, Request& request,
                  Client::Reader& reader, const std::stop_token& stop) {
    request.stop = pipe.stop_token();
    Response response = router.handle(request);
    if (stop.stop_requested()) return;
    if (reader.on_start) reader.on_start(response.status, response.headers);
    if (!response.stream) {
      if (!stop.stop_requested() && reader.on_data) reader.on_data(response.body.view());
      if (!stop.stop_requested() && reader.on_end) reader.on_end({});
      return;
    }
    response.stream(std::move(shared));
    bool cut = false;
    while (std::optional<Bytes> chunk = pipe.next(cut)) {
      if (stop.stop_requested()) return;
      if (reader.on_data) reader.on_data(**chunk);
    }
    if (stop.stop_requested() || !reader.on_end) return;
    reader.on_end(
        cut ? Result<>(Error{Code::unavailable, "the stream was cut off: its reader was too slow"})
            : Result<>());
  }

  std::shared_ptr<Pipe> pipe_;
  std::jthread thread_;
};

class InProcessClient final : public Client {
 public:
  InProcessClient(const Router& router, User user) : router_(router), user_(std::move(user)) {}

  Result<Response> send(Request request) override {
    prepare(request);
    Response response = router_.handle(request);
    if (!response.stream) return response;
    // Somebody asked for the whole of a stream: collect it.
    auto pipe = std::make_shared<Pipe>();
    response.stream(pipe);
    std::string all;
    bool cut = false;
    while (std::optional<Bytes> chunk = pipe->next(cut)) all += **chunk;
    if (cut) return Error{Code::too_large, "the response is larger than an in-process call takes"};
    response.stream = nullptr;
    response.body = std::move(all);
    return response;
  }

  std::unique_ptr<Reading> read(Request request, Reader reader) override {
    prepare(request);
    return std::make_unique<PipeReading>(router_, std::move(request), std::move(reader));
  }

 private:
  void prepare(Request& request) const {
    request.peer = "in-process";
    request.secure = true;
    // Who calls for somebody says so.
    if (request.user.name.empty()) request.user = user_;
    if (request.id.empty()) request.id = random_text(12);
  }

  const Router& router_;
  User user_;
};

}  // namespace

std::unique_ptr<Client> in_process_client(const Router& router, User user) {
  return std::make_unique<InProcessClient>(router, std::move(user));
}

}  // namespace ks::http
