#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "store/backend.h"

namespace ks::store {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kCheckpointPages = 1000;  // of the write-ahead log: about 4 MiB
constexpr int kSlowDownPages =
    64 * 1024;  // 256 MiB: the checkpoint does not keep up, writers wait for it

constexpr int kBusyMillis = 10'000;
constexpr int kSlowDownMillis = 100;

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Db = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

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

// Labels and fields travel as `size:text` pairs: cheap to read back, and any text fits.
void append_text(std::string& out, std::string_view text) {
  out += fmt::format("{}:{}", text.size(), text);
}

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

std::string_view column(sqlite3_stmt* row, int index) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(row, index));
  return {data == nullptr ? "" : data, static_cast<size_t>(sqlite3_column_bytes(row, index))};
}

void bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

/// Moves the write-ahead log into the database on a thread of its own, so that no commit pays for
/// it.
class Checkpointer {
 public:
  explicit Checkpointer(Db db) : db_(std::move(db)), thread_([this] { run(); }) {}
  ~Checkpointer() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
  }
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  void request() {
    {
      std::lock_guard lock(mutex_);
      wanted_ = true;
    }
    wake_.notify_all();
  }

 private:
  void run() {
    bool failing = false;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return wanted_ || ending_; });
      if (ending_) return;
      wanted_ = false;
      lock.unlock();
      if (sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                    nullptr) != SQLITE_OK) {
        if (!std::exchange(failing, true))
          LOG(warn, "a checkpoint of the store failed", {"error", sqlite3_errmsg(db_.get())});
      } else {
        failing = false;
      }
      lock.lock();
    }
  }

  Db db_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;
  bool ending_ = false;
  std::jthread thread_;
};

class SqliteBackend final : public Backend {
 public:
  SqliteBackend(Fd lock, Db db, std::string path)
      : lock_(std::move(lock)), db_(std::move(db)), path_(std::move(path)) {}

  Result<> prepare_all() {
    sqlite3* db = db_.get();
    TRY(exec(db, "PRAGMA journal_mode=WAL"));
    TRY(exec(db, "PRAGMA synchronous=FULL"));
    TRY(exec(db, "PRAGMA wal_autocheckpoint=0"));
    TRY(exec(db, "PRAGMA cache_size=-2000"));
    TRY(check_version());
    TRY(exec(
        db,
        "CREATE TABLE IF NOT EXISTS log(revision INTEGER PRIMARY KEY, deleted INTEGER NOT NULL, "
        "key BLOB NOT NULL, meta BLOB NOT NULL, value BLOB NOT NULL)"));
    TRY(exec(db,
             "CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) "
             "WITHOUT ROWID"));
    insert_ =
        TRY(prepare(db, "INSERT INTO log(revision,deleted,key,meta,value) VALUES(?,?,?,?,?)"));
    forget_ = TRY(prepare(db, "DELETE FROM log WHERE revision=?"));
    begin_ = TRY(prepare(db, "BEGIN IMMEDIATE"));
    commit_ = TRY(prepare(db, "COMMIT"));
    sqlite3_wal_hook(db, &SqliteBackend::on_commit, this);
    checkpointer_ =
        std::make_unique<Checkpointer>(TRY(open_database(path_, SQLITE_OPEN_READWRITE)));
    return {};
  }

