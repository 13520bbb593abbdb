#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "store/backend.h"

/// SQLite with our errors, and the one table that a store is made of.

namespace ks::store {

/// The form of the file; a newer one is refused.
constexpr int kFormat = 1;
constexpr int kBusyMillis = 10'000;

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Db = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

/// What went wrong last on this connection, and what to do about it. `exhausted` when the disk is
/// full or cannot be written.
Error sqlite_error(sqlite3* db, std::string_view what);
Result<> exec(sqlite3* db, const std::string& sql);
Result<Statement> prepare(sqlite3* db, std::string_view sql);
/// Runs a statement that gives no rows, and makes it ready for its next run.
Result<> step(sqlite3* db, sqlite3_stmt* statement, std::string_view what);
Result<Db> open_database(const std::string& path, int flags);

/// A column of the present row; valid until the next step.
std::string_view column(sqlite3_stmt* row, int index);
void bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes);

/// The tables of a store, made where they are absent. Refuses a file of a newer format.
Result<> make_tables(sqlite3* db, const std::string& path);
/// A number that the file keeps apart from the log; 0 when it does not.
Result<uint64_t> read_fact(sqlite3* db, std::string_view name);
constexpr std::string_view kSelectLog =
    "SELECT revision,deleted,key,meta,value FROM log ORDER BY revision";
/// The record of the present row of kSelectLog.
Result<Record> read_record(sqlite3_stmt* row, const std::string& path);
/// What the `meta` column holds: everything of an object that its JSON would have to be parsed for.
std::string encode_meta(const Object& object);

/// A new file with the tables, on disk when this returns.
Result<> create_database(const std::string& path);

/// A consistent copy into a new file, while others read and write. What a failure left of it is
/// removed.
Result<> copy_database(const std::string& from, const std::string& to);

/// The right to use a data directory, held as long as the descriptor is open: also a kill -9 gives
/// it up. `already_exists` names the process that has it.
Result<Fd> lock_folder(const std::string& data_dir);
std::string database_path(const std::string& data_dir);

}  // namespace ks::store
