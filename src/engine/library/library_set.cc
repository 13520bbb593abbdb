#include "engine/library/library_set.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/declarative.h"
#include "engine/files.h"
#include "engine/library/annotations.h"
#include "engine/scm/scm_objects.h"
#include "engine/step.h"
#include "groovy/program.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxLibraries = 100;  // of one run
constexpr size_t kMaxResourceBytes = 32u << 20;
constexpr FileBounds kBounds{};
constexpr std::string_view kVars = "vars/", kSrc = "src/", kGroovy = ".groovy";
constexpr std::string_view kCompilationErrors =
    "org.codehaus.groovy.control.MultipleCompilationErrorsException";

bool is_identifier(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
  });
}

std::string class_path(std::string_view full_name) {
  return std::string(kSrc) + replace_all(std::string(full_name), ".", "/") + std::string(kGroovy);
}

/// Whether a file belongs to the program of a library.
bool is_program(std::string_view path) {
  if (path.starts_with(kVars)) return path.ends_with(kGroovy) || path.ends_with(".txt");
  return path.starts_with(kSrc) && path.ends_with(kGroovy);
}

bool is_repository(const std::string& folder) {
  return file_exists(folder + "/.git") ||
         (file_exists(folder + "/HEAD") && file_exists(folder + "/objects"));
}

/// All files of a program in a folder, as an object of texts.
Result<json::value> read_program(const std::string& folder) {
  json::object files;
  size_t bytes = 0;
  std::error_code error;
  for (std::string_view part : {"vars", "src"}) {
    const std::string top = folder + "/" + std::string(part);
    for (auto it = std::filesystem::recursive_directory_iterator(top, error);
         !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
      const std::string path = std::string(part) + it->path().string().substr(top.size());
      if (!is_program(path) || !it->is_regular_file(error) || it->is_symlink(error)) continue;
      const std::string text = TRY(read_file(it->path().string(), kBounds.bytes));
      bytes += text.size();
      if (bytes > kBounds.bytes || files.size() >= kBounds.files) {
        return Error{Code::too_large, fmt::format("{} has more than {} files or {} bytes", folder,
                                                  kBounds.files, kBounds.bytes)};
      }
      files[path] = to_utf8_lossy(text);
    }
    error.clear();
  }
  return files;
}

/// Does something outside and journals it, without a step around it.
json::value journaled(Run& run, groovy::Task& task, std::string what,
                      const std::function<Result<json::value>()>& act) {
  const StepInfo info{.name = "library"};
  StepCall call(run, task, info);
  return outside(call, std::move(what), act);
}

}  // namespace

LibrarySet::LibrarySet(Run& run) : run_(run) {
  for (const json::value& one : run.spec().libraries) configs_.push_back(library_from_json(one));
}

LibrarySet::~LibrarySet() = default;

// ----- loading -----

const LibraryConfig* LibrarySet::config_of(std::string_view name) const {
  const auto found = std::ranges::find(configs_, name, &LibraryConfig::name);
  return found == configs_.end() ? nullptr : &*found;
}

bool LibrarySet::load_declared(groovy::Task& task, const std::string& script) {
  Result<std::vector<DeclaredLibrary>> declared = declared_libraries(script);
  auto failed = [&](const std::string& why) {
    run_.print_line("ERROR: " + why);
    run_.print_line(
        fmt::format("{}: startup failed:\nWorkflowScript: Loading libraries failed\n\n1 "
                    "error\n",
                    kCompilationErrors));
    run_.worsen(BuildResult::failure);
    return false;
  };
  if (!declared) return failed(declared.error().message);
  std::vector<DeclaredLibrary> wanted;
  for (const LibraryConfig& config : configs_) {
    // An annotation says more than the configuration: its version, for one.
    const bool named = std::ranges::any_of(*declared, [&](const DeclaredLibrary& one) {
      return parse_library_id(one.id).name == config.name;
    });
    if (config.implicit && !named) wanted.push_back({.id = config.name, .changelog = {}});
  }
  wanted.insert(wanted.end(), declared->begin(), declared->end());
  for (const DeclaredLibrary& one : wanted) {
    try {
      const LibraryId id = parse_library_id(one.id);
      const LibraryConfig* config = config_of(id.name);
      if (config == nullptr)
        return failed(fmt::format("Could not find any definition of libraries [{}]", one.id));
      load(task, id, one.changelog.value_or(config->changelog), std::nullopt);
    } catch (const groovy::Thrown& thrown) {
      const groovy::Failure failure = run_.interpreter().describe(task, thrown);
      if (failure.class_name != "hudson.AbortException") throw;
      return failed(failure.message.value_or(failure.class_name));
    }
  }
  return true;
}

