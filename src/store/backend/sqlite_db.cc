#include "store/backend/sqlite_db.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"

namespace ks::store {
Error sqlite_error(sqlite3* db, std::string_view what) {
  const int code = sqlite3_errcode(db);
  const std::string text = fmt::format("cannot {}: {}", what, sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Code::exhausted, text +
                                   "; make room on the disk of the data directory, nothing that "
                                   "was acknowledged is lost"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return {Code::exhausted, text + "; the data directory must be writable"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::internal,
              text + "; restore a backup (ks store restore), or move the file away to begin anew"};
    // A full disk shows as an I/O error when the log is extended or synced.
    case SQLITE_IOERR:
      return {Code::exhausted, text + "; is the disk of the data directory full or failing?"};
    default: return {Code::internal, text};
  }
}

Result<> exec(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(db, "run " + sql.substr(0, 40));
  return {};
}

Result<Statement> prepare(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return sqlite_error(db, "prepare a statement");
  }
  return Statement(statement);
}

Result<Db> open_database(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) return sqlite_error(db.get(), "open " + path);
  sqlite3_extended_result_codes(db.get(), 1);
  sqlite3_busy_timeout(db.get(), kBusyMillis);
  return db;
}

Result<> step(sqlite3* db, sqlite3_stmt* statement, std::string_view what) {
  const int code = sqlite3_step(statement);
  Result<> result;
  if (code != SQLITE_DONE && code != SQLITE_ROW) result = sqlite_error(db, what);
  sqlite3_reset(statement);
  return result;
}

std::string_view column(sqlite3_stmt* row, int index) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(row, index));
  return {data == nullptr ? "" : data, static_cast<size_t>(sqlite3_column_bytes(row, index))};
}

void bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

namespace {

// Labels and fields travel as `size:text` pairs: cheap to read back, and any text fits.
void append_text(std::string& out, std::string_view text) {
  out += fmt::format("{}:{}", text.size(), text);
}

}  // namespace

std::string encode_meta(const Object& object) {
  std::string out = fmt::format("{};", object.created);
  append_text(out, object.uid);
  for (const Pairs* pairs : {&object.labels, &object.fields}) {
    out += fmt::format("{};", pairs->size());
    for (const auto& [name, value] : *pairs) {
      append_text(out, name);
      append_text(out, value);
    }
  }
  return out;
}

namespace {

class MetaReader {
 public:
  explicit MetaReader(std::string_view text) : rest_(text) {}
  bool read(Object& object) {
    object.created = number(';');
    object.uid = text();
    for (Pairs* pairs : {&object.labels, &object.fields}) {
      const uint64_t count = number(';');
      if (bad_ || count > rest_.size()) return false;
      pairs->reserve(count);
      for (uint64_t i = 0; i < count; i++) {
        std::string name = text();
        pairs->emplace_back(std::move(name), text());
      }
    }
    return !bad_;
  }

