#include "engine/milestones.h"

#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace ks::engine {

Milestones::Milestones(std::string file) : file_(std::move(file)) {
  if (file_.empty() || !file_exists(file_)) return;
  const Result<std::string> text = read_file(file_);
  const Result<json::value> saved = text ? parse_json(*text) : Result<json::value>(text.error());
  if (!saved || !saved->is_object()) {
    LOG(error, "the milestones of before cannot be read", {"file", file_});
    return;
  }
  for (const auto& [job, newest] : saved->get_object()) {
    if (!newest.is_object()) continue;
    for (const auto& [ordinal, number] : newest.get_object()) {
      if (const auto at = parse_int(ordinal); at && number.is_int64())
        jobs_[job].newest[*at] = static_cast<uint64_t>(number.get_int64());
    }
  }
}

void Milestones::save() const {
  if (file_.empty()) return;
  json::object all;
  for (const auto& [name, job] : jobs_) {
    json::object newest;
    for (const auto& [ordinal, number] : job.newest) newest[std::to_string(ordinal)] = number;
    all[name] = std::move(newest);
  }
  if (Result<> written = write_file_atomic(file_, to_json(all)); !written)
    LOG(error, "the milestones cannot be written", {"error", written.error().message});
}

std::optional<uint64_t> Milestones::pass(const std::string& job_name, uint64_t number,
                                         int64_t ordinal, Overtaken overtaken) {
  std::vector<Overtaken> ended;
  {
    std::lock_guard lock(mutex_);
    Job& job = jobs_[job_name];
    // A newer run that went past a later milestone has passed this one too.
    for (auto at = job.newest.lower_bound(ordinal); at != job.newest.end(); ++at) {
      if (at->second > number) return at->second;
    }
    job.newest[ordinal] = std::max(job.newest[ordinal], number);
    for (auto& [other, under] : job.running) {
      if (other < number && under.ordinal < ordinal) ended.push_back(under.overtaken);
    }
    job.running[number] = {ordinal, std::move(overtaken)};
    save();
  }
  for (const Overtaken& end : ended) end(number);
  return std::nullopt;
}

void Milestones::passed_before(const std::string& job, uint64_t number, int64_t ordinal,
                               Overtaken overtaken) {
  std::lock_guard lock(mutex_);
  jobs_[job].running[number] = {ordinal, std::move(overtaken)};
}

void Milestones::ended(const std::string& job, uint64_t number) {
  std::lock_guard lock(mutex_);
  if (const auto found = jobs_.find(job); found != jobs_.end()) found->second.running.erase(number);
}

}  // namespace ks::engine
