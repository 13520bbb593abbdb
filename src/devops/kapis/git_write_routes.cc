#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/text.h"
#include "devops/kapis/git/git_json.h"
#include "devops/kapis/git/tree_edit.h"
#include "devops/kapis/git/unpack.h"
#include "devops/kapis/git_routes.h"
#include "devops/kapis/reply.h"
#include "http/multipart.h"

// Commits to GitRepositories, and what is uploaded for them (devops-api, section 12.8).

namespace ks::devops::kapis {
namespace {

using http::Method;

constexpr size_t kMostChanges = 1000;
constexpr size_t kMostMessage = 64u << 10;

// ----- commits -----

/// Who commits: as the secret or the copy's configuration says, else who calls.
GitSignature author_of(const GitRequest& git) {
  GitSignature out{git.access.author_name, git.access.author_email, {}};
  const auto configured = [&](const std::string& key) {
    const Result<Git::Ran> ran = git.copy.git().run({"config", "--local", "--get", key});
    return ran && ran->code == 0 ? std::string(trim(ran->out)) : std::string();
  };
  for (const std::string section : {"author", "user"}) {
    if (out.name.empty()) out.name = configured(section + ".name");
    if (out.email.empty()) out.email = configured(section + ".email");
  }
  if (out.name.empty()) out.name = user_name(git.request);
  if (out.name.empty()) out.name = "kubesphere";
  if (out.email.empty()) out.email = out.name.contains('@') ? out.name : out.name + "@localhost";
  return out;
}

Result<std::string> message_of(std::string_view text) {
  const std::string_view message = trim(text);
  if (message.empty()) return Error{Code::invalid, "message: must not be empty"};
  if (message.size() > kMostMessage || message.contains('\0')) {
    return Error{Code::invalid, "message: is longer than 64 KiB, or has zero bytes"};
  }
  return std::string(message);
}

/// Commits on top of what the remote has now, and pushes.
Result<json::value> commit_and_push(GitRequest& git, const std::vector<GitChange>& changes,
                                    NewCommit commit) {
  const Turns::Turn turn = TRY(git.copies.turn(git.copy));
  const std::string branch = git.branch();
  TRY(check_branch(branch));
  const Result<> fetched = git.copy.fetch(git.access.git, branch);
  if (!fetched) {
    const bool missing =
        fetched.error().code == Code::not_found && fetched.error().message == "branch not found";
    // Only a repository without any commit gets its first branch this way.
    if (!missing || !TRY(git.copy.remote_refs(git.access.git, false)).empty()) {
      return fetched.error();
    }
  }
  const std::string parent =
      fetched ? git.copy.head_of(branch).value_or(std::string()) : std::string();
  commit.author = author_of(git);
  const std::string hash = TRY(make_commit(git.copy, parent, changes, commit));
  TRY(git.copy.push(git.access.git, branch, hash, parent));
  return json::value(json::object{{"commit", commit_json(TRY(git.copy.commit(hash)))}});
}

// ----- writing files -----

Result<std::string> path_field(const json::value& file, std::string_view name, size_t index) {
  const json::value* value = find(file, {name});
  if (value != nullptr && !value->is_string() && !value->is_null()) {
    return Error{Code::invalid, fmt::format("files[{}].{}: must be a text", index, name)};
  }
  Result<std::string> path = clean_git_path(text_at(file, {name}));
  if (!path) return std::move(path).error().in(fmt::format("files[{}].{}", index, name));
  return path;
}

/// `data` as base64, or what was uploaded under the name.
Result<std::optional<std::string>> content_of(GitRequest& git, const json::value& file,
                                              const std::string& path, bool uploaded,
                                              size_t index) {
  if (uploaded) return std::optional(TRY(git.copies.upload(git.copy, path)));
  const json::value* data = find(file, {"data"});
  if (data == nullptr || data->is_null()) return std::optional<std::string>();
  if (!data->is_string()) {
    return Error{Code::invalid, fmt::format("files[{}].data: must be base64", index)};
  }
  Result<std::string> bytes = base64_decode(std::string_view(data->get_string()));
  if (!bytes) return std::move(bytes).error().in(fmt::format("files[{}].data", index));
  return std::optional(std::move(*bytes));
}

Result<std::vector<GitChange>> changes_of(GitRequest& git, const json::value& body) {
  const json::value* files = find(body, {"files"});
  if (files == nullptr || !files->is_array() || files->get_array().empty() ||
      files->get_array().size() > kMostChanges) {
    return Error{Code::invalid,
                 fmt::format("files: must be a list of 1 to {} files", kMostChanges)};
  }
  const bool uploaded = bool_at(body, {"uploaded"}), unpack = bool_at(body, {"unpack"});
  std::vector<GitChange> changes;
  std::set<std::string> seen;
  for (size_t i = 0; i < files->get_array().size(); ++i) {
    const json::value& file = files->get_array()[i];
    const std::string path = TRY(path_field(file, "name", i));
    std::optional<std::string> content = TRY(content_of(git, file, path, uploaded, i));
    if (unpack) {
      if (!content) return Error{Code::invalid, "files[0].data: the archive is missing"};
      for (UnpackedFile& one : TRY(unpack_tar_gz(*content))) {
        changes.push_back(
            {path.empty() ? one.path : path + "/" + one.path, std::move(one.content), {}});
      }
      break;  // only the first one counts
    }
    if (path.empty()) return Error{Code::invalid, fmt::format("files[{}].name: is empty", i)};
    std::string from = TRY(path_field(file, "oldName", i));
    if (!seen.insert(path).second) {
      return Error{Code::invalid, fmt::format("files[{}].name: \"{}\" is there twice", i, path)};
    }
    // A file without content is an empty one, unless it is only renamed.
    if (!content && from.empty()) content.emplace();
    changes.push_back({path, std::move(content), std::move(from)});
  }
  return changes;
}

Result<json::value> write_files(GitRequest& git) {
  const json::value body = TRY(body_of(git.request));
  NewCommit commit;
  commit.message = TRY(message_of(text_at(body, {"message"})));
  commit.overwrite = bool_at(body, {"overwrite"});
  const std::vector<GitChange> changes = TRY(changes_of(git, body));
  json::value done = TRY(commit_and_push(git, changes, std::move(commit)));
  if (bool_at(body, {"uploaded"})) {
    for (const json::value& file : body.at("files").get_array()) {
      const Result<std::string> path = clean_git_path(text_at(file, {"name"}));
      if (path) git.copies.drop_upload(git.copy, *path);
    }
  }
  return done;
}

Result<json::value> delete_files(GitRequest& git) {
  std::vector<GitChange> changes;
  for (std::string_view name : git.request.query.all("file")) {
    std::string path = TRY(clean_git_path(name));
    if (path.empty()) return Error{Code::invalid, "file: must not be empty"};
    changes.push_back({std::move(path), std::nullopt, {}});
  }
  if (changes.empty() || changes.size() > kMostChanges) {
    return Error{Code::invalid, fmt::format("file: give 1 to {} of them", kMostChanges)};
  }
  NewCommit commit;
  commit.message = TRY(message_of(git.request.query.get("message")));
  return commit_and_push(git, changes, std::move(commit));
}

// ----- uploads -----

/// `file0` to `file9` with the names `file0_name` to `file9_name`.
Result<json::value> upload(GitRequest& git) {
  const std::vector<http::FormPart> parts =
      TRY(http::parse_multipart(git.request.headers.get("Content-Type"), git.request.body.view()));
  const auto part = [&](const std::string& name) -> const http::FormPart* {
    const auto found = std::ranges::find(parts, name, &http::FormPart::name);
    return found == parts.end() ? nullptr : &*found;
  };
  size_t kept = 0;
  for (int i = 0; i < 10; ++i) {
    const http::FormPart* file = part(fmt::format("file{}", i));
    if (file == nullptr) continue;
    const http::FormPart* name = part(fmt::format("file{}_name", i));
    const std::string path = TRY(clean_git_path(name == nullptr ? "" : trim(name->content)));
    if (path.empty()) return Error{Code::invalid, fmt::format("file{}_name is required", i)};
    TRY(git.copies.keep_upload(git.copy, path, file->content));
    ++kept;
  }
  if (kept == 0) return Error{Code::invalid, "no file found in the form: file0 to file9"};
  return json::value(json::object());
}

// ----- configuration -----

/// The parts of git's configuration that may be changed: nothing that names programs or servers.
constexpr std::pair<const char*, const char*> kConfigured[] = {
    {"User", "user"}, {"Author", "author"}, {"Committer", "committer"}};

std::string configured(const GitRequest& git, const std::string& key) {
  const Result<Git::Ran> ran = git.copy.git().run({"config", "--local", "--get", key});
  return ran && ran->code == 0 ? to_utf8_lossy(trim(ran->out)) : std::string();
}

Result<json::value> get_config(GitRequest& git) {
  json::object config{
      {"Core", json::object{{"IsBare", true}, {"Worktree", ""}, {"CommentChar", ""}}}};
  for (const auto& [field, section] : kConfigured) {
    config[field] = json::object{{"Name", configured(git, fmt::format("{}.name", section))},
                                 {"Email", configured(git, fmt::format("{}.email", section))}};
  }
  config["Pack"] = json::object{{"Window", 10}};
  config["Init"] = json::object{{"DefaultBranch", configured(git, "init.defaultBranch")}};
  config["Remotes"] = json::object{
      {"origin", json::object{{"Name", "origin"},
                              {"URLs", json::array{json::value(git.access.git.address.url)}},
                              {"Fetch", json::array{"+refs/heads/*:refs/heads/*"}}}}};
  config["Submodules"] = json::object();
  config["Branches"] = json::object();
  config["URLs"] = json::object();
  return json::value(json::object{{"config", std::move(config)}});
}

Result<> set_config(const GitRequest& git, const std::string& key, std::string_view value) {
  if (value.size() > 255) return Error{Code::invalid, key + ": is longer than 255 bytes"};
  for (unsigned char c : value) {
    if (c < ' ' || c == '<' || c == '>') {
      return Error{Code::invalid, key + ": must be a name or an address"};
    }
  }
  if (value.empty()) {
    TRY(git.copy.git().run({"config", "--local", "--unset-all", key}));
  } else {
    TRY(git.copy.git().output({"config", "--local", "--replace-all", key, std::string(value)}));
  }
  return {};
}

Result<json::value> put_config(GitRequest& git) {
  const json::value body = TRY(body_of(git.request));
  if (find(body, {"config"}) == nullptr) return Error{Code::invalid, "config: is missing"};
  const Turns::Turn turn = TRY(git.copies.turn(git.copy));
  for (const auto& [field, section] : kConfigured) {
    if (find(body, {"config", field}) == nullptr) continue;
    TRY(set_config(git, fmt::format("{}.name", section), text_at(body, {"config", field, "Name"})));
    TRY(set_config(git, fmt::format("{}.email", section),
                   text_at(body, {"config", field, "Email"})));
  }
  return get_config(git);
}

}  // namespace

void add_git_writing(RouteTable& table, Api& api, WorkingCopies& copies) {
  using Answer = Result<json::value> (*)(GitRequest&);
  const auto add = [&](Method method, const std::string& below, const char* summary, Answer answer,
                       const char* consumes = "") {
    add_git_route(
        table, api, copies, method, below, summary,
        [answer](GitRequest& git) { return reply(answer(git)); }, consumes);
  };
  add(Method::post, "/branches/{branch}/files", "Write files, commit and push", write_files);
  add(Method::delete_, "/branches/{branch}/files", "Delete files, commit and push", delete_files);
  add(Method::post, "/uploads", "Upload files for a later commit", upload, "multipart/form-data");
  add(Method::get, "/configs/default", "Get the configuration of the copy", get_config);
  add(Method::put, "/configs/default", "Change who commits", put_config);
}

}  // namespace ks::devops::kapis
