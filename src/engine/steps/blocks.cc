#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "engine/fence.h"
#include "engine/interruption.h"
#include "engine/node.h"
#include "engine/run_command.h"
#include "engine/secret_files.h"
#include "engine/step.h"

// stage, node, ws, dir, withEnv, parallel, script.

namespace ks::engine {
namespace {

groovy::Value stage(StepCall& call) {
  const std::string name = call.text("name");
  Run& run = call.run;
  if (name.empty()) run.raise(call.task, "java.lang.IllegalArgumentException", "must specify name");
  run.print_line("[Pipeline] stage");
  if (!call.has_body()) {
    run.print_line("Using the ‘stage’ step without a block argument is deprecated");
    return {};
  }
  const uint32_t id = run.begin_node(call.task, NodeKind::stage, name, {});
  auto inner = std::make_shared<StepContext>(*run.context(call.task));
  inner->outer = run.context(call.task);
  inner->env = {{"STAGE_NAME", name}};
  inner->node_id = inner->stage_id = id;
  inner->stage_name = name;
  run.print_line(fmt::format("[Pipeline] {{ ({})", name));
  auto leave = [&](BuildResult result, std::string error) {
    run.print_line("[Pipeline] }");
    run.print_line("[Pipeline] // stage");
    run.end_node(id, result, std::move(error));
  };
  try {
    groovy::Value value = call.call_body_in(std::move(inner));
    leave(BuildResult::success, {});
    return value;
  } catch (const groovy::Thrown& thrown) {
    const groovy::Failure failure = run.interpreter().describe(call.task, thrown);
    leave(result_of(call.task, thrown), failure.message.value_or(failure.class_name));
    throw;
  }
}

/// Gives the executor back, also when the body throws; not when the run is only put aside for a
/// restart.
class HeldNode {
 public:
  HeldNode(Run& run, std::string key) : run_(run), key_(std::move(key)) {}
  ~HeldNode() { run_.services().node->release(key_); }
  HeldNode(const HeldNode&) = delete;
  HeldNode& operator=(const HeldNode&) = delete;

