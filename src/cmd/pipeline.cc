#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/follow/run_follower.h"
#include "cmd/pipelines/objects.h"
#include "cmd/view/style.h"
#include "cmd/view/table.h"
#include "engine/run_once.h"

namespace ks::cmd {
namespace {

constexpr size_t kMaxJenkinsfileBytes = 1u << 20;

struct Flags {
  std::string name, run, file, description, input, project;
  std::vector<std::string> parameters;
  bool follow = false, no_follow = false, replace = false, abort = false;
};

/// What every action gets: a server, and the pipeline that the command line names.
struct Call {
  Context& context;
  const Flags& flags;
  Connection& server;
  PipelineName pipeline;
  bool json() const { return context.output == "json"; }
};

Result<std::vector<std::pair<std::string, std::string>>> parameters_of(const Flags& flags) {
  std::vector<std::pair<std::string, std::string>> out;
  out.reserve(flags.parameters.size());
  for (const std::string& text : flags.parameters) {
    out.push_back(TRY(split_pair(text, "--param")));
  }
  return out;
}

json::object json_of(const RunRow& run) {
  auto time = [](const std::optional<WallTime>& at) {
    return at ? json::value(format_rfc3339(*at)) : json::value();
  };
  return {{"name", run.name},
          {"id", run.id},
          {"phase", run.phase},
          {"result", run.result},
          {"started", time(run.started)},
          {"ended", time(run.ended)}};
}

std::string age_of(const std::optional<WallTime>& since) {
  return since ? human_age(system_clock().now() - *since) : "-";
}

int exit_code_for(std::string_view result) {
  const std::optional<engine::BuildResult> known = engine::parse_result(result);
  return known ? engine::exit_code_of(*known) : 1;
}

/// Follows the run on stdout, in the way that suits it, and ends with the run's exit code.
Result<> follow(Call& call, const BuildRef& build) {
  std::unique_ptr<RunView> view = view_for(call.context);
  const jenkins::Run run = TRY(follow_run(*call.server.transport, build, *view));
  view->end();
  call.context.exit_code = exit_code_for(run.result);
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(json::object{{"pipeline", call.pipeline.text()},
                                                   {"id", run.id},
                                                   {"result", run.result},
                                                   {"durationMillis", run.duration_ms}}));
  } else if (call.context.out_is_terminal) {
    fmt::print("\n  {} {} in {}\n", build.job.full_name() + " #" + run.id,
               paint(run.result, ink_of(run.result), call.context.color),
               human_duration(std::chrono::milliseconds(run.duration_ms)));
  }
  return {};
}

Result<> create(Call& call) {
  std::string jenkinsfile = TRY(read_file(call.flags.file, kMaxJenkinsfileBytes));
  const bool made = TRY(ensure_project(*call.server.kube, call.pipeline.project));
  const json::value pipeline =
      TRY(put_pipeline(*call.server.kube, {.name = call.pipeline,
                                           .description = call.flags.description,
                                           .jenkinsfile = std::move(jenkinsfile),
                                           .replace = call.flags.replace}));
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(pipeline));
    return {};
  }
  if (made) fmt::print("created the project {}\n", call.pipeline.project);
  fmt::print("{} is ready; start it with `ks pipeline run {}`\n", call.pipeline.text(),
             call.pipeline.text());
  return {};
}

Result<> run(Call& call) {
  NewRun wanted{.pipeline = call.pipeline};
  wanted.parameters = TRY(parameters_of(call.flags));
  const json::value made = TRY(create_run(*call.server.kube, wanted));
  const std::string id = TRY(wait_for_build(*call.server.kube, made));
  if (!call.flags.no_follow) return follow(call, {.job = call.pipeline.job(), .id = id});
  if (call.json()) {
    fmt::print("{}\n",
               to_pretty_json(json::object{
                   {"pipeline", call.pipeline.text()}, {"name", kube::name_of(made)}, {"id", id}}));
  } else {
    fmt::print("started {} #{} ({}); follow it with `ks pipeline logs -f {}`\n",
               call.pipeline.text(), id, kube::name_of(made), call.pipeline.text());
  }
  return {};
}

Result<RunRow> begun_run(Call& call) {
  RunRow row = TRY(find_run(*call.server.kube, call.pipeline, call.flags.run));
  if (row.id.empty()) {
    return Error{
        Code::conflict,
        fmt::format("the run {} has not begun; see `kubectl describe pipelinerun -n {} {}`",
                    row.name, call.pipeline.project, row.name)};
  }
  return row;
}

