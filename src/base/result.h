#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"

namespace ks {

/// What kind of failure an Error is. Each maps to one HTTP status and one Kubernetes `Status`
/// reason
/// (`http/status.h`, `kube/status.h`), so a new code needs a place there.
enum class Code : uint8_t {
  invalid,          ///< 400/422: the input is wrong; doing it again will fail again
  unauthenticated,  ///< 401: nobody, or somebody we cannot verify
  forbidden,        ///< 403: known, but not allowed
  not_found,        ///< 404
  already_exists,   ///< 409: reason AlreadyExists
  conflict,         ///< 409: the state changed since it was read
  gone,             ///< 410: the history that was asked for is compacted
  too_large,        ///< 413: over a stated limit
  exhausted,        ///< 429/507: a bounded resource is full
  timeout,          ///< 504: a deadline passed
  unavailable,      ///< 503: try again later
  internal,         ///< 500: a fault of ours
};

std::string_view to_string(Code code);

/// A failure that is expected and handled. `message` says what, where and what to do: lower case,
/// no full stop.
struct Error {
  Code code = Code::internal;
  std::string message;

  /// The same error with `context` and a colon before its message.
  Error in(std::string_view context) &&;
};

/// Either a value or an Error. Ignoring one warns; reading the value of a failed one is a bug and
/// aborts.
///
///   Result<uint16_t> port = parse_port("x");
///   if (!port) return port.error();
///   listen(*port);
template <class T = void>
class [[nodiscard]] Result {
 public:
  // Implicit (google-explicit-constructor does not like it): `return value;` and
  // `return Error{...};` are the point.
  template <class U = T>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, Result> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}      // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return check(), *std::get_if<0>(&state_); }
  const T& value() const& { return check(), *std::get_if<0>(&state_); }
  T&& value() && { return check(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

  template <class U>
  T value_or(U&& other) const& {
    return ok() ? **this : static_cast<T>(std::forward<U>(other));
  }

 private:
  void check() const { CHECK_MSG(ok(), error().message); }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  void value() const { CHECK_MSG(ok(), error_.message); }

  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace ks

/// Evaluates to the value of a Result, or returns its error from the enclosing function.
///
///   uint16_t port = TRY(parse_port(text));
#define TRY(expression) KS_TRY_NAMED(KS_TRY_JOIN(ks_try_, __COUNTER__), expression)
#define KS_TRY_JOIN(a, b) KS_TRY_JOIN_EXPANDED(a, b)
#define KS_TRY_JOIN_EXPANDED(a, b) a##b
// NOLINTBEGIN(bugprone-macro-parentheses): `result` is the name of a variable that it declares.
#define KS_TRY_NAMED(result, expression)                \
  ({                                                    \
    auto result = (expression);                         \
    if (!result.ok()) return std::move(result).error(); \
    std::move(result).value();                          \
  })
// NOLINTEND(bugprone-macro-parentheses)
