// Runs each pipeline of the corpora once without interruption and once with kill -9 at a record of
// its journal, chosen by the seed, and then a second process that goes on: result, log, stages and
// kept files must be the same. Each record has two moments: before its write, when what it tells of
// was done and is not known to be, and after.
//
//   durability [--seed N] [--exhaustive] [--jobs N] --corpus DIR
//
// DIR holds declarative/ and scripted/. --exhaustive kills at every moment of every record.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "declarative_case.h"
#include "durability_job.h"
#include "durability_process.h"
#include "repositories.h"
#include "scripted_case.h"

namespace json = boost::json;
using namespace ks::conformance;

namespace {

constexpr std::chrono::seconds kPatience{60};

struct Case {
  std::string id;
  bool declarative = false;
  json::object one;
  std::optional<std::string> skipped = {};
};

struct Asked {
  Flags flags;
  uint64_t seed = 1;
  bool exhaustive = false;
  unsigned jobs = 4;  // most of them wait for commands and timers
  std::string tools;  // what install_tools() made
  // In the process of one run:
  std::string serve, folder, before, around;
  uint64_t number = 1;
  std::optional<size_t> kill;
};

/// One build of a case; what the one before it left.
struct Build {
  const Case& one;
  uint64_t number = 1;
  std::string before;  ///< its result
  std::string around;  ///< the folder of what the builds of the case have around them
  bool of_a_job = false;