 private:
  Run& run_;
  std::string key_;
};

std::shared_ptr<Workspace> lease_node(StepCall& call, const std::string& label,
                                      const std::string& key, uint64_t id) {
  Run& run = call.run;
  auto leased = std::make_shared<std::shared_ptr<Workspace>>();
  auto ask = [&run, leased, key, label, id] {
    auto granted = [&run, leased, id](Node::Lease lease) {
      *leased = lease.workspace;
      run.complete(id, lease.workspace ? json::value{{"path", lease.workspace->path()},
                                                     {"node", lease.workspace->node_name()},
                                                     {"executor", lease.workspace->executor()}}
                                       : json::value{{"error", lease.error}});
    };
    auto waiting = [&run, id](const std::string& reason) {
      // After a restart the log may have it already.
      if (run.logged_offset(id) == 0)
        run.output(id, "Still waiting to schedule task\n" + reason + "\n", 1, {});
    };
    run.services().node->lease(key, label, run.spec().job, granted, waiting);
  };
  const json::value granted =
      run.await(call.task, {.what = "node",
                            .start = [ask](bool) { ask(); },
                            .interrupt = [&run, key] { run.services().node->cancel(key); }});
  if (const json::value* error = granted.as_object().if_contains("error"))
    call.fail(error->as_string());
  if (*leased == nullptr) {
    // The journal says that it was granted.
    Node::Lease again = run.services().node->regain(
        key, {.path = std::string(text_at(granted, {"path"})),
              .node = std::string(text_at(granted, {"node"})),
              .executor = static_cast<int>(int_at(granted, {"executor"}))});
    if (again.workspace == nullptr) raise_agent_offline(run, call.task, again.error);
    *leased = again.workspace;
  } else if (!run.replaying()) {
    remove_stale_secret_files((*leased)->path());
  }
  return *leased;
}

groovy::Value node(StepCall& call) {
  Run& run = call.run;
  const std::string label = call.text("label");
  const uint64_t id = run.next_await();
  const std::string key = fmt::format("{}#{}-{}", run.spec().job, run.spec().number, id);
  const std::shared_ptr<Workspace> workspace = lease_node(call, label, key, id);
  HeldNode held(run, key);
  run.print_line(fmt::format("Running on {} in {}", workspace->node_name(), workspace->path()));
  return call.call_body([&](StepContext& inner) {
    inner.workspace = workspace;
    inner.directory = workspace->path();
    inner.env = workspace->env();
    inner.env.insert(inner.env.end(), {{"NODE_NAME", workspace->node_name()},
                                       {"NODE_LABELS", workspace->labels()},
                                       {"EXECUTOR_NUMBER", std::to_string(workspace->executor())},
                                       {"WORKSPACE", workspace->path()},
                                       {"WORKSPACE_TMP", workspace->path() + "@tmp"}});
  });
}

std::string below(const std::string& folder, const std::string& path) {
  if (path.empty() || path == ".") return folder;
  return path.starts_with('/') ? path : folder + "/" + path;
}

groovy::Value dir(StepCall& call) {
  const std::string path = below(call.directory(), call.text("path"));
  call.run.print_line("Running in " + path);
  return call.call_body([&](StepContext& inner) { inner.directory = path; });
}

/// Another workspace: while a block has the folder, another one gets `@2` beside it.
class TakenFolder {
 public:
  TakenFolder(StepCall& call, const std::string& wanted) : node_(*call.run.services().node) {
    bool taken = false;
    path_ = call.run
                .draw(call.task, "a workspace",
                      [&] {
                        taken = true;
                        return json::value(json::string(node_.take_folder(wanted)));
                      })
                .as_string();
    if (!taken) node_.retake_folder(path_);
  }
  ~TakenFolder() { node_.give_back_folder(path_); }
  TakenFolder(const TakenFolder&) = delete;
  TakenFolder& operator=(const TakenFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  Node& node_;
  std::string path_;
};

groovy::Value ws(StepCall& call) {
  const TakenFolder folder(call, plain_path(below(call.directory(), call.text("dir"))));
  const std::string& path = folder.path();
  call.run.print_line("Running in " + path);
  return call.call_body([&](StepContext& inner) {
    inner.directory = path;
    inner.env = {{"WORKSPACE", path}, {"WORKSPACE_TMP", path + "@tmp"}};
  });
}

groovy::Value with_env(StepCall& call) {
  std::vector<std::pair<std::string, std::string>> overrides;
  for (const groovy::Value& item : groovy::list_items(call.task, call.value("overrides"))) {
    const std::string pair = call.run.interpreter().to_string(call.task, item);
    const size_t equals = pair.find('=');
    if (equals == pair.npos || equals == 0) {
      call.run.raise(call.task, "java.lang.IllegalArgumentException",
                     fmt::format("'{}' is not of the form NAME=value", pair));
    }
    overrides.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return call.call_body([&](StepContext& inner) { inner.env = std::move(overrides); });
}

groovy::Value script(StepCall& call) { return call.call_body(); }

/// One branch: its lines, its place in the tree, its own context.
groovy::Value run_branch(Run& run, groovy::Task& own, uint32_t block, const std::string& name,
                         const std::function<groovy::Value(groovy::Task&)>& body) {
  auto inner = std::make_shared<StepContext>(*run.context(own));
  inner->outer = run.context(own);
  inner->env.clear();
  inner->in_parallel = true;
  inner->node_id = block;
  Run::strand(own).context = inner;
  const uint32_t id = run.begin_node(own, NodeKind::branch, name, {});
  run.print_line(fmt::format("[Pipeline] {{ (Branch: {})", name));
  auto scoped = std::make_shared<StepContext>(*inner);
  scoped->outer = inner;
  scoped->node_id = scoped->stage_id = id;
  try {
    groovy::Value result = run.call_in(own, std::move(scoped), [&] { return body(own); });
    run.print_line("[Pipeline] }");
    run.end_node(id, BuildResult::success);
    return result;
  } catch (const groovy::Thrown& thrown) {
    run.print_line("[Pipeline] }");
    run.print_line("Failed in branch " + name);
    const groovy::Failure failure = run.interpreter().describe(own, thrown);
    run.end_node(id, result_of(own, thrown), failure.message.value_or(failure.class_name));
    throw;
  }
}

groovy::Value parallel(StepCall& call) {
  Run& run = call.run;
  groovy::Task& task = call.task;
  std::vector<Run::Branch> branches;
  bool fail_fast = false;
  for (const auto& [name, value] : groovy::map_entries(task, call.value("branches"))) {
    if (name == "failFast" && !groovy::is_closure(value)) {
      fail_fast = run.interpreter().truth(task, value);
      continue;
    }
    if (!groovy::is_closure(value)) {
      run.raise(task, "java.lang.IllegalArgumentException",
                fmt::format("Expected a closure or failFast but found {}={}", name,
                            run.interpreter().to_string(task, value)));
    }
    branches.push_back({name, [&run, body = value](groovy::Task& own) {
                          return run.interpreter().call(own, body);
                        }});
  }
  return run_branches(run, task, call.node, std::move(branches), fail_fast);
}

}  // namespace

groovy::Value run_branches(Run& run, groovy::Task& task, uint32_t block,
                           std::vector<Run::Branch> branches, bool fail_fast) {
  std::vector<std::string> names;
  for (Run::Branch& branch : branches) {
    names.push_back(branch.name);
    branch.body = [&run, block, name = branch.name, body = std::move(branch.body)](
                      groovy::Task& own) { return run_branch(run, own, block, name, body); };
  }
  const std::vector<Run::BranchOutcome> outcomes =
      run.parallel(task, std::move(branches), fail_fast);
  run.print_line("[Pipeline] // parallel");
  const Run::BranchOutcome* first = nullptr;
  std::vector<std::pair<std::string, groovy::Value>> values;
  for (size_t i = 0; i < outcomes.size(); i++) {
    values.emplace_back(names[i], outcomes[i].value);
    if (outcomes[i].exception && (first == nullptr || outcomes[i].order < first->order))
      first = &outcomes[i];
  }
  if (first != nullptr) {
    for (const Run::BranchOutcome& outcome : outcomes) {
      if (outcome.exception && &outcome != first)
        run.interpreter().add_suppressed(*first->exception, *outcome.exception);
    }
    throw groovy::Thrown(*first->exception);
  }
  return run.interpreter().make_map(std::move(values));
}

BuildResult result_of(groovy::Task& task, const groovy::Thrown& thrown) {
  groovy::Interpreter& interpreter = task.interpreter();
  if (!is_interruption(interpreter.describe(task, thrown))) return BuildResult::failure;
  const auto result = interpreter.exception_property(thrown.exception, "result");
  return result ? parse_result(interpreter.to_string(task, *result)).value_or(BuildResult::aborted)
                : BuildResult::aborted;
}

void add_block_steps(StepRegistry& registry) {
  registry.add({.name = "stage",
                .parameters = {"name", "concurrency"},
                .sole = "name",
                .block = true,
                .function = stage,
                .quiet = true});
  registry.add(
      {.name = "node", .parameters = {"label"}, .sole = "label", .block = true, .function = node});
  registry.add({.name = "dir",
                .parameters = {"path"},
                .sole = "path",
                .block = true,
                .needs = Needs::node,
                .function = dir});
  registry.add({.name = "ws",
                .parameters = {"dir"},
                .sole = "dir",
                .block = true,
                .needs = Needs::node,
                .function = ws});
  registry.add({.name = "withEnv",
                .parameters = {"overrides"},
                .sole = "overrides",
                .block = true,
                .function = with_env});
  registry.add({.name = "script", .parameters = {}, .sole = {}, .block = true, .function = script});
  registry.add(
      {.name = "parallel", .parameters = {"branches"}, .sole = "branches", .function = parallel});
}

}  // namespace ks::engine
