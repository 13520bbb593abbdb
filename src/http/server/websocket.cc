#include "http/server/websocket.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

#include "base/guarded.h"
#include "base/log.h"

namespace ks::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr size_t kMaxMessageBytes = 8u << 20;
constexpr size_t kMaxQueuedBytes = 8u << 20;

/// Our transport in the shape that the library's frames want: asynchronous reads and writes.
class AsyncTransport {
 public:
  using executor_type = asio::ip::tcp::socket::executor_type;

  AsyncTransport(asio::ip::tcp::socket socket, std::unique_ptr<Transport> transport)
      : state_(std::make_shared<State>(State{std::move(socket), std::move(transport)})) {}

  executor_type get_executor() { return state_->socket.get_executor(); }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return asio::async_initiate<Handler, void(error_code, size_t)>(
        [state = state_](auto done, const Buffers& into) {
          const asio::mutable_buffer first = *asio::buffer_sequence_begin(into);
          attempt(state, std::move(done), [state, first] {
            return state->transport->read({static_cast<char*>(first.data()), first.size()});
          });
        },
        handler, buffers);
  }

  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return asio::async_initiate<Handler, void(error_code, size_t)>(
        [state = state_](auto done, const Buffers& from) {
          asio::const_buffer first;
          for (auto it = asio::buffer_sequence_begin(from); it != asio::buffer_sequence_end(from);
               ++it) {
            first = *it;
            if (first.size() > 0) break;
          }
          attempt(state, std::move(done), [state, first] {
            return state->transport->write({static_cast<const char*>(first.data()), first.size()});
          });
        },
        handler, buffers);
  }

  void close() {
    error_code ignored;
    state_->transport->shutdown();
    state_->socket.close(ignored);
  }

 private:
  struct State {
    asio::ip::tcp::socket socket;
    std::unique_ptr<Transport> transport;
  };
  using Done = std::move_only_function<void(error_code, size_t)>;
  using Try = std::function<IoResult()>;

  static void attempt(std::shared_ptr<State> state, Done done, Try once) {
    const IoResult result = once();
    switch (result.state) {
      case Io::done: finish(*state, std::move(done), {}, result.bytes); return;
      case Io::end: finish(*state, std::move(done), asio::error::eof, 0); return;
      case Io::failed: finish(*state, std::move(done), asio::error::connection_reset, 0); return;
      case Io::want_read:
      case Io::want_write: break;
    }
    auto& socket = state->socket;
    socket.async_wait(result.state == Io::want_read ? asio::ip::tcp::socket::wait_read
                                                    : asio::ip::tcp::socket::wait_write,
                      [state = std::move(state), done = std::move(done),
                       once = std::move(once)](error_code error) mutable {
                        if (error) return done(error, 0);
                        attempt(std::move(state), std::move(done), std::move(once));
                      });
  }

  static void finish(State& state, Done done, error_code error, size_t bytes) {
    asio::post(state.socket.get_executor(),
               [done = std::move(done), error, bytes]() mutable { done(error, bytes); });
  }

  std::shared_ptr<State> state_;
};

// The library calls these, found by their argument, when it ends a connection.
[[maybe_unused]] void beast_close_socket(AsyncTransport& transport) { transport.close(); }
[[maybe_unused]] void teardown(beast::role_type, AsyncTransport& transport, error_code& error) {
  error = {};
  transport.close();
}
template <class Handler>
void async_teardown(beast::role_type, AsyncTransport& transport, Handler&& handler) {
  transport.close();
  asio::post(transport.get_executor(),
             [handler = std::forward<Handler>(handler)]() mutable { handler(error_code()); });
}

class Session final : public WebSocketSession, public std::enable_shared_from_this<Session> {
 public:
  explicit Session(WebSocketParts parts)
      : stream_(AsyncTransport(std::move(parts.socket), std::move(parts.transport))),
        handshake_(std::move(parts.request_head) + std::move(parts.early_data)),
        protocol_(std::move(parts.protocol)),
        open_(std::move(parts.open)) {
    (*open_)++;
  }
  ~Session() override { (*open_)--; }

  void accept(std::move_only_function<void(std::shared_ptr<WebSocket>)> ready) {
    stream_.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.read_message_max(kMaxMessageBytes);
    if (!protocol_.empty()) {
      stream_.set_option(beast::websocket::stream_base::decorator(
          [protocol = protocol_](beast::websocket::response_type& r) {
            r.set(beast::http::field::sec_websocket_protocol, protocol);
          }));
    }
    stream_.async_accept(
        asio::buffer(handshake_),
        [self = shared_from_this(), ready = std::move(ready)](error_code error) mutable {
          if (error) return;
          self->handshake_ = {};
          ready(self);
          self->read();
        });
  }

