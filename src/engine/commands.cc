#include "engine/commands.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kPieceBytes = 64 << 10;
constexpr size_t kMaxStdoutBytes = 64u << 20;
/// How long a command may write before that is read: most are over by then, and are read once.
constexpr auto kGather = std::chrono::milliseconds(2);
constexpr auto kKillAfter = std::chrono::seconds(10);  // from TERM to KILL
/// Those whose victim has an exit code, as shells count them; KILL is an accident that is told of.
constexpr int kPoliteSignals[] = {SIGTERM, SIGINT, SIGHUP};

/// What begins a script without a first line of its own: trace each command, stop at the first
/// that fails. On the script's own first line, so that the shell's line numbers are the user's.
constexpr std::string_view kShellPrefix = "set -xe; ";

bool has_interpreter(std::string_view script) { return script.starts_with("#!"); }

/// Whether a script, run by the wrapper's own shell, could keep that from writing the exit code:
/// by another trap, by becoming another program, or by reading who knows what.
bool may_leave_shell(std::string_view script) {
  for (std::string_view word : {"trap", "exec", "eval", "source"})
    if (script.contains(word)) return true;
  // The command `.`: a dot between spaces, or at the start of a line or of a command.
  for (size_t at = script.find('.'); at != std::string_view::npos; at = script.find('.', at + 1)) {
    const bool begins = at == 0 || std::string_view(" \t\n;&|({`").contains(script[at - 1]);
    const bool ends = at + 1 < script.size() && std::string_view(" \t\\").contains(script[at + 1]);
    if (begins && ends) return true;
  }
  return false;
}

/// The files of a command, which share the beginning of their paths, `base`.
std::string output_file(const std::string& base) { return base + ".output"; }
std::string process_file(const std::string& base) { return base + ".process"; }
std::string stdout_file(const std::string& base) { return base + ".stdout"; }
/// Only the name of the script in messages where the shell reads it from its standard input.
std::string script_file(const std::string& base) { return base + "/script.sh"; }

/// Whether the shell of this machine can be the wrapper and the script's shell in one. Others, as
/// bash, would trace each command of a script that is read so with `++`.
bool shell_reads_well() {
  static const bool does = [] {
    const std::unique_ptr<char, decltype(&free)> path(realpath("/bin/sh", nullptr), &free);
    return path != nullptr && std::string_view(path.get()).ends_with("/dash");
  }();
  return does;
}

/// How the wrapper runs the script.
enum class Way {
  here,    ///< in its own shell, from its standard input: no process and no file more
  copy,    ///< so too, but in a copy of that shell, which may do as it likes
  program  ///< by an interpreter of its own, from a file
};

Way way_of(std::string_view script) {
  if (has_interpreter(script) || !shell_reads_well()) return Way::program;
  return may_leave_shell(script) ? Way::copy : Way::here;
}

/// What a script that the shell reads begins with: it shall not read itself.
constexpr std::string_view kOwnInput = "exec </dev/null; ";

/// What would write to the trace says so to nobody. A signal ends this shell before it can write a
/// code; it is its parent who knows then (conclude()). A trap for it would be no help: a child that
/// the shell is just starting has it for a moment too, and would lose the signal.
constexpr std::string_view kRunHere = R"sh(ks_process="$1.process"
trap '{ ks_exit=$?; set +x; } 2>/dev/null; command echo "$ks_exit" >>"$ks_process"' EXIT
set --
. /proc/self/fd/0)sh";

/// The trap keeps this shell alive when the whole session is terminated, so that the code of the
/// script is written all the same; unlike an ignored signal, a trap is not inherited.
constexpr std::string_view kRunInCopy = R"sh(trap : TERM INT HUP
(trap - TERM INT HUP; set --; . /proc/self/fd/0)
echo $? >>"$1.process")sh";

/// Runs the script `$0` of the command whose files begin with `$1`. Its last act adds the exit code
/// to the file `.process`, its first names itself there, in a file which only one can create: a
/// server that was killed before it knew whether it had started the command starts another, and
/// that one leaves.
std::string wrapper(Way way, std::string_view script, bool keep_stdout) {
  std::string run(way == Way::here ? kRunHere : kRunInCopy);
  if (way == Way::program) {
    const std::string_view interpreter =
        has_interpreter(script) ? trim(script.substr(2, script.find('\n') - 2)) : "/bin/sh";
    run = fmt::format("trap : TERM INT HUP\n{} \"$0\"\necho $? >>\"$1.process\"", interpreter);
  }
  // Until the output has its file, messages go nowhere: Commands::start() says so.
  return fmt::format(R"sh(set -C
if ! echo $$ >"$1.process"; then
  tries=0
  until [ -s "$1.process" ] || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.01; done
  exit 0
fi
set +C
exec {}
{}
)sh",
                     keep_stdout ? R"(>>"$1.stdout" 2>>"$1.output")" : R"(>>"$1.output" 2>&1)",
                     run);
}

