#include "engine/library_config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/scm/git_spec.h"

namespace ks::engine {
namespace {

bool is_folder(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_library_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && std::ranges::all_of(name, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '@' && c != '=' && c != '/';
  });
}

/// Where the version begins in `SOURCE@VERSION`; npos for none. An address may have an `@` too.
size_t version_at(const std::string& text) {
  if (is_folder(text)) return text.npos;
  const size_t at = text.rfind('@');
  // A version may have slashes, so the last `@` behind the host counts.
  size_t host_end = 0;
  if (const size_t scheme = text.find("://"); scheme != text.npos) {
    host_end = std::min(text.find('/', scheme + 3), text.size());
  } else if (!is_local_url(text)) {
    host_end = text.find(':');
  }
  return at == text.npos || at < host_end ? text.npos : at;
}

}  // namespace

json::object library_to_json(const LibraryConfig& config) {
  return {{"name", config.name},
          {"source", config.source},
          {"credentialsId", config.credentials_id},
          {"version", config.default_version},
          {"path", config.path},
          {"implicit", config.implicit},
          {"override", config.allow_version_override},
          {"changelog", config.changelog}};
}

LibraryConfig library_from_json(const json::value& value) {
  return {.name = std::string(text_at(value, {"name"})),
          .source = std::string(text_at(value, {"source"})),
          .credentials_id = std::string(text_at(value, {"credentialsId"})),
          .default_version = std::string(text_at(value, {"version"})),
          .path = std::string(text_at(value, {"path"})),
          .project = {},
          .implicit = bool_at(value, {"implicit"}),
          .allow_version_override = bool_at(value, {"override"}, true),
          .changelog = bool_at(value, {"changelog"}, true)};
}

Result<LibraryConfig> parse_library(std::string_view text) {
  const size_t equals = text.find('=');
  LibraryConfig config{.name = std::string(text.substr(0, equals)), .implicit = true};
  if (equals == text.npos || equals + 1 == text.size() || !is_library_name(config.name)) {
    return Error{Code::invalid, fmt::format("'{}': expected NAME=GIT_URL_OR_DIR[@VERSION]", text)};
  }
  config.source = text.substr(equals + 1);
  if (const size_t at = version_at(config.source); at != config.source.npos) {
    config.default_version = config.source.substr(at + 1);
    config.source.resize(at);
    TRY(check_git_ref(config.default_version, "version of library " + config.name));
  }
  TRY(check_git_url(config.source));
  if (is_local_url(config.source) && !config.source.starts_with("file:") &&
      !is_folder(config.source)) {
    return Error{Code::not_found,
                 fmt::format("library {}: there is no folder '{}'", config.name, config.source)};
  }
  return config;
}

Result<std::vector<LibraryConfig>> read_libraries(const json::value& list) {
  std::vector<LibraryConfig> out;
  if (!list.is_array()) return Error{Code::invalid, "libraries: expected a list"};
  for (const json::value& one : list.get_array()) {
    LibraryConfig config{.name = std::string(text_at(one, {"name"}))};
    const std::string where = fmt::format("libraries[{}]", out.size());
    if (!one.is_object() || !is_library_name(config.name))
      return Error{Code::invalid, where + ".name: expected a name without '@', '=' and '/'"};
    constexpr std::string_view kKnown[] = {"name",
                                           "git",
                                           "directory",
                                           "version",
                                           "credentialsId",
                                           "implicit",
                                           "allowVersionOverride",
                                           "changelog",
                                           "libraryPath",
                                           "project"};
    for (const auto& [key, value] : one.get_object()) {
      if (std::ranges::find(kKnown, std::string_view(key)) == std::end(kKnown))
        return Error{Code::invalid,
                     fmt::format("{}.{}: unknown key", where, std::string_view(key))};
    }
    config.source = text_at(one, {"git"});
    if (config.source.empty()) config.source = text_at(one, {"directory"});
    Result<> address = check_git_url(config.source);
    if (!address) return std::move(address).error().in(where);
    config.default_version = text_at(one, {"version"});
    config.credentials_id = text_at(one, {"credentialsId"});
    config.path = text_at(one, {"libraryPath"});
    config.project = text_at(one, {"project"});
    config.implicit = bool_at(one, {"implicit"});
    config.allow_version_override = bool_at(one, {"allowVersionOverride"}, true);
    config.changelog = bool_at(one, {"changelog"}, true);
    out.push_back(std::move(config));
  }
  return out;
}

LibraryId parse_library_id(std::string_view text) {
  const size_t at = text.find('@');
  if (at == text.npos) return {.name = std::string(text), .version = {}};
  return {.name = std::string(text.substr(0, at)), .version = std::string(text.substr(at + 1))};
}

}  // namespace ks::engine
