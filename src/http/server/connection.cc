#include "http/server/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "http/server/stream.h"
#include "http/server/websocket.h"

namespace ks::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// Pipelined requests that wait while one is handled; a client that sends more must read first.
constexpr size_t kMaxPipelined = 256 << 10;

std::string_view reason_of(int status) {
  return beast::http::obsolete_reason(static_cast<beast::http::status>(status));
}

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

/// A header value from a handler may hold what a user typed: a line break in it would forge
/// headers.
bool is_safe_value(std::string_view value) { return value.find_first_of("\r\n") == value.npos; }

/// The first of ours that the client offers; empty when there is none.
std::string choose_protocol(const std::vector<std::string>& ours, std::string_view offered) {
  for (const std::string& protocol : ours) {
    for (std::string_view offer : split(offered, ',')) {
      if (trim(offer) == protocol) return protocol;
    }
  }
  return {};
}

/// After an answer that did not wait for all of the request: how long and how much is read and
/// dropped.
constexpr std::chrono::milliseconds kLingerTime{2000};
constexpr size_t kLingerBytes = 4u << 20;

}  // namespace

void Reactor::sweep() {
  if (sweeping || connections.empty()) return;
  sweeping = true;
  timer.expires_after(std::chrono::milliseconds(500));
  timer.async_wait([this](const boost::system::error_code& error) {
    sweeping = false;
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->check_deadline(now);
    sweep();
  });
}

Connection::Connection(Reactor& reactor, asio::ip::tcp::socket socket, std::string peer)
    : reactor_(reactor), socket_(std::move(socket)), peer_(std::move(peer)) {
  reactor_.shared.connections++;
}

Connection::~Connection() { reactor_.shared.connections--; }

void Connection::start() {
  if (reactor_.shared.draining) return;  // accepted in the moment of the end
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  transport_ = std::make_unique<Transport>(socket_.native_handle(), reactor_.shared.tls.get());
  reactor_.connections.insert(shared_from_this());
  reactor_.sweep();
  enter(Phase::handshake);
  handshake();
}

void Connection::enter(Phase phase) {
  const ServerOptions& options = reactor_.shared.options;
  phase_ = phase;
  const auto now = std::chrono::steady_clock::now();
  switch (phase) {
    case Phase::handshake:
    case Phase::header: deadline_ = now + options.header_timeout; break;
    case Phase::idle: deadline_ = now + options.idle_timeout; break;
    case Phase::body:
    case Phase::responding: deadline_ = now + options.body_timeout; break;
    case Phase::lingering: deadline_ = now + kLingerTime; break;
    case Phase::handling:
    case Phase::streaming:
    case Phase::closed: deadline_ = std::chrono::steady_clock::time_point::max(); break;
  }
}

void Connection::check_deadline(std::chrono::steady_clock::time_point now) {
  if (now < deadline_) return;
  if (phase_ == Phase::header || phase_ == Phase::body) {
    reject(408, "the request did not arrive in time\n");
  } else {
    close();
  }
}

void Connection::handshake() {
  const IoResult result = transport_->handshake();
  switch (result.state) {
    case Io::done:
      enter(Phase::idle);
      on_readable();
      return;
    case Io::want_read: wait_readable(); return;
    case Io::want_write: wait_writable(); return;
    case Io::end:
    case Io::failed: close(); return;
  }
}

void Connection::wait_readable() {
  if (waiting_readable_ || phase_ == Phase::closed) return;
  waiting_readable_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_readable_ = false;
                       if (error || self->phase_ == Phase::closed) return;
                       if (self->phase_ == Phase::handshake) return self->handshake();
                       self->on_readable();
                     });
}

void Connection::wait_writable() {
  if (waiting_writable_ || phase_ == Phase::closed) return;
  waiting_writable_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_writable_ = false;
                       if (error || self->phase_ == Phase::closed) return;
                       if (self->phase_ == Phase::handshake) return self->handshake();
                       self->on_writable();
                     });
}

void Connection::on_writable() {
  if (phase_ == Phase::lingering) return linger();
  write_more();
}

