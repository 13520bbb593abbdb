#pragma once

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/result.h"
#include "kube/status.h"

namespace ks::store {

/// A value, or the Status that the caller of the API gets instead. Works with TRY as Result does,
/// whose errors become Statuses on the way.
template <class T = void>
class [[nodiscard]] Outcome {
 public:
  template <class U = T>
    requires(std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, Outcome> &&
             !std::same_as<std::remove_cvref_t<U>, Error> &&
             !std::same_as<std::remove_cvref_t<U>, kube::Status>)
  Outcome(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}       // NOLINT
  Outcome(kube::Status status) : state_(std::in_place_index<1>, std::move(status)) {}  // NOLINT
  Outcome(const Error& error)                                                          // NOLINT
      : state_(std::in_place_index<1>, kube::status_of(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const kube::Status& error() const& { return *std::get_if<1>(&state_); }
  kube::Status&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, kube::Status> state_;
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(kube::Status status) : error_(std::move(status)) {}      // NOLINT
  Outcome(const Error& error) : error_(kube::status_of(error)) {}  // NOLINT

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const {}

  const kube::Status& error() const& { return *error_; }
  kube::Status&& error() && { return std::move(*error_); }

 private:
  std::optional<kube::Status> error_;
};

}  // namespace ks::store
