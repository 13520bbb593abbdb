#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/archive.h"
#include "engine/fence.h"
#include "engine/testing/script.h"

namespace ks::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// One entry of a hostile archive.
struct Entry {
  std::string path;
  std::string content = "x";
  std::string symlink = {};
  std::string hardlink = {};
};

void make_tar(const std::string& path, const std::vector<Entry>& entries) {
  archive* out = archive_write_new();
  archive_write_set_format_pax_restricted(out);
  archive_write_open_filename(out, path.c_str());
  for (const Entry& one : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, one.path.c_str());
    archive_entry_set_perm(entry, 0755);
    archive_entry_set_filetype(entry, one.symlink.empty() ? AE_IFREG : AE_IFLNK);
    if (!one.symlink.empty()) archive_entry_set_symlink(entry, one.symlink.c_str());
    if (!one.hardlink.empty()) archive_entry_set_hardlink(entry, one.hardlink.c_str());
    const bool data = one.symlink.empty() && one.hardlink.empty();
    archive_entry_set_size(entry, data ? static_cast<la_int64_t>(one.content.size()) : 0);
    archive_write_header(out, entry);
    if (data) archive_write_data(out, one.content.data(), one.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
}

Result<Unpacked> unpack(const std::string& folder, const std::vector<Entry>& entries,
                        ArchiveLimits limits = {}) {
  make_tar(folder + "/a.tar", entries);
  EXPECT_TRUE(make_dirs(folder + "/in/out"));
  return read_archive(Fence(folder), folder + "/a.tar", false, Fence(folder + "/in"),
                      {.folder = folder + "/in/out", .keep_permissions = true, .limits = limits},
                      {});
}

TEST(Archive, KeepsModesAndLinksThatStayInside) {
  const TempDir folder;
  const auto done = unpack(folder.path(), {{.path = "d/run.sh", .content = "#!/bin/sh"},
                                           {.path = "d/link", .symlink = "run.sh"},
                                           {.path = "d/hard", .hardlink = "d/run.sh"}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->files, ElementsAre("d/run.sh", "d/link", "d/hard"));
  struct stat info{};
  ASSERT_EQ(stat((folder / "in/out/d/link").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0755U);
  EXPECT_EQ(read_file(folder / "in/out/d/hard").value(), "#!/bin/sh");
}

TEST(Archive, RefusesWhatLeadsOut) {
  for (const std::vector<Entry>& hostile : std::vector<std::vector<Entry>>{
           {{.path = "../evil"}},
           {{.path = "/tmp/evil"}},
           {{.path = "a/../../evil"}},
           {{.path = "l", .symlink = "/etc"}},
           {{.path = "d/l", .symlink = "../../x"}},
           {{.path = "h", .hardlink = "../../secret"}},
       }) {
    const TempDir folder;
    ASSERT_TRUE(write_file_atomic(folder / "secret", "s"));
    const auto done = unpack(folder.path(), hostile);
    ASSERT_FALSE(done) << hostile[0].path;
    EXPECT_THAT(done.error().message, HasSubstr("leads out of the folder")) << hostile[0].path;
    EXPECT_FALSE(file_exists(folder / "in/evil"));
    EXPECT_FALSE(file_exists(folder / "evil"));
  }
}

TEST(Archive, DoesNotWriteThroughALinkThatWasThereBefore) {
  const TempDir folder;
  ASSERT_TRUE(make_dirs(folder / "in/out"));
  ASSERT_TRUE(make_dirs(folder / "elsewhere"));
  ASSERT_EQ(symlink((folder / "elsewhere").c_str(), (folder / "in/out/d").c_str()), 0);
  ASSERT_EQ(symlink((folder / "elsewhere/f").c_str(), (folder / "in/out/f").c_str()), 0);
  EXPECT_FALSE(unpack(folder.path(), {{.path = "d/evil"}}));
  EXPECT_TRUE(unpack(folder.path(), {{.path = "f"}}));
  EXPECT_FALSE(file_exists(folder / "elsewhere/evil"));
  EXPECT_FALSE(file_exists(folder / "elsewhere/f"));
  EXPECT_EQ(read_file(folder / "in/out/f").value(), "x");
}

TEST(Archive, RefusesBombs) {
  const TempDir folder;
  const std::vector<Entry> zeros = {{.path = "zeros", .content = std::string(4 << 20, '\0')}};
  const auto many = unpack(folder.path(), {{.path = "a"}, {.path = "b"}}, {.entries = 1});
  EXPECT_THAT(many.error().message, HasSubstr("more than 1 entries"));
  const auto big = unpack(folder.path(), zeros, {.bytes = 1 << 20});
  EXPECT_THAT(big.error().message, HasSubstr("unpacks to more than"));
  // Zipped, four megabytes of zeros are four kilobytes.
  ASSERT_TRUE(make_dirs(folder / "src"));
  ASSERT_TRUE(write_file_atomic(folder / "src/zeros", zeros[0].content));
  const Fence fence(folder.path());
  ASSERT_TRUE(
      write_archive(fence, folder / "a.zip", ArchiveFormat::zip, folder / "src", {"zeros"}, {}));
  const auto bomb = read_archive(fence, folder / "a.zip", true, fence,
                                 {.folder = folder / "out", .limits = {.free_bytes = 1 << 20}}, {});
  ASSERT_FALSE(bomb);
  EXPECT_THAT(bomb.error().message, HasSubstr("200 times its size"));
}

TEST(ArchiveSteps, OfOtherProgramsToo) {
  const Ended ended = run_script(R"ks(
node {
  sh 'mkdir -p d/e; echo one > d/one; echo two > d/e/two; chmod 755 d/one; tar czf a.tgz d'
  untar file: 'a.tgz', dir: 'out'
  assert sh(script: 'test -x out/d/one && cat out/d/e/two', returnStdout: true).trim() == 'two'
  zip zipFile: 'b.zip', dir: 'd', glob: '**/two'
  assert sh(script: 'python3 -c "import zipfile; print(zipfile.ZipFile(\'b.zip\').namelist())"', returnStdout: true).trim() == "['e/two']"
  assert unzip(zipFile: 'b.zip', read: true)['e/two'] == 'two\n'
  assert unzip(zipFile: 'b.zip', test: true)
  writeFile file: 'no.zip', text: 'no zip at all'
  assert !unzip(zipFile: 'no.zip', test: true)
}
)ks");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("filtered by [**/two] to "));
  EXPECT_THAT(ended.log, HasSubstr("Compressed 1 entries."));
  EXPECT_THAT(ended.log, HasSubstr("Extracting: d/e/two -> "));
}

TEST(ArchiveSteps, SayWhatIsMissing) {
  const Ended ended = run_script("node { unzip 'nope.zip' }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("nope.zip does not exist."));
}

TEST(Fence, FollowsLinksInsideAndNoneOutside) {
  const TempDir folder;
  const std::string ws = folder / "ws";
  ASSERT_TRUE(make_dirs(ws + "/real"));
  ASSERT_TRUE(write_file_atomic(ws + "/real/f", "in"));
  ASSERT_TRUE(write_file_atomic(folder / "secret", "out"));
  ASSERT_EQ(symlink("real", (ws + "/relative").c_str()), 0);
  ASSERT_EQ(symlink((ws + "/real").c_str(), (ws + "/absolute").c_str()), 0);
  ASSERT_EQ(symlink("../secret", (ws + "/up").c_str()), 0);
  ASSERT_EQ(symlink("/", (ws + "/root").c_str()), 0);
  const Fence fence(ws);
  EXPECT_EQ(fence.read(ws + "/relative/f", 10).value(), "in");
  EXPECT_EQ(fence.read(ws + "/absolute/f", 10).value(), "in");
  EXPECT_EQ(fence.read(ws + "/up", 10).error().code, Code::forbidden);
  EXPECT_EQ(fence.read(ws + "/root/etc/passwd", 1 << 20).error().code, Code::forbidden);
  EXPECT_EQ(fence.write(ws + "/root/tmp/evil", "x").error().code, Code::forbidden);
  EXPECT_EQ(fence.write(ws + "/up", "x").error().code, Code::forbidden);
  EXPECT_EQ(read_file(folder / "secret").value(), "out");
  EXPECT_TRUE(fence.write(ws + "/new/er/f", "made"));
  EXPECT_EQ(read_file(ws + "/new/er/f").value(), "made");
  EXPECT_EQ(fence.read(ws + "/real/f", 1).error().code, Code::too_large);
}

TEST(Fence, KeepsReadFileInTheWorkspace) {
  const Ended ended = run_script(R"(
node {
  sh 'ln -s /etc etc; ln -s /etc/hostname name'
  for (path in ['etc/passwd', 'name']) {
    try { readFile path; echo 'LEAKED' } catch (e) { echo "refused: ${e.message}" }
  }
  try { writeFile file: 'etc/x', text: ''; echo 'LEAKED' } catch (e) { echo "refused: ${e.message}" }
  try { sha256 'name'; echo 'LEAKED' } catch (e) { echo "refused: ${e.message}" }
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, Not(HasSubstr("\nLEAKED")));
  EXPECT_THAT(ended.log, HasSubstr("leads out of"));
}

}  // namespace
}  // namespace ks::engine
