#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

/// Care of the data directory from outside: what `ks store backup|restore|compact|check` does.
/// Those that only read work beside a running server; those that write take the directory's lock
/// and are refused while a server has it.

namespace ks::store {

/// A consistent copy of the store into a new file, also while a server writes.
Result<> backup_data(const std::string& data_dir, const std::string& file);

/// Puts a backup in the place of the store. The store that was there is kept beside it; gives its
/// path, empty when there was none. The backup is checked first: nothing is touched when it is no
/// good.
Result<std::string> restore_data(const std::string& data_dir, const std::string& file);

struct Compaction {
  uint64_t versions = 0;  ///< replaced ones that were dropped
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
};
/// Drops all history and gives the space back to the disk. Watches can resume from the present
/// only.
Result<Compaction> compact_data(const std::string& data_dir);

struct Checkup {
  uint64_t objects = 0;
  uint64_t versions = 0;  ///< all records, replaced ones and deletions included
  uint64_t revision = 0;
  uint64_t bytes = 0;
  std::vector<std::string> faults;  ///< empty: all is well
};
/// Reads everything and says what is wrong: in the database file, in its records, in the objects.
/// Takes a data directory or a backup file. At most 100 faults.
Result<Checkup> check_data(const std::string& data_dir_or_file);

}  // namespace ks::store
