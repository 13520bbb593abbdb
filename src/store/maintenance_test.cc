#include "store/maintenance.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "store/test_objects.h"

namespace ks::store {
namespace {

/// Two objects, one of them written three times, and one that is gone again.
uint64_t fill(Store& store) {
  const uint64_t a = store.create(draft("a", "1")).value()->revision;
  const uint64_t again = store.update(draft("a", "2"), a).value()->revision;
  EXPECT_TRUE(store.update(draft("a", "3"), again).ok());
  EXPECT_TRUE(store.create(draft("b")).ok());
  const uint64_t c = store.create(draft("c")).value()->revision;
  return store.remove(key("c"), c).value()->revision;
}

TEST(Maintenance, ABackupIsTakenBesideARunningServerAndRestored) {
  TempDir dir, other;
  Opened store(dir.path());
  fill(*store.store);
  ASSERT_TRUE(backup_data(dir.path(), other / "backup").ok());
  EXPECT_EQ(backup_data(dir.path(), other / "backup").error().code, Code::already_exists);
  const Result<std::string> kept = restore_data(other / "data", other / "backup");
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_EQ(*kept, "");
  Opened restored(other / "data");
  EXPECT_EQ(restored->size(), 2u);
  EXPECT_EQ(restored->revision(), store->revision());
  EXPECT_EQ(*restored->get(key("a"))->json, *store->get(key("a"))->json);
}

TEST(Maintenance, ABackupUnderWriteLoadIsWhole) {
  TempDir dir, other;
  Opened store(dir.path());
  std::atomic<bool> ending{false};
  std::jthread writer([&] {
    for (int i = 0; !ending; i++) ASSERT_TRUE(store->create(draft("n" + std::to_string(i))).ok());
  });
  for (int i = 0; i < 5; i++) {
    const std::string file = other / ("backup" + std::to_string(i));
    const uint64_t before = store->revision();
    ASSERT_TRUE(backup_data(dir.path(), file).ok());
    const Checkup checkup = check_data(file).value();
    EXPECT_EQ(checkup.faults, std::vector<std::string>());
    EXPECT_GE(checkup.revision + 1, before);
    EXPECT_EQ(checkup.objects, checkup.versions);
  }
  ending = true;
}

TEST(Maintenance, ARestoreKeepsWhatWasThereAndIsRefusedBesideAServer) {
  TempDir dir, other;
  {
    Opened store(dir.path());
    fill(*store.store);
    ASSERT_TRUE(store->backup(other / "backup").ok());
    ASSERT_TRUE(store->create(draft("later")).ok());
    const Result<std::string> refused = restore_data(dir.path(), other / "backup");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("another server"), std::string::npos);
  }
  const std::string kept = restore_data(dir.path(), other / "backup").value();
  EXPECT_EQ(check_data(kept).value().objects, 3u);
  Opened store(dir.path());
  EXPECT_EQ(store->size(), 2u);
}

TEST(Maintenance, ABadBackupIsNotRestored) {
  TempDir dir;
  {
    Opened store(dir.path());
    fill(*store.store);
  }
  ASSERT_TRUE(write_file_atomic(dir / "bad", std::string(20'000, 'x')).ok());
  EXPECT_EQ(restore_data(dir.path(), dir / "bad").error().code, Code::invalid);
  EXPECT_EQ(restore_data(dir.path(), dir / "absent").error().code, Code::not_found);
  EXPECT_EQ(check_data(dir.path()).value().objects, 2u);
}

TEST(Maintenance, CompactionLeavesTheObjectsAndTheRevision) {
  TempDir dir;
  uint64_t last = 0;
  {
    Opened store(dir.path());
    last = fill(*store.store);
  }
  const Compaction done = compact_data(dir.path()).value();
  EXPECT_EQ(done.versions, 4u);  // two of "a", and "c" with its deletion
  EXPECT_LE(done.bytes_after, done.bytes_before);
  const Checkup checkup = check_data(dir.path()).value();
  EXPECT_EQ(checkup.objects, 2u);
  EXPECT_EQ(checkup.versions, 2u);
  EXPECT_EQ(checkup.revision, last);
  Opened store(dir.path());
  EXPECT_EQ(store->revision(), last);
  EXPECT_EQ(store->watch({"things"}, last - 1, std::make_shared<Recorder>()).error().code,
            Code::gone);
  EXPECT_TRUE(store->watch({"things"}, last, std::make_shared<Recorder>()).ok());
  EXPECT_EQ(store->create(draft("d")).value()->revision, last + 1);
  EXPECT_EQ(compact_data(dir.path()).error().code, Code::already_exists);
}

TEST(Maintenance, ACheckFindsADamagedFileAndSaysSo) {
  TempDir dir;
  {
    Opened store(dir.path());
    for (int i = 0; i < 200; i++)
      ASSERT_TRUE(store->create(draft("n" + std::to_string(i), std::string(1000, 'd'))).ok());
  }
  EXPECT_TRUE(check_data(dir.path()).value().faults.empty());
  {
    const Fd file = open_file(dir / "store.db", O_RDWR).value();
    for (off_t page = 20; page < 24; page++)
      ASSERT_EQ(pwrite(file.get(), std::string(4096, '\xee').data(), 4096, page * 4096), 4096);
  }
  EXPECT_FALSE(check_data(dir.path()).value().faults.empty());
  Store store(open_sqlite(dir.path()).value(), {});
  const Result<> opened = store.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("ks store restore"), std::string::npos)
      << opened.error().message;
}

TEST(Maintenance, WhatIsNoStoreIsNamed) {
  TempDir dir;
  EXPECT_EQ(check_data(dir / "absent").error().code, Code::not_found);
  EXPECT_EQ(backup_data(dir.path(), dir / "x").error().code, Code::not_found);
  ASSERT_TRUE(write_file_atomic(dir / "text", "hello").ok());
  EXPECT_FALSE(check_data(dir / "text").value().faults.empty());
}

}  // namespace
}  // namespace ks::store
