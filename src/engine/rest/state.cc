#include "engine/rest/state.h"

#include <boost/json.hpp>

#include "base/file.h"
#include "base/log.h"

namespace ks::engine {
namespace {

constexpr size_t kMostBytes = 32u << 20;

}  // namespace

RestState::RestState(std::string file) : file_(std::move(file)) {
  if (file_.empty() || !file_exists(file_)) return;
  Result<std::string> text = read_file(file_, kMostBytes);
  Result<json::value> value = text ? parse_json(*text) : Result<json::value>(text.error());
  if (value && value->is_object()) {
    content_ = std::move(value->get_object());
    return;
  }
  broken_ = value ? file_ + ": not an object" : value.error().message;
  LOG(error, "views and favourites cannot be read", {"file", file_}, {"error", broken_});
}

json::value RestState::read(std::string_view member) const {
  std::lock_guard lock(mutex_);
  const json::value* found = content_.if_contains(member);
  return found == nullptr ? json::value() : *found;
}

Result<> RestState::change(std::string_view member,
                           const std::function<Result<>(json::object&)>& change) {
  std::lock_guard lock(mutex_);
  if (!broken_.empty()) return Error{Code::unavailable, broken_};
  json::object next = content_;
  if (!next[member].is_object()) next[member] = json::object();
  TRY(change(next[member].get_object()));
  const std::string text = to_json(next);
  if (text.size() > kMostBytes) {
    return Error{Code::exhausted, "more than 32 MiB of views, favourites and domains"};
  }
  if (!file_.empty()) TRY(write_file_atomic(file_, text, 0600));
  content_ = std::move(next);
  return {};
}

}  // namespace ks::engine
