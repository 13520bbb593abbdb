#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/git/git_json.h"
#include "devops/kapis/git_routes.h"
#include "devops/kapis/reply.h"

// Working copies of GitRepositories, read (devops-api, section 12.8); git_write_routes.cc writes.

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr uint64_t kMostPrinted = 10u << 20;
/// Commits of single files are looked for in so many files of a folder.
constexpr size_t kMostLastCommits = 500;

struct GitPage {
  uint64_t number = 1, size = 10;
  uint64_t skip() const { return (number - 1) * size; }
  json::object options() const { return {{"page", number}, {"limit", size}}; }
};

GitPage page_of_git(const http::Query& query) {
  const auto number = [&](std::string_view name, std::string_view other, int64_t absent,
                          int64_t otherwise) {
    const std::string_view text = query.has(name) ? query.get(name) : query.get(other);
    const int64_t value = parse_int(text).value_or(absent);
    return static_cast<uint64_t>(value <= 0 || value > 1'000'000 ? otherwise : value);
  };
  return {number("page", "pageNumber", 1, 1), number("limit", "pageSize", 10, 20)};
}

json::object list_json(json::value items, uint64_t total, json::object options) {
  return {{"items", std::move(items)}, {"totalItems", total}, {"options", std::move(options)}};
}

bool flag(const Request& request, std::string_view name) {
  return parse_go_bool(request.query.get(name)).value_or(false);
}

std::optional<GitCommit> known_commit(const WorkingCopy& copy, const std::string& hash) {
  Result<GitCommit> commit = copy.commit(hash);
  return commit ? std::optional(std::move(*commit)) : std::nullopt;
}

// ----- branches -----

Result<json::value> list_branches(GitRequest& git) {
  std::vector<GitRef> refs =
      TRY(git.copy.remote_refs(git.access.git, flag(git.request, "withHead")));
  const GitPage page = page_of_git(git.request.query);
  json::array items;
  for (uint64_t i = page.skip(); i < refs.size() && items.size() < page.size; ++i) {
    items.push_back(branch_json(refs[i], known_commit(git.copy, refs[i].hash)));
  }
  return json::value(list_json(std::move(items), refs.size(), page.options()));
}

Result<json::value> get_branch(GitRequest& git) {
  const std::string head = TRY(git.head());
  const std::string name = git.branch();
  return json::value(branch_json({"refs/heads/" + name, name, head}, TRY(git.copy.commit(head))));
}

Result<json::value> check_out(GitRequest& git) {
  TRY(git.head());
  return json::value(json::object());
}

Result<json::value> pull(GitRequest& git) {
  TRY(git.fetch());
  return json::value(json::object());
}

// ----- commits -----

Result<json::value> list_commits(GitRequest& git) {
  const std::string head = TRY(git.head());
  const std::string path = TRY(clean_git_path(git.request.query.get("file")));
  const GitPage page = page_of_git(git.request.query);
  const WorkingCopy::Log log = TRY(git.copy.log(head, path, page.skip(), page.size));
  json::array items;
  for (const GitCommit& one : log.commits) {
    items.push_back(json::object{{"commit", commit_json(one)}});
  }
  return json::value(list_json(std::move(items), log.total, page.options()));
}

Result<json::value> get_commit(GitRequest& git) {
  return json::value(commit_json(TRY(git.copy.commit(TRY(git.commit())))));
}

// ----- files -----

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Contents of those that have some and are small enough, as far as all together fit.
Result<std::map<std::string, std::string>> small_contents(const WorkingCopy& copy,
                                                          const std::vector<GitFile>& files) {
  std::vector<GitFile> asked;
  uint64_t bytes = 0;
  for (const GitFile& one : files) {
    const bool has_content = one.kind == GitFile::Kind::file || one.kind == GitFile::Kind::link;
    if (!has_content || one.size > kMostPrinted || bytes + one.size > WorkingCopy::kMostContent) {
      continue;
    }
    bytes += one.size;
    asked.push_back(one);
  }
  std::vector<std::string> contents = TRY(copy.contents(asked));
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < asked.size(); ++i) out[asked[i].path] = std::move(contents[i]);
  return out;
}