void LibrarySet::load(groovy::Task& task, const LibraryId& id, bool changelog,
                      const std::optional<LibraryRetriever>& retriever) {
  if (std::ranges::find(libraries_, id.name, &Library::name) != libraries_.end()) {
    // Also the same annotation twice, which is common.
    return;
  }
  if (libraries_.size() >= kMaxLibraries)
    run_.fail(task, fmt::format("more than {} libraries in one run", kMaxLibraries));
  LibraryConfig config;
  if (retriever) {
    if (id.version.empty())
      run_.fail(task, fmt::format("Must specify a version for library {}", id.name));
    if (Result<> address = check_git_url(retriever->url); !address)
      run_.fail(task, address.error().message);
    config.name = id.name;
    config.source = retriever->url;
    config.credentials_id = retriever->credentials_id;
    config.path = retriever->path;
  } else {
    const LibraryConfig* known = config_of(id.name);
    if (known == nullptr) run_.fail(task, fmt::format("No library named {} found", id.name));
    config = *known;
  }
  if (!id.version.empty() && !config.allow_version_override &&
      id.version != config.default_version) {
    run_.fail(task, fmt::format("Version override not permitted for library {}", id.name));
  }
  const std::string version = id.version.empty() ? config.default_version : id.version;
  if (retriever) check_local(run_, task, config.source, false);
  libraries_.push_back(read(task, config, version, changelog, !retriever));
  run_.set_env(task, fmt::format("library.{}.version", id.name), version);
}

LibrarySet::Library LibrarySet::read(groovy::Task& task, const LibraryConfig& config,
                                     const std::string& version, bool changelog, bool trusted) {
  Library library{.name = config.name,
                  .version = version,
                  .files = {},
                  .commit = {},
                  .folder = {},
                  .path = config.path};
  while (library.path.ends_with('/')) library.path.pop_back();
  for (std::string_view part : split(library.path, '/')) {
    if (part == ".." || library.path.starts_with('/'))
      run_.fail(task,
                fmt::format("library {}: path '{}' leads out of it", config.name, config.path));
  }
  run_.print_line(
      fmt::format("Loading library {}{}{}", config.name, version.empty() ? "" : "@", version));
  // A folder that is no repository has one version, whatever it is called.
  const bool folder = is_local_url(config.source) && !config.source.starts_with("file:") &&
                      journaled(run_, task, "library", [&]() -> Result<json::value> {
                        return json::value(version.empty() ? !file_exists(config.source + "/HEAD")
                                                           : !is_repository(config.source));
                      }).as_bool();
  if (folder) {
    library.folder = config.source;
    read_folder(task, library);
  } else {
    if (version.empty())
      run_.fail(task, fmt::format("No version specified for library {}", config.name));
    if (Result<> valid = check_git_ref(version, "version of library " + config.name); !valid)
      run_.fail(task, valid.error().message);
    read_commit(task, library, config, changelog, trusted);
  }
  if (library.files.empty()) {
    run_.fail(task, fmt::format("Library {} expected to contain at least one of src or vars "
                                "directories",
                                config.name));
  }
  return library;
}

void LibrarySet::read_commit(groovy::Task& task, Library& library, const LibraryConfig& config,
                             bool changelog, bool trusted) {
  const GitRemote remote{.name = "origin",
                         .url = config.source,
                         .refspec = {},
                         .credentials_id = config.credentials_id};
  run_.print_line(
      fmt::format("Attempting to resolve {} from remote references...", library.version));
  const std::string key =
      fmt::format("library {} {}", config.name, url_without_password(config.source));
  const json::value before = run_.draw(task, "the last version of a library", [&] {
    return run_.services().previous_checkout && changelog
               ? run_.services().previous_checkout(run_.spec(), key)
               : json::value(nullptr);
  });
  Result<BranchSpec> names = parse_branch(library.version, {remote});
  if (!names || names->is_pattern())
    run_.fail(task, fmt::format("'{}' is no version of library {}", library.version, config.name));
  library.commit = fetch_commit(run_, task, remote, names->names,
                                std::string(text_at(before, {"commit"})), trusted);
  if (!library.commit) {
    run_.fail(task,
              fmt::format("No version {} found for library {}", library.version, config.name));
  }
  run_.print_line(
      fmt::format("Found match: {} revision {}", library.commit->ref, library.commit->commit));
  run_.add_checkout({{"key", key},
                     {"url", url_without_password(config.source)},
                     {"commit", library.commit->commit},
                     {"branch", library.version},
                     {"changes", changelog ? library.commit->changes : json::array()}});
  const std::string below = library.path.empty() ? "" : library.path + "/";
  for (RepositoryFile& file :
       read_files(run_, task, *library.commit, {below + "vars", below + "src"}, kBounds)) {
    const std::string path = file.path.substr(below.size());
    if (is_program(path)) library.files[path] = to_utf8_lossy(file.content);
  }
}

