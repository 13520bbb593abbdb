#include "engine/rest/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <mutex>

#include "base/text.h"
#include "engine/branches.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

constexpr size_t kPieceBytes = 64u << 10;
constexpr size_t kMostQueuedBytes = 1u << 20;

std::string_view text_of(RunState state) {
  switch (state) {
    case RunState::queued: return "QUEUED";
    case RunState::running: return "RUNNING";
    case RunState::paused: return "PAUSED";
    case RunState::finished: return "FINISHED";
  }
  return {};
}

std::string sse_of(const EngineEvent& event, const std::string& epoch) {
  jenkins::Event out;
  out.id = fmt::format("{}-{}", epoch, event.sequence);
  switch (event.type) {
    case EngineEvent::Type::run: out.type = jenkins::Event::Type::run; break;
    case EngineEvent::Type::node: out.type = jenkins::Event::Type::node; break;
    case EngineEvent::Type::project: out.type = jenkins::Event::Type::job; break;
  }
  out.job = job_ref(event.job);
  out.run = std::to_string(event.number);
  out.key = event.key;
  json::object data{{"state", text_of(event.state)}};
  if (event.node) {
    data["id"] = std::to_string(event.node->id);
    data["name"] = event.node->name;
    data["ended"] = event.node->ended != WallTime{};
  }
  out.data = std::move(data);
  return to_sse(out);
}

/// Copies a growing log to its reader, at the reader's speed.
class LogFollower : public std::enable_shared_from_this<LogFollower> {
 public:
  LogFollower(Engine& engine, JobName job, uint64_t number, uint64_t from,
              std::shared_ptr<http::Stream> stream)
      : engine_(engine),
        job_(std::move(job)),
        number_(number),
        at_(from),
        stream_(std::move(stream)) {}

  /// From any thread. One at a time copies; who comes meanwhile makes it look once more.
  void pump() {
    {
      std::lock_guard lock(mutex_);
      again_ = true;
      if (std::exchange(pumping_, true)) return;
    }
    while (take_turn()) copy();
  }

 private:
  bool take_turn() {
    std::lock_guard lock(mutex_);
    if (!std::exchange(again_, false)) return pumping_ = false;
    return true;
  }

  void copy() {
    while (true) {
      if (stream_->queued_bytes() > kMostQueuedBytes) {
        stream_->when_drained(kMostQueuedBytes / 2, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->pump();
        });
        return;
      }
      Result<Engine::LogPiece> piece = engine_.log(job_, number_, at_, kPieceBytes);
      if (!piece) return stream_->close();
      at_ = piece->next;
      const bool empty = piece->text.empty();
      if (!empty && !stream_->write(std::move(piece->text))) return;
      if (piece->complete) return stream_->close();
      if (empty) return;
    }
  }

  Engine& engine_;
  const JobName job_;
  const uint64_t number_;
  uint64_t at_;
  const std::shared_ptr<http::Stream> stream_;
  std::mutex mutex_;
  bool pumping_ = false;
  bool again_ = false;
};

}  // namespace

Streams::~Streams() {
  std::vector<Open> open;
  open_.with([&](std::vector<Open>& held) { open.swap(held); });
  for (Open& one : open) one.stream->close();
}

void Streams::keep(std::shared_ptr<http::Stream> stream, std::shared_ptr<void> token) {
  std::vector<Open> left;
  open_.with([&](std::vector<Open>& open) {
    const auto gone = std::ranges::partition(
        open, [](const Open& one) { return !one.stream->stop_token().stop_requested(); });
    left.assign(std::move_iterator(gone.begin()), std::move_iterator(gone.end()));
    open.erase(gone.begin(), gone.end());
    open.push_back({std::move(stream), std::move(token)});
  });
}

void Streams::follow_events(const std::string& after, std::shared_ptr<http::Stream> stream) {
  const std::string epoch = engine_.epoch();
  auto write = [stream, epoch](const EngineEvent& event) { stream->write(sse_of(event, epoch)); };
  if (after.starts_with(epoch + "-")) {
    const std::optional<int64_t> sequence = parse_int(after.substr(epoch.size() + 1));
    if (sequence && *sequence >= 0) {
      Result<std::shared_ptr<void>> token =
          engine_.subscribe(static_cast<uint64_t>(*sequence), write);
      if (token) return keep(std::move(stream), std::move(*token));
    }
  }
  // Whatever happens from this number on is told; what was before, the reader looks up itself.
  const uint64_t from = engine_.last_event();
  jenkins::Event reset;
  reset.id = fmt::format("{}-{}", epoch, from);
  reset.type = jenkins::Event::Type::reset;
  stream->write(to_sse(reset));
  Result<std::shared_ptr<void>> token = engine_.subscribe(from, write);
  if (!token) return stream->close();
  keep(std::move(stream), std::move(*token));
}

Result<> Streams::follow_log(const JobName& job, uint64_t number, uint64_t from,
                             std::shared_ptr<http::Stream> stream) {
  auto follower = std::make_shared<LogFollower>(engine_, job, number, from, stream);
  std::shared_ptr<void> token =
      TRY(engine_.follow_log(job, number, [follower] { follower->pump(); }));
  if (!token) token = follower;
  keep(std::move(stream), std::move(token));
  follower->pump();
  return {};
}

}  // namespace ks::engine
