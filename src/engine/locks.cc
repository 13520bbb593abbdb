#include "engine/locks.h"

#include <algorithm>

namespace ks::engine {

bool LockTable::is_free(const std::string& name) const {
  const auto found = holders_.find(name);
  return found == holders_.end() || found->second.empty();
}

/// What the request would get now; empty when it must wait.
std::vector<std::string> LockTable::choose(const LockRequest& request) const {
  std::vector<std::string> chosen;
  for (const std::string& name : request.names) {
    if (!is_free(name)) return {};
    chosen.push_back(name);
  }
  if (request.label.empty()) return chosen;
  size_t wanted = request.quantity, all = 0;
  for (const auto& [name, labels] : labelled_) {
    if (std::ranges::find(labels, request.label) == labels.end()) continue;
    all++;
    if ((wanted == 0 || chosen.size() - request.names.size() < wanted) && is_free(name))
      chosen.push_back(name);
  }
  if (wanted == 0) wanted = all;
  return chosen.size() - request.names.size() < wanted ? std::vector<std::string>{} : chosen;
}

void LockTable::acquire(LockRequest request) {
  std::vector<Grant> grants;
  {
    std::lock_guard lock(mutex_);
    const auto before = [](const LockRequest& a, const LockRequest& b) {
      if (a.priority != b.priority) return a.priority > b.priority;
      if (a.newest_first != b.newest_first) return a.newest_first;
      return a.newest_first ? a.asked_millis > b.asked_millis : a.asked_millis < b.asked_millis;
    };
    queue_.insert(std::ranges::upper_bound(queue_, request, before), std::move(request));
    grants = grant_queue();
  }
  tell(std::move(grants));
}

std::vector<std::string> LockTable::try_acquire(const LockRequest& request) {
  std::lock_guard lock(mutex_);
  // Who waits already comes first.
  const bool contended = std::ranges::any_of(queue_, [&](const LockRequest& other) {
    return (!request.label.empty() && other.label == request.label) ||
           std::ranges::any_of(other.names, [&](const std::string& name) {
             return std::ranges::find(request.names, name) != request.names.end();
           });
  });
  if (holding_back_ || contended) return {};
  std::vector<std::string> names = choose(request);
  for (const std::string& name : names) holders_[name].insert(request.key);
  if (!names.empty()) held_[request.key] = names;
  return names;
}

std::vector<LockTable::Grant> LockTable::grant_queue() {
  std::vector<Grant> grants;
  for (auto at = queue_.begin(); at != queue_.end() && !holding_back_;) {
    const auto mine = held_.find(at->key);
    std::vector<std::string> names = mine != held_.end() ? mine->second : choose(*at);
    if (names.empty()) {
      ++at;
      continue;
    }
    for (const std::string& name : names) holders_[name].insert(at->key);
    held_[at->key] = names;
    grants.emplace_back(std::move(at->granted), std::move(names));
    at = queue_.erase(at);
  }
  return grants;
}

void LockTable::tell(std::vector<Grant> grants) {
  for (auto& [granted, names] : grants) granted(std::move(names));
}

void LockTable::hold(const std::string& key, const std::vector<std::string>& names) {
  std::lock_guard lock(mutex_);
  for (const std::string& name : names) holders_[name].insert(key);
  held_[key] = names;
}

void LockTable::release(const std::string& key) {
  std::vector<Grant> grants;
  {
    std::lock_guard lock(mutex_);
    const auto mine = held_.find(key);
    if (mine == held_.end()) return;
    for (const std::string& name : mine->second) {
      holders_[name].erase(key);
      if (holders_[name].empty()) holders_.erase(name);
    }
    held_.erase(mine);
    grants = grant_queue();
  }
  tell(std::move(grants));
}

void LockTable::cancel(const std::string& key) {
  std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const LockRequest& request) { return request.key == key; });
}

void LockTable::hold_back(bool hold) {
  std::vector<Grant> grants;
  {
    std::lock_guard lock(mutex_);
    holding_back_ = hold;
    grants = grant_queue();
  }
  tell(std::move(grants));
}

bool LockTable::has_label(const std::string& label) const {
  return std::ranges::any_of(labelled_, [&](const auto& one) {
    return std::ranges::find(one.second, label) != one.second.end();
  });
}

}  // namespace ks::engine
