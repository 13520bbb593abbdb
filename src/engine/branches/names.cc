#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"

namespace ks::engine {

std::string Head::job() const { return jenkins::encode_branch(name); }

json::object Head::to_json() const {
  json::object out{
      {"kind", static_cast<int>(kind)}, {"name", name}, {"ref", ref}, {"commit", commit}};
  if (tag_time != 0) out["tagTime"] = tag_time;
  if (kind != HeadKind::request) return out;
  out["id"] = id;
  out["source"] = source;
  out["target"] = target;
  out["title"] = title;
  out["author"] = author;
  out["authorName"] = author_name;
  out["authorEmail"] = author_email;
  out["url"] = url;
  out["fork"] = fork;
  out["trusted"] = trusted;
  out["merge"] = merge;
  return out;
}

Head Head::from_json(const json::value& value) {
  auto text = [&](std::string_view name) { return std::string(text_at(value, {name})); };
  Head out;
  out.kind = static_cast<HeadKind>(std::clamp<int64_t>(int_at(value, {"kind"}), 0, 2));
  out.name = text("name");
  out.ref = text("ref");
  out.commit = text("commit");
  out.tag_time = int_at(value, {"tagTime"});
  out.id = text("id");
  out.source = text("source");
  out.target = text("target");
  out.title = text("title");
  out.author = text("author");
  out.author_name = text("authorName");
  out.author_email = text("authorEmail");
  out.url = text("url");
  out.fork = bool_at(value, {"fork"});
  out.trusted = out.kind != HeadKind::request || bool_at(value, {"trusted"});
  out.merge = bool_at(value, {"merge"});
  return out;
}

std::vector<std::pair<std::string, std::string>> Head::env() const {
  std::vector<std::pair<std::string, std::string>> out{{"BRANCH_NAME", name}};
  auto add = [&](const char* variable, const std::string& value) {
    if (!value.empty()) out.emplace_back(variable, value);
  };
  if (kind == HeadKind::tag) {
    add("TAG_NAME", name);
    if (tag_time != 0) {
      add("TAG_TIMESTAMP", std::to_string(tag_time * 1000));
      add("TAG_UNIXTIME", std::to_string(tag_time));
    }
  }
  if (kind != HeadKind::request) return out;
  add("CHANGE_ID", id);
  add("CHANGE_URL", url);
  add("CHANGE_TITLE", title);
  add("CHANGE_AUTHOR", author);
  add("CHANGE_AUTHOR_DISPLAY_NAME", author_name);
  add("CHANGE_AUTHOR_EMAIL", author_email);
  add("CHANGE_TARGET", target);
  add("CHANGE_BRANCH", source);
  if (fork) add("CHANGE_FORK", author);
  return out;
}

jenkins::JobRef job_ref(const JobName& job) {
  const size_t slash = job.folder.find('/');
  if (slash == job.folder.npos) return {job.folder, job.name, ""};
  return {job.folder.substr(0, slash), job.folder.substr(slash + 1), job.name};
}

JobName job_name(const jenkins::JobRef& job) {
  if (job.branch.empty()) return {job.folder, job.name};
  // Some clients decode a name once too often.
  return {job.folder + "/" + job.name, jenkins::branch_job_name(job.branch)};
}

JobName job_name(std::string_view full) {
  const size_t slash = full.rfind('/');
  if (slash == full.npos) return {"", std::string(full)};
  return {std::string(full.substr(0, slash)), std::string(full.substr(slash + 1))};
}

namespace {

/// `host/path` of an address.
std::string comparable(std::string_view url) {
  std::string text(trim(url));
  if (const size_t scheme = text.find("://"); scheme != text.npos) {
    text.erase(0, scheme + 3);
  } else if (const size_t colon = text.find(':'); colon != text.npos && text.find('/') > colon) {
    // `git@host:path`
    text[colon] = '/';
  }
  const size_t host_end = std::min(text.find('/'), text.size());
  std::string host = to_lower(text.substr(0, host_end));
  if (const size_t at = host.rfind('@'); at != host.npos) host.erase(0, at + 1);
  for (std::string_view port : {":22", ":80", ":443"}) {
    if (host.ends_with(port)) host.resize(host.size() - port.size());
  }
  std::string_view path = std::string_view(text).substr(host_end);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  while (path.starts_with("//")) path.remove_prefix(1);
  return host + std::string(path);
}

}  // namespace

bool same_repository(std::string_view a, std::string_view b) {
  return comparable(a) == comparable(b);
}

}  // namespace ks::engine
