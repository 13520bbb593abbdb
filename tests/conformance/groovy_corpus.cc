// Runs every script below a folder, each on an interpreter of its own, and holds its output against
// the NAME.out beside it.
//
//   groovy_corpus --corpus DIR

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "groovy/interpreter.h"
#include "groovy/run_file.h"
#include "tally.h"

namespace {

namespace fs = std::filesystem;
using namespace ks::groovy;
using ks::conformance::read_text;

constexpr auto kTimePerScript = std::chrono::seconds(10);

/// The surroundings of `ks groovy`, but that output is kept and time is bounded.
class CorpusHost : public PlainHost {
 public:
  CorpusHost() : PlainHost(1) {}
  std::string output;

  void print(Task&, std::string_view text) override { output += text; }
  void checkpoint(Task& task) override {
    if (std::chrono::steady_clock::now() - began_ > kTimePerScript) {
      task.interpreter().raise(task, "java.lang.IllegalStateException",
                               "the script takes too long");
    }
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// Nothing when all is as it should be.
std::optional<std::string> run(const fs::path& path) {
  std::string source = read_text(path.string());
  std::string name = path.stem().string();
  Compiled compiled = compile(source, {.script_name = name});
  if (!compiled) return format_errors(source, name, compiled.errors);
  CorpusHost host;
  Interpreter interpreter(host, {.fuel = 200'000'000});
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  if (outcome.failure) return outcome.failure->with_trace();
  fs::path expected = fs::path(path).replace_extension(".out");
  if (fs::exists(expected) && read_text(expected.string()) != host.output) {
    return fmt::format("output differs:\n--- expected\n{}--- got\n{}", read_text(expected.string()),
                       host.output);
  }
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = ks::conformance::read_flags("groovy_corpus", argc, argv);
  if (!flags) return 64;
  if (!fs::is_directory(flags->corpus)) {
    fmt::print(stderr, "groovy_corpus: {} is no folder\n", flags->corpus);
    return 64;
  }
  std::vector<fs::path> scripts;
  for (const auto& entry : fs::recursive_directory_iterator(flags->corpus)) {
    if (entry.is_regular_file() && entry.path().extension() == ".groovy")
      scripts.push_back(entry.path());
  }
  std::ranges::sort(scripts);
  ks::conformance::Tally tally("groovy_corpus", *flags);
  std::map<std::string, size_t> folders;
  for (const fs::path& path : scripts) {
    const std::string id = fs::relative(path, flags->corpus).string();
    if (!tally.wants(id)) continue;
    const auto problem = run(path);
    tally.add(id, problem.value_or(""));
    if (!problem) ++folders[path.parent_path().filename().string()];
  }
  for (const auto& [name, passed] : folders)
    tally.note(fmt::format("{:12} {} passed", name, passed));
  return tally.finish();
}
