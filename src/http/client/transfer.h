#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "http/client.h"

// Internal to the client: one request and what comes back for it.

typedef void CURL;
struct curl_slist;

namespace ks::http {

/// How a transfer is bounded: a call waits for all of its answer, a reading for its headers only.
struct TransferLimits {
  std::chrono::milliseconds whole{0};    ///< Until the last byte; 0: none.
  std::chrono::milliseconds headers{0};  ///< Until the last header; 0: none.
  size_t bytes = 0;                      ///< Of content; 0: none.
};

/// A request prepared for the library, and the callbacks that get its response.
///
/// Made on any thread; from then on the loop's thread alone touches it.
class Transfer {
 public:
  /// The target of the request is appended to `base_url`, which has no slash at its end. A header
  /// with a line break in it is `invalid`.
  static Result<std::shared_ptr<Transfer>> make(const ClientOptions& options,
                                                const std::string& base_url, Request request,
                                                Client::Reader reader, TransferLimits limits);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_; }
  /// The library is done with it: `code` is its CURLcode.
  void finish(int code);
  /// Ends it with an error of ours. The second end does nothing.
  void fail(Error error);
  /// No callback runs after this.
  void cancel() { ended_ = true; }
  bool ended() const { return ended_; }
  /// Its headers should be there by now and are not.
  bool is_late(SteadyTime now) const { return !started_ && now >= headers_deadline_; }
  bool awaits_headers() const { return !started_ && headers_deadline_ != SteadyTime::max(); }
  /// `GET https://host/path`, for messages.
  const std::string& what() const { return what_; }

 private:
  Transfer(Request request, Client::Reader reader, TransferLimits limits);
  Result<> prepare(const ClientOptions& options, const std::string& base_url);
  Result<> prepare_headers(const ClientOptions& options);
  void prepare_method();
  void prepare_tls(const ClientOptions& options);

  static size_t take_header(char* data, size_t size, size_t count, void* self);
  static size_t take_data(char* data, size_t size, size_t count, void* self);
  bool header(std::string_view line);
  bool data(std::string_view chunk);
  Error error_of(int code) const;

  Request request_;  // the library sends the body from here
  Client::Reader reader_;
  TransferLimits limits_;
  std::string what_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  std::string error_text_;
  SteadyTime headers_deadline_ = SteadyTime::max();

  Headers headers_;
  int status_ = 0;
  size_t received_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace ks::http
