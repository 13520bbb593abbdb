#include "engine/files.h"
#include "engine/charset.h"
#include "engine/fence.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "engine/node.h"
#include "engine/values.h"

// readFile, writeFile, fileExists, deleteDir, pwd, stash, unstash.

namespace ks::engine {
namespace {

/// An encoding that there is; Java's exception when not.
std::string encoding_of(StepCall& call) {
  std::string charset = call.text("encoding");
  if (charset != "Base64" && !encode_text("", charset)) {
    throw_java(call, "java.nio.charset.UnsupportedCharsetException",
               "java.lang.IllegalArgumentException", charset);
  }
  return charset;
}

groovy::Value read_file_step(StepCall& call) {
  const std::string path = resolve(call, call.text("file")), charset = encoding_of(call);
  const json::value text = outside(call, "read", [&]() -> Result<json::value> {
    const std::string bytes = TRY(fence_of(call, path).read(path, call.run.limits().string_bytes));
    return json::value(json::string(charset == "Base64" ? base64_encode(bytes)
                                                        : TRY(decode_text(bytes, charset))));
  });
  return call.string(text.as_string());
}

groovy::Value write_file(StepCall& call) {
  if (!call.has("file") || !call.has("text")) call.fail("writeFile needs both file and text");
  const std::string path = resolve(call, call.text("file")), text = call.text("text"),
                    charset = encoding_of(call);
  if (charset != "Base64") {
    write_text(call, path, text, charset);
    return {};
  }
  outside(call, "write", [&]() -> Result<json::value> {
    TRY(fence_of(call, path).write(path, TRY(base64_decode(text))));
    return json::value(nullptr);
  });
  return {};
}

groovy::Value file_exists_step(StepCall& call) {
  const std::string name = call.text("file");
  if (name.empty()) {
    call.run.print_line(
        "The fileExists step was called with a null or empty string, so the current directory will "
        "be checked instead.");
  }
  const std::string path = resolve(call, name);
  return groovy::Value::of_bool(is_there(call, path));
}

groovy::Value delete_dir(StepCall& call) {
  const std::string path = call.directory();
  outside(call, "delete", [&]() -> Result<json::value> {
    TRY(remove_tree(path));
    return json::value(nullptr);
  });
  return {};
}

groovy::Value pwd(StepCall& call) {
  return call.string(call.flag("tmp") ? call.context()->workspace->path() + "@tmp"
                                      : call.directory());
}

std::string stash_folder(StepCall& call, const std::string& name) {
  // The name is that of a folder.
  constexpr std::string_view kUnsafe = "?*/\\%!@#$^&|<>[]:;";
  const bool control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (trim(name).empty() || name == "." || name == ".." || control || name.size() > 200 ||
      name.find_first_of(kUnsafe) != name.npos) {
    call.fail(fmt::format("‘{}’ is no name for a stash: letters, digits, blanks, '.', '-' and '_'",
                          name.substr(0, 200)));
  }
  return call.run.files().artifacts + "/stash/" + percent_encode(name);
}

groovy::Value stash(StepCall& call) {
  const std::string name = call.text("name"), includes = call.text("includes", "**");
  const std::string folder = call.directory(), target = stash_folder(call, name);
  const json::value count = outside(call, "stash", [&]() -> Result<json::value> {
    TRY(remove_tree(target));
    const auto files = TRY(
        find_files(folder, includes, call.text("excludes"), call.flag("useDefaultExcludes", true)));
    TRY(make_dirs(target));
    for (const std::string& file : files) TRY(copy_file(folder, file, target));
    return json::value(files.size());
  });
  const auto files = count.to_number<size_t>();
  if (files == 0 && !call.flag("allowEmpty"))
    call.fail(fmt::format("No files included in stash ‘{}’", name));
  call.run.print_line(fmt::format("Stashed {} file(s)", files));
  return {};
}

groovy::Value unstash(StepCall& call) {
  const std::string name = call.text("name"), source = stash_folder(call, name),
                    folder = call.directory();
  const json::value found = outside(call, "unstash", [&]() -> Result<json::value> {
    if (!file_exists(source)) return json::value(false);
    for (const std::string& file : TRY(find_files(source, "**", "", false)))
      TRY(copy_file(source, file, folder));
    return json::value(true);
  });
  if (!found.as_bool()) call.fail(fmt::format("No such saved stash ‘{}’", name));
  return {};
}

}  // namespace

void add_file_steps(StepRegistry& registry) {
  auto add = [&](std::string_view name, std::vector<std::string_view> parameters,
                 std::string_view sole, StepFunction function) {
    registry.add({.name = name,
                  .parameters = std::move(parameters),
                  .sole = sole,
                  .needs = Needs::node,
                  .function = function});
  };
  add("readFile", {"file", "encoding"}, "file", read_file_step);
  add("writeFile", {"file", "text", "encoding"}, "", write_file);
  add("fileExists", {"file"}, "file", file_exists_step);
  add("deleteDir", {}, "", delete_dir);
  add("pwd", {"tmp"}, "", pwd);
  add("stash", {"name", "includes", "excludes", "useDefaultExcludes", "allowEmpty"}, "name", stash);
  add("unstash", {"name"}, "name", unstash);
}

}  // namespace ks::engine
