#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/agent.h"
#include "engine/agent/frame.h"
#include "engine/agent/socket.h"

namespace ks::engine {
namespace {

/// Agents in a row that died before they said anything.
constexpr int kMostFailures = 20;
/// Tries to start one while another one still ends.
constexpr int kMostStarts = 50;

class AgentCommands final : public CommandRunner {
 public:
  AgentCommands(std::vector<std::string> program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  ~AgentCommands() override {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
      if (socket_) shutdown(socket_.get(), SHUT_RDWR);
    }
    if (reader_.joinable()) reader_.join();
  }

  void run(Command command, uint64_t offset, CommandEvents events) override {
    std::string error;
    {
      std::lock_guard lock(mutex_);
      const std::string key = command.key;
      const Active& active = active_[key] = {std::move(command), offset, events};
      if (Result<> connected = connect(); !connected) {
        error = connected.error().message;
        active_.erase(key);
      } else {
        send(run_frame(active));
      }
    }
    if (!error.empty()) events.ended({{"error", error}, {"offline", true}});
  }

  void kill(const std::string& key) override { tell("kill", key); }

 private:
  struct Active {
    Command command;
    uint64_t offset = 0;  // read so far
    CommandEvents events;
    bool killed = false;
  };

  static Frame run_frame(const Active& active) {
    json::object env;
    for (const auto& [name, value] : active.command.env) env[name] = value;
    return {json::object{{"op", "run"},
                         {"key", active.command.key},
                         {"folder", active.command.folder},
                         {"env", std::move(env)},
                         {"keepStdout", active.command.keep_stdout},
                         {"offset", active.offset}},
            active.command.script};
  }

  void tell(std::string_view op, const std::string& key) {
    std::lock_guard lock(mutex_);
    if (op == "kill") {
      if (const auto found = active_.find(key); found != active_.end()) found->second.killed = true;
    }
    // A lost agent is told by its reader, which starts the next one.
    if (connect()) send({json::object{{"op", op}, {"key", key}}, {}});
  }

  /// With the lock held. A failure shows to the reader.
  void send(const Frame& frame) {
    if (!write_frame(socket_.get(), frame)) shutdown(socket_.get(), SHUT_RDWR);
  }

  /// With the lock held: the agent that lives already, or a new one.
  Result<> connect() {
    if (socket_) return {};
    TRY(make_dirs(folder_, 0700));
    Result<Fd> socket = connect_to(folder_);
    for (int i = 0; !socket && i < kMostStarts; i++) {
      // One that is about to end listens no more, but keeps the folder for a moment longer.
      if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      TRY(start_agent());
      socket = connect_to(folder_);
    }
    socket_ = TRY(std::move(socket));
    if (reader_.joinable() && reader_.get_id() != std::this_thread::get_id()) reader_.join();
    if (!reader_.joinable()) reader_ = std::jthread([this] { read(); });
    return {};
  }

  /// Returns when it listens. Whoever wants a command waits for that, so the lock is kept
  /// meanwhile.
  Result<> start_agent() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("make", "a pipe", errno);
    const Fd ready(ends[0]);
    Fd told(ends[1]);
    SpawnOptions options;
    options.argv = program_;
    options.argv.push_back(folder_);
    options.env = current_environment();
    options.stdout_fd = told.get();
    options.stderr_fd = STDERR_FILENO;
    options.new_session = true;
    if (agent_) (void)agent_->wait();  // it listens no more: it has ended, and must not be a zombie
    agent_ = TRY(Process::spawn(options));
    told.reset();
    // The end without `ready`: another engine's start was faster, and its agent listens.
    std::string heard;
    char piece[64];
    while (!heard.contains("ready\n")) {
      // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
      const ssize_t got = ::read(ready.get(), piece, sizeof piece);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      heard.append(piece, static_cast<size_t>(got));
    }
    return {};
  }

  void read() {
    int failures = 0;
    while (true) {
      while (Result<Frame> frame = read_frame(socket_.get())) {
        failures = 0;
        handle(*std::move(frame));
      }
      std::vector<Active> lost;
      {
        std::lock_guard lock(mutex_);
        socket_.reset();
        if (ending_) return;
        if (failures++ < kMostFailures && (active_.empty() || reconnect())) {
          if (!socket_) return;
          continue;
        }
        for (auto& [key, active] : active_) lost.push_back(std::move(active));
        active_.clear();
      }
      LOG(error, "the agent cannot be kept alive", {"folder", folder_});
      for (const Active& active : lost) {
        active.events.ended(
            {{"error", "the agent of this machine dies each time that it is started"},
             {"offline", true}});
      }
      return;
    }
  }

  /// With the lock held: a new agent goes on with all that run.
  bool reconnect() {
    LOG(warn, "the agent of this machine is gone; another one goes on", {"folder", folder_},
        {"commands", active_.size()});
    if (!connect()) return false;
    for (const auto& [key, active] : active_) {
      send(run_frame(active));
      if (active.killed) send({json::object{{"op", "kill"}, {"key", key}}, {}});
    }
    return true;
  }

  void handle(Frame frame) {
    const json::value about(std::move(frame.about));
    const std::string op(text_at(about, {"op"})), key(text_at(about, {"key"}));
    const auto offset = static_cast<uint64_t>(int_at(about, {"offset"}));
    CommandEvents events;
    {
      std::lock_guard lock(mutex_);
      const auto found = active_.find(key);
      if (found == active_.end()) return;
      events = found->second.events;
      if (op == "output") {
        found->second.offset = offset;
      } else {
        active_.erase(found);
      }
    }
    if (op == "output") {
      events.output(std::move(frame.bytes), offset, [this, key, offset] {
        std::lock_guard lock(mutex_);
        if (socket_) send({json::object{{"op", "ack"}, {"key", key}, {"offset", offset}}, {}});
      });
    } else if (const json::value* result = find(about, {"result"})) {
      events.ended(*result);
    }
  }

  const std::vector<std::string> program_;
  const std::string folder_;
  std::mutex mutex_;
  Fd socket_;
  std::optional<Process> agent_;  // the one that we started last
  std::map<std::string, Active> active_;
  bool ending_ = false;
  std::jthread reader_;
};

}  // namespace

std::unique_ptr<CommandRunner> agent_commands(std::vector<std::string> program,
                                              std::string folder) {
  return std::make_unique<AgentCommands>(std::move(program), std::move(folder));
}

}  // namespace ks::engine