void Connection::on_readable() {
  while (phase_ != Phase::closed) {
    if (phase_ == Phase::lingering) return linger();
    const bool busy =
        phase_ == Phase::handling || phase_ == Phase::responding || phase_ == Phase::streaming;
    if (busy && in_.size() >= kMaxPipelined) return;  // finish_response() waits again
    const IoResult result = transport_->read(reactor_.scratch);
    switch (result.state) {
      case Io::done:
        in_.append(reactor_.scratch.data(), result.bytes);
        if (!busy) consume();
        break;
      case Io::want_read: wait_readable(); return;
      case Io::want_write: wait_writable(); return;
      case Io::end: peer_ended(); return;
      case Io::failed: close(); return;
    }
  }
}

/// Closing a socket with unread bytes resets it, and the peer may lose the answer that says why it
/// should stop sending. So what still comes is read and dropped for a while.
void Connection::linger() {
  while (phase_ == Phase::lingering) {
    const IoResult result = transport_->read(reactor_.scratch);
    switch (result.state) {
      case Io::done:
        lingered_ += result.bytes;
        if (lingered_ > kLingerBytes) close();
        break;
      case Io::want_read: wait_readable(); return;
      case Io::want_write: wait_writable(); return;
      case Io::end:
      case Io::failed: close(); return;
    }
  }
}

/// The peer sends nothing more. It may still wait for the answer of a request it has sent, so that
/// is written if there is one; but most that end their side are gone, and nobody follows a stream
/// with half a connection.
void Connection::peer_ended() {
  peer_ended_ = true;
  if (phase_ == Phase::handling || phase_ == Phase::responding) {
    keep_alive_ = false;
    stop_.request_stop();
    return;
  }
  close();
}

void Connection::consume() {
  if (in_.empty()) return;
  if (phase_ == Phase::idle) {
    parser_ = std::make_unique<Parser>();
    parser_->header_limit(static_cast<uint32_t>(reactor_.shared.options.max_header_bytes));
    parser_->body_limit(reactor_.shared.options.max_body_bytes);
    continue_sent_ = false;
    started_ = std::chrono::steady_clock::now();
    enter(Phase::header);
  }
  feed();
}

void Connection::feed() {
  while (true) {
    boost::system::error_code error;
    const size_t used = parser_->put(asio::buffer(in_), error);
    in_.erase(0, used);
    if (error == beast::http::error::need_more) error = {};
    if (error == beast::http::error::header_limit) {
      return reject(431, fmt::format("the header is larger than {} bytes\n",
                                     reactor_.shared.options.max_header_bytes));
    }
    if (error == beast::http::error::body_limit) {
      return reject(413, fmt::format("the body is larger than {} bytes\n",
                                     reactor_.shared.options.max_body_bytes));
    }
    if (error) return reject(400, fmt::format("this is no HTTP request: {}\n", error.message()));
    if (parser_->is_done()) return handle();
    if (parser_->is_header_done() && phase_ == Phase::header) {
      enter(Phase::body);
      const auto length = parser_->content_length();
      if (length && *length > reactor_.shared.options.max_body_bytes) {
        return reject(413, fmt::format("the body is larger than {} bytes\n",
                                       reactor_.shared.options.max_body_bytes));
      }
      if (!continue_sent_ && parser_->get().count(beast::http::field::expect) > 0 && in_.empty()) {
        continue_sent_ = true;
        (void)transport_->write("HTTP/1.1 100 Continue\r\n\r\n");
      }
    }
    if (used == 0 || in_.empty()) {
      // The header limit is checked by the parser only once it has seen a whole line; an endless
      // one must end too.
      if (in_.size() > reactor_.shared.options.max_header_bytes && !parser_->is_header_done()) {
        return reject(431, fmt::format("the header is larger than {} bytes\n",
                                       reactor_.shared.options.max_header_bytes));
      }
      return;
    }
  }
}

void Connection::reject(int status, std::string text) {
  request_ = std::make_shared<Request>();
  request_->peer = peer_;
  request_->path = "-";
  keep_alive_ = false;
  rejected_ = true;
  is_head_ = false;
  parser_.reset();
  respond(Response::text(status, std::move(text)));
}

Request Connection::take_request() {
  auto& message = parser_->get();
  Headers headers;
  for (const auto& field : message)
    headers.add(std::string(field.name_string()), std::string(field.value()));
  const auto method = parse_method(std::string_view(message.method_string()));
  Request request = make_request(method.value_or(Method::trace), std::string_view(message.target()),
                                 std::move(message.body()), std::move(headers));
  const std::string_view id = request.headers.get("X-Request-Id");
  request.id = is_sane_id(id) ? std::string(id) : random_text(16);
  request.peer = peer_;
  request.secure = transport_->secure();
  return request;
}

