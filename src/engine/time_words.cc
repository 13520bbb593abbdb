#include "engine/time_words.h"

#include <fmt/format.h>

namespace ks::engine {
namespace {

std::string days_of(int64_t days) { return fmt::format("{} {}", days, days == 1 ? "day" : "days"); }

std::string with_smaller(int64_t big, const std::string& big_text, const std::string& small_text) {
  return big < 10 ? big_text + " " + small_text : big_text;
}

}  // namespace

std::string time_span(std::chrono::milliseconds time) {
  const int64_t total = std::max<int64_t>(time.count(), 0);
  const int64_t all_days = total / 86'400'000;
  const int64_t years = all_days / 365, months = all_days % 365 / 30, days = all_days % 365 % 30;
  const int64_t hours = total / 3'600'000 % 24, minutes = total / 60'000 % 60,
                seconds = total / 1000 % 60, rest = total % 1000;
  if (years > 0)
    return with_smaller(years, fmt::format("{} yr", years), fmt::format("{} mo", months));
  if (months > 0) return with_smaller(months, fmt::format("{} mo", months), days_of(days));
  if (days > 0) return with_smaller(days, days_of(days), fmt::format("{} hr", hours));
  if (hours > 0)
    return with_smaller(hours, fmt::format("{} hr", hours), fmt::format("{} min", minutes));
  if (minutes > 0)
    return with_smaller(minutes, fmt::format("{} min", minutes), fmt::format("{} sec", seconds));
  if (seconds >= 10) return fmt::format("{} sec", seconds);
  if (seconds >= 1) {
    return rest / 100 > 0 ? fmt::format("{}.{} sec", seconds, rest / 100)
                          : fmt::format("{} sec", seconds);
  }
  if (rest >= 100) {
    const int64_t hundredths = rest / 10;
    return hundredths % 10 == 0 ? fmt::format("0.{} sec", hundredths / 10)
                                : fmt::format("0.{:02} sec", hundredths);
  }
  return fmt::format("{} ms", rest);
}

}  // namespace ks::engine
