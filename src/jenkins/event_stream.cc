#include "jenkins/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "jenkins/client.h"

namespace ks::jenkins {
namespace {

constexpr size_t kMaxEventBytes = 4u << 20;

/// Keeps one stream open; a thread of its own waits for its end and opens the next.
class EngineSubscription final : public Subscription {
 public:
  EngineSubscription(http::Client& transport, Client::SubscribeOptions options)
      : transport_(transport),
        options_(std::move(options)),
        after_(options_.after),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

 private:
  struct End {
    Result<> result;
    int status = 0;
  };

  void run(const std::stop_token& stop) {
    std::chrono::milliseconds delay = options_.first_retry;
    while (!stop.stop_requested()) {
      const auto began = std::chrono::steady_clock::now();
      const std::optional<End> end = follow(stop);
      if (!end || stop.stop_requested()) return;
      if (end->status == 404) {
        if (options_.on_unsupported) options_.on_unsupported();
        return;
      }
      if (end->status == 410) after_.clear();
      if (std::chrono::steady_clock::now() - began > std::chrono::seconds{1}) {
        delay = options_.first_retry;
      }
      if (!end->result || end->status != 200) {
        LOG(warn, "the engine's event stream broke off, trying again", {"status", end->status},
            {"error", end->result ? std::string() : end->result.error().message},
            {"delay_ms", delay.count()});
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, delay, [] { return false; });
      delay = std::min(delay * 2, options_.most_retry);
    }
  }

  /// Until the stream ends; nothing when we are to stop.
  std::optional<End> follow(const std::stop_token& stop) {
    std::string target(kEventPath);
    if (!after_.empty()) target += "?after=" + percent_encode(after_);
    http::Request request = http::make_request(http::Method::get, target);
    request.headers.set("Accept", "text/event-stream");
    {
      std::lock_guard lock(mutex_);
      end_.reset();
      status_ = 0;
    }
    EventDecoder decoder([this](const Event& event) {
      after_ = event.id;
      options_.on_event(event);
    });
    http::Client::Reader reader;
    reader.on_start = [this](int status, const http::Headers&) { status_ = status; };
    reader.on_data = [&](std::string_view chunk) {
      if (status_ == 200) decoder.data(chunk);
    };
    reader.on_end = [this](Result<> result) {
      {
        std::lock_guard lock(mutex_);
        end_ = End{std::move(result), status_};
      }
      changed_.notify_all();
    };
    const std::unique_ptr<http::Reading> reading =
        transport_.read(std::move(request), std::move(reader));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return end_.has_value(); });
    return end_;
  }

  http::Client& transport_;
  const Client::SubscribeOptions options_;
  std::string after_;  // of the reading's thread while it reads, of ours between
  int status_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<End> end_;
  std::jthread thread_;
};

}  // namespace

void EventDecoder::data(std::string_view chunk) {
  while (true) {
    const size_t end = chunk.find('\n');
    if (end == chunk.npos) break;
    if (buffer_.empty() && !too_long_) {
      line(chunk.substr(0, end));
    } else {
      buffer_ += chunk.substr(0, end);
      if (!std::exchange(too_long_, false)) line(buffer_);
      buffer_.clear();
    }
    chunk.remove_prefix(end + 1);
  }
  if (buffer_.size() + chunk.size() > kMaxEventBytes) {
    too_long_ = true;
    buffer_.clear();
  } else if (!too_long_) {
    buffer_ += chunk;
  }
}

void EventDecoder::line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return dispatch();
  const size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") {
    id_ = value;
  } else if (field == "event") {
    type_ = value;
  } else if (field == "data" && data_.size() + value.size() <= kMaxEventBytes) {
    if (!data_.empty()) data_ += '\n';
    data_ += value;
  }
}

void EventDecoder::dispatch() {
  const std::string type = std::exchange(type_, {});
  const std::string text = std::exchange(data_, {});
  const std::optional<Event::Type> known = parse_event_type(type);
  if (!known) return;
  Event event{.id = id_, .type = *known, .job = {}, .run = {}, .key = {}, .data = {}};
  const Result<json::value> parsed = parse_json(text);
  if (parsed) {
    event.job = {std::string(text_at(*parsed, {"folder"})),
                 std::string(text_at(*parsed, {"pipeline"})),
                 std::string(text_at(*parsed, {"branch"}))};
    event.run = text_at(*parsed, {"run"});
    event.key = text_at(*parsed, {"key"});
    if (const json::value* data = find(*parsed, {"data"})) event.data = *data;
  } else if (*known != Event::Type::reset) {
    return;
  }
  on_event_(event);
}

std::unique_ptr<Subscription> Client::subscribe(SubscribeOptions options) {
  return std::make_unique<EngineSubscription>(transport_, std::move(options));
}

}  // namespace ks::jenkins
