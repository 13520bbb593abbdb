#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "base/clock.h"
#include "base/json.h"
#include "base/log_writer.h"

namespace ks {
namespace {

std::atomic<LogLevel> g_level{LogLevel::info};
std::atomic<bool> g_json{false};
// Held while a line is written: a file that is full is turned over between two lines.
std::mutex g_writing;
LogWriter* g_writer = nullptr;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warn: return "warn";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "debug";
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }
bool log_enabled(LogLevel level) { return level <= g_level.load(std::memory_order_relaxed); }
void set_log_writer(LogWriter* writer) {
  std::lock_guard lock(g_writing);
  g_writer = writer;
}
void set_log_json(bool as_json) { g_json = as_json; }

void write_log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const std::string time = format_rfc3339_fraction(system_clock().now(), 3);
  std::string line;
  if (g_json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","message":)", time, name_of(level));
    append_json_string(line, message);
    for (const LogField& field : fields) {
      line += ',';
      append_json_string(line, field.name);
      line += ':';
      append_json_string(line, field.value);
    }
    line += "}\n";
  } else {
    line =
        fmt::format("{} {:<5} {}", std::string_view(time).substr(11, 12), name_of(level), message);
    for (const LogField& field : fields) {
      line += ' ';
      line += field.name;
      line += '=';
      if (needs_quotes(field.value)) {
        append_json_string(line, field.value);
      } else {
        line += field.value;
      }
    }
    line += '\n';
  }
  std::lock_guard lock(g_writing);
  if (g_writer != nullptr) return g_writer->write(line);
  // One write keeps lines of several threads whole; a full or closed stderr must not stop the
  // server.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ks
