#include "cmd/up/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

namespace ks::cmd {
namespace {

constexpr int kEnd = SIGUSR1;  // for our own thread

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, kEnd}) sigaddset(&set, number);
  // Ignored by who started us (nohup): it stays so.
  struct sigaction hangup{};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
    sigaddset(&set, SIGHUP);
  }
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::jthread([this](const std::stop_token& end) { run(end); });
}

Signals::~Signals() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), kEnd);
}

void Signals::run(const std::stop_token& end) {
  const sigset_t set = watched();
  while (true) {
    int number = 0;
    if (sigwait(&set, &number) != 0 || end.stop_requested()) return;
    if (number != kEnd && !stop_.request_stop()) _exit(128 + number);
  }
}

void Signals::wait() const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop_.get_token(), [] { return false; });
}

}  // namespace ks::cmd
