#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ks {

/// `error`: someone must act; `warn`: we coped; `info`: a few lines for each run; `debug`: the
/// rest.
enum class LogLevel : uint8_t { error, warn, info, debug };

/// One field of a log line. Anything that fmt prints may be a value. Never a secret.
struct LogField {
  template <class T>
  LogField(std::string_view field_name, const T& field_value)  // NOLINT: {"run", key} reads best
      : name(field_name), value(fmt::format("{}", field_value)) {}
  std::string_view name;
  std::string value;
};

/// Lines below the level are not built. Thread-safe. Starts at `info`.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);
/// `text` (default): `12:00:01.123 info  run finished run=a/b took=3ms`; `json`: one object a line.
/// Both go to stderr.
void set_log_json(bool json);

void write_log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

}  // namespace ks

/// LOG(info, "run finished", {"run", key}, {"took", took}): a constant message and fields.
#define LOG(level, message, ...)                                      \
  do {                                                                \
    if (::ks::log_enabled(::ks::LogLevel::level))                     \
      ::ks::write_log(::ks::LogLevel::level, message, {__VA_ARGS__}); \
  } while (false)
