#include <fmt/format.h>

#include "base/text.h"
#include "engine/archive.h"
#include "engine/aside.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/values.h"

// zip, unzip, tar, untar.

namespace ks::engine {
namespace {

/// What to pack, as the script said it.
struct Packing {
  std::string path, folder, includes, excludes;
  bool default_excludes = true;
  ArchiveFormat format = ArchiveFormat::zip;
};

Result<json::value> pack(const Packing& job, const Fence& fence, const std::stop_token& stop) {
  std::vector<std::string> files =
      TRY(find_files(job.folder, job.includes, job.excludes, job.default_excludes));
  const std::string part = "." + job.path.substr(job.path.rfind('/') + 1) + ".part";
  std::erase_if(files, [&](const std::string& file) {
    const std::string whole = plain_path(job.folder + "/" + file);
    return whole == job.path || whole.ends_with("/" + part);
  });
  const size_t count = TRY(write_archive(fence, job.path, job.format, job.folder, files, stop));
  return json::value{{"count", count}};
}

/// Keeps the finished archive as an artifact of the run.
void archive_it(StepCall& call, const std::string& path) {
  Run& run = call.run;
  run.print_line("Archiving " + path);
  const std::string workspace = call.workspace().path();
  const std::string from = path.starts_with(workspace + "/") ? workspace : call.directory();
  const std::string relative = path.starts_with(from + "/") ? path.substr(from.size() + 1)
                                                            : path.substr(path.rfind('/') + 1);
  const std::string folder = path.substr(0, path.size() - relative.size() - 1);
  const std::string to = run.files().artifacts + "/archive";
  const json::value bytes = outside(call, "archive", [&]() -> Result<json::value> {
    return json::value(TRY(copy_file(folder, relative, to)));
  });
  run.add_artifacts({{relative, bytes.to_number<uint64_t>()}});
}

groovy::Value pack_step(StepCall& call, const std::string& name, ArchiveFormat format) {
  if (trim(name).empty()) call.fail("Can not be empty");
  const bool zip = format == ArchiveFormat::zip;
  const std::string dir = call.text("dir"), glob = call.text("glob"),
                    exclude = call.text("exclude");
  Packing job{.path = plain_path(resolve(call, name)),
              .folder = plain_path(resolve(call, dir)),
              .includes = trim(glob).empty() ? "**" : glob,
              .excludes = exclude,
              .default_excludes = call.flag("defaultExcludes", true),
              .format = format};
  const std::string filter =
      glob.empty() && exclude.empty()
          ? ""
          : fmt::format(" filtered by [{}]{}", glob,
                        exclude.empty() ? "" : fmt::format(" - [{}]", exclude));
  call.run.print_line(fmt::format("Writing {} file of {}{} to {}", zip ? "zip" : "tar", job.folder,
                                  filter, job.path));
  // In the journal before anything is written: a server that died after that finds its own archive,
  // one that died before it somebody else's.
  if (!call.flag("overwrite") && is_there(call, job.path)) call.fail(job.path + " exists.");
  const json::value done = aside(
      call, {.what = std::string(call.info.name),
             .act = [job, fence = fence_of(call, job.path)](bool, const std::stop_token& stop) {
               return pack(job, fence, stop);
             }});
  call.run.print_line(fmt::format("Compressed {} entries.", done.at("count").to_number<size_t>()));
  if (call.flag("archive")) archive_it(call, job.path);
  return {};
}

groovy::Value zip(StepCall& call) {
  return pack_step(call, call.text("zipFile"), ArchiveFormat::zip);
}

groovy::Value tar(StepCall& call) {
  return pack_step(call, call.text("file"),
                   call.flag("compress", true) ? ArchiveFormat::tar_gz : ArchiveFormat::tar);
}

/// Names are told one by one only up to here: an archive of a million files is no reason for a log
/// of a million lines.
constexpr size_t kMostLines = 10'000;

json::value unpack(StepCall& call, const std::string& path, Unpack how, bool zip) {
  const Fence target = fence_of(call, how.folder);
  return aside(call, {.what = std::string(call.info.name),
                      .act = [how = std::move(how), path, zip, fence = fence_of(call, path),
                              target](bool, const std::stop_token& stop) -> Result<json::value> {
                        if (!TRY(fence.look(path)))
                          return json::value{{"problem", path + " does not exist."}};
                        const Result<Unpacked> done =
                            read_archive(fence, path, zip, target, how, stop);
                        if (!done && how.only_test && done.error().code == Code::invalid)
                          return json::value{{"damaged", done.error().message}};
                        if (!done)
                          return Error{done.error().code, path + ": " + done.error().message};
                        json::array files, contents;
                        for (const std::string& file : done->files) files.emplace_back(file);
                        for (const std::string& content : done->contents)
                          contents.emplace_back(to_utf8_lossy(content));
                        return json::value{{"files", files}, {"contents", contents}};
                      }});
}

groovy::Value unpack_step(StepCall& call, const std::string& name, bool zip) {
  if (trim(name).empty()) call.fail("Can not be empty");
  const std::string path = plain_path(resolve(call, name)), glob = call.text("glob");
  const bool read = call.flag("read"), test = call.flag("test"), quiet = call.flag("quiet");
  Unpack how{.folder = plain_path(resolve(call, call.text("dir"))),
             .keep_permissions = !zip && call.flag("keepPermissions", true),
             .to_memory = read,
             .only_test = test,
             .memory_bytes = call.run.limits().string_bytes};
  if (!trim(glob).empty())
    how.takes = [glob](std::string_view p) { return matches_globs(p, glob); };
  const std::string folder = how.folder;
  const json::value done = unpack(call, path, std::move(how), zip);
  if (const json::value* problem = done.as_object().if_contains("problem"))
    throw_java(call, "java.io.IOException", "java.lang.Exception", problem->as_string());
  if (const json::value* damaged = done.as_object().if_contains("damaged")) {
    call.run.print_line("ERROR: " + std::string(damaged->as_string()));
    return groovy::Value::of_bool(false);
  }
  if (test) return groovy::Value::of_bool(true);
  const json::array& files = done.at("files").as_array();
  for (size_t i = 0; i < files.size() && !quiet; i++) {
    const std::string_view file = files[i].as_string();
    if (i == kMostLines) {
      call.run.print_line(fmt::format("... and {} more", files.size() - i));
      break;
    }
    call.run.print_line(read ? fmt::format("Reading: {}", file)
                             : fmt::format("Extracting: {} -> {}/{}", file, folder, file));
  }
  call.run.print_line(fmt::format("{}: {} files", read ? "Read" : "Extracted", files.size()));
  if (!read) return {};
  std::vector<std::pair<std::string, groovy::Value>> entries;
  for (size_t i = 0; i < files.size(); i++)
    entries.emplace_back(files[i].as_string(), call.string(done.at("contents").at(i).as_string()));
  return call.run.interpreter().make_map(std::move(entries));
}

groovy::Value unzip(StepCall& call) { return unpack_step(call, call.text("zipFile"), true); }
groovy::Value untar(StepCall& call) { return unpack_step(call, call.text("file"), false); }

}  // namespace

void add_archive_steps(StepRegistry& registry) {
  auto add = [&](std::string_view name, std::vector<std::string_view> parameters,
                 std::string_view sole, StepFunction function) {
    registry.add({.name = name,
                  .parameters = std::move(parameters),
                  .sole = sole,
                  .needs = Needs::node,
                  .function = function});
  };
  add("zip", {"zipFile", "dir", "glob", "exclude", "archive", "overwrite", "defaultExcludes"},
      "zipFile", zip);
  add("tar",
      {"file", "dir", "glob", "exclude", "archive", "overwrite", "defaultExcludes", "compress"},
      "file", tar);
  add("unzip", {"zipFile", "dir", "glob", "charset", "quiet", "read", "test"}, "zipFile", unzip);
  add("untar", {"file", "dir", "glob", "quiet", "test", "keepPermissions"}, "file", untar);
}

}  // namespace ks::engine
