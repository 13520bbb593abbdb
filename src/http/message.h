#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

/// What travels: requests, responses, and the streams of responses that have no end yet.

namespace ks::http {

enum class Method : uint8_t { get, head, post, put, patch, delete_, options, connect, trace };

std::string_view to_string(Method method);
/// Nothing for a method that HTTP does not define. Case matters, as RFC 9110 says.
std::optional<Method> parse_method(std::string_view text);

/// Header fields in the order they came. Names compare without case; a name may occur several
/// times.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  void erase(std::string_view name);
  /// The first field of that name; empty when there is none. Valid until the next change.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

/// The query of a URL, percent-decoded, in order.
class Query {
 public:
  /// Decodes `a=1&b=x%20y`; an escape that is none stays as it is.
  static Query parse(std::string_view text);

  /// The first value of that name; empty when absent.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  void add(std::string name, std::string value);
  /// Percent-encoded, without the question mark.
  std::string encode() const;

  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// Bytes that several readers share and nobody changes.
using Bytes = std::shared_ptr<const std::string>;

/// Content of known length: owned, or shared with whoever else sends it.
class Body {
 public:
  Body() = default;
  Body(std::string text) : content_(std::move(text)) {}    // NOLINT: a body is its text
  Body(const char* text) : content_(std::string(text)) {}  // NOLINT
  Body(Bytes bytes) : content_(std::move(bytes)) {}        // NOLINT

  std::string_view view() const;
  size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }
  /// Moves the text out, or copies it when it is shared.
  std::string take() &&;

 private:
  std::variant<std::string, Bytes> content_;
};

/// Who makes a request; set by the authentication filter, empty name for nobody.
struct User {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
};

struct Request {
  Method method = Method::get;
  std::string
      path;  ///< Percent-decoded path without query; always begins with a slash. Not normalised.
  std::string
      raw_path;  ///< The path as it was sent; for routes where an encoded slash is part of a name.
  Query query;
  Headers headers;
  Body body;

  std::string id;  ///< X-Request-Id: the caller's when it is sane, else ours.
  std::string
      peer;  ///< Address and port of the caller; "in-process" for a call that came by no socket.
  bool secure = false;  ///< Came over TLS.
  User user;
  std::stop_token stop;  ///< Fires when the caller is gone or the server shuts down.

  /// The part of the path that `{name}` of the route's pattern matched; empty when there is none.
  std::string_view param(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> params;
};

/// Splits a target such as `/a%20b?x=1` into path, raw_path and query of a new request.
Request make_request(Method method, std::string_view target, Body body = {}, Headers headers = {});

/// Where a response without a known end goes: a watch, a followed log, server-sent events.
///
/// Thread-safe: any thread may write. Each has a bounded queue; a reader that falls behind further
/// than that is cut off, so that nobody waits for it.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Queues a chunk. False once the reader is gone or was cut off; later writes do nothing.
  virtual bool write(Bytes chunk) = 0;
  bool write(std::string chunk) {
    return write(std::make_shared<const std::string>(std::move(chunk)));
  }

  /// Ends the response once all that is queued was sent. Idempotent.
  virtual void close() = 0;

  /// Bytes that are queued and not yet handed to the socket.
  virtual size_t queued_bytes() const = 0;

  /// Calls `wake` once when less than `below` bytes are queued, at once if that is so now: lets a
  /// producer that reads from disk go at the reader's speed. Runs on any thread; must not block.
  virtual void when_drained(size_t below, std::move_only_function<void()> wake) = 0;

  /// Fires when the reader is gone, was cut off, or the server shuts down.
  virtual std::stop_token stop_token() const = 0;
};

/// One WebSocket connection after the upgrade. Thread-safe; writes are queued and bounded as those
/// of a Stream.
class WebSocket {
 public:
  struct Message {
    bool binary = false;
    std::string data;
  };
  virtual ~WebSocket() = default;
  virtual bool send(Message message) = 0;
  /// Sets who gets the messages; call it within the upgrade callback. Runs on the reactor: must not
  /// block.
  virtual void on_message(std::move_only_function<void(Message)> handler) = 0;
  /// `code` as in RFC 6455 section 7.4; called once, also when the connection breaks (1006).
  virtual void on_close(std::move_only_function<void(int code)> handler) = 0;
  virtual void close(int code = 1000, std::string_view reason = {}) = 0;
  /// The subprotocol that was agreed, empty for none.
  virtual std::string_view protocol() const = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  Body body;

  /// When set, `body` is not used: the response is chunked and `start` gets the stream to write to.
  /// It runs where the handler ran, after the headers are queued, and must not keep a reference to
  /// the request.
  std::move_only_function<void(std::shared_ptr<Stream>)> stream;

  /// When set, the answer to an upgrade request: the server performs the handshake and hands the
  /// socket over.
  std::move_only_function<void(std::shared_ptr<WebSocket>)> websocket;
  std::vector<std::string>
      websocket_protocols;  ///< Those we speak, best first; one that the client offers is chosen.

  static Response text(int status, std::string body);
  static Response json(int status, Body body);
};

/// The status code that tells a client about `error`.
int status_of(Code code);
/// A plain-text response for an error.
Response error_response(const Error& error);

}  // namespace ks::http
