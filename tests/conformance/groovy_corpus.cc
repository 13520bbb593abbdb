// Runs every script below the folders given, each on an interpreter of its own, and holds its
// output against the NAME.out beside it. `--parse` only parses: then any text will do (Jenkinsfiles
// too), and the slowest parse is shown.
//
//   groovy_corpus [--parse] [--verbose] [--only TEXT] DIR...

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
#include "groovy/parser.h"
#include "tally.h"

namespace {

namespace fs = std::filesystem;
using namespace ks::groovy;
using ks::conformance::read_text;

constexpr auto kTimePerScript = std::chrono::seconds(10);

/// The surroundings of a plain script: output is kept, time and chance are real.
class CorpusHost : public Host {
 public:
  std::string output;

  std::optional<Value> call_step(Task&, std::string_view, Args) override { return std::nullopt; }
  std::optional<Value> global(Task&, std::string_view) override { return std::nullopt; }
  void print(Task&, std::string_view text) override { output += text; }
  int64_t now_millis(Task&) override {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               system_clock::now().time_since_epoch())
        .count();
  }
  int64_t nano_time(Task&) override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
  uint64_t random_bits(Task&) override {
    return random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  }
  void checkpoint(Task& task) override {
    if (std::chrono::steady_clock::now() - began_ > kTimePerScript) {
      task.interpreter().raise(task, "java.lang.IllegalStateException",
                               "the script takes too long");
    }
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  uint64_t random_ = 42;
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

struct Slowest {
  double millis = 0;
  std::string path;
};

std::optional<std::string> parse_only(const fs::path& path, Slowest& slowest) {
  std::string source = read_text(path.string());
  auto start = std::chrono::steady_clock::now();
  Parsed parsed = parse(source);
  double millis =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (millis > slowest.millis) slowest = {millis, path.string()};
  if (parsed) return std::nullopt;
  return format_errors(source, path.stem().string(), parsed.errors);
}

}  // namespace

int main(int argc, char** argv) {
  bool only_parse = false;
  bool verbose = false;
  std::string only;
  std::vector<fs::path> roots;
  for (int i = 1; i < argc; ++i) {
    std::string_view arg = argv[i];
    if (arg == "--parse") {
      only_parse = true;
    } else if (arg == "--verbose") {
      verbose = true;
    } else if (arg == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      roots.emplace_back(arg);
    }
  }
  if (roots.empty()) {
    fmt::print(stderr, "usage: groovy_corpus [--parse] [--verbose] [--only TEXT] DIR...\n");
    return 64;
  }
  std::vector<fs::path> scripts;
  for (const fs::path& root : roots) {
    if (!fs::is_directory(root)) {
      fmt::print(stderr, "groovy_corpus: {} is no folder\n", root.string());
      return 64;
    }
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      std::string extension = entry.path().extension().string();
      bool script = extension == ".groovy" || (only_parse && extension == ".Jenkinsfile");
      if (entry.is_regular_file() && script && entry.path().string().contains(only))
        scripts.push_back(entry.path());
    }
  }
  std::ranges::sort(scripts);
  std::map<std::string, size_t> folders;
  ks::conformance::Tally tally("groovy_corpus");
  Slowest slowest;
  for (const fs::path& path : scripts) {
    if (verbose) fmt::print("{}\n", path.string());
    const std::string folder = path.parent_path().filename().string();
    const auto problem = only_parse ? parse_only(path, slowest) : run(path);
    tally.add(folder + "/" + path.filename().string(), problem.value_or(""));
    if (!problem) ++folders[folder];
  }
  for (const auto& [name, passed] : folders) fmt::print("{:12} {} passed\n", name, passed);
  if (only_parse) fmt::print("slowest parse: {:.2f} ms, {}\n", slowest.millis, slowest.path);
  return tally.finish(only.empty() && !only_parse);
}