Result<> logs(Call& call) {
  const RunRow row = TRY(begun_run(call));
  if (call.flags.follow) return follow(call, {.job = call.pipeline.job(), .id = row.id});
  std::unique_ptr<RunView> view = plain_view(1);
  uint64_t at = 0;
  while (true) {
    const jenkins::Client::LogPiece piece =
        TRY(call.server.jenkins->log(call.pipeline.job(), row.id, at));
    view->write(piece.text);
    if (piece.text.empty()) return {};
    at = piece.next;
  }
}

Result<> stop(Call& call) {
  const RunRow row = TRY(begun_run(call));
  if (row.finished()) {
    return Error{Code::conflict, fmt::format("run {} of {} has ended already: {}", row.id,
                                             call.pipeline.text(), row.result)};
  }
  TRY(call.server.jenkins->stop(call.pipeline.job(), row.id));
  if (!call.json()) fmt::print("stopping {} #{}\n", call.pipeline.text(), row.id);
  if (call.json()) fmt::print("{}\n", to_pretty_json(json_of(row)));
  return {};
}

struct Question {
  std::string id, step, message;
};

Result<Question> find_question(Call& call, const RunRow& row) {
  const std::vector<jenkins::Step> steps =
      TRY(call.server.jenkins->steps(call.pipeline.job(), row.id, ""));
  std::vector<Question> found;
  std::string names;
  for (const jenkins::Step& step : steps) {
    const std::string id(text_at(step.input, {"id"}));
    if (id.empty()) continue;
    names += (names.empty() ? "" : ", ") + id;
    if (!call.flags.input.empty() && id != call.flags.input) continue;
    found.push_back({id, step.id, std::string(text_at(step.input, {"message"}))});
  }
  if (found.size() == 1) return found.front();
  if (names.empty()) {
    return Error{Code::not_found,
                 fmt::format("run {} of {} waits for no answer", row.id, call.pipeline.text())};
  }
  if (found.empty()) {
    return Error{Code::not_found,
                 fmt::format("run {} of {} does not ask \"{}\"; it asks: {}", row.id,
                             call.pipeline.text(), call.flags.input, names)};
  }
  return Error{Code::invalid, fmt::format("run {} of {} waits for several answers; name one with "
                                          "--input: {}",
                                          row.id, call.pipeline.text(), names)};
}

Result<> approve(Call& call) {
  const RunRow row = TRY(begun_run(call));
  const Question question = TRY(find_question(call, row));
  jenkins::Client::InputAnswer answer{
      .id = question.id, .proceed = !call.flags.abort, .parameters = {}};
  for (auto& [name, value] : TRY(parameters_of(call.flags))) {
    answer.parameters.push_back({name, json::value(value)});
  }
  TRY(call.server.jenkins->answer(call.pipeline.job(), row.id, "", question.step, answer));
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(json::object{
                           {"id", row.id}, {"input", question.id}, {"proceed", answer.proceed}}));
  } else {
    fmt::print("{} {} #{}: {}\n", answer.proceed ? "approved" : "rejected", call.pipeline.text(),
               row.id, question.message);
  }
  return {};
}

Result<> history(Call& call) {
  const std::vector<RunRow> runs = TRY(runs_of(*call.server.kube, call.pipeline));
  if (call.json()) {
    json::array out;
    for (const RunRow& row : runs) out.push_back(json_of(row));
    fmt::print("{}\n", to_pretty_json(out));
    return {};
  }
  Table table({"RUN", "NAME", "RESULT", "DURATION", "AGE"});
  const WallTime now = system_clock().now();
  for (const RunRow& row : runs) {
    const std::string result = row.result.empty() ? row.phase : row.result;
    table.add({row.id.empty() ? "-" : "#" + row.id, row.name,
               paint(result.empty() ? "-" : result, ink_of(result), call.context.color),
               row.started ? human_duration(row.ended.value_or(now) - *row.started) : "-",
               age_of(row.created)});
  }
  fmt::print("{}", table.text());
  return {};
}

Result<> list(Call& call) {
  const kube::ObjectList found = TRY(call.server.kube->list(pipelines(), call.flags.project));
  json::array out;
  Table table({"PIPELINE", "LAST RUN", "RESULT", "AGE"});
  for (const json::value& pipeline : found.items) {
    const PipelineName name{std::string(kube::space_of(pipeline)),
                            std::string(kube::name_of(pipeline))};
    const std::vector<RunRow> runs = TRY(runs_of(*call.server.kube, name));
    const RunRow latest = runs.empty() ? RunRow{} : runs.front();
    const std::string result = latest.result.empty() ? latest.phase : latest.result;
    table.add({name.text(), latest.id.empty() ? "-" : "#" + latest.id,
               paint(result.empty() ? "-" : result, ink_of(result), call.context.color),
               age_of(kube::created_at(pipeline))});
    json::object one{{"name", name.text()}, {"runs", runs.size()}};
    if (!runs.empty()) one["latest"] = json_of(latest);
    out.push_back(std::move(one));
  }
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(out));
  } else if (found.items.empty()) {
    fmt::print(
        "there are no pipelines; make one with `ks pipeline create PROJECT/NAME -f "
        "Jenkinsfile`\n");
  } else {
    fmt::print("{}", table.text());
  }
  return {};
}

