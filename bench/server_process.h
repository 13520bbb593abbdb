#pragma once

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/process.h"
#include "kube/kubeconfig.h"
#include "load_client.h"

/// Servers in processes of their own, so that the load client's memory and time are not theirs.

namespace ks::bench {

/// Memory and time of a process, from /proc.
inline size_t resident_bytes(pid_t pid) {
  const std::string statm = read_file(fmt::format("/proc/{}/statm", pid)).value();
  return std::strtoull(statm.c_str() + statm.find(' '), nullptr, 10) *
         static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

inline double cpu_seconds(pid_t pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid)).value();
  // utime and stime are the fields 14 and 15; the name before them, in brackets, may hold blanks.
  const char* at = stat.c_str() + stat.rfind(')') + 1;
  for (int field = 3; field <= 13; field++) at = std::strchr(at + 1, ' ');
  char* next = nullptr;
  const double user = std::strtod(at, &next), system = std::strtod(next, nullptr);
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// One small GET; true when it is answered with 2xx. False also when nobody listens.
inline bool answers(uint16_t port, bool tls, std::string_view path) {
  const Fd probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return false;
  const auto context = tls ? load_tls() : nullptr;
  LoadConnection connection(port, context.get());
  connection.begin(get_request(path));
  const auto start = std::chrono::steady_clock::now();
  while (seconds_since(start) < 5) {
    const auto state = connection.receive();
    if (state != LoadConnection::State::waiting)
      return state == LoadConnection::State::answered && connection.is_success();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return false;
}

/// A child whose output goes to a file; it is ended and waited for with this object.
class Child {
 public:
  Child(std::vector<std::string> argv, const std::string& output_file)
      : output_file_(output_file), started_(std::chrono::steady_clock::now()) {
    const Fd out = open_file(output_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600).value();
    process_ = Process::spawn({.argv = std::move(argv),
                               .env = current_environment(),
                               .stdout_fd = out.get(),
                               .stderr_fd = out.get()})
                   .value();
  }
  ~Child() {
    (void)process_.signal(SIGTERM);
    (void)process_.wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return process_.pid(); }
  std::string output() const { return read_file(output_file_).value_or(""); }
  double seconds_since_start() const { return seconds_since(started_); }

  /// The number after `before` in its output, once it is there and a whole line.
  uint16_t wait_port(std::string_view before) const {
    while (seconds_since_start() < 60) {
      const std::string text = output();
      const size_t at = text.find(before);
      if (at != text.npos && text.find('\n', at) != text.npos) {
        unsigned port = 0;
        std::from_chars(text.data() + at + before.size(), text.data() + text.size(), port);
        if (port != 0) return static_cast<uint16_t>(port);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    fmt::print(stderr, "the server did not start:\n{}\n", output());
    std::exit(1);
  }

 private:
  std::string output_file_;
  std::chrono::steady_clock::time_point started_;
  Process process_;
};

/// `ks up` on a data directory, without the demo; ready when it is constructed.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& data_dir, std::vector<std::string> flags = {})
      : data_dir_(data_dir), child_(command(data_dir, std::move(flags)), data_dir + ".out") {
    port_ = child_.wait_port("https://127.0.0.1:");
    while (!answers(port_, true, "/readyz"))
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    ready_seconds_ = child_.seconds_since_start();
    token_ = kube::load_kubeconfig(data_dir + "/kubeconfig").value().transport.bearer_token;
  }

  uint16_t port() const { return port_; }
  pid_t pid() const { return child_.pid(); }
  /// From process start to the first good answer of /readyz.
  double ready_seconds() const { return ready_seconds_; }
  /// The header that lets a request in, with its line end.
  std::string bearer() const { return "Authorization: Bearer " + token_ + "\r\n"; }

 private:
  static std::vector<std::string> command(const std::string& data_dir,
                                          std::vector<std::string> flags) {
    const char* binary = std::getenv("KS_BINARY");
    std::vector<std::string> argv = {binary != nullptr ? binary : KS_BINARY_DIR "/ks",
                                     "up",
                                     "--no-demo",
                                     "--data-dir",
                                     data_dir,
                                     "--bind",
                                     "127.0.0.1:0"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }

  std::string data_dir_;
  Child child_;
  uint16_t port_ = 0;
  double ready_seconds_ = 0;
  std::string token_;
};

/// A ConfigMap of about `size` bytes as it is sent.
inline std::string config_map(std::string_view name, size_t size) {
  std::string text = fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}"}},"data":{{"text":")",
      name);
  if (text.size() + 3 < size) text.append(size - text.size() - 3, 'x');
  return text + "\"}}";
}

/// Sends `requests` over 16 connections and stops the benchmark when one fails: for preparing.
inline void send_all(uint16_t port, bool tls, const std::vector<std::string>& requests) {
  const auto context = tls ? load_tls() : nullptr;
  std::vector<std::unique_ptr<LoadConnection>> connections;
  for (size_t i = 0; i < 16; i++)
    connections.push_back(std::make_unique<LoadConnection>(port, context.get()));
  for (size_t first = 0; first < requests.size(); first += connections.size()) {
    const size_t count = std::min(connections.size(), requests.size() - first);
    for (size_t i = 0; i < count; i++) connections[i]->begin(requests[first + i]);
    for (size_t i = 0; i < count; i++) {
      LoadConnection::State state{};
      while ((state = connections[i]->receive()) == LoadConnection::State::waiting)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      if (state != LoadConnection::State::answered || !connections[i]->is_success()) {
        fmt::print(stderr, "a request that prepares was refused:\n{}\n", connections[i]->answer());
        std::exit(1);
      }
    }
  }
}

}  // namespace ks::bench
