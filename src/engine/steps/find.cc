#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/values.h"

// findFiles, touch, compareVersions, nodesByLabel, unarchive, cleanWs.

namespace ks::engine {
namespace {

constexpr size_t kMostChildren = 100'000;

FileFacts facts_of(std::string path, const struct stat& info) {
  return {
      .path = std::move(path),
      .directory = S_ISDIR(info.st_mode),
      .length = S_ISDIR(info.st_mode) ? 0 : info.st_size,
      .modified_millis = int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000};
}

Result<std::vector<std::string>> children_of(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    names.push_back(at->path().filename().string());
    if (names.size() > kMostChildren)
      return Error{Code::too_large,
                   fmt::format("{} has more than {} files", folder, kMostChildren)};
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return Error{Code::internal, fmt::format("cannot read {}: {}", folder, error.message())};
  std::ranges::sort(names);
  return names;
}

groovy::Value find_files_step(StepCall& call) {
  const std::string folder = call.directory(), glob = call.text("glob"),
                    excludes = call.text("excludes");
  const json::value found = outside(call, "find", [&]() -> Result<json::value> {
    json::array list;
    const std::vector<std::string> names = trim(glob).empty()
                                               ? TRY(children_of(folder))
                                               : TRY(find_files(folder, glob, excludes, true));
    for (const std::string& name : names) {
      struct stat info{};
      if (stat((folder + "/" + name).c_str(), &info) != 0 &&
          lstat((folder + "/" + name).c_str(), &info) != 0)
        continue;
      if (trim(glob).empty() && !excludes.empty() && matches_globs(name, excludes)) continue;
      list.push_back(facts_of(name, info).to_json());
    }
    return json::value(std::move(list));
  });
  std::vector<groovy::Value> wrappers;
  for (const json::value& one : found.as_array()) wrappers.push_back(file_wrapper(call.run, one));
  return call.run.interpreter().make_list(std::move(wrappers));
}

groovy::Value touch(StepCall& call) {
  const std::string name = call.text("file"), path = plain_path(resolve(call, name));
  const bool dated = call.has("timestamp");
  const int64_t millis = call.number("timestamp");
  const json::value facts = outside(call, "touch", [&]() -> Result<json::value> {
    const Fence fence = fence_of(call, path);
    TRY(fence.make_dirs(path.substr(0, path.rfind('/'))));
    const Fd file = TRY(fence.open(path, O_WRONLY | O_CREAT));
    const timespec when =
        dated ? timespec{millis / 1000, millis % 1000 * 1'000'000} : timespec{0, UTIME_NOW};
    const std::array times = {when, when};
    if (futimens(file.get(), times.data()) != 0) return errno_error("touch", path, errno);
    struct stat info{};
    if (fstat(file.get(), &info) != 0) return errno_error("read", path, errno);
    return facts_of(name, info).to_json();
  });
  return file_wrapper(call.run, facts);
}

// ----- compareVersions -----

/// One piece of a version: a number, or a word with its rank (`alpha` < `beta` < ... < release).
struct VersionPiece {
  bool number = false;
  std::string text;  // digits without leading zeros, or a word
};

std::vector<VersionPiece> version_pieces(std::string_view text) {
  std::vector<VersionPiece> pieces;
  for (size_t at = 0; at < text.size();) {
    const char c = static_cast<char>(text[at] | 0x20);
    const bool digit = text[at] >= '0' && text[at] <= '9', letter = c >= 'a' && c <= 'z';
    if (!digit && !letter) {
      at++;
      continue;
    }
    size_t end = at;
    while (end < text.size()) {
      const bool next_digit = text[end] >= '0' && text[end] <= '9';
      const char lower = static_cast<char>(text[end] | 0x20);
      if (digit ? !next_digit : (next_digit || lower < 'a' || lower > 'z')) break;
      end++;
    }
    std::string piece = to_lower(text.substr(at, end - at));
    if (digit) piece.erase(0, std::min(piece.find_first_not_of('0'), piece.size()));
    pieces.push_back({digit, std::move(piece)});
    at = end;
  }
  // `1.0` is `1`: zeros, and words for a release, at the end say nothing.
  while (!pieces.empty() && (pieces.back().text.empty() || pieces.back().text == "final" ||
                             pieces.back().text == "ga"))
    pieces.pop_back();
  return pieces;
}

int word_rank(const std::string& word) {
  constexpr std::array<std::string_view, 8> kOrder = {"snapshot", "alpha", "beta", "milestone",
                                                      "rc",       "",      "sp",   "?"};
  std::string_view known = word == "a"    ? "alpha"
                           : word == "b"  ? "beta"
                           : word == "m"  ? "milestone"
                           : word == "cr" ? "rc"
                                          : std::string_view(word);
  const auto found = std::ranges::find(kOrder, known);
  return static_cast<int>(std::min(found, kOrder.end() - 1) - kOrder.begin());
}

int sign(auto order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int compare_pieces(const VersionPiece* a, const VersionPiece* b) {
  if (a == nullptr) return -compare_pieces(b, a);
  if (b == nullptr)
    return a->number ? (a->text.empty() ? 0 : 1) : sign(word_rank(a->text) - word_rank(""));
  if (a->number != b->number) return a->number ? 1 : -1;
  if (a->number && a->text.size() != b->text.size())
    return a->text.size() < b->text.size() ? -1 : 1;
  if (!a->number && word_rank(a->text) != word_rank(b->text))
    return sign(word_rank(a->text) - word_rank(b->text));
  return sign(a->text.compare(b->text));
}

groovy::Value compare_versions(StepCall& call) {
  const std::string a = call.text("v1"), b = call.text("v2");
  if (call.flag("failIfEmpty") && (a.empty() || b.empty()))
    call.fail(fmt::format("{} is empty.", a.empty() ? "v1" : "v2"));
  const auto left = version_pieces(a), right = version_pieces(b);
  for (size_t i = 0; i < std::max(left.size(), right.size()); i++) {
    const VersionPiece* one = i < left.size() ? &left[i] : nullptr;
    const VersionPiece* other = i < right.size() ? &right[i] : nullptr;
    if (const int order = compare_pieces(one, other); order != 0)
      return groovy::Value::of_int(order);
  }
  return groovy::Value::of_int(0);
}

groovy::Value nodes_by_label(StepCall& call) {
  const std::string label = call.text("label");
  const json::value found = outside(call, "nodes", [&]() -> Result<json::value> {
    json::array names;
    for (const std::string& name : call.run.services().node->names(label)) names.emplace_back(name);
    return json::value(std::move(names));
  });
  const json::array& names = found.as_array();
  call.run.print_line(names.empty() ? fmt::format("Could not find any nodes with '{}' label", label)
                                    : fmt::format("Found a total of {} nodes with the '{}' label",
                                                  names.size(), label));
  return to_groovy(call.run.interpreter(), found);
}

/// Brings archived files of this run back: `mapping: ['from/': 'to']`; without one, all of them.
groovy::Value unarchive(StepCall& call) {
  const std::string archive = call.run.files().artifacts + "/archive", folder = call.directory();
  std::vector<std::pair<std::string, std::string>> mapping;
  for (const auto& [from, to] : groovy::map_entries(call.task, call.value("mapping")))
    mapping.emplace_back(from, call.run.interpreter().to_string(call.task, to));
  if (mapping.empty()) mapping.emplace_back("**", ".");
  const json::value copied = outside(call, "unarchive", [&]() -> Result<json::value> {
    size_t count = 0;
    for (const auto& [from, to] : mapping) {
      const std::string target = plain_path(resolve(call, to));
      struct stat info{};
      const bool one_file =
          stat((archive + "/" + from).c_str(), &info) == 0 && S_ISREG(info.st_mode);
      for (const std::string& file : TRY(find_files(archive, from, "", false))) {
        // One file goes to the very name that is given for it; of folders each keeps its path.
        const std::string path = one_file ? target : target + "/" + file;
        const Fence fence = fence_of(call, path);
        TRY(fence.make_dirs(path.substr(0, path.rfind('/'))));
        TRY(copy_as(archive + "/" + file, path));
        count++;
      }
    }
    return json::value(count);
  });
  if (copied.to_number<size_t>() == 0 && call.has("mapping"))
    call.fail("no artifacts of this run match the mapping of unarchive");
  return {};
}

// ----- cleanWs -----

groovy::Value clean_workspace(StepCall& call) {
  Run& run = call.run;
  static constexpr std::pair<BuildResult, std::string_view> kWhen[] = {
      {BuildResult::success, "cleanWhenSuccess"},
      {BuildResult::unstable, "cleanWhenUnstable"},
      {BuildResult::failure, "cleanWhenFailure"},
      {BuildResult::not_built, "cleanWhenNotBuilt"},
      {BuildResult::aborted, "cleanWhenAborted"}};
  run.print_line("[WS-CLEANUP] Deleting project workspace...");
  const auto* when =
      std::ranges::find(kWhen, run.result(), &std::pair<BuildResult, std::string_view>::first);
  if (when != std::end(kWhen) && !call.flag(when->second, true)) {
    run.print_line("[WS-CLEANUP] Skipped based on build state " +
                   std::string(to_string(run.result())));
    return {};
  }
  std::string includes, excludes;
  for (const groovy::Value& one : groovy::list_items(call.task, call.value("patterns"))) {
    const json::value pattern = data_of(call, one);
    std::string& list = text_at(pattern, {"type"}) == "EXCLUDE" ? excludes : includes;
    list += (list.empty() ? "" : ",") + std::string(text_at(pattern, {"pattern"}));
  }
  const std::string folder = call.directory();
  const bool folders = call.flag("deleteDirs");
  const json::value problem = outside(call, "delete", [&]() -> Result<json::value> {
    auto clean = [&]() -> Result<> {
      if (includes.empty() && excludes.empty()) return remove_tree(folder);
      const std::string which = includes.empty() ? "**" : includes;
      for (const std::string& file : TRY(find_files(folder, which, excludes, false)))
        TRY(remove_tree(folder + "/" + file));
      for (const std::string& name :
           folders ? TRY(children_of(folder)) : std::vector<std::string>{}) {
        if (matches_globs(name, which) && !(!excludes.empty() && matches_globs(name, excludes)))
          TRY(remove_tree(folder + "/" + name));
      }
      return {};
    };
    const Result<> done = clean();
    return done ? json::value(nullptr) : json::value(json::string(done.error().message));
  });
  if (!problem.is_null()) {
    const std::string message = "Cannot delete workspace: " + std::string(problem.as_string());
    if (!call.flag("notFailBuild")) call.fail("[WS-CLEANUP] " + message);
    run.print_line("[WS-CLEANUP] " + message);
    return {};
  }
  run.print_line("[WS-CLEANUP] done");
  return {};
}

}  // namespace

void add_find_steps(StepRegistry& registry) {
  auto add = [&](std::string_view name, std::vector<std::string_view> parameters,
                 std::string_view sole, StepFunction function, Needs needs = Needs::node) {
    registry.add({.name = name,
                  .parameters = std::move(parameters),
                  .sole = sole,
                  .needs = needs,
                  .function = function});
  };
  add("findFiles", {"glob", "excludes"}, "", find_files_step);
  add("touch", {"file", "timestamp"}, "file", touch);
  add("compareVersions", {"v1", "v2", "failIfEmpty"}, "", compare_versions, Needs::nothing);
  add("nodesByLabel", {"label", "offline"}, "label", nodes_by_label, Needs::nothing);
  add("unarchive", {"mapping"}, "", unarchive);
  add("cleanWs",
      {"cleanWhenSuccess", "cleanWhenFailure", "cleanWhenAborted", "cleanWhenNotBuilt",
       "cleanWhenUnstable", "deleteDirs", "patterns", "notFailBuild", "disableDeferredWipeout",
       "externalDelete", "skipWhenFailed"},
      "", clean_workspace);
}

}  // namespace ks::engine
