#include "devops/kapis/git/tree_edit.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

constexpr std::string_view kNoObject = "0000000000000000000000000000000000000000";

/// What the parent has at paths and on the way to them.
class Present {
 public:
  static Result<Present> of(const WorkingCopy& copy, const std::string& parent,
                            const std::set<std::string>& paths) {
    Present out;
    if (parent.empty()) return out;
    std::set<std::string> folders;
    for (const std::string& path : paths) {
      for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
        folders.insert(path.substr(0, slash));
      }
    }
    // Each by itself: asked together, git shows what is in a folder instead of the folder.
    for (const std::set<std::string>* some :
         std::initializer_list<const std::set<std::string>*>{&folders, &paths}) {
      for (const std::string& path : *some) TRY(out.look(copy, parent, path));
    }
    return out;
  }
  const GitFile* find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
  }
  /// Nothing but folders leads to the path, and no folder is there.
  Result<> check_place(const std::string& path) const {
    for (size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      const GitFile* on_the_way = find(path.substr(0, slash));
      if (on_the_way != nullptr && on_the_way->kind != GitFile::Kind::folder) {
        return Error{Code::conflict, fmt::format("\"{}\" leads through \"{}\", which is a {}", path,
                                                 on_the_way->path, word(*on_the_way))};
      }
    }
    const GitFile* there = find(path);
    if (there == nullptr || there->kind == GitFile::Kind::file) return {};
    return Error{Code::conflict, fmt::format("\"{}\" is a {} already", path, word(*there))};
  }

 private:
  static std::string_view word(const GitFile& file) {
    switch (file.kind) {
      case GitFile::Kind::file: return "file";
      case GitFile::Kind::link: return "symbolic link";
      case GitFile::Kind::folder: return "folder";
      case GitFile::Kind::module: return "submodule";
    }
    return "file";
  }
  Result<> look(const WorkingCopy& copy, const std::string& parent, const std::string& path) {
    Result<GitFile> found = copy.file(parent, path);
    if (found) {
      files_.emplace(path, std::move(*found));
    } else if (found.error().code != Code::not_found) {
      return found.error();
    }
    return {};
  }
  std::map<std::string, GitFile> files_;
};

/// Stores contents as objects; their hashes in order.
Result<std::vector<std::string>> store_contents(const WorkingCopy& copy, const TempDir& folder,
                                                const std::vector<const std::string*>& contents) {
  std::vector<std::string> hashes;
  if (contents.empty()) return hashes;
  std::string paths;
  for (size_t i = 0; i < contents.size(); ++i) {
    const std::string path = folder / std::to_string(i);
    const Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    TRY(write_all(file.get(), *contents[i]));
    paths += path + "\n";
  }
  const std::string out =
      TRY(copy.git().output({"hash-object", "-w", "--no-filters", "--stdin-paths"},
                            {.stdin_text = std::move(paths), .env = {}}));
  for (std::string_view line : split(out, '\n')) {
    if (!line.empty()) hashes.emplace_back(line);
  }
  if (hashes.size() != contents.size()) {
    return Error{Code::internal, "git hash-object: what it printed cannot be read"};
  }
  return hashes;
}

/// The changes as lines for `git update-index --index-info`.
class IndexLines {
 public:
  void remove(std::string_view path) {
    lines_ += fmt::format("0 {}\t{}", kNoObject, path);
    lines_ += '\0';
  }
  void put(std::string_view mode, std::string_view hash, std::string_view path) {
    lines_ += fmt::format("{} {} 0\t{}", mode, hash, path);
    lines_ += '\0';
  }
  std::string take() { return std::move(lines_); }

 private:
  std::string lines_;
};

Error not_there(const std::string& path) {
  return {Code::not_found, fmt::format("file \"{}\" not found", path)};
}

Result<std::string> index_lines(const WorkingCopy& copy, const std::string& parent,
                                const std::vector<GitChange>& changes, bool overwrite,
                                const TempDir& folder) {
  std::set<std::string> paths;
  std::vector<const std::string*> contents;
  for (const GitChange& change : changes) {
    paths.insert(change.path);
    if (!change.from.empty()) paths.insert(change.from);
    if (change.content) contents.push_back(&*change.content);
  }
  const Present present = TRY(Present::of(copy, parent, paths));
  const std::vector<std::string> hashes = TRY(store_contents(copy, folder, contents));
  IndexLines lines;
  size_t stored = 0;
  for (const GitChange& change : changes) {
    const GitFile* there = present.find(change.path);
    const GitFile* before = change.from.empty() ? nullptr : present.find(change.from);
    const std::string hash = change.content ? hashes[stored++] : std::string();
    if (!change.from.empty() && (before == nullptr || before->kind == GitFile::Kind::folder)) {
      return not_there(change.from);
    }
    if (!change.content && before == nullptr) {
      if (there == nullptr) return not_there(change.path);
      for (const GitFile& one : TRY(copy.files_below(parent, change.path))) lines.remove(one.path);
      continue;
    }
    TRY(present.check_place(change.path));
    if (there != nullptr && !overwrite && change.from != change.path) continue;
    if (before != nullptr) lines.remove(change.from);
    const GitFile* kept = before != nullptr ? before : there;
    lines.put(kept == nullptr || (change.content && kept->kind != GitFile::Kind::file) ? "100644"
                                                                                       : kept->mode,
              change.content ? hash : before->hash, change.path);
  }
  return lines.take();
}

}  // namespace

Result<std::string> make_commit(const WorkingCopy& copy, const std::string& parent,
                                const std::vector<GitChange>& changes, const NewCommit& commit) {
  const TempDir folder;
  std::string lines = TRY(index_lines(copy, parent, changes, commit.overwrite, folder));
  const std::string index = "GIT_INDEX_FILE=" + folder / "index";
  const Git& git = copy.git();
  if (!parent.empty()) {
    TRY(git.output({"read-tree", parent}, {.stdin_text = {}, .env = {index}}));
  }
  if (!lines.empty()) {
    TRY(git.output({"update-index", "-z", "--index-info"},
                   {.stdin_text = std::move(lines), .env = {index}}));
  }
  const std::string tree(trim(TRY(git.output({"write-tree"}, {.stdin_text = {}, .env = {index}}))));
  if (!parent.empty() && TRY(copy.commit(parent)).tree == tree) {
    return Error{Code::invalid, "nothing to commit, working tree clean"};
  }
  std::vector<std::string> arguments = {"commit-tree", tree, "-F", "-"};
  if (!parent.empty()) arguments.insert(arguments.end(), {"-p", parent});
  const GitSignature& author = commit.author;
  const std::string message =
      fmt::format("{}\n\nSigned-off-by: {} <{}>\n", commit.message, author.name, author.email);
  const std::string out = TRY(git.output(
      std::move(arguments),
      {.stdin_text = message,
       .env = {"GIT_AUTHOR_NAME=" + author.name, "GIT_AUTHOR_EMAIL=" + author.email,
               "GIT_COMMITTER_NAME=" + author.name, "GIT_COMMITTER_EMAIL=" + author.email}}));
  return std::string(trim(out));
}

}  // namespace ks::devops::kapis