void Connection::handle() {
  http10_ = parser_->get().version() < 11;
  keep_alive_ = parser_->get().keep_alive() && !peer_ended_ && !reactor_.shared.draining;
  const bool known = parse_method(std::string_view(parser_->get().method_string())).has_value();
  const bool absolute = !parser_->get().target().starts_with("/") && parser_->get().target() != "*";
  request_ = std::make_shared<Request>(take_request());
  is_head_ = request_->method == Method::head;
  parser_.reset();
  enter(Phase::handling);
  if (!known) return respond(Response::text(501, "this server does not know the method\n"));
  if (absolute) return respond(Response::text(400, "the request target must begin with a slash\n"));
  stop_ = std::stop_source();
  request_->stop = stop_.get_token();
  const Router& router = *reactor_.shared.router;
  if (router.where(*request_) == Runs::on_reactor) return respond(router.handle(*request_));
  auto answer = [self = shared_from_this(), request = request_] {
    Response response = self->reactor_.shared.router->handle(*request);
    asio::post(self->reactor_.context, [self, response = std::move(response)]() mutable {
      if (self->phase_ == Phase::handling) self->respond(std::move(response));
    });
  };
  if (!reactor_.shared.workers->submit(std::move(answer))) {
    Response busy = Response::text(503, "too many requests wait; try again in a second\n");
    busy.headers.add("Retry-After", "1");
    respond(std::move(busy));
  }
}

std::string Connection::head_of(const Response& response, bool chunked) const {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  for (const auto& [name, value] : response.headers) {
    if (is_safe_value(name) && is_safe_value(value)) head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!request_->id.empty()) head += fmt::format("X-Request-Id: {}\r\n", request_->id);
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (chunked) {
    if (!http10_) head += "Transfer-Encoding: chunked\r\n";
  } else if (!bodiless && !(is_head_ && response.headers.has("Content-Length"))) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!keep_alive_) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

void Connection::respond(Response response) {
  status_ = response.status;
  if (reactor_.shared.draining) keep_alive_ = false;
  if (response.websocket) return peer_ended_ ? close() : upgrade(response);
  if (response.stream && !is_head_) return start_stream(response);
  enter(Phase::responding);
  out_head_ = head_of(response, false);
  out_body_ = is_head_ || status_ == 204 || status_ == 304 ? Body() : std::move(response.body);
  out_done_ = 0;
  write_more();
}

void Connection::start_stream(Response& response) {
  if (http10_) keep_alive_ = false;
  enter(Phase::streaming);
  streamed_bytes_ = 0;
  out_head_ = head_of(response, true);
  out_body_ = Body();
  out_done_ = 0;
  stream_ = std::make_shared<ConnectionStream>(weak_from_this(), reactor_.context.get_executor(),
                                               reactor_.shared.options.max_stream_queue_bytes);
  if (reactor_.shared.draining) stream_->request_stop();
  auto stream = stream_;
  write_more();
  // A producer may block (a log file, a first list): it gets a worker, as its handler did.
  auto begin = [start = std::move(response.stream), stream]() mutable {
    try {
      start(stream);
    } catch (const std::exception& error) {
      LOG(error, "a stream's producer threw; this is a bug", {"what", error.what()});
      stream->fail();
    }
  };
  if (reactor_.shared.router->where(*request_) == Runs::on_reactor) {
    begin();
  } else if (!reactor_.shared.workers->submit(std::move(begin))) {
    abort_stream("too many requests wait");
  }
  wait_readable();
}

void Connection::flush_stream() {
  if (phase_ != Phase::streaming || out_done_ < out_head_.size() + out_body_.size()) return;
  ConnectionStream::Taken taken = stream_->take();
  streamed_bytes_ = taken.data.size();
  out_done_ = 0;
  out_body_ = Body();
  out_head_.clear();
  if (!taken.data.empty()) {
    if (http10_) {
      out_head_ = std::move(taken.data);
    } else {
      out_head_ = fmt::format("{:x}\r\n", taken.data.size());
      taken.data += "\r\n";
      out_body_ = Body(std::move(taken.data));
    }
  }
  if (taken.end) {
    if (!http10_) {
      if (out_body_.empty()) {
        out_head_ += "0\r\n\r\n";
      } else {
        out_body_ = Body(std::move(out_body_).take() + "0\r\n\r\n");
      }
    }
    enter(Phase::responding);
  }
  if (taken.end || !out_head_.empty()) write_more();
}

