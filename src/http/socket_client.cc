#include <fmt/format.h>

#include <future>

#include "base/text.h"
#include "http/client/loop.h"

namespace ks::http {
namespace {

/// Ends the transfer when it is dropped.
class SocketReading final : public Reading {
 public:
  SocketReading(std::shared_ptr<ClientLoop> loop, std::shared_ptr<Transfer> transfer)
      : loop_(std::move(loop)), transfer_(std::move(transfer)) {}
  ~SocketReading() override { loop_->cancel(transfer_); }

 private:
  std::shared_ptr<ClientLoop> loop_;
  std::shared_ptr<Transfer> transfer_;
};

/// A reading that could not begin: its end was told already.
class EndedReading final : public Reading {};

class SocketClient final : public Client {
 public:
  SocketClient(ClientOptions options, std::string base_url)
      : options_(std::move(options)), base_url_(std::move(base_url)) {}
  // Readings may outlive the client; they find its loop closed.
  ~SocketClient() override { loop_->close(); }

  Result<Response> send(Request request) override {
    struct Call {
      Response response;
      std::string body;
      std::promise<Result<>> ended;
    };
    // Shared with the callbacks: the loop may still hold them for a moment after the answer.
    auto call = std::make_shared<Call>();
    Reader reader{.on_start =
                      [call](int status, const Headers& headers) {
                        call->response.status = status;
                        call->response.headers = headers;
                      },
                  .on_data = [call](std::string_view chunk) { call->body += chunk; },
                  .on_end = [call](Result<> result) { call->ended.set_value(std::move(result)); }};
    const std::stop_token stop = request.stop;
    auto ended = call->ended.get_future();
    auto transfer = TRY(Transfer::make(
        options_, base_url_, std::move(request), std::move(reader),
        {.whole = options_.timeout, .headers = {}, .bytes = options_.max_response_bytes}));
    loop_->start(transfer);
    const std::stop_callback cancelled(stop, [&] {
      loop_->abort(transfer, {Code::unavailable, transfer->what() + ": the caller is gone"});
    });
    TRY(ended.get());
    call->response.body = std::move(call->body);
    return std::move(call->response);
  }

  std::unique_ptr<Reading> read(Request request, Reader reader) override {
    // A request that cannot be sent is told as any other end.
    auto shared = std::make_shared<Reader>(std::move(reader));
    Reader through{.on_start =
                       [shared](int status, const Headers& headers) {
                         if (shared->on_start) shared->on_start(status, headers);
                       },
                   .on_data =
                       [shared](std::string_view chunk) {
                         if (shared->on_data) shared->on_data(chunk);
                       },
                   .on_end =
                       [shared](Result<> result) {
                         if (shared->on_end) shared->on_end(std::move(result));
                       }};
    Result<std::shared_ptr<Transfer>> transfer =
        Transfer::make(options_, base_url_, std::move(request), std::move(through),
                       {.whole = {}, .headers = options_.timeout, .bytes = 0});
    if (!transfer) {
      if (shared->on_end) shared->on_end(transfer.error());
      return std::make_unique<EndedReading>();
    }
    loop_->start(*transfer);
    return std::make_unique<SocketReading>(loop_, *transfer);
  }

 private:
  ClientOptions options_;
  std::string base_url_;
  std::shared_ptr<ClientLoop> loop_ = std::make_shared<ClientLoop>();
};

}  // namespace

Result<std::unique_ptr<Client>> socket_client(ClientOptions options) {
  std::string url = options.base_url;
  if (url.empty() && !options.unix_socket.empty()) url = "http://localhost";
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return Error{Code::invalid,
                 fmt::format("'{}' is no address of a server: it must begin with http:// or "
                             "https://",
                             options.base_url)};
  }
  if (options.client_cert_pem.empty() != options.client_key_pem.empty())
    return Error{Code::invalid, "a client certificate needs its key, and a key its certificate"};
  return std::unique_ptr<Client>(
      std::make_unique<SocketClient>(std::move(options), std::move(url)));
}

}  // namespace ks::http