void LibrarySet::read_folder(groovy::Task& task, Library& library) {
  std::string folder = library.folder;
  if (!library.path.empty()) folder += "/" + library.path;
  const json::value files = journaled(run_, task, "library", [&] { return read_program(folder); });
  for (const auto& [path, text] : files.as_object())
    library.files[std::string(std::string_view(path))] = std::string(text.as_string());
}

// ----- what is in them -----

const std::string* LibrarySet::file(std::string_view path) const {
  for (const Library& library : libraries_) {
    if (const auto found = library.files.find(path); found != library.files.end())
      return &found->second;
  }
  return nullptr;
}

groovy::ProgramRef LibrarySet::compile(groovy::Task& task, const std::string& text,
                                       std::string name, const std::string& path) {
  const groovy::Compiled compiled =
      compile_for(run_, text, {.script_name = std::move(name), .file = path, .class_exists = {}});
  if (!compiled)
    run_.raise(task, kCompilationErrors, groovy::format_errors(text, path, compiled.errors));
  return compiled.program;
}

std::optional<groovy::Value> LibrarySet::variable(groovy::Task& task, std::string_view name) {
  if (libraries_.empty() || !is_identifier(name)) return std::nullopt;
  if (const auto known = variables_.find(name); known != variables_.end()) return known->second;
  const std::string path = std::string(kVars) + std::string(name) + std::string(kGroovy);
  const std::string* text = file(path);
  // While its own fields are being made, the name is not known yet.
  if (text == nullptr || !opening_.insert(path).second) return std::nullopt;
  struct Opened {
    std::set<std::string, std::less<>>& opening;
    const std::string& path;
    ~Opened() { opening.erase(path); }
  } opened{opening_, path};
  const groovy::ProgramRef program =
      compile(task, *text, std::string(name), std::string(name) + std::string(kGroovy));
  groovy::Value made = run_.interpreter().load_script(task, program, true);
  variables_.insert_or_assign(std::string(name), made);
  return made;
}

bool LibrarySet::has_class(std::string_view full_name) const {
  return file(class_path(full_name)) != nullptr;
}

bool LibrarySet::has_package(std::string_view name) const {
  const std::string prefix = std::string(kSrc) + replace_all(std::string(name), ".", "/") + "/";
  return std::ranges::any_of(libraries_, [&](const Library& library) {
    const auto next = library.files.lower_bound(prefix);
    return next != library.files.end() && next->first.starts_with(prefix);
  });
}

std::optional<groovy::Value> LibrarySet::find_class(groovy::Task& task,
                                                    std::string_view full_name) {
  if (libraries_.empty()) return std::nullopt;
  const std::string path = class_path(full_name);
  const std::string* text = file(path);
  if (text == nullptr || !opening_.insert(path).second) return std::nullopt;
  struct Opened {
    std::set<std::string, std::less<>>& opening;
    const std::string& path;
    ~Opened() { opening.erase(path); }
  } opened{opening_, path};
  const size_t dot = full_name.rfind('.');
  std::string simple(dot == full_name.npos ? full_name : full_name.substr(dot + 1));
  return run_.interpreter().load_class(task, compile(task, *text, simple, path.substr(kSrc.size())),
                                       full_name);
}

std::optional<std::string> LibrarySet::resource(groovy::Task& task, const std::string& path) {
  for (const Library& library : libraries_) {
    const std::string below =
        (library.path.empty() ? "" : library.path + "/") + "resources/" + path;
    if (library.commit) {
      for (RepositoryFile& found : read_files(run_, task, *library.commit, {below},
                                              {.bytes = kMaxResourceBytes, .files = 1})) {
        if (found.path == below) return std::move(found.content);
      }
      continue;
    }
    const json::value content =
        journaled(run_, task, "libraryResource", [&]() -> Result<json::value> {
          // A link may lead out of the library.
          std::error_code error;
          const auto real = std::filesystem::canonical(library.folder + "/" + below, error);
          const auto top = std::filesystem::canonical(library.folder, error);
          if (error || !real.string().starts_with(top.string() + "/")) return json::value(nullptr);
          return json::value(
              json::string(base64_encode(TRY(read_file(real.string(), kMaxResourceBytes)))));
        });
    if (const json::string* encoded = content.if_string())
      return base64_decode(*encoded).value_or(std::string());
  }
  return std::nullopt;
}

}  // namespace ks::engine
