#pragma once

#include <chrono>
#include <string>
#include <string_view>

/// How the command line writes: colours where somebody looks, plain text for everybody else.

namespace ks::cmd {

enum class Ink : uint8_t { plain, bold, dim, red, green, yellow, blue };

/// The text in this ink, or as it is without `color`.
std::string paint(std::string_view text, Ink ink, bool color);
/// SUCCESS is green, FAILURE red, ...
Ink ink_of(std::string_view result);

/// `85ms`, `3.2s`, `4m 5s`, `2h 13m`.
std::string human_duration(std::chrono::milliseconds duration);
/// `5s`, `3m`, `7h`, `12d`: how long ago, as kubectl writes ages.
std::string human_age(std::chrono::milliseconds age);

/// How many columns a terminal shows the text in: one a code point, none for colours.
size_t columns_of(std::string_view text);
/// At most `columns` of it, with an ellipsis when it was longer. The text has no colours.
std::string cut_to(std::string_view text, size_t columns);
/// Without what could move a terminal's cursor or change its state.
std::string without_controls(std::string_view text);

}  // namespace ks::cmd
