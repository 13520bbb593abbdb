#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace ks::engine {

/// A real repository in a folder, for tests.
///
///   TestRepository repository(folder / "app");
///   repository.commit("first", {{"a.txt", "one"}});
class TestRepository {
 public:
  using Files = std::vector<std::pair<std::string, std::string>>;

  explicit TestRepository(std::string folder, std::string_view branch = "main")
      : folder_(std::move(folder)) {
    EXPECT_TRUE(make_dirs(folder_));
    git({"init", "-q", "-b", std::string(branch)});
  }
  const std::string& path() const { return folder_; }

  /// What the command printed.
  std::string git(std::vector<std::string> arguments) const {
    std::vector<std::string> argv = {"git",
                                     "-c",
                                     "user.name=Ada",
                                     "-c",
                                     "user.email=ada@example.org",
                                     "-c",
                                     "protocol.file.allow=always"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Result<Output> done =
        run_process({.argv = argv, .env = current_environment(), .cwd = folder_});
    EXPECT_TRUE(done && done->exit_code == 0) << join(arguments, " ") << (done ? done->err : "");
    return done ? std::string(trim(done->out)) : "";
  }
  /// The new commit.
  std::string commit(const std::string& message, const Files& files) const {
    for (const auto& [path, text] : files) {
      const std::string whole = folder_ + "/" + path;
      EXPECT_TRUE(make_dirs(whole.substr(0, whole.rfind('/'))));
      EXPECT_TRUE(write_file_atomic(whole, text));
    }
    git({"add", "-A"});
    git({"commit", "-qm", message});
    return git({"rev-parse", "HEAD"});
  }

 private:
  std::string folder_;
};

}  // namespace ks::engine