Result<json::value> list_files(GitRequest& git) {
  const std::string_view asked = git.request.query.get("file");
  if (!asked.empty() && !asked.ends_with('/')) {
    return Error{Code::invalid, "invalid argument: 'file' names a folder and ends with a slash"};
  }
  const std::string head = TRY(git.head());
  const std::string path = TRY(clean_git_path(asked));
  const GitFile folder = TRY(git.copy.file(head, path));
  if (folder.kind != GitFile::Kind::folder) {
    return Error{Code::invalid, fmt::format("invalid argument: \"{}\" is no folder", path)};
  }
  std::vector<GitFile> files = TRY(git.copy.folder(head, path));
  const std::map<std::string, std::string> contents = TRY(small_contents(git.copy, files));
  files.insert(files.begin(), folder);
  const bool with_commits = flag(git.request, "withLastCommit");
  json::array items;
  for (const GitFile& one : files) {
    const auto content = contents.find(one.path);
    json::object item =
        file_json(one, items.empty() ? path : base_name(one.path),
                  content == contents.end() ? std::nullopt : std::optional(content->second),
                  flag(git.request, "withContent"));
    item["commit"] = nullptr;
    if (with_commits && items.size() <= kMostLastCommits) {
      const WorkingCopy::Log log = TRY(git.copy.log(head, one.path, 0, 1));
      if (!log.commits.empty()) item["commit"] = commit_json(log.commits.front());
    }
    items.push_back(std::move(item));
  }
  const uint64_t total = items.size();
  return json::value(
      list_json(std::move(items), total, {{"page", 1}, {"limit", WorkingCopy::kMostFiles}}));
}

/// The path of `{file}`, which is base64 of it.
Result<std::string> path_of(const Request& request) {
  const std::string encoded(request.param("file"));
  Result<std::string> path = base64_decode(encoded);
  // Clients that make URLs safe send the other alphabet.
  if (!path) path = base64url_decode(encoded);
  if (!path || path->empty()) {
    return Error{Code::invalid, fmt::format("\"{}\" is no base64 of a path", encoded)};
  }
  std::string clean = TRY(clean_git_path(*path));
  if (clean.empty()) return Error{Code::invalid, "the path is empty"};
  return clean;
}

Result<json::value> show_file(GitRequest& git, const std::string& hash) {
  const GitFile file = TRY(git.copy.file(hash, TRY(path_of(git.request))));
  const std::map<std::string, std::string> contents = TRY(small_contents(git.copy, {file}));
  return json::value(
      file_json(file, base_name(file.path),
                contents.empty() ? std::nullopt : std::optional(contents.begin()->second),
                flag(git.request, "withContent")));
}

Result<json::value> file_of_branch(GitRequest& git) { return show_file(git, TRY(git.head())); }
Result<json::value> file_of_commit(GitRequest& git) { return show_file(git, TRY(git.commit())); }

