#include "cmd/view/style.h"

#include <fmt/format.h>

namespace ks::cmd {
namespace {

std::string_view code_of(Ink ink) {
  switch (ink) {
    case Ink::plain: return "";
    case Ink::bold: return "\033[1m";
    case Ink::dim: return "\033[2m";
    case Ink::red: return "\033[31m";
    case Ink::green: return "\033[32m";
    case Ink::yellow: return "\033[33m";
    case Ink::blue: return "\033[34m";
  }
  return "";
}

bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Behind the escape sequence that begins at `at`.
size_t after_escape(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at + 1] != '[') return at + 1;
  for (at += 2; at < text.size(); ++at) {
    if (text[at] >= '@' && text[at] <= '~') return at + 1;
  }
  return at;
}

}  // namespace

std::string paint(std::string_view text, Ink ink, bool color) {
  if (!color || ink == Ink::plain) return std::string(text);
  return fmt::format("{}{}\033[0m", code_of(ink), text);
}

Ink ink_of(std::string_view result) {
  if (result == "SUCCESS" || result == "Succeeded") return Ink::green;
  if (result == "FAILURE" || result == "Failed") return Ink::red;
  if (result == "UNSTABLE" || result == "PAUSED" || result == "Pending") return Ink::yellow;
  if (result == "RUNNING" || result == "Running") return Ink::blue;
  return Ink::dim;
}

std::string human_duration(std::chrono::milliseconds duration) {
  const int64_t ms = duration.count();
  const int64_t seconds = ms / 1000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (seconds < 60) return fmt::format("{}.{}s", seconds, ms % 1000 / 100);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
}

std::string human_age(std::chrono::milliseconds age) {
  const int64_t seconds = std::max<int64_t>(0, age.count() / 1000);
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\033') {
      i = after_escape(text, i);
      continue;
    }
    columns += continues_code_point(text[i]) ? 0 : 1;
    ++i;
  }
  return columns;
}

std::string cut_to(std::string_view text, size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  size_t seen = 0, end = 0;
  while (end < text.size() && (continues_code_point(text[end]) || ++seen < columns)) ++end;
  return std::string(text.substr(0, end)) + "…";
}

std::string without_controls(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\033') {
      i = after_escape(text, i);
      continue;
    }
    if (c >= ' ' && c != 0x7F) out += text[i];
    ++i;
  }
  return out;
}

}  // namespace ks::cmd
