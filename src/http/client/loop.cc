#include "http/client/loop.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <signal.h>

#include <mutex>

namespace ks::http {
namespace {

/// Connections that are kept while nothing uses them.
constexpr long kIdleConnections = 64;
/// More at once is a fault of the caller; the rest waits within its timeout.
constexpr long kMaxConnections = 4096;

Error closed_error(const Transfer& transfer) {
  return {Code::unavailable, fmt::format("{}: the client was closed", transfer.what())};
}

CURLM* make_multi() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  CURLM* multi = curl_multi_init();
  CHECK(multi != nullptr);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kIdleConnections);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, kMaxConnections);
  return multi;
}

}  // namespace

ClientLoop::ClientLoop()
    : multi_(make_multi()), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ClientLoop::close() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  state_.with([&](State&) { curl_multi_wakeup(multi_); });
  thread_.join();
  curl_multi_cleanup(multi_);
}

bool ClientLoop::post(Command command) {
  return state_.with([&](State& state) {
    if (state.ended) return false;
    state.commands.push_back(std::move(command));
    curl_multi_wakeup(multi_);  // within the lock: once it has ended, the library's handle is gone
    return true;
  });
}

void ClientLoop::start(const std::shared_ptr<Transfer>& transfer) {
  if (!post({.action = Action::start, .transfer = transfer, .error = {}, .done = nullptr}))
    transfer->fail(closed_error(*transfer));
}

void ClientLoop::abort(const std::shared_ptr<Transfer>& transfer, Error error) {
  post(
      {.action = Action::remove, .transfer = transfer, .error = std::move(error), .done = nullptr});
}

void ClientLoop::cancel(const std::shared_ptr<Transfer>& transfer) {
  const bool ours = std::this_thread::get_id() == id_;
  if (ours) transfer->cancel();
  auto done = std::make_shared<std::stop_source>();
  const bool posted =
      post({.action = Action::remove, .transfer = transfer, .error = {}, .done = done});
  if (!posted || ours) return;
  state_.wait(
      done_, [&](const State& state) { return state.ended || done->stop_requested(); },
      [](const State&) {});
}

void ClientLoop::run(const std::stop_token& stop) {
  // Writing to a closed socket must be an error here, not a signal to the process.
  id_ = std::this_thread::get_id();
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!stop.stop_requested()) {
    carry_out();
    int active = 0;
    curl_multi_perform(multi_, &active);
    collect();
    curl_multi_poll(multi_, nullptr, 0, expire(), nullptr);
  }
  carry_out();
  while (!running_.empty()) {
    const std::shared_ptr<Transfer> transfer = running_.begin()->second;
    remove(*transfer);
    transfer->fail(closed_error(*transfer));
  }
  // What was posted meanwhile is ended as well; from here on post() refuses.
  const std::vector<Command> late = state_.with([](State& state) {
    state.ended = true;
    return std::exchange(state.commands, {});
  });
  for (const Command& command : late) {
    if (command.action == Action::start) command.transfer->fail(closed_error(*command.transfer));
  }
  done_.notify_all();
}

void ClientLoop::carry_out() {
  const std::vector<Command> commands =
      state_.with([](State& state) { return std::exchange(state.commands, {}); });
  for (const Command& command : commands) {
    if (command.action == Action::start) {
      add(command.transfer);
      continue;
    }
    remove(*command.transfer);
    if (command.done == nullptr) {
      command.transfer->fail(command.error);
      continue;
    }
    command.transfer->cancel();
    state_.with([&](State&) { command.done->request_stop(); });
    done_.notify_all();
  }
}

void ClientLoop::add(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->ended()) return;
  running_.emplace(transfer->easy(), transfer);
  if (curl_multi_add_handle(multi_, transfer->easy()) != CURLM_OK) {
    running_.erase(transfer->easy());
    transfer->fail({Code::internal, transfer->what() + ": the client cannot take it"});
  }
}

void ClientLoop::remove(const Transfer& transfer) {
  const auto found = running_.find(transfer.easy());
  if (found == running_.end()) return;
  curl_multi_remove_handle(multi_, transfer.easy());
  running_.erase(found);
}

void ClientLoop::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = running_.find(message->easy_handle);
    if (found == running_.end()) continue;
    const CURLcode code = message->data.result;  // the message goes with the handle
    const std::shared_ptr<Transfer> transfer = found->second;
    remove(*transfer);
    transfer->finish(code);
  }
}

int ClientLoop::expire() {
  const SteadyTime now = std::chrono::steady_clock::now();
  bool some_wait = false;
  std::vector<std::shared_ptr<Transfer>> late;
  for (const auto& [easy, transfer] : running_) {
    some_wait = some_wait || transfer->awaits_headers();
    if (transfer->is_late(now)) late.push_back(transfer);
  }
  for (const auto& transfer : late) {
    remove(*transfer);
    transfer->fail({Code::timeout, transfer->what() + ": no answer in time"});
  }
  return some_wait ? 100 : 10'000;
}

}  // namespace ks::http
