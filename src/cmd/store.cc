#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "store/maintenance.h"

namespace ks::cmd {
namespace {

struct Flags {
  std::string data_dir = default_data_dir();
  std::string file;
};

/// What was done, as a line for people or as an object for machines.
void tell(const Context& context, const std::string& line, json::object object) {
  if (context.output == "json") {
    fmt::print("{}\n", to_pretty_json(std::move(object)));
  } else {
    fmt::print("{}\n", line);
  }
}

void backup(Context& context, const Flags& flags) {
  if (Result<> done = store::backup_data(flags.data_dir, flags.file); !done) {
    return fail(context, done.error());
  }
  tell(context, fmt::format("backed up {} into {}", flags.data_dir, flags.file),
       {{"file", flags.file}});
}

void restore(Context& context, const Flags& flags) {
  const Result<std::string> kept = store::restore_data(flags.data_dir, flags.file);
  if (!kept) return fail(context, kept.error());
  std::string line = fmt::format("restored {} from {}", flags.data_dir, flags.file);
  if (!kept->empty()) line += fmt::format("; what was there is kept as {}", *kept);
  tell(context, line, {{"file", flags.file}, {"kept", *kept}});
}

void compact(Context& context, const Flags& flags) {
  const Result<store::Compaction> done = store::compact_data(flags.data_dir);
  if (!done) return fail(context, done.error());
  tell(context,
       fmt::format("dropped {} replaced versions: {} -> {}", done->versions,
                   human_size(done->bytes_before), human_size(done->bytes_after)),
       {{"versions", done->versions},
        {"bytesBefore", done->bytes_before},
        {"bytesAfter", done->bytes_after}});
}

void check(Context& context, const Flags& flags) {
  const std::string what = flags.file.empty() ? flags.data_dir : flags.file;
  const Result<store::Checkup> found = store::check_data(what);
  if (!found) return fail(context, found.error());
  std::string text =
      fmt::format("{}: {} objects in {} versions up to revision {}, {}", what, found->objects,
                  found->versions, found->revision, human_size(found->bytes));
  json::array faults;
  for (const std::string& fault : found->faults) {
    text += "\n  " + fault;
    faults.emplace_back(fault);
  }
  text += found->faults.empty() ? "\nall is well"
                                : "\nsomething is wrong; `ks store restore` takes back a backup";
  tell(context, text,
       {{"objects", found->objects},
        {"versions", found->versions},
        {"revision", found->revision},
        {"bytes", found->bytes},
        {"faults", std::move(faults)}});
  if (!found->faults.empty()) context.exit_code = 1;
}

}  // namespace

void add_store(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("store", "care of the data: back up, restore, check");
  command->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  enum class File : uint8_t { none, optional, required };
  auto add = [&](const char* name, const char* help, const char* footer, File file,
                 void (*act)(Context&, const Flags&)) {
    CLI::App* sub = command->add_subcommand(name, help);
    if (file != File::none) {
      sub->add_option("FILE", flags->file, "the backup")->required(file == File::required);
    }
    sub->add_option("--data-dir", flags->data_dir, "the folder of the server")
        ->capture_default_str();
    add_output(*sub, context);
    sub->footer(footer);
    sub->callback([flags, act, &context] { act(context, *flags); });
  };
  add("backup", "write a consistent copy into a new file; the server may run",
      "\nExample:\n  ks store backup ks-$(date +%F).db\n", File::required, backup);
  add("restore", "put a backup in the place of the data; the server must not run",
      "\nThe backup is checked first; what was there is kept beside it.\n"
      "\nExample:\n  ks down && ks store restore ks-2026-01-02.db && ks up\n",
      File::required, restore);
  add("compact", "drop all history and give the space back; the server must not run",
      "\nExample:\n  ks store compact\n", File::none, compact);
  add("check", "read everything and say what is wrong; the server may run",
      "\nExit code: 0 all is well, 1 something is wrong.\n"
      "\nExamples:\n  ks store check\n  ks store check ks-2026-01-02.db\n",
      File::optional, check);
  command->footer("\nExamples:\n  ks store backup ks.db\n  ks store check\n");
}

}  // namespace ks::cmd