  std::string pipeline() const { return around + "/pipeline"; }    ///< the repository
  std::string libraries() const { return around + "/libraries"; }  ///< a repository in each
  std::string checkouts() const { return around + "/checkouts.json"; }
  std::string data() const { return around + "/data"; }  ///< of a server
};

std::optional<std::vector<Case>> all_cases(const std::string& corpus) {
  std::vector<Case> cases;
  for (bool declarative : {true, false}) {
    const auto list = read_cases(
        "durability",
        corpus + (declarative ? "/declarative/expectations.json" : "/scripted/runs.json"));
    if (!list) return std::nullopt;
    for (const json::value& value : list->get_array()) {
      const json::object& one = value.as_object();
      if (declarative && one.at("kind").as_string() != "run") continue;
      cases.push_back({.id = std::string(one.at("id").as_string()),
                       .declarative = declarative,
                       .one = one,
                       .skipped = may_be_skipped(one)});
    }
  }
  return cases;
}

/// The same for the same seed and case, whatever else is run.
uint64_t draw(uint64_t seed, std::string_view id) {
  uint64_t hash = 0xcbf29ce484222325 ^ (seed * 0x9e3779b97f4a7c15);
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= hash >> 31;
  hash *= 0x94d049bb133111eb;
  return hash ^ (hash >> 29);
}

std::vector<std::string> command(const Asked& asked, const Build& build, const std::string& folder,
                                 std::optional<size_t> kill) {
  std::vector<std::string> argv = {"/proc/self/exe", "--corpus",  asked.flags.corpus,
                                   "--tools",        asked.tools, "--serve",
                                   build.one.id,     "--number",  std::to_string(build.number),
                                   "--folder",       folder,      "--around",
                                   build.around};
  if (!build.before.empty()) argv.insert(argv.end(), {"--before", build.before});
  if (kill) argv.insert(argv.end(), {"--kill", std::to_string(*kill)});
  return argv;
}

std::string wrong_end(Ending ending, const std::string& folder) {
  if (ending == Ending::hung) return fmt::format("did not end within {} s\n", kPatience.count());
  return "the process failed: " + read_text(folder + "/stderr") + "\n";
}

/// The server's folder as the builds before left it.
void copy_data(const Build& build, const std::string& folder) {
  if (build.of_a_job && ks::file_exists(build.data()))
    std::filesystem::copy(
        build.data(), folder + "/data",
        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
}

/// Runs without a kill of one build. Those after the first are made when a difference must be told
/// from what differs from run to run by itself: the size of an archive, which holds times.
class CalmRuns {
 public:
  CalmRuns(const Asked& asked, const Build& build) : asked_(asked), build_(build) {}

  /// What went wrong; empty when nothing did.
  std::string add(const std::string& folder) {
    copy_data(build_, folder);
    const Ending ending = run_to_its_end(command(asked_, build_, folder, {}), folder, kPatience);
    if (ending != Ending::finished) return "without a kill: " + wrong_end(ending, folder);
    traces_.push_back(traces_of(folder));
    return {};
  }
  const Traces& first() const { return traces_.front(); }

  std::string problem_of(const Traces& resumed) {
    std::string problem = difference_from(resumed);
    for (int more = 0; more < kMostMore && !problem.empty(); ++more) {
      if (traces_.size() <= static_cast<size_t>(more) + 1) {
        const ks::TempDir folder;
        if (std::string failed = add(folder.path()); !failed.empty()) return failed;
      }
      problem = difference_from(resumed);
    }
    return problem;
  }

 private:
  static constexpr int kMostMore = 8;
  std::string difference_from(const Traces& resumed) const {
    return difference(steady(traces_.front(), traces_), steady(resumed, traces_));
  }

  const Asked& asked_;
  const Build& build_;
  std::vector<Traces> traces_;
};

/// Kills once at this moment and goes on. Nothing when the run ended before it.
std::optional<std::string> kill_and_go_on(const Asked& asked, const Build& build, size_t moment,
                                          CalmRuns& calm) {
  const ks::TempDir folder;
  copy_data(build, folder.path());
  auto run = [&](std::optional<size_t> kill) {
    return run_to_its_end(command(asked, build, folder.path(), kill), folder.path(), kPatience);
  };
  const std::string what =
      fmt::format("killed {} record {}: ", moment % 2 == 1 ? "after" : "before", moment / 2 + 1);
  const Ending first = run(moment);
  if (first == Ending::finished) return std::nullopt;
  if (first != Ending::killed) return what + "before that it " + wrong_end(first, folder.path());
  const Ending second = run({});
  if (second != Ending::finished)
    return what + wrong_end(second, folder.path()) + read_text(folder / "log");
  const std::string problem = calm.problem_of(traces_of(folder.path()));
  return problem.empty() ? problem : what + problem;
}

/// Sets `result` to that of the build, and leaves what it left for the next one.
std::string build_problem(const Asked& asked, const Build& build, std::string& result) {
  const ks::TempDir folder;
  CalmRuns calm(asked, build);
  if (std::string failed = calm.add(folder.path()); !failed.empty()) return failed;
  const size_t moments = records_in(folder.path()) * 2;
  result = calm.first().result;
  struct Leave {
    const Build& build;
    const std::string& folder;
    ~Leave() {
      std::error_code none;
      std::filesystem::remove_all(build.data(), none);
      std::filesystem::rename(folder + "/data", build.data(), none);
      std::filesystem::copy(folder + "/checkouts.json", build.checkouts(),
                            std::filesystem::copy_options::overwrite_existing, none);
    }
  } leave{build, folder.path()};
  if (moments == 0 || result.empty()) return "it left no journal or no report\n";
  // Before its first record is written a server has no such run, and gives it another number.
  const size_t first = build.of_a_job ? 1 : 0;
  if (asked.exhaustive) {
    std::string problems;
    for (size_t moment = first; moment < moments; ++moment)
      problems += kill_and_go_on(asked, build, moment, calm).value_or("");
    return problems;
  }
  // Output comes in more or fewer pieces, so that a run may end before that moment: then an earlier
  // one.
  for (size_t moment = draw(asked.seed + build.number, build.one.id) % moments;; moment /= 2) {
    moment = std::max(moment, first);
    if (const auto problem = kill_and_go_on(asked, build, moment, calm)) return *problem;
    if (moment == first) return "was never killed\n";
  }
}

std::string problem_of(const Asked& asked, const Case& one) {
  const ks::TempDir around;
  const std::string root = asked.flags.corpus + "/declarative";
  std::string problem, result;
  const std::vector<json::object> builds =
      one.declarative ? builds_of(one.one) : std::vector<json::object>{one.one};
  for (uint64_t number = 1; number <= builds.size() && problem.empty(); ++number) {
    const Build build{.one = one,
                      .number = number,
                      .before = result,
                      .around = around.path(),
                      .of_a_job = one.declarative && is_of_a_job(one.one)};
    const json::object& wanted = builds[number - 1];
    if (one.declarative && wants_repository(one.one)) {
      const std::string script = declarative_options(one.one, wanted, root, asked.tools).script;
      make_repository(one.one, wanted, root, build.pipeline(), script);
    }
    if (one.declarative && number == 1) make_libraries(one.one, root, build.libraries());
    problem = build_problem(asked, build, result);
  }
  return problem;
}

/// Some cases at once, reported in their order.
int run_all(const Asked& asked, const std::vector<Case>& cases) {
  Tally tally("durability", asked.flags);
  std::vector<std::string> problems(cases.size());
  std::mutex mutex;
  size_t next = 0;
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < asked.jobs; ++i) {
      workers.emplace_back([&] {
        while (true) {
          size_t mine = 0;
          {
            std::lock_guard lock(mutex);
            while (next < cases.size() && (cases[next].skipped || !tally.wants(cases[next].id)))
              ++next;
            if (next == cases.size()) return;
            mine = next++;
          }
          problems[mine] = problem_of(asked, cases[mine]);
        }
      });
    }
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    if (!tally.wants(cases[i].id)) continue;
    if (cases[i].skipped) {
      tally.skip(cases[i].id, *cases[i].skipped);
    } else {
      tally.add(cases[i].id, problems[i]);
    }
  }
  return tally.finish();
}

