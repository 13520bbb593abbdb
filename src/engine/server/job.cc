#include "engine/server/job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/server/scm_definition.h"
#include "jenkins/config_xml.h"

namespace ks::engine {

Result<JobSettings> read_settings(const std::string& config_xml) {
  const json::value spec = TRY(jenkins::spec_with_secrets(config_xml));
  JobSettings out;
  out.script = text_at(spec, {"pipeline", "jenkinsfile"});
  out.scm = TRY(scm_of_config(config_xml));
  if (const json::value* list = find(spec, {"pipeline", "parameters"});
      list != nullptr && list->is_array()) {
    out.parameters = list->get_array();
  }
  out.one_at_a_time = bool_at(spec, {"pipeline", "disable_concurrent"});
  out.disabled = jenkins::is_disabled(config_xml);
  return out;
}

namespace {

/// A parameter as a Jenkinsfile declares it, as config.xml would.
json::object configured_parameter(const json::value& declared) {
  const std::string_view type = text_at(declared, {"type"});
  std::string value;
  if (const json::value* choices = find(declared, {"choices"})) {
    if (choices->is_string()) value = choices->get_string();
    if (choices->is_array()) {
      for (const json::value& choice : choices->get_array()) {
        if (!value.empty()) value += '\n';
        value += choice.is_string() ? std::string(choice.get_string()) : to_json(choice);
      }
    }
  } else if (const json::value* fallback = find(declared, {"defaultValue"})) {
    value = fallback->is_string() ? std::string(fallback->get_string())
            : fallback->is_null() ? std::string()
                                  : to_json(*fallback);
  }
  if (type == "booleanParam" && value != "true") value = "false";
  return {{"type", type == "booleanParam" ? "boolean" : type},
          {"name", text_at(declared, {"name"})},
          {"description", text_at(declared, {"description"})},
          {"default_value", value}};
}

}  // namespace

JobSettings with_declared(JobSettings settings, const JobProperties& declared) {
  if (declared.all) {
    settings.parameters.clear();
    settings.one_at_a_time = false;
  }
  for (const json::value& one : declared.parameters) {
    json::object parameter = configured_parameter(one);
    const auto same = std::ranges::find_if(settings.parameters, [&](const json::value& other) {
      return text_at(other, {"name"}) == parameter.at("name").as_string();
    });
    if (same == settings.parameters.end()) {
      settings.parameters.push_back(std::move(parameter));
    } else {
      *same = std::move(parameter);
    }
  }
  const json::value options(declared.options);
  if (const json::value* alone = find(options, {"disableConcurrentBuilds"})) {
    settings.one_at_a_time = true;
    settings.abort_previous = bool_at(*alone, {"abortPrevious"});
  }
  for (std::string_view name : {"quietPeriod", "value"}) {
    if (const json::value* seconds = find(options, {"quietPeriod", name});
        seconds != nullptr && seconds->is_int64())
      settings.quiet_seconds = std::clamp<int64_t>(seconds->get_int64(), 0, kMaxQuietSeconds);
  }
  settings.keep = retention_of(declared.options);
  settings.rate = rate_limit_of(declared.options);
  settings.no_resume = declared.options.contains("disableResume");
  return settings;
}

json::array declared_parameters(const JobSettings& settings) {
  json::array out;
  for (const json::value& one : settings.parameters) {
    const std::string_view type = text_at(one, {"type"});
    const std::string_view value = text_at(one, {"default_value"});
    json::object declared{{"type", type == "boolean" ? "booleanParam" : type},
                          {"name", text_at(one, {"name"})},
                          {"description", text_at(one, {"description"})}};
    if (type == "choice") {
      json::array choices;
      for (std::string_view choice : split(value, '\n')) choices.push_back(json::value(choice));
      declared["choices"] = std::move(choices);
    } else if (type == "boolean") {
      declared["defaultValue"] = value == "true";
    } else {
      declared["defaultValue"] = value;
    }
    out.push_back(std::move(declared));
  }
  return out;
}

json::object complete_values(const JobSettings& settings, json::object given) {
  for (const json::value& one : settings.parameters) {
    const std::string_view name = text_at(one, {"name"});
    const std::string_view type = text_at(one, {"type"});
    std::string_view value = text_at(one, {"default_value"});
    if (type == "choice") value = value.substr(0, value.find('\n'));
    json::value& at = given[name];
    if (at.is_null()) at = value;
    if (type == "boolean" && at.is_string()) at = at.get_string() == "true";
  }
  return given;
}

bool Job::has_live() const {
  return std::ranges::any_of(builds,
                             [](const auto& entry) { return entry.second.live != nullptr; });
}

std::vector<std::string> subfolders(const std::string& path) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.is_directory(error)) out.push_back(entry.path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

std::string file_name(std::string_view name) {
  // `.` and `..` are no names of ours.
  std::string out = percent_encode(name);
  if (out.starts_with('.')) out.replace(0, 1, "%2E");
  return out;
}

std::string name_of_file(std::string_view file) { return percent_decode(file); }

Result<> load_keys(Job& job) {
  const std::string path = job.folder + "/keys";
  if (!file_exists(path)) return {};
  std::string text = TRY(read_file(path));
  if (!text.ends_with('\n')) {
    // A crash left half a line, which must not stay in front of the next one. Its run has not
    // begun.
    text.resize(text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1);
    if (truncate(path.c_str(), static_cast<off_t>(text.size())) != 0)
      return errno_error("cut", path, errno);
  }
  for (std::string_view line : split(text, '\n')) {
    const size_t space = line.find(' ');
    const std::optional<int64_t> number = parse_int(line.substr(0, space));
    if (!number || *number <= 0 || space == line.npos) continue;
    job.next = std::max(job.next, static_cast<uint64_t>(*number) + 1);
    if (std::string_view key = line.substr(space + 1); !key.empty()) {
      job.keys[std::string(key)] = static_cast<uint64_t>(*number);
    }
  }
  return {};
}

Result<> append_key(const Job& job, uint64_t number, std::string_view key) {
  const std::string path = job.folder + "/keys";
  const Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const off_t before = lseek(file.get(), 0, SEEK_END);
  Result<> written = write_all(file.get(), fmt::format("{} {}\n", number, key));
  if (written) return {};
  if (ftruncate(file.get(), before) != 0)
    LOG(warn, "half a line stays in a file", {"path", path}, {"error", errno});
  return std::move(written).error().in(path);
}

}  // namespace ks::engine