  // Posting happens within the lock: once ended() has taken it, nothing is posted any more, so that
  // a handler may hold its socket longer than the server and its reactor live.
  bool send(Message message) override {
    return state_.with([&](State& state) {
      if (state.closed) return false;
      state.bytes += message.data.size();
      state.overflow = state.bytes > kMaxQueuedBytes;
      if (!state.overflow) state.queue.push_back(std::move(message));
      state.closed = state.overflow;
      asio::post(stream_.get_executor(), [self = shared_from_this()] { self->write(); });
      return !state.overflow;
    });
  }

  void on_message(std::move_only_function<void(Message)> handler) override {
    on_message_ = std::move(handler);
  }
  void on_close(std::move_only_function<void(int)> handler) override {
    on_close_ = std::move(handler);
  }

  void close(int code, std::string_view reason) override {
    state_.with([&](State& state) {
      if (std::exchange(state.closed, true)) return;
      asio::post(stream_.get_executor(),
                 [self = shared_from_this(), code, reason = std::string(reason.substr(0, 120))] {
                   self->close_reason_ = {static_cast<beast::websocket::close_code>(code), reason};
                   self->write();
                 });
    });
  }

  std::string_view protocol() const override { return protocol_; }

  void abort() override {
    stream_.next_layer().close();
    finish(1006);
  }

 private:
  struct State {
    std::deque<Message> queue;
    size_t bytes = 0;
    bool closed = false;
    bool overflow = false;
  };

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->ended(error);
      Message message{.binary = self->stream_.got_binary(),
                      .data = beast::buffers_to_string(self->buffer_.data())};
      self->buffer_.consume(self->buffer_.size());
      if (self->on_message_) self->on_message_(std::move(message));
      self->read();
    });
  }

  /// Sends what waits, one message at a time; the close frame comes after the last.
  void write() {
    if (writing_ || ended_) return;
    const bool overflow = state_.with([](const State& state) { return state.overflow; });
    if (overflow) {
      LOG(warn, "a WebSocket client was cut off: it does not keep up");
      stream_.next_layer().close();
      return;
    }
    auto next = state_.with([](State& state) -> std::optional<Message> {
      if (state.queue.empty()) return std::nullopt;
      Message message = std::move(state.queue.front());
      state.queue.pop_front();
      return message;
    });
    if (next) {
      writing_ = true;
      sending_ = std::move(next->data);
      stream_.binary(next->binary);
      stream_.async_write(
          asio::buffer(sending_), [self = shared_from_this()](error_code error, size_t) {
            self->writing_ = false;
            self->state_.with(
                [&](State& state) { state.bytes -= std::min(state.bytes, self->sending_.size()); });
            if (!error) self->write();
          });
      return;
    }
    if (close_reason_) {
      writing_ = true;
      closing_ = true;
      stream_.async_close(*close_reason_, [self = shared_from_this()](error_code error) {
        self->finish(error ? 1006 : static_cast<int>(self->close_reason_->code));
      });
    }
  }

  /// Reading ended. When it is we who close, the answer to our close frame says how it went.
  void ended(error_code error) {
    if (closing_) return;
    if (error != beast::websocket::error::closed) return finish(1006);
    const int code = static_cast<int>(stream_.reason().code);
    finish(code == 0 ? 1005 : code);  // a close frame need not say why
  }

  void finish(int code) {
    if (std::exchange(ended_, true)) return;
    state_.with([](State& state) { state.closed = true; });
    if (on_close_) on_close_(code);
    on_message_ = nullptr;
    on_close_ = nullptr;
  }

  beast::websocket::stream<AsyncTransport> stream_;
  std::string handshake_;
  std::string protocol_;
  std::shared_ptr<std::atomic<size_t>> open_;
  beast::flat_buffer buffer_;
  Guarded<State> state_;
  std::string sending_;
  bool writing_ = false;
  bool ended_ = false;
  bool closing_ = false;
  std::optional<beast::websocket::close_reason> close_reason_;
  std::move_only_function<void(Message)> on_message_;
  std::move_only_function<void(int)> on_close_;
};

}  // namespace

std::shared_ptr<WebSocketSession> start_websocket(
    WebSocketParts parts, std::move_only_function<void(std::shared_ptr<WebSocket>)> ready) {
  auto session = std::make_shared<Session>(std::move(parts));
  session->accept(std::move(ready));
  return session;
}

}  // namespace ks::http