using Action = Result<> (*)(Call&);

void act(Context& context, const Flags& flags, Action action) {
  PipelineName name;
  if (!flags.name.empty()) {
    Result<PipelineName> parsed = parse_pipeline_name(flags.name);
    if (!parsed) return fail(context, parsed.error(), kUsageExit);
    name = std::move(*parsed);
  }
  Result<Connection> server = connect(context.kubeconfig);
  if (!server) return fail(context, server.error());
  Call call{context, flags, *server, std::move(name)};
  if (Result<> done = action(call); !done) fail(context, with_hint(done.error(), *server));
}

}  // namespace

void add_pipeline(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("pipeline", "the pipelines of a server and their runs");
  command->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  auto add = [&](const char* name, const char* help, const char* footer, Action action) {
    CLI::App* sub = command->add_subcommand(name, help);
    add_output(*sub, context);
    sub->add_option("--kubeconfig", context.kubeconfig,
                    "which server; default: $KUBECONFIG, else "
                    "that of `ks up`");
    sub->footer(std::string("\n") + footer);
    sub->callback([flags, action, &context] { act(context, *flags, action); });
    return sub;
  };
  auto named = [&](CLI::App* sub) {
    sub->add_option("PIPELINE", flags->name, "PROJECT/PIPELINE")->required();
    return sub;
  };
  auto of_run = [&](CLI::App* sub) {
    named(sub)->add_option("RUN", flags->run, "number or name of a run; default: the newest");
    return sub;
  };
  auto with_parameters = [&](CLI::App* sub, const char* help) {
    sub->add_option("--param", flags->parameters, help)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };

  CLI::App* sub =
      named(add("create", "make a pipeline from a Jenkinsfile, and its project if need be",
                "Examples:\n  ks pipeline create demo/web -f Jenkinsfile\n"
                "  ks pipeline create demo/web -f Jenkinsfile --replace\n",
                create));
  sub->add_option("-f,--file", flags->file, "the Jenkinsfile")
      ->required()
      ->check(CLI::ExistingFile);
  sub->add_option("--description", flags->description, "what it is for");
  sub->add_flag("--replace", flags->replace, "give an existing pipeline this Jenkinsfile");

  add("list", "all pipelines, with their latest run",
      "Examples:\n  ks pipeline list\n  ks pipeline list demo -o json\n", list)
      ->add_option("PROJECT", flags->project, "of this project only");

  sub = named(add("run", "start a run and follow it to its end",
                  "Exit code: 0 SUCCESS, 1 FAILURE, 2 UNSTABLE, 3 ABORTED, 4 NOT_BUILT, 64 usage.\n"
                  "\nExamples:\n  ks pipeline run demo/hello\n"
                  "  ks pipeline run demo/hello --param name=ada --param debug=true\n"
                  "  ks pipeline run demo/hello --no-follow -o json\n",
                  run));
  with_parameters(sub, "K=V, a parameter of the run");
  sub->add_flag("--no-follow", flags->no_follow, "return when the run has begun");

  of_run(add("logs", "the log of a run",
             "With -f the exit code is that of the run, as `ks pipeline run` has it.\n"
             "\nExamples:\n  ks pipeline logs demo/hello\n  ks pipeline logs -f demo/hello 12\n",
             logs))
      ->add_flag("-f,--follow", flags->follow, "go on as it grows, until the run ends");

  of_run(add("stop", "end a run early; it becomes ABORTED",
             "Examples:\n  ks pipeline stop demo/hello\n  ks pipeline stop demo/hello 12\n", stop));

  sub = of_run(add("approve", "answer the question that a run waits with",
                   "Examples:\n  ks pipeline approve demo/release\n"
                   "  ks pipeline approve demo/release 3 --param VERSION=1.2\n"
                   "  ks pipeline approve demo/release --abort\n",
                   approve));
  sub->add_option("--input", flags->input, "which question, when there are several");
  sub->add_flag("--abort", flags->abort, "the answer is no");
  with_parameters(sub, "K=V, a value that the question asks for");

  named(
      add("history", "the runs of a pipeline, newest first",
          "Examples:\n  ks pipeline history demo/hello\n  ks pipeline history demo/hello -o json\n",
          history));
  add_pipeline_import(*command, context);
  command->footer(
      "\nExamples:\n  ks pipeline list\n  ks pipeline run demo/hello --param name=ada\n");
}

}  // namespace ks::cmd