/// Whether commands could talk to the terminal of a user: then they get a session of their own.
/// Else a process group does. The kernel schedules each session as one (autogroup), and a new one
/// on a busy machine waits 10 ms for its first turn.
bool has_terminal() {
  static const bool has = Fd(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)).get() >= 0;
  return has;
}

/// What the file `.process` says: its number, and the exit code once the script has ended.
struct State {
  std::optional<pid_t> pid;
  std::optional<int64_t> exit;
};

State state_of(const std::string& base) {
  const std::string text = read_file(process_file(base), 64).value_or("");
  const std::vector<std::string_view> lines = split(text, '\n');
  State state;
  // The last line is whole only when another one, if empty, follows.
  if (const auto pid = lines.size() > 1 ? parse_int(lines[0]) : std::nullopt; pid && *pid > 1)
    state.pid = static_cast<pid_t>(*pid);
  if (lines.size() > 2) state.exit = parse_int(lines[1]);
  return state;
}

/// Whether a process is the shell of the command, and not another one that has its number now: the
/// beginning of its files is its last argument.
bool is_shell_of(pid_t pid, const std::string& base) {
  const Result<std::string> arguments = read_file(fmt::format("/proc/{}/cmdline", pid), 1 << 20);
  return arguments && arguments->ends_with(fmt::format("{}{}{}", '\0', base, '\0'));
}

/// For an interpreter. By a rename: one that an earlier start left may be reading it.
Result<> put_script(const std::string& base, std::string_view text) {
  TRY(make_dirs(base, 0700));
  const std::string path = script_file(base), next = path + ".new";
  {
    const Fd file = TRY(open_file(next, O_WRONLY | O_CREAT | O_TRUNC, 0700));
    TRY(write_all(file.get(), text));
  }
  if (rename(next.c_str(), path.c_str()) != 0) return errno_error("rename to", path, errno);
  return {};
}

/// For the shell that reads its standard input. In memory: a script may hold what is in no file.
Result<Fd> script_to_read(std::string_view text) {
  Fd file(memfd_create("script", MFD_CLOEXEC));
  if (!file) return errno_error("make", "a file in memory for the script", errno);
  TRY(write_all(file.get(), text));
  return file;
}

}  // namespace

std::vector<std::string> files_of_command(std::string_view key) {
  const std::string base = percent_encode(key);
  return {output_file(base), process_file(base), stdout_file(base), base};
}

struct Commands::Running {
  std::string key;
  std::string base;  // what the paths of its files begin with
  CommandEvents events;
  uint64_t offset = 0;
  Fd output;
  Fd pidfd;
  pid_t pid = -1;
  bool child = false;  // of ours, to be waited for
  int signal = 0;      // what ended the shell, as far as we know
  int watch = -1;
  bool is_written = false;  // and will be read soon; of the watching thread alone
  bool in_flight = false;   // a piece waits to be logged
  bool ended = false;
  bool stdout_kept = false;
  bool finished = false;
  std::chrono::steady_clock::time_point kill_at = std::chrono::steady_clock::time_point::max();
};

Result<std::unique_ptr<Commands>> Commands::open(std::string folder) {
  TRY(make_dirs(folder, 0700));
  std::unique_ptr<Commands> commands(new Commands(std::move(folder)));
  commands->epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  commands->inotify_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  commands->wake_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!commands->epoll_ || !commands->inotify_ || !commands->wake_)
    return errno_error("watch", commands->folder_, errno);
  for (int fd : {commands->inotify_.get(), commands->wake_.get()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(commands->epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  commands->thread_ = std::jthread([c = commands.get()] { c->watch(); });
  return commands;
}

Commands::~Commands() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
}

void Commands::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(wake_.get(), &one, sizeof one);
}

void Commands::run(Command command, uint64_t offset, CommandEvents events) {
  auto running = std::make_shared<Running>();
  running->key = command.key;
  running->base = folder_ + "/" + percent_encode(command.key);
  running->events = std::move(events);
  running->offset = offset;
  running->stdout_kept = command.keep_stdout;
  const bool known = state_of(running->base).pid.has_value();
  Result<> began = known ? attach(*running) : start(*running, command);
  if (!began) {
    running->events.ended({{"error", began.error().message}});
    return;
  }
  {
    std::lock_guard lock(mutex_);
    running->watch =
        inotify_add_watch(inotify_.get(), output_file(running->base).c_str(), IN_MODIFY);
    running_[running->key] = running;
    if (running->watch >= 0) by_watch_[running->watch] = running;
    if (running->pidfd) {
      watch_end(running);
    } else {
      running->ended = true;
    }
  }
  pump(running);
}

