#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "cases.h"
#include "engine/journal.h"
#include "log_comparison.h"

// A run in a process of its own, which kills itself at one record of its journal, and what such
// runs leave behind.

namespace ks::conformance {

/// Where a process is killed: before or after the write of a record, counted from 0 over the
/// records that it writes.
struct Kill {
  size_t record = 0;
  bool written = false;
  /// Moments in their order: each record has two.
  static Kill at(size_t moment) { return {moment / 2, moment % 2 == 1}; }
  size_t moment() const { return record * 2 + (written ? 1 : 0); }
};

/// Ends the process there. Records are written one at a time.
inline std::function<void(bool written)> die_at(const std::optional<Kill>& kill) {
  return [kill, records = size_t{0}](bool written) mutable {
    if (kill && records == kill->record && written == kill->written) ::kill(getpid(), SIGKILL);
    if (written) ++records;
  };
}

/// In the process of the run: to the end, or to the kill. Leaves report.json in the folder, and
/// checkouts.json, which the next build is given.
inline int serve(engine::OnceOptions options, const std::string& folder,
                 const std::optional<Kill>& kill) {
  options.keep = folder;
  options.resume = file_exists(folder + "/journal");
  options.recording = die_at(kill);
  const Result<engine::OnceResult> done = engine::run_once(std::move(options));
  if (!done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  const Result<> kept = write_file_atomic(folder + "/report.json", to_json(done->report));
  const Result<> more = write_file_atomic(folder + "/checkouts.json", to_json(done->checkouts));
  return kept && more ? 0 : 1;
}

enum class Ending : uint8_t { finished, killed, failed, hung };

/// Runs a program that calls serve(); what it says goes to `folder`/stderr.
inline Ending run_to_its_end(std::vector<std::string> argv, const std::string& folder,
                             std::chrono::milliseconds patience) {
  const auto told = open_file(folder + "/stderr", O_WRONLY | O_CREAT | O_TRUNC);
  auto process = Process::spawn(
      {.argv = std::move(argv), .env = current_environment(), .stderr_fd = told->get()});
  if (!process) return Ending::failed;
  pollfd ended{process->pidfd(), POLLIN, 0};
  const bool hung = poll(&ended, 1, static_cast<int>(patience.count())) == 0;
  if (hung) (void)process->signal(SIGKILL);
  const Result<int> code = process->wait();
  if (hung) return Ending::hung;
  if (!code) return Ending::failed;
  if (*code == 128 + SIGKILL) return Ending::killed;
  return *code == 0 ? Ending::finished : Ending::failed;
}

inline size_t records_in(const std::string& folder) {
  size_t count = 0;
  const auto journal =
      engine::Journal::open(folder + "/journal", [&](const engine::JournalRecord&) { ++count; });
  return journal ? count : 0;
}

/// What must not depend on whether there was a kill.
struct Traces {
  std::string result;
  std::string log;
  std::string report;
  std::map<std::string, std::string> files;
};

/// A line for each stage and step with its state, below the names of the stages around it; sorted,
/// since branches begin their stages as they come to it. Ids and times are left out.
inline std::string stable_report(const json::value& report) {
  const json::value* stages = find(report, {"stages"});
  if (stages == nullptr || !stages->is_array()) return to_json(report);
  std::map<std::string, std::string> paths;  // by id; a stage comes after the one around it
  std::vector<std::string> lines;
  for (const json::value& stage : stages->get_array()) {
    const std::string path = paths[std::string(text_at(stage, {"parent"}))] + "/" +
                             std::string(text_at(stage, {"name"}));
    paths[std::string(text_at(stage, {"id"}))] = path;
    lines.push_back(path + " " + std::string(text_at(stage, {"status"})));
    for (const json::value& step : stage.at("steps").as_array())
      lines.push_back(fmt::format("{}: {} '{}' {}", path, text_at(step, {"name"}),
                                  text_at(step, {"label"}), text_at(step, {"status"})));
  }
  for (std::string_view key : {"artifacts", "tests"})
    lines.push_back(fmt::format("{} {}", key, to_json(report.at(key))));
  std::ranges::sort(lines);
  return join(lines, "\n");
}

/// The moment of a run that its script printed, in milliseconds.
inline std::string without_moments(std::string text) {
  size_t digits = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] >= '0' && text[i] <= '9') {
      ++digits;
      continue;
    }
    if (digits == 13 && text[i - digits] == '1') text.replace(i - digits, digits, 13, '#');
    digits = 0;
  }
  return text;
}

/// A file; of an archive its entries and what they hold, since each tells the time of its file.
inline std::string without_times(const std::string& path) {
  std::string text = read_text(path);
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_zip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), text.data(), text.size()) != ARCHIVE_OK) return text;
  std::string entries;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    entries += fmt::format("{} {:o}\n", archive_entry_pathname(entry), archive_entry_mode(entry));
    char bytes[4096];
    for (la_ssize_t got = 0; (got = archive_read_data(reader.get(), bytes, sizeof bytes)) > 0;)
      entries.append(bytes, static_cast<size_t>(got));
  }
  return entries.empty() ? text : entries;
}

inline Traces traces_of(const std::string& folder) {
  auto neutral = [&](std::string text) { return replace_all(std::move(text), folder, "FOLDER"); };
  Traces traces;
  traces.log = stable_log(without_moments(neutral(read_text(folder + "/log"))));
  const json::value report = parse_json(read_text(folder + "/report.json")).value_or(nullptr);
  traces.result = text_at(report, {"result"});
  traces.report = neutral(stable_report(report));
  const std::filesystem::path files = folder + "/files";
  std::error_code none;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(files, none)) {
    if (entry.is_regular_file())
      traces.files[entry.path().lexically_relative(files)] = neutral(without_times(entry.path()));
  }
  return traces;
}

/// Empty when they are the same.
inline std::string difference(const Traces& calm, const Traces& resumed) {
  if (std::string log = log_difference(calm.log, resumed.log); !log.empty()) return log;
  if (calm.report != resumed.report)
    return first_difference("the report", calm.report, resumed.report);
  for (const auto& [name, content] : calm.files) {
    const auto found = resumed.files.find(name);
    if (found == resumed.files.end()) return fmt::format("the file {} is not there\n", name);
    if (found->second != content)
      return first_difference("the file " + name, content, found->second);
  }
  for (const auto& [name, content] : resumed.files) {
    if (!calm.files.contains(name)) return fmt::format("there is one more file, {}\n", name);
  }
  return {};
}

/// Without the lines that differ among runs which nobody killed: those say nothing.
inline Traces steady(Traces traces, const std::vector<Traces>& calm) {
  auto texts_of = [&](auto member) {
    std::vector<std::string_view> texts;
    for (const Traces& one : calm) texts.push_back(member(one));
    return texts;
  };
  traces.log = steady_text(traces.log,
                           texts_of([](const Traces& one) -> std::string_view { return one.log; }));
  traces.report = steady_text(
      traces.report, texts_of([](const Traces& one) -> std::string_view { return one.report; }));
  for (auto& [name, content] : traces.files) {
    content = steady_text(content, texts_of([&](const Traces& one) -> std::string_view {
                            const auto found = one.files.find(name);
                            return found == one.files.end() ? std::string_view() : found->second;
                          }));
  }
  return traces;
}

}  // namespace ks::conformance
