#include "groovy/run_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/random.h"

namespace ks::groovy {

namespace {

constexpr size_t kBlock = 64 << 10;
constexpr size_t kMaxSource = 8 << 20;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // nobody reads any more
    text.remove_prefix(static_cast<size_t>(count));
  }
}

std::optional<std::string> read_file(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 16384> buffer;
  ssize_t count = 0;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0 && text.size() <= kMaxSource) {
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(fd);
  if (count < 0) return std::nullopt;
  return text;
}

/// `dir/my-script.groovy` -> `my_script`, as Groovy names the class of a script.
std::string script_name(const std::string& path) {
  size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '$') c = '_';
  }
  return name;
}

std::string uncaught(const Failure& failure) {
  return "Caught: " + failure.to_string() + "\n" + failure.with_trace() + "\n";
}

}  // namespace

PlainHost::~PlainHost() { flush(); }

std::optional<Value> PlainHost::call_step(Task&, std::string_view name, Args args) {
  bool is_sleep = name == "sleep" && !args.empty() && args[0].is_integral();
  if (!is_sleep) return std::nullopt;
  std::this_thread::sleep_for(std::chrono::milliseconds(std::max<int64_t>(0, args[0].as_long())));
  return Value{};
}

void PlainHost::print(Task&, std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kBlock) flush();
}

void PlainHost::flush() {
  write_all(out_, pending_);
  pending_.clear();
}

int64_t PlainHost::now_millis(Task&) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int64_t PlainHost::nano_time(Task&) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

uint64_t PlainHost::random_bits(Task&) { return random_uint64(); }

int groovy_main(const std::string& path, int out, int err) {
  std::optional<std::string> source = read_file(path);
  if (!source) {
    write_all(err, "error: cannot read " + path + "\n");
    return 1;
  }
  CompileOptions options;
  options.script_name = script_name(path);
  options.class_exists = [](std::string_view) { return false; };
  Compiled compiled = compile(*source, options);
  if (!compiled) {
    write_all(err, "org.codehaus.groovy.control.MultipleCompilationErrorsException: " +
                       format_errors(*source, path, compiled.errors) + "\n");
    return 1;
  }
  PlainHost host(out);
  Interpreter interpreter(host);
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  host.flush();
  if (!outcome.failure) return 0;
  write_all(err, uncaught(*outcome.failure));
  return 1;
}

}  // namespace ks::groovy
