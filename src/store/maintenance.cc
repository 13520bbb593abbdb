#include "store/maintenance.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <unordered_map>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "store/backend/sqlite_db.h"

namespace ks::store {
namespace {

constexpr size_t kMaxFaults = 100;

bool is_folder(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// With what still waits in the write-ahead log.
uint64_t size_on_disk(const std::string& path) {
  uint64_t total = 0;
  for (const char* suffix : {"", "-wal"}) {
    struct stat info{};
    if (stat((path + suffix).c_str(), &info) == 0) total += static_cast<uint64_t>(info.st_size);
  }
  return total;
}

Result<std::string> existing_database(const std::string& data_dir_or_file) {
  std::string path =
      is_folder(data_dir_or_file) ? database_path(data_dir_or_file) : data_dir_or_file;
  if (!file_exists(path))
    return Error{Code::not_found, fmt::format("there is no store at {}", path)};
  return path;
}

/// Collects what is wrong, up to a bound.
class Faults {
 public:
  explicit Faults(std::vector<std::string>& list) : list_(list) {}
  void add(std::string fault) {
    if (list_.size() < kMaxFaults) list_.push_back(std::move(fault));
  }
  bool full() const { return list_.size() >= kMaxFaults; }

 private:
  std::vector<std::string>& list_;
};

std::string label(const Object& object, uint64_t revision) {
  return fmt::format("{} \"{}{}{}\" at revision {}", object.resource(), object.space(),
                     object.space().empty() ? "" : "/", object.name(), revision);
}

void check_object(const Record& record, Faults& faults) {
  const Object& object = *record.object;
  const Result<json::value> parsed = parse_json(*object.json);
  if (!parsed)
    return faults.add(
        fmt::format("{}: {}", label(object, record.revision), parsed.error().message));
  const auto expect = [&](std::string_view field, std::string_view found, std::string_view wanted) {
    if (found != wanted)
      faults.add(fmt::format("{}: metadata.{} is \"{}\", not \"{}\"",
                             label(object, record.revision), field, found, wanted));
  };
  expect("name", text_at(*parsed, {"metadata", "name"}), object.name());
  expect("resourceVersion", text_at(*parsed, {"metadata", "resourceVersion"}),
         std::to_string(record.revision));
  if (const std::string_view uid = text_at(*parsed, {"metadata", "uid"}); !uid.empty())
    expect("uid", uid, object.uid);
}

/// The database file itself: SQLite looks at every page.
Result<> check_pages(sqlite3* db, Faults& faults) {
  const Statement rows = TRY(prepare(db, fmt::format("PRAGMA integrity_check({})", kMaxFaults)));
  int code = 0;
  while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
    if (column(rows.get(), 0) != "ok")
      faults.add(fmt::format("database file: {}", column(rows.get(), 0)));
  }
  if (code != SQLITE_DONE) faults.add(sqlite_error(db, "read the database file").message);
  return {};
}

Result<> check_records(sqlite3* db, const std::string& path, Checkup& checkup, Faults& faults) {
  const Statement rows = TRY(prepare(db, kSelectLog));
  std::unordered_map<std::string, std::string> living;  // key -> uid
  int code = 0;
  while ((code = sqlite3_step(rows.get())) == SQLITE_ROW && !faults.full()) {
    checkup.versions++;
    const Result<Record> record = read_record(rows.get(), path);
    if (!record) {
      faults.add(record.error().message);
      continue;
    }
    checkup.revision = std::max(checkup.revision, record->revision);
    check_object(*record, faults);
    if (record->deleted) {
      living.erase(record->object->key);
    } else {
      living[record->object->key] = record->object->uid;
    }
  }
  if (code != SQLITE_DONE && !faults.full())
    faults.add(sqlite_error(db, "read the records").message);
  checkup.objects = living.size();
  return {};
}

Result<int> format_of(sqlite3* db, const std::string& path) {
  const Statement query = TRY(prepare(db, "PRAGMA user_version"));
  if (sqlite3_step(query.get()) != SQLITE_ROW) return sqlite_error(db, "read " + path);
  return sqlite3_column_int(query.get(), 0);
}

/// The newest version of each living object is all that a store needs to go on.
Result<> drop_history(sqlite3* db, Compaction& done) {
  TRY(exec(db, "BEGIN IMMEDIATE"));
  // Before the deletions go: the newest revision may be one of theirs.
  TRY(exec(
      db,
      "INSERT OR REPLACE INTO facts SELECT name, max((SELECT coalesce(max(revision),0) FROM log), "
      "(SELECT coalesce(max(value),0) FROM facts)) FROM (SELECT 'compacted' AS name UNION SELECT "
      "'revision')"));
  // Two steps: a deletion is the newest version of its object until it is dropped itself.
  TRY(exec(db,
           "DELETE FROM log WHERE revision NOT IN (SELECT max(revision) FROM log GROUP BY key)"));
  done.versions = static_cast<uint64_t>(sqlite3_changes64(db));
  TRY(exec(db, "DELETE FROM log WHERE deleted=1"));
  done.versions += static_cast<uint64_t>(sqlite3_changes64(db));
  return exec(db, "COMMIT");
}

}  // namespace

Result<> backup_data(const std::string& data_dir, const std::string& file) {
  return copy_database(TRY(existing_database(data_dir)), file);
}

Result<Checkup> check_data(const std::string& data_dir_or_file) {
  const std::string path = TRY(existing_database(data_dir_or_file));
  Checkup checkup;
  Faults faults(checkup.faults);
  checkup.bytes = size_on_disk(path);
  const Db db = TRY(open_database(path, SQLITE_OPEN_READONLY));
  const Result<int> format = format_of(db.get(), path);
  if (!format) {
    faults.add(format.error().message);
    return checkup;
  }
  if (*format != kFormat) {
    faults.add(fmt::format("{} has format {}, this ks reads {}", path, *format, kFormat));
    return checkup;
  }
  TRY(check_pages(db.get(), faults));
  TRY(check_records(db.get(), path, checkup, faults));
  checkup.revision =
      std::max(checkup.revision, read_fact(db.get(), "revision").value_or(uint64_t{0}));
  return checkup;
}

Result<std::string> restore_data(const std::string& data_dir, const std::string& file) {
  const Checkup checkup = TRY(check_data(TRY(existing_database(file))));
  if (!checkup.faults.empty()) {
    return Error{Code::invalid,
                 fmt::format("{} cannot be restored: {} (`ks store check {}` lists all)", file,
                             checkup.faults.front(), file)};
  }
  TRY(make_dirs(data_dir, 0700));
  const Fd lock = TRY(lock_folder(data_dir));
  const std::string path = database_path(data_dir), fresh = path + ".restoring";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) TRY(remove_tree(fresh + suffix));
  TRY(copy_database(file, fresh));
  std::string kept;
  if (file_exists(path)) {
    kept = fmt::format("{}.before-{}", path, system_clock().now().time_since_epoch().count());
    // Together with its write-ahead log, which may hold its newest writes.
    for (const char* suffix : {"-wal", "-shm", ""}) {
      if (file_exists(path + suffix) &&
          rename((path + suffix).c_str(), (kept + suffix).c_str()) != 0)
        return errno_error("rename", path + suffix, errno);
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return errno_error("rename", fresh, errno);
  return kept;
}

Result<Compaction> compact_data(const std::string& data_dir) {
  const std::string path = TRY(existing_database(data_dir));
  const Fd lock = TRY(lock_folder(data_dir));
  const Db db = TRY(open_database(path, SQLITE_OPEN_READWRITE));
  TRY(make_tables(db.get(), path));
  Compaction done{.bytes_before = size_on_disk(path)};
  TRY(drop_history(db.get(), done));
  TRY(exec(db.get(), "VACUUM"));
  TRY(exec(db.get(), "PRAGMA wal_checkpoint(TRUNCATE)"));
  done.bytes_after = size_on_disk(path);
  return done;
}

}  // namespace ks::store
