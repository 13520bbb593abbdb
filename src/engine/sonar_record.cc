#include "engine/sonar_record.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"

namespace ks::engine {
namespace {

constexpr size_t kMostBytes = 1u << 20;
constexpr size_t kMostTasks = 100;

std::string file_in(const std::string& folder) { return folder + "/sonar.json"; }

}  // namespace

std::vector<SonarTask> sonar_tasks(const std::string& files_folder) {
  std::vector<SonarTask> out;
  const Result<std::string> text = read_file(file_in(files_folder), kMostBytes);
  if (!text) return out;
  const Result<json::value> list = parse_json(*text);
  if (!list || !list->is_array()) return out;
  for (const json::value& one : list->get_array()) {
    out.push_back({.id = std::string(text_at(one, {"id"})),
                   .url = std::string(text_at(one, {"url"})),
                   .server = std::string(text_at(one, {"server"})),
                   .credential = {}});
  }
  return out;
}

Result<> record_sonar_task(const std::string& files_folder, const SonarTask& task) {
  std::vector<SonarTask> tasks = sonar_tasks(files_folder);
  if (tasks.size() >= kMostTasks ||
      std::ranges::find(tasks, task.id, &SonarTask::id) != tasks.end())
    return {};
  tasks.push_back(task);
  json::array list;
  for (const SonarTask& one : tasks) {
    list.push_back(json::object{{"id", one.id}, {"url", one.url}, {"server", one.server}});
  }
  TRY(make_dirs(files_folder, 0700));
  return write_file_atomic(file_in(files_folder), to_json(list), 0600);
}

}  // namespace ks::engine