  Result<Loaded> load(const std::function<void(Record)>& each) override {
    Loaded loaded{.compacted = TRY(fact("compacted")), .last_revision = TRY(fact("revision"))};
    Statement rows = TRY(
        prepare(db_.get(), "SELECT revision,deleted,key,meta,value FROM log ORDER BY revision"));
    int code = 0;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
      auto object = std::make_shared<Object>();
      object->revision = static_cast<uint64_t>(sqlite3_column_int64(rows.get(), 0));
      object->key = column(rows.get(), 2);
      object->json = std::make_shared<const std::string>(column(rows.get(), 4));
      if (!MetaReader(column(rows.get(), 3)).read(*object)) {
        return Error{
            Code::internal,
            fmt::format(
                "{}: the record of revision {} cannot be read; restore a backup (ks store restore)",
                path_, object->revision)};
      }
      loaded.last_revision = std::max(loaded.last_revision, object->revision);
      const bool deleted = sqlite3_column_int(rows.get(), 1) != 0;
      const uint64_t revision = object->revision;
      each({revision, deleted, std::move(object)});
    }
    if (code != SQLITE_DONE) return sqlite_error(db_.get(), "read the store");
    sqlite3_db_release_memory(db_.get());
    return loaded;
  }

  Result<> commit(std::span<const Record> batch) override {
    TRY(step(begin_.get(), "begin a write"));
    for (const Record& record : batch) {
      const std::string meta = encode_meta(*record.object);
      sqlite3_bind_int64(insert_.get(), 1, static_cast<int64_t>(record.revision));
      sqlite3_bind_int(insert_.get(), 2, record.deleted ? 1 : 0);
      bind_bytes(insert_.get(), 3, record.object->key);
      bind_bytes(insert_.get(), 4, meta);
      bind_bytes(insert_.get(), 5, *record.object->json);
      if (Result<> inserted = step(insert_.get(), "write"); !inserted)
        return roll_back(std::move(inserted).error());
    }
    return finish_commit();
  }

  Result<> compact(uint64_t compacted, std::span<const uint64_t> revisions) override {
    TRY(step(begin_.get(), "begin a compaction"));
    for (uint64_t revision : revisions) {
      sqlite3_bind_int64(forget_.get(), 1, static_cast<int64_t>(revision));
      if (Result<> forgotten = step(forget_.get(), "compact"); !forgotten)
        return roll_back(std::move(forgotten).error());
    }
    // The highest revision is kept apart: its record may be a deletion that is now forgotten.
    const std::string facts = fmt::format(
        "INSERT OR REPLACE INTO facts VALUES('compacted',{0}),('revision',max({0},coalesce((SELECT "
        "max(revision) FROM log),0),"
        "coalesce((SELECT value FROM facts WHERE name='revision'),0)))",
        compacted);
    if (Result<> noted = exec(db_.get(), facts); !noted) return roll_back(std::move(noted).error());
    return finish_commit();
  }

  Result<> backup(const std::string& file) override {
    if (file_exists(file))
      return Error{Code::already_exists, fmt::format("{} exists; name a new file", file)};
    Db from = TRY(open_database(path_, SQLITE_OPEN_READONLY));
    Db to = TRY(open_database(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    sqlite3_backup* copy = sqlite3_backup_init(to.get(), "main", from.get(), "main");
    if (copy == nullptr) return sqlite_error(to.get(), "begin the backup into " + file);
    sqlite3_backup_step(copy, -1);
    if (sqlite3_backup_finish(copy) != SQLITE_OK)
      return sqlite_error(to.get(), "write the backup " + file);
    return {};
  }

 private:
  static int on_commit(void* self, sqlite3*, const char*, int pages) {
    auto* backend = static_cast<SqliteBackend*>(self);
    if (pages >= kCheckpointPages) backend->checkpointer_->request();
    backend->log_pages_ = pages;
    return SQLITE_OK;
  }

  Result<> check_version() {
    Statement query = TRY(prepare(db_.get(), "PRAGMA user_version"));
    if (sqlite3_step(query.get()) != SQLITE_ROW) return sqlite_error(db_.get(), "read the store");
    const int version = sqlite3_column_int(query.get(), 0);
    if (version > kSchemaVersion) {
      return Error{
          Code::invalid,
          fmt::format(
              "{} was written by a newer ks (format {}, this one reads {}); use that version",
              path_, version, kSchemaVersion)};
    }
    return exec(db_.get(), fmt::format("PRAGMA user_version={}", kSchemaVersion));
  }

  Result<uint64_t> fact(std::string_view name) {
    Statement query = TRY(prepare(db_.get(), "SELECT value FROM facts WHERE name=?"));
    sqlite3_bind_text(query.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    return sqlite3_step(query.get()) == SQLITE_ROW
               ? static_cast<uint64_t>(sqlite3_column_int64(query.get(), 0))
               : uint64_t{0};
  }

  Result<> step(sqlite3_stmt* statement, std::string_view what) {
    const int code = sqlite3_step(statement);
    Result<> result;
    if (code != SQLITE_DONE && code != SQLITE_ROW) result = sqlite_error(db_.get(), what);
    sqlite3_reset(statement);
    return result;
  }

  Result<> finish_commit() {
    if (Result<> committed = step(commit_.get(), "commit a write"); !committed)
      return roll_back(std::move(committed).error());
    if (log_pages_ > kSlowDownPages) {
      // A long backup may hold the log: then writes go on slowly rather than not at all.
      sqlite3_busy_timeout(db_.get(), kSlowDownMillis);
      sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
      sqlite3_busy_timeout(db_.get(), kBusyMillis);
      log_pages_ = 0;
    }
    return {};
  }

  Error roll_back(Error error) {
    if (sqlite3_get_autocommit(db_.get()) == 0)
      sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return error;
  }

  Fd lock_;
  Db db_;
  std::string path_;
  int log_pages_ = 0;
  Statement insert_, forget_, begin_, commit_;
  std::unique_ptr<Checkpointer> checkpointer_;
};

/// Held as long as the descriptor is open: also a kill -9 gives it up.
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

class MemoryBackend final : public Backend {
 public:
  Result<Loaded> load(const std::function<void(Record)>&) override { return Loaded{}; }
  Result<> commit(std::span<const Record>) override { return {}; }
  Result<> compact(uint64_t, std::span<const uint64_t>) override { return {}; }
  Result<> backup(const std::string&) override {
    return Error{Code::invalid, "a store in memory has no backup"};
  }
};

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite(const std::string& data_dir) {
  TRY(make_dirs(data_dir, 0700));
  Fd lock = TRY(lock_folder(data_dir));
  const std::string path = data_dir + "/store.db";
  Db db = TRY(open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  auto backend = std::make_unique<SqliteBackend>(std::move(lock), std::move(db), path);
  TRY(backend->prepare_all());
  return std::unique_ptr<Backend>(std::move(backend));
}

std::unique_ptr<Backend> memory_backend() { return std::make_unique<MemoryBackend>(); }

}  // namespace ks::store
