#include "engine/replay.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/journal.h"

namespace ks::engine {
namespace {

namespace fs = std::filesystem;

Result<> copy_tree(const std::string& from, const std::string& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  fs::create_directories(fs::path(to).parent_path(), error);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) return Error{Code::internal, fmt::format("copy {}: {}", from, error.message())};
  return {};
}

/// All whole records. A copy is read: opening a journal cuts a tail that is being written.
Result<std::vector<JournalRecord>> records_of(const std::string& folder) {
  const TempDir temporary;
  std::error_code error;
  fs::copy_file(folder + "/journal", temporary / "journal", error);
  if (error)
    return Error{Code::not_found,
                 fmt::format("{}: no run is kept here: {}", folder, error.message())};
  std::vector<JournalRecord> records;
  TRY(Journal::open(temporary / "journal",
                    [&](JournalRecord record) { records.push_back(std::move(record)); }));
  if (records.empty() || records[0].type != RecordType::begin)
    return Error{Code::invalid, fmt::format("{}: the journal has no beginning", folder)};
  return records;
}

/// The folder above that holds the workspaces: the run's own, or the engine's.
std::string root_of(const std::string& folder) {
  std::error_code error;
  fs::path at = fs::absolute(folder, error).lexically_normal();
  for (int i = 0; i < 8 && at.has_relative_path(); i++, at = at.parent_path()) {
    if (fs::is_directory(at / "workspace", error)) return at.string();
  }
  return "";
}

/// Index of the record at which the run comes to a step of this name or number.
Result<size_t> find_step(const std::vector<JournalRecord>& records, const std::string& from) {
  const std::optional<int64_t> number = parse_int(from);
  std::vector<std::string> names;
  for (size_t i = 1; i < records.size(); i++) {
    if (records[i].type != RecordType::step) continue;
    const json::value data = TRY(parse_json(records[i].data));
    const std::string name(text_at(data, {"n"}));
    if (name == from || (number && int_at(data, {"id"}) == *number)) return i;
    names.push_back(name);
  }
  const std::vector<std::string> near = nearest(from, names, 1);
  return Error{Code::not_found,
               fmt::format("the run never came to a stage or step '{}'{}", from,
                           near.empty() ? ": see its stages with `ks run --trace`"
                                        : fmt::format(": did you mean '{}'?", near[0]))};
}

}  // namespace

Result<RunSpec> spec_of_kept_run(const std::string& folder) {
  const std::vector<JournalRecord> records = TRY(records_of(folder));
  return RunSpec::from_json(TRY(parse_json(records[0].data)));
}

Result<> prepare_replay(const ReplayRequest& request) {
  std::vector<JournalRecord> records = TRY(records_of(request.folder));
  const size_t end = TRY(find_step(records, request.from));
  json::value begin = TRY(parse_json(records[0].data));
  json::object& spec = begin.as_object();
  if (!request.script.empty()) {
    spec["script"] = request.script;
    // The repository is asked all the same, as the journal has it.
    if (json::value* scm = find(begin, {"scm"}); scm != nullptr && scm->is_object())
      scm->get_object()["edited"] = true;
  }
  const json::value* number = spec.if_contains("number");
  spec["causes"] = json::array{
      json::value(fmt::format("Replayed #{}", number == nullptr ? "" : to_json(*number)))};
  records[0].data = to_json(begin);

  // Paths of the old workspace are all over the records: in results of `node`, `pwd` and others.
  const std::string root = root_of(request.folder);
  const std::string old_place = root + "/workspace/", new_place = request.target + "/workspace/";
  const std::unique_ptr<Journal> journal =
      TRY(Journal::open(request.target + "/journal", [](const JournalRecord&) {}));
  for (size_t i = 0; i < end; i++) {
    if (!root.empty() && i > 0)
      records[i].data = replace_all(std::move(records[i].data), old_place, new_place);
    TRY(journal->append(records[i]));
  }
  TRY(copy_tree(request.folder + "/log", request.target + "/log"));
  std::error_code error;
  fs::resize_file(request.target + "/log", records[end].log_bytes, error);
  TRY(copy_tree(request.folder + "/files", request.target + "/files"));
  const std::string job(text_at(begin, {"job"}));
  if (!root.empty()) TRY(copy_tree(old_place + job, new_place + job));
  return {};
}

}  // namespace ks::engine
