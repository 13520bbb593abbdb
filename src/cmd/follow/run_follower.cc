#include "cmd/follow/run_follower.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

namespace ks::cmd {
namespace {

using std::chrono::milliseconds;
constexpr int kMostRetries = 20;  // in a row without a byte: about half a minute
constexpr milliseconds kFirstRetry{50};
constexpr milliseconds kMostRetry{2'000};
constexpr size_t kMostErrorBytes = 4096;

class Follower {
 public:
  Follower(http::Client& transport, const BuildRef& build, RunView& view, std::stop_token stop)
      : transport_(transport),
        jenkins_(transport),
        build_(build),
        view_(view),
        stop_(std::move(stop)) {}

  Result<jenkins::Run> follow() {
    std::unique_ptr<jenkins::Subscription> events;
    if (view_.wants_stages()) {
      events = jenkins_.subscribe({.on_event = [this](const jenkins::Event& e) { on_event(e); },
                                   .on_unsupported = {},
                                   .after = {}});
    }
    milliseconds delay = kFirstRetry;
    for (int tries = 0; tries < kMostRetries; ++tries) {
      const uint64_t before = offset_;
      TRY(read_log());
      if (stop_.stop_requested()) return Error{Code::unavailable, "interrupted"};
      Result<jenkins::Run> run = jenkins_.run(build_.job, build_.id);
      if (!run && run.error().code == Code::not_found) return run;
      if (run && run->is_finished() && log_complete_) {
        show_stages();
        events.reset();
        view_.end();
        return run;
      }
      if (offset_ != before) {
        tries = 0;
        delay = kFirstRetry;
      }
      pause(delay);
      delay = std::min(delay * 2, kMostRetry);
    }
    return Error{Code::unavailable,
                 fmt::format("the server does not send the log of run {} of {} any more", build_.id,
                             build_.job.full_name())};
  }

 private:
  void on_event(const jenkins::Event& event) {
    const bool ours = event.type == jenkins::Event::Type::reset ||
                      (event.job == build_.job && event.run == build_.id);
    if (!ours) return;
    std::lock_guard lock(mutex_);
    stages_changed_ = true;
    changed_.notify_all();
  }

  /// Until the stream ends, well or not; only an answer that can never become a log is an error.
  Result<> read_log() {
    log_complete_ = false;
    log_ended_ = false;
    status_ = 0;
    problem_.clear();
    http::Request request = http::make_request(
        http::Method::get, fmt::format("{}/runs/{}/log/?start={}&follow=true",
                                       build_.job.blue_path(), build_.id, offset_));
    http::Client::Reader reader;
    reader.on_start = [this](int status, const http::Headers&) { status_ = status; };
    reader.on_data = [this](std::string_view chunk) { on_data(chunk); };
    reader.on_end = [this](const Result<>& result) {
      std::lock_guard lock(mutex_);
      log_ended_ = true;
      log_complete_ = result.ok() && status_ == 200;
      changed_.notify_all();
    };
    const std::unique_ptr<http::Reading> reading =
        transport_.read(std::move(request), std::move(reader));
    std::unique_lock lock(mutex_);
    while (!log_ended_ && !stop_.stop_requested()) {
      changed_.wait(lock, stop_, [&] { return log_ended_ || stages_changed_; });
      if (!std::exchange(stages_changed_, false) || log_ended_) continue;
      lock.unlock();
      show_stages();
      lock.lock();
    }
    if (status_ >= 400 && status_ < 500) {
      return Error{Code::not_found, fmt::format("the log of run {} of {}: {} {}", build_.id,
                                                build_.job.full_name(), status_, problem_)};
    }
    return {};
  }

  void on_data(std::string_view chunk) {
    if (status_ != 200) {
      problem_ += chunk.substr(0, kMostErrorBytes - std::min(kMostErrorBytes, problem_.size()));
      return;
    }
    offset_ += chunk.size();
    view_.write(chunk);
  }

  void show_stages() {
    if (!view_.wants_stages()) return;
    if (const auto nodes = jenkins_.nodes(build_.job, build_.id, false)) {
      view_.show(stages_of(*nodes));
    }
  }

  void pause(milliseconds delay) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop_, delay, [] { return false; });
  }

  http::Client& transport_;
  jenkins::Client jenkins_;
  const BuildRef& build_;
  RunView& view_;
  const std::stop_token stop_;

  uint64_t offset_ = 0;  // these two are the reading's while it reads
  std::string problem_;
  std::atomic<int> status_{0};

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool stages_changed_ = true;
  bool log_ended_ = false;
  bool log_complete_ = false;
};

}  // namespace

Result<jenkins::Run> follow_run(http::Client& transport, const BuildRef& build, RunView& view,
                                const std::stop_token& stop) {
  return Follower(transport, build, view, stop).follow();
}

}  // namespace ks::cmd