void Connection::abort_stream(std::string_view why) {
  if (phase_ == Phase::closed) return;
  LOG(warn, "a reader of a stream was cut off", {"why", why}, {"peer", peer_},
      {"request", request_->id});
  // A reset, not a proper end: the reader must not take what it has for the whole.
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::write_more() {
  while (phase_ == Phase::responding || phase_ == Phase::streaming) {
    const size_t head_size = out_head_.size();
    const std::string_view body = out_body_.view();
    if (out_done_ >= head_size + body.size()) break;
    const std::string_view head =
        std::string_view(out_head_).substr(std::min(out_done_, head_size));
    const size_t body_done = out_done_ > head_size ? out_done_ - head_size : 0;
    const IoResult result = transport_->write(head, body.substr(body_done));
    switch (result.state) {
      case Io::done:
        out_done_ += result.bytes;
        if (phase_ == Phase::responding) enter(Phase::responding);
        break;
      case Io::want_write: wait_writable(); return;
      case Io::want_read: wait_readable(); return;
      case Io::end:
      case Io::failed: close(); return;
    }
  }
  if (phase_ == Phase::responding) return finish_response();
  if (phase_ == Phase::streaming) {
    out_head_ = {};
    out_body_ = Body();
    out_done_ = 0;
    if (streamed_bytes_ > 0) stream_->sent(std::exchange(streamed_bytes_, 0));
    flush_stream();
  }
}

void Connection::finish_response() {
  log_request(status_, out_body_.size());
  if (stream_ != nullptr) {
    stream_->abandon();
    stream_.reset();
  }
  out_head_ = {};
  out_body_ = Body();
  request_.reset();
  if (!keep_alive_ || peer_ended_) {
    transport_->shutdown();
    if (peer_ended_ || !rejected_) return close();
    in_ = {};
    enter(Phase::lingering);
    return linger();
  }
  enter(Phase::idle);
  // Pipelined requests first; posted, so that a long pipeline does not grow the stack.
  if (!in_.empty()) {
    asio::post(reactor_.context, [self = shared_from_this()] {
      if (self->phase_ != Phase::idle) return;
      self->consume();
      self->wait_readable();
    });
  } else {
    in_ = {};
    wait_readable();
  }
}

void Connection::upgrade(Response& response) {
  std::string head = "GET " + request_->raw_path + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request_->headers)
    head.append(name).append(": ").append(value).append("\r\n");
  head += "\r\n";
  log_request(101, 0);
  auto ready = std::move(response.websocket);
  std::string protocol = choose_protocol(response.websocket_protocols,
                                         request_->headers.get("Sec-WebSocket-Protocol"));
  phase_ = Phase::closed;
  reactor_.connections.erase(shared_from_this());
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  auto session = start_websocket(WebSocketParts{.socket = std::move(socket_),
                                                .transport = std::move(transport_),
                                                .request_head = std::move(head),
                                                .early_data = std::move(in_),
                                                .protocol = std::move(protocol),
                                                .open = reactor_.shared.websockets},
                                 std::move(ready));
  std::erase_if(reactor_.websockets, [](const auto& weak) { return weak.expired(); });
  reactor_.websockets.push_back(session);
}

void Connection::drain() {
  switch (phase_) {
    case Phase::handshake:
    case Phase::idle:
    case Phase::lingering: close(); break;
    case Phase::streaming:
      keep_alive_ = false;
      stream_->request_stop();
      break;
    default: keep_alive_ = false;
  }
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const bool was_streaming = phase_ == Phase::streaming;
  phase_ = Phase::closed;
  if (was_streaming) log_request(status_, 0);
  stop_.request_stop();
  if (stream_ != nullptr) stream_->abandon();
  boost::system::error_code ignored;
  socket_.close(ignored);
  reactor_.connections.erase(shared_from_this());
}

void Connection::log_request(int status, size_t bytes) {
  if (reactor_.shared.access_log == nullptr || request_ == nullptr) return;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  reactor_.shared.access_log->add(*request_, status, bytes, took);
}

}  // namespace ks::http