void Commands::watch_end(const std::shared_ptr<Running>& running) {
  by_pidfd_[running->pidfd.get()] = running;
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = running->pidfd.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, running->pidfd.get(), &event);
}

Result<> Commands::start(Running& running, const Command& command) {
  const Way way = way_of(command.script);
  const std::string script =
      fmt::format("{}{}{}\n", way == Way::program ? "" : kOwnInput,
                  has_interpreter(command.script) ? "" : kShellPrefix, command.script);
  Fd input;
  if (way == Way::program) {
    TRY(put_script(running.base, script));
  } else {
    input = TRY(script_to_read(script));
  }
  running.output = TRY(open_file(output_file(running.base), O_RDONLY | O_CREAT, 0600));
  SpawnOptions options;
  options.argv = {"/bin/sh", "-c", wrapper(way, command.script, command.keep_stdout),
                  script_file(running.base), running.base};
  options.stdin_fd = input.get();
  options.cwd = command.folder;
  (has_terminal() ? options.new_session : options.new_group) = true;
  for (const auto& [name, value] : command.env) options.env.push_back(name + "=" + value);
  Process process = TRY(Process::spawn(options));
  running.pid = process.pid();
  running.child = true;
  running.pidfd = Fd(dup(process.pidfd()));
  return {};
}

/// A command that an earlier process of ours started.
Result<> Commands::attach(Running& running) {
  running.output = TRY(open_file(output_file(running.base), O_RDONLY | O_CREAT, 0600));
  const std::optional<pid_t> pid = state_of(running.base).pid;
  if (!pid) return {};
  running.pid = *pid;
  running.child = false;
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  // Asked after the descriptor was opened: from then on it names one process only.
  if (pidfd && is_shell_of(*pid, running.base)) running.pidfd = std::move(pidfd);
  return {};
}

/// After the end of a child of ours that found the command started already: goes on with that one.
bool Commands::hand_over(Running& running) {
  if (!running.child) return false;
  const std::optional<pid_t> pid = state_of(running.base).pid;
  if (!pid || *pid == running.pid) return false;
  reap(running);
  if (running.pidfd) by_pidfd_.erase(running.pidfd.get());
  running.pidfd.reset();
  if (!attach(running) || !running.pidfd) return false;
  running.ended = false;
  return true;
}

/// The watches whose files have grown.
std::vector<int> Commands::read_events(std::span<const epoll_event> events) {
  std::vector<int> grown;
  for (const epoll_event& one : events) {
    const int fd = one.data.fd;
    if (fd == wake_.get()) {
      uint64_t ignored = 0;
      [[maybe_unused]] ssize_t got = read(fd, &ignored, sizeof ignored);
    } else if (fd == inotify_.get()) {
      alignas(inotify_event) char buffer[8192];
      ssize_t got = 0;
      while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < got;) {
          const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
          grown.push_back(event->wd);
          at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        }
      }
    }
  }
  return grown;
}

void Commands::watch() {
  using std::chrono::steady_clock;
  // Have written something that is not read yet; in order of time.
  std::deque<std::pair<steady_clock::time_point, std::shared_ptr<Running>>> written;
  int patience = -1;
  while (true) {
    epoll_event events[64];
    const int gather = static_cast<int>(kGather.count());
    const int wait = written.empty() ? patience
                     : patience < 0  ? gather
                                     : std::min(patience, gather);
    const int count = epoll_wait(epoll_.get(), events, 64, wait);
    std::vector<std::shared_ptr<Running>> touched;
    const std::vector<int> grown = read_events({events, static_cast<size_t>(std::max(count, 0))});
    {
      std::lock_guard lock(mutex_);
      if (ending_) return;
      patience = kill_late();
      const auto now = steady_clock::now();
      for (int watch : grown) {
        if (auto found = by_watch_.find(watch);
            found != by_watch_.end() && !std::exchange(found->second->is_written, true))
          written.emplace_back(now + kGather, found->second);
      }
      for (int i = 0; i < count; i++) {
        if (auto found = by_pidfd_.find(events[i].data.fd); found != by_pidfd_.end()) {
          const std::shared_ptr<Running> running = found->second;
          running->ended = true;
          if (hand_over(*running)) {
            watch_end(running);
          } else {
            conclude(*running);
          }
          touched.push_back(running);
        }
      }
    }
    for (const auto now = steady_clock::now(); !written.empty() && written.front().first <= now;
         written.pop_front()) {
      written.front().second->is_written = false;
      touched.push_back(std::move(written.front().second));
    }
    std::ranges::sort(touched);
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const auto& running : touched) pump(running);
  }
}