 private:
  uint64_t number(char end) {
    const size_t at = rest_.find(end);
    const auto value = at == rest_.npos ? std::nullopt : parse_int(rest_.substr(0, at));
    if (!value || *value < 0) {
      bad_ = true;
      return 0;
    }
    rest_.remove_prefix(at + 1);
    return static_cast<uint64_t>(*value);
  }
  std::string text() {
    const uint64_t size = number(':');
    if (bad_ || size > rest_.size()) {
      bad_ = true;
      return {};
    }
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace

Result<Record> read_record(sqlite3_stmt* row, const std::string& path) {
  auto object = std::make_shared<Object>();
  const auto revision = static_cast<uint64_t>(sqlite3_column_int64(row, 0));
  object->revision = revision;
  object->key = column(row, 2);
  object->json = std::make_shared<const std::string>(column(row, 4));
  if (!MetaReader(column(row, 3)).read(*object)) {
    return Error{
        Code::internal,
        fmt::format(
            "{}: the record of revision {} cannot be read; restore a backup (ks store restore)",
            path, revision)};
  }
  return Record{revision, sqlite3_column_int(row, 1) != 0, std::move(object)};
}

Result<> make_tables(sqlite3* db, const std::string& path) {
  const Statement query = TRY(prepare(db, "PRAGMA user_version"));
  if (sqlite3_step(query.get()) != SQLITE_ROW) return sqlite_error(db, "read " + path);
  const int format = sqlite3_column_int(query.get(), 0);
  if (format > kFormat) {
    return Error{
        Code::invalid,
        fmt::format("{} was written by a newer ks (format {}, this one reads {}); use that version",
                    path, format, kFormat)};
  }
  sqlite3_reset(query.get());
  if (format == kFormat) return {};
  TRY(exec(db,
           "CREATE TABLE IF NOT EXISTS log(revision INTEGER PRIMARY KEY, deleted INTEGER NOT NULL, "
           "key BLOB NOT NULL, "
           "meta BLOB NOT NULL, value BLOB NOT NULL)"));
  TRY(exec(db,
           "CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) "
           "WITHOUT ROWID"));
  return exec(db, fmt::format("PRAGMA user_version={}", kFormat));
}

Result<> create_database(const std::string& path) {
  // Made aside without waiting for the disk at each step, then synced once and put in its place:
  // a crash leaves either nothing or all of it.
  const std::string fresh = path + ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) TRY(remove_tree(fresh + suffix));
  {
    const Db db = TRY(open_database(fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    TRY(exec(db.get(), "PRAGMA synchronous=OFF"));
    TRY(exec(db.get(), "PRAGMA journal_mode=WAL"));
    TRY(make_tables(db.get(), fresh));
  }
  const Fd file = TRY(open_file(fresh, O_RDONLY | O_CLOEXEC));
  if (fsync(file.get()) != 0) return errno_error("sync", fresh, errno);
  if (rename(fresh.c_str(), path.c_str()) != 0) return errno_error("rename to", path, errno);
  const Fd folder = TRY(open_file(path.substr(0, path.rfind('/')), O_RDONLY | O_DIRECTORY));
  if (fsync(folder.get()) != 0) return errno_error("sync the folder of", path, errno);
  return {};
}

Result<uint64_t> read_fact(sqlite3* db, std::string_view name) {
  const Statement query = TRY(prepare(db, "SELECT value FROM facts WHERE name=?"));
  sqlite3_bind_text(query.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  switch (sqlite3_step(query.get())) {
    case SQLITE_ROW: return static_cast<uint64_t>(sqlite3_column_int64(query.get(), 0));
    case SQLITE_DONE: return uint64_t{0};
    default: return sqlite_error(db, "read the store");
  }
}

namespace {

Result<> copy_pages(const std::string& from_path, const std::string& to_path) {
  const Db from = TRY(open_database(from_path, SQLITE_OPEN_READONLY));
  const Db to = TRY(open_database(to_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_backup* copy = sqlite3_backup_init(to.get(), "main", from.get(), "main");
  if (copy == nullptr) return sqlite_error(to.get(), "begin the backup into " + to_path);
  sqlite3_backup_step(copy, -1);
  if (sqlite3_backup_finish(copy) != SQLITE_OK)
    return sqlite_error(to.get(), "write the backup " + to_path);
  return {};
}

}  // namespace

Result<> copy_database(const std::string& from, const std::string& to) {
  if (file_exists(to))
    return Error{Code::already_exists, fmt::format("{} exists; name a new file", to)};
  Result<> copied = copy_pages(from, to);
  if (!copied) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) TRY(remove_tree(to + suffix));
  }
  return copied;
}

Result<Fd> lock_folder(const std::string& data_dir) {
  const std::string path = data_dir + "/lock";
  Fd lock = TRY(open_file(path, O_RDWR | O_CREAT, 0644));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = std::string(trim(read_file(path, 64).value_or(std::string("?"))));
    return Error{Code::already_exists, fmt::format("another server (process {}) uses {}; stop it, "
                                                   "or choose another folder with --data-dir",
                                                   holder, data_dir)};
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock.get(), 0) != 0) return errno_error("write", path, errno);
  TRY(write_all(lock.get(), pid));
  return lock;
}

std::string database_path(const std::string& data_dir) { return data_dir + "/store.db"; }

}  // namespace ks::store
