#include "engine/agent.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <cerrno>
#include <map>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "engine/agent/frame.h"
#include "engine/agent/socket.h"

namespace ks::engine {
namespace {

/// The engine that is connected: what it asks is done, what happens it is told.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Fd socket, Commands& commands) : socket_(std::move(socket)), commands_(commands) {}

  /// Until the engine is gone.
  void serve() {
    while (Result<Frame> frame = read_frame(socket_.get())) handle(*std::move(frame));
    hang_up();
    commands_.sweep();
  }
  void hang_up() {
    gone_ = true;
    shutdown(socket_.get(), SHUT_RDWR);
  }
  bool gone() const { return gone_; }

 private:
  void handle(Frame frame) {
    const json::value about(std::move(frame.about));
    const std::string op(text_at(about, {"op"})), key(text_at(about, {"key"}));
    if (op == "run") {
      run(about, key, std::move(frame.bytes));
    } else if (op == "ack") {
      acknowledge(key, static_cast<uint64_t>(int_at(about, {"offset"})));
    } else if (op == "kill") {
      commands_.kill(key);
    }
  }

  void run(const json::value& about, const std::string& key, std::string script) {
    Command command{.key = key,
                    .script = std::move(script),
                    .folder = std::string(text_at(about, {"folder"})),
                    .env = {},
                    .keep_stdout = bool_at(about, {"keepStdout"})};
    if (const json::value* env = find(about, {"env"}); env != nullptr && env->is_object()) {
      for (const auto& [name, value] : env->get_object())
        command.env.emplace_back(name, value.is_string() ? std::string(value.get_string()) : "");
    }
    CommandEvents events{
        .output =
            [self = shared_from_this(), key](std::string text, uint64_t offset,
                                             std::function<void()> done) {
              self->send_output(key, std::move(text), offset, std::move(done));
            },
        .ended =
            [self = shared_from_this(), key](json::value result) {
              self->send(
                  {json::object{{"op", "ended"}, {"key", key}, {"result", std::move(result)}}, {}});
            },
        .gone = [self = shared_from_this()] { return self->gone(); }};
    commands_.run(std::move(command), static_cast<uint64_t>(int_at(about, {"offset"})),
                  std::move(events));
  }

  /// The next piece of a command follows when the engine has this one.
  void send_output(const std::string& key, std::string text, uint64_t offset,
                   std::function<void()> done) {
    {
      std::lock_guard lock(mutex_);
      unsafe_[key] = {offset, std::move(done)};
    }
    send({json::object{{"op", "output"}, {"key", key}, {"offset", offset}}, std::move(text)});
  }

  void acknowledge(const std::string& key, uint64_t offset) {
    std::function<void()> done;
    {
      std::lock_guard lock(mutex_);
      const auto found = unsafe_.find(key);
      if (found == unsafe_.end() || found->second.offset != offset) return;
      done = std::move(found->second.done);
      unsafe_.erase(found);
    }
    done();
  }

  void send(const Frame& frame) {
    std::lock_guard lock(sending_);
    if (!gone_ && !write_frame(socket_.get(), frame)) hang_up();
  }

  struct Unsafe {
    uint64_t offset = 0;
    std::function<void()> done;
  };
  Fd socket_;
  Commands& commands_;
  std::atomic<bool> gone_{false};
  std::mutex sending_;
  std::mutex mutex_;
  std::map<std::string, Unsafe> unsafe_;
};

}  // namespace

Result<> serve_agent(const std::string& folder) {
  TRY(make_dirs(folder, 0700));
  const Fd lock = TRY(open_file(folder + "/agent.lock", O_RDWR | O_CREAT, 0600));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{Code::conflict, "another agent serves " + folder};
  // For people, and for who must end it.
  if (ftruncate(lock.get(), 0) == 0) TRY(write_all(lock.get(), fmt::format("{}\n", getpid())));
  const Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto nudge = [&wake] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake.get(), &one, sizeof one);
  };
  const std::unique_ptr<Commands> commands = TRY(Commands::open(folder));
  commands->when_idle(nudge);
  const Fd listener = TRY(listen_on(folder));
  [[maybe_unused]] const ssize_t told = write(STDOUT_FILENO, "ready\n", 6);
  std::vector<std::pair<std::shared_ptr<Session>, std::jthread>> sessions;
  bool served = false;
  while (true) {
    std::erase_if(sessions, [](const auto& session) { return session.first->gone(); });
    if (served && sessions.empty() && commands->idle()) return {};
    pollfd polled[2] = {{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return errno_error("wait in", folder, errno);
    uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t got = read(wake.get(), &ignored, sizeof ignored);
    if (polled[0].revents == 0) continue;
    Fd socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    served = true;
    auto session = std::make_shared<Session>(std::move(socket), *commands);
    std::jthread thread([session, nudge] {
      session->serve();
      nudge();
    });
    sessions.emplace_back(std::move(session), std::move(thread));
  }
}

}  // namespace ks::engine
