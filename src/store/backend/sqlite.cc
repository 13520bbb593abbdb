#include <fmt/format.h>
#include <sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/backend/sqlite_db.h"

namespace ks::store {
namespace {

constexpr int kCheckpointPages = 1000;  // of the write-ahead log: about 4 MiB
constexpr int kSlowDownPages =
    64 * 1024;  // 256 MiB: the checkpoint does not keep up, writers wait for it

constexpr int kSlowDownMillis = 100;

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
    TRY(make_tables(db, path_));
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
    Loaded loaded;
    loaded.compacted = TRY(read_fact(db_.get(), "compacted"));
    loaded.last_revision = TRY(read_fact(db_.get(), "revision"));
    const Statement rows = TRY(prepare(db_.get(), kSelectLog));
    int code = 0;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
      Record record = TRY(read_record(rows.get(), path_));
      loaded.last_revision = std::max(loaded.last_revision, record.revision);
      each(std::move(record));
    }
    if (code != SQLITE_DONE) return sqlite_error(db_.get(), "read " + path_);
    sqlite3_db_release_memory(db_.get());
    return loaded;
  }

  Result<> commit(std::span<const Record> batch) override {
    TRY(step(db_.get(), begin_.get(), "begin a write"));
    for (const Record& record : batch) {
      const std::string meta = encode_meta(*record.object);
      sqlite3_bind_int64(insert_.get(), 1, static_cast<int64_t>(record.revision));
      sqlite3_bind_int(insert_.get(), 2, record.deleted ? 1 : 0);
      bind_bytes(insert_.get(), 3, record.object->key);
      bind_bytes(insert_.get(), 4, meta);
      bind_bytes(insert_.get(), 5, *record.object->json);
      if (Result<> inserted = step(db_.get(), insert_.get(), "write"); !inserted)
        return roll_back(std::move(inserted).error());
    }
    return finish_commit();
  }

  Result<> compact(uint64_t compacted, std::span<const uint64_t> revisions) override {
    TRY(step(db_.get(), begin_.get(), "begin a compaction"));
    for (uint64_t revision : revisions) {
      sqlite3_bind_int64(forget_.get(), 1, static_cast<int64_t>(revision));
      if (Result<> forgotten = step(db_.get(), forget_.get(), "compact"); !forgotten)
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

  Result<> backup(const std::string& file) override { return copy_database(path_, file); }

 private:
  static int on_commit(void* self, sqlite3*, const char*, int pages) {
    auto* backend = static_cast<SqliteBackend*>(self);
    if (pages >= kCheckpointPages) backend->checkpointer_->request();
    backend->log_pages_ = pages;
    return SQLITE_OK;
  }

  Result<> finish_commit() {
    if (Result<> committed = step(db_.get(), commit_.get(), "commit a write"); !committed)
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

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite(const std::string& data_dir) {
  TRY(make_dirs(data_dir, 0700));
  Fd lock = TRY(lock_folder(data_dir));
  const std::string path = database_path(data_dir);
  if (!file_exists(path)) TRY(create_database(path));
  Db db = TRY(open_database(path, SQLITE_OPEN_READWRITE));
  auto backend = std::make_unique<SqliteBackend>(std::move(lock), std::move(db), path);
  if (Result<> prepared = backend->prepare_all(); !prepared)
    return std::move(prepared).error().in(path);
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace ks::store
