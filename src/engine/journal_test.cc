#include "engine/journal.h"

#include <gtest/gtest.h>

#include <vector>

namespace ks::engine {
namespace {

std::vector<std::string> contents(const std::string& path) {
  std::vector<std::string> found;
  auto journal = Journal::open(path, [&](const JournalRecord& record) {
    found.push_back(record.data + "@" + std::to_string(record.log_bytes));
  });
  EXPECT_TRUE(journal.ok());
  return found;
}

void write_three(const std::string& path) {
  auto journal = Journal::open(path, [](const JournalRecord&) {}).value();
  for (const char* data : {"one", "", "three"})
    ASSERT_TRUE(journal->append({RecordType::value, 7, data}).ok());
  EXPECT_TRUE(journal->dirty());
  ASSERT_TRUE(journal->sync().ok());
  EXPECT_FALSE(journal->dirty());
}

TEST(Journal, PlaysBackWhatWasAppended) {
  TempDir dir;
  write_three(dir / "j");
  EXPECT_EQ(contents(dir / "j"), (std::vector<std::string>{"one@7", "@7", "three@7"}));
  auto journal = Journal::open(dir / "j", [](const JournalRecord&) {}).value();
  ASSERT_TRUE(journal->append({RecordType::end, 9, "four"}).ok());
  EXPECT_EQ(contents(dir / "j").back(), "four@9");
}

TEST(Journal, ATailCutAnywhereLosesOnlyTheLastRecord) {
  TempDir dir;
  write_three(dir / "j");
  const std::string whole = *read_file(dir / "j");
  for (size_t cut = 1; cut < 5 + 17; cut++) {
    ASSERT_TRUE(
        write_file_atomic(dir / "k", std::string_view(whole).substr(0, whole.size() - cut)).ok());
    EXPECT_EQ(contents(dir / "k"), (std::vector<std::string>{"one@7", "@7"})) << cut;
    auto journal = Journal::open(dir / "k", [](const JournalRecord&) {}).value();
    ASSERT_TRUE(journal->append({RecordType::value, 1, "again"}).ok());
    EXPECT_EQ(contents(dir / "k").back(), "again@1");
  }
}

TEST(Journal, ADamagedRecordEndsWhatIsRead) {
  TempDir dir;
  write_three(dir / "j");
  std::string bytes = *read_file(dir / "j");
  bytes[bytes.size() - 2] ^= 1;
  ASSERT_TRUE(write_file_atomic(dir / "j", bytes).ok());
  EXPECT_EQ(contents(dir / "j").size(), 2u);
}

TEST(Journal, AFileOfAnotherKindIsRefused) {
  TempDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "j", "something else entirely").ok());
  EXPECT_FALSE(Journal::open(dir / "j", [](const JournalRecord&) {}).ok());
}

}  // namespace
}  // namespace ks::engine