/// Sends the next piece of output, if the last one is safe; at the end of all, the result.
void Commands::pump(const std::shared_ptr<Running>& running) {
  std::string text;
  bool last = false;
  {
    std::lock_guard lock(mutex_);
    if (running->finished) return;
    const bool gone = running->events.gone && running->events.gone();
    if (gone ? !running->ended : running->in_flight) return;
    // Asked before reading: what a process wrote before its end is in the file by then.
    const bool ended = running->ended;
    struct stat info{};
    const uint64_t written =
        fstat(running->output.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
    if (!gone && written > running->offset) {
      text.resize(std::min<uint64_t>(kPieceBytes, written - running->offset));
      const ssize_t got = pread(running->output.get(), text.data(), text.size(),
                                static_cast<off_t>(running->offset));
      text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    }
    running->offset += text.size();
    running->in_flight = !text.empty();
    // The end need not wait until the last piece is safe: it is told of after it.
    last = ended && text.size() < kPieceBytes;
    if (last) running->finished = true;
  }
  if (!text.empty()) {
    running->events.output(std::move(text), running->offset, [this, running] {
      {
        std::lock_guard lock(mutex_);
        running->in_flight = false;
      }
      pump(running);
    });
  }
  if (last) finish(running);
}

bool Commands::idle() {
  std::lock_guard lock(mutex_);
  return running_.empty();
}

void Commands::sweep() {
  std::vector<std::shared_ptr<Running>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, running] : running_) all.push_back(running);
  }
  for (const auto& running : all) pump(running);
}

void Commands::reap(Running& running) {
  if (!running.child) return;
  int status = 0;
  while (waitpid(running.pid, &status, 0) < 0 && errno == EINTR) {
  }
  running.child = false;
  if (WIFSIGNALED(status)) running.signal = WTERMSIG(status);
}

/// Says for a shell that a signal ended what the shell that started it would have said.
void Commands::conclude(Running& running) {
  reap(running);
  if (std::ranges::count(kPoliteSignals, running.signal) == 0 || state_of(running.base).exit)
    return;
  const auto append = [](const std::string& path, const std::string& text) {
    if (const auto file = open_file(path, O_WRONLY | O_APPEND)) (void)write_all(file->get(), text);
  };
  append(output_file(running.base), fmt::format("{}\n", strsignal(running.signal)));
  append(process_file(running.base), fmt::format("{}\n", 128 + running.signal));
}

void Commands::finish(const std::shared_ptr<Running>& running) {
  reap(*running);
  bool idle = false;
  {
    std::lock_guard lock(mutex_);
    // Another listener of the same command shares the watch and the key.
    const auto watched = by_watch_.find(running->watch);
    if (watched != by_watch_.end() && watched->second == running) {
      inotify_rm_watch(inotify_.get(), running->watch);
      by_watch_.erase(watched);
    }
    if (running->pidfd) by_pidfd_.erase(running->pidfd.get());
    const auto known = running_.find(running->key);
    if (known != running_.end() && known->second == running) running_.erase(known);
    idle = running_.empty();
  }
  if (idle && when_idle_) when_idle_();
  running->pidfd.reset();
  running->output.reset();
  const std::optional<int64_t> exit = state_of(running->base).exit;
  if (!exit) {
    running->events.ended(
        {{"error", "the shell was killed before the script ended, so there is no exit code"},
         {"exit", -1}});
    return;
  }
  json::object result{{"exit", *exit}};
  if (running->stdout_kept) {
    Result<std::string> out = read_file(stdout_file(running->base), kMaxStdoutBytes);
    if (!out) {
      running->events.ended({{"error", out.error().message}, {"exit", *exit}});
      return;
    }
    result["stdout"] = to_utf8_lossy(*out);
  }
  running->events.ended(std::move(result));
}

void Commands::kill(const std::string& key) {
  std::shared_ptr<Running> running;
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(key);
    if (found == running_.end() || found->second->pid <= 0) return;
    running = found->second;
  }
  // The session's, or group's, first process is the group: all that the script started and did not
  // move elsewhere.
  std::lock_guard lock(mutex_);
  ::kill(-running->pid, SIGTERM);
  // Of one that is no child of ours we cannot learn what ended it.
  if (!running->child) running->signal = SIGTERM;
  if (running->kill_at == std::chrono::steady_clock::time_point::max()) {
    running->kill_at = std::chrono::steady_clock::now() + kKillAfter;
  }
  wake();
}

/// Those that did not listen to TERM in time; gives the milliseconds to the next one, or -1.
int Commands::kill_late() {
  const auto now = std::chrono::steady_clock::now();
  auto next = std::chrono::steady_clock::time_point::max();
  for (auto& [key, running] : running_) {
    if (running->kill_at <= now) {
      ::kill(-running->pid, SIGKILL);
      running->kill_at = std::chrono::steady_clock::time_point::max();
    }
    next = std::min(next, running->kill_at);
  }
  if (next == std::chrono::steady_clock::time_point::max()) return -1;
  return static_cast<int>(
             std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count()) +
         1;
}

}  // namespace ks::engine
