#include "devops/kapis/git/git_json.h"

#include <boost/json.hpp>

#include "base/text.h"

namespace ks::devops::kapis {
namespace {

constexpr size_t kLookedAt = 8000;
constexpr uint64_t kMostPrinted = 10u << 20;

json::object signature_json(const GitSignature& signature) {
  return {{"Name", signature.name}, {"Email", signature.email}, {"When", signature.when}};
}

}  // namespace

json::object commit_json(const GitCommit& commit) {
  json::value parents;  // null for the first one
  if (!commit.parents.empty()) parents = json::value_from(commit.parents);
  return {{"Hash", commit.hash},
          {"Author", signature_json(commit.author)},
          {"Committer", signature_json(commit.committer)},
          {"MergeTag", ""},
          {"Message", commit.message},
          {"TreeHash", commit.tree},
          {"ParentHashes", std::move(parents)}};
}

json::object branch_json(const GitRef& ref, const std::optional<GitCommit>& commit) {
  return {{"ref", ref.ref},
          {"name", ref.name},
          {"commit", commit ? json::value(commit_json(*commit)) : json::value()}};
}

json::object file_json(const GitFile& file, const std::string& name,
                       const std::optional<std::string>& content, bool with_content) {
  const bool is_link = file.kind == GitFile::Kind::link;
  const bool shows = content && with_content && content->size() <= kMostPrinted;
  return {{"data", shows ? json::value(base64_encode(*content)) : json::value()},
          {"name", name},
          {"oldName", ""},
          {"size", file.size},
          {"isDir", file.kind == GitFile::Kind::folder},
          // As git itself tells: a zero byte near the beginning.
          {"isBinary", content && content->substr(0, kLookedAt).contains('\0')},
          {"isSymlink", is_link}};
}

}  // namespace ks::devops::kapis