int serve_case(const Asked& asked, const std::vector<Case>& cases) {
  const auto found = std::ranges::find(cases, asked.serve, &Case::id);
  if (found == cases.end()) {
    fmt::print(stderr, "durability: no case '{}'\n", asked.serve);
    return 64;
  }
  const auto kill = asked.kill ? std::optional(Kill::at(*asked.kill)) : std::nullopt;
  const Build around{.one = *found, .around = asked.around};
  ks::engine::OnceOptions options;
  if (found->declarative) {
    const std::string root = asked.flags.corpus + "/declarative";
    const json::object build = builds_of(found->one).at(asked.number - 1);
    if (is_of_a_job(found->one))
      return serve_job(found->one, build, asked.number, root, asked.tools, asked.folder, kill);
    options = declarative_options(found->one, build, root, asked.tools);
    if (wants_repository(found->one)) use_repository(around.pipeline(), options);
    use_libraries(found->one, around.libraries(), options);
    const auto checkouts = ks::parse_json(read_text(around.checkouts()));
    if (checkouts && checkouts->is_array()) options.earlier_checkouts = checkouts->get_array();
  } else {
    options = scripted_options(found->one);
  }
  options.number = asked.number;
  options.previous_result = ks::engine::parse_result(asked.before);
  return serve(std::move(options), asked.folder, kill);
}

/// Our own flags; the rest is everybody's.
std::optional<Asked> read_arguments(int argc, char** argv) {
  Asked asked;
  std::vector<char*> rest = {argv[0]};
  bool fine = true;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    const int64_t number = ks::parse_int(value).value_or(-1);
    if (arg == "--exhaustive") {
      asked.exhaustive = true;
      continue;
    }
    const std::pair<std::string_view, std::string*> words[] = {{"--serve", &asked.serve},
                                                               {"--folder", &asked.folder},
                                                               {"--tools", &asked.tools},
                                                               {"--before", &asked.before},
                                                               {"--around", &asked.around}};
    const auto* word = std::ranges::find(words, arg, [](const auto& pair) { return pair.first; });
    if (word != std::end(words)) {
      *word->second = value;
    } else if (arg == "--number") {
      asked.number = static_cast<uint64_t>(number);
      fine = fine && number > 0;
    } else if (arg == "--seed") {
      asked.seed = static_cast<uint64_t>(number);
      fine = fine && number >= 0;
    } else if (arg == "--kill") {
      asked.kill = static_cast<size_t>(number);
      fine = fine && number >= 0;
    } else if (arg == "--jobs") {
      asked.jobs = static_cast<unsigned>(number);
      fine = fine && number > 0 && number <= 64;
    } else {
      rest.push_back(argv[i]);
      continue;
    }
    ++i;
  }
  if (!fine) {
    fmt::print(stderr, "durability: --seed wants a number, --jobs one from 1 to 64\n");
    return std::nullopt;
  }
  const auto flags = read_flags("durability [--seed N] [--exhaustive] [--jobs N]",
                                static_cast<int>(rest.size()), rest.data());
  if (!flags) return std::nullopt;
  asked.flags = *flags;
  return asked;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<Asked> asked = read_arguments(argc, argv);
  if (!asked) return 64;
  const std::optional<std::vector<Case>> cases = all_cases(asked->flags.corpus);
  if (!cases) return 64;
  if (!asked->serve.empty()) return serve_case(*asked, *cases);
  const ks::TempDir tools;
  install_tools(tools.path());
  asked->tools = tools.path();
  return run_all(*asked, *cases);
}
