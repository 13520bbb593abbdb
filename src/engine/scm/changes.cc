#include "engine/scm/changes.h"

#include <boost/json.hpp>
#include <string>

#include "base/text.h"

namespace ks::engine {
namespace {

namespace json = boost::json;

constexpr size_t kMostFiles = 2000;  // of one commit

std::string_view edit_type(char status) {
  switch (status) {
    case 'A': return "add";
    case 'D': return "delete";
    default: return "edit";
  }
}

/// `M\tpath` lines of `git log --name-status`.
void add_files(std::string_view lines, json::object& into) {
  json::array paths, files;
  for (std::string_view line : split(lines, '\n')) {
    const size_t tab = line.find('\t');
    if (tab == line.npos || tab == 0 || files.size() >= kMostFiles) continue;
    const std::string_view path = line.substr(tab + 1);
    paths.push_back(json::value(path));
    files.push_back(
        json::object{{"path", path}, {"editType", json::object{{"name", edit_type(line[0])}}}});
  }
  into["affectedPaths"] = std::move(paths);
  into["affectedFiles"] = std::move(files);
}

}  // namespace

json::array parse_changes(std::string_view log) {
  json::array out;
  for (std::string_view record : split(log, '\x1e')) {
    const auto fields = split(record, '\x1f');
    // A record that was cut at the bound on bytes is left out.
    if (fields.size() < 6) continue;
    const std::string_view comment = trim(fields[4]);
    json::object change{
        {"commitId", fields[0]},
        {"timestamp", parse_int(fields[3]).value_or(0) * 1000},
        {"msg", comment.substr(0, comment.find('\n'))},
        {"comment", comment},
        {"author",
         json::object{{"fullName", fields[1]}, {"displayName", fields[1]}, {"id", fields[2]}}},
        {"authorEmail", fields[2]},
        {"authorName", fields[1]}};
    add_files(fields[5], change);
    out.push_back(std::move(change));
  }
  return out;
}

}  // namespace ks::engine