/// Types that no browser runs anything of.
std::string_view safe_type(const std::string& path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".txt", "text/plain; charset=utf-8"},
      {".md", "text/plain; charset=utf-8"},
      {".json", "application/json"},
      {".yaml", "application/yaml"},
      {".yml", "application/yaml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".gif", "image/gif"},
      {".pdf", "application/pdf"},
      {".zip", "application/zip"},
      {".gz", "application/gzip"},
      {".tar", "application/x-tar"},
      {".csv", "text/csv; charset=utf-8"}};
  for (const auto& [ending, type] : kTypes) {
    if (to_lower(path).ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

Result<Response> raw_file(GitRequest& git, const std::string& hash) {
  const GitFile file = TRY(git.copy.file(hash, TRY(path_of(git.request))));
  if (file.kind != GitFile::Kind::file && file.kind != GitFile::Kind::link) {
    return Error{Code::invalid, fmt::format("\"{}\" is no file", file.path)};
  }
  std::vector<std::string> contents = TRY(git.copy.contents({file}));
  Response response;
  response.body = std::move(contents.front());
  response.headers.set("Content-Type", std::string(safe_type(file.path)));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Content-Disposition",
                       fmt::format("attachment; filename=\"{0}\"; filename*=UTF-8''{0}",
                                   percent_encode(base_name(file.path), " ")));
  return response;
}

// ----- -----

using Answer = Result<json::value> (*)(GitRequest&);

void add_reading(RouteTable& table, Api& api, WorkingCopies& copies) {
  const std::string branch = "/branches/{branch}", commit = "/commits/{commit}";
  const auto add = [&](Method method, const std::string& below, const char* summary,
                       Answer answer) {
    add_git_route(table, api, copies, method, below, summary,
                  [answer](GitRequest& git) { return reply(answer(git)); });
  };
  add(Method::get, "/branches", "List the references of the remote", list_branches);
  add(Method::get, branch, "Get a branch", get_branch);
  add(Method::post, branch + "/checkouts", "Make a branch the one to work on", check_out);
  add(Method::post, branch + "/pulls", "Fetch a branch from the remote", pull);
  add(Method::get, branch + "/commits", "List the commits of a branch", list_commits);
  add(Method::get, commit, "Get a commit", get_commit);
  add(Method::get, branch + "/files", "List a folder of a branch", list_files);
  add(Method::get, branch + "/files/{file}", "Get a file of a branch", file_of_branch);
  add(Method::get, commit + "/files/{file}", "Get a file of a commit", file_of_commit);
  add_git_route(table, api, copies, Method::get, branch + "/rawfiles/{file}",
                "Download a file of a branch", [](GitRequest& git) {
                  const Result<std::string> head = git.head();
                  if (!head) return error_reply(head.error());
                  Result<Response> response = raw_file(git, *head);
                  return response ? std::move(*response) : error_reply(response.error());
                });
  add_git_route(table, api, copies, Method::get, commit + "/rawfiles/{file}",
                "Download a file of a commit", [](GitRequest& git) {
                  const Result<std::string> hash = git.commit();
                  if (!hash) return error_reply(hash.error());
                  Result<Response> response = raw_file(git, *hash);
                  return response ? std::move(*response) : error_reply(response.error());
                });
}

kube::Resource git_repositories() {
  return {"devops.kubesphere.io", "v1alpha3", "gitrepositories", "GitRepository", true};
}

}  // namespace

std::string GitRequest::branch() const { return std::string(request.param("branch")); }

Result<> GitRequest::fetch() {
  const Turns::Turn turn = TRY(copies.turn(copy));
  return copy.fetch(access.git, branch());
}

Result<std::string> GitRequest::head() {
  TRY(check_branch(branch()));
  if (std::optional<std::string> known = copy.head_of(branch())) return std::move(*known);
  TRY(fetch());
  if (std::optional<std::string> known = copy.head_of(branch())) return std::move(*known);
  return Error{Code::not_found, "branch not found"};
}

Result<std::string> GitRequest::commit() const {
  std::string hash(request.param("commit"));
  if (is_commit_hash(hash) && copy.has_commit(hash)) return hash;
  return Error{Code::not_found,
               fmt::format("commit \"{}\" not found; pull the branch that has it", hash)};
}

void add_git_route(RouteTable& table, Api& api, WorkingCopies& copies, http::Method method,
                   const std::string& below, const char* summary,
                   std::function<http::Response(GitRequest&)> answer, std::string consumes) {
  table.add({.method = method,
             .pattern = "/namespaces/{namespace}/gitrepositories/{gitrepository}" + below,
             .summary = summary,
             .handler =
                 [&api, &copies, answer = std::move(answer)](Request& request) {
                   const kube::Key key{std::string(request.param("namespace")),
                                       std::string(request.param("gitrepository"))};
                   const Result<json::value> repository =
                       api.objects.get_by_kind(git_repositories(), key);
                   if (!repository) return error_reply(repository.error());
                   const Result<RepositoryAccess> access = access_of(api, *repository);
                   if (!access) return error_reply(access.error());
                   const Result<WorkingCopy> copy = copies.open(access->identity);
                   if (!copy) return error_reply(copy.error());
                   GitRequest git{request, *access, *copy, copies};
                   return answer(git);
                 },
             .produces = "application/json",
             .consumes = std::move(consumes)});
}

void add_git(RouteTable& table, Api& api, WorkingCopies& copies) {
  add_reading(table, api, copies);
  add_git_writing(table, api, copies);
}

}  // namespace ks::devops::kapis
