#include "engine/local_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "base/file.h"
#include "base/text.h"
#include "engine/agent.h"
#include "engine/commands.h"
#include "engine/forgotten.h"
#include "engine/label.h"

namespace ks::engine {
namespace {

class LocalWorkspace final : public Workspace {
 public:
  LocalWorkspace(CommandRunner& commands, Forgotten& forgotten, std::string path, std::string node,
                 std::string labels, int executor,
                 std::vector<std::pair<std::string, std::string>> env)
      : commands_(commands),
        forgotten_(forgotten),
        path_(std::move(path)),
        node_(std::move(node)),
        labels_(std::move(labels)),
        executor_(executor),
        env_(std::move(env)) {}

  const std::string& path() const override { return path_; }
  const std::string& node_name() const override { return node_; }
  const std::string& labels() const override { return labels_; }
  int executor() const override { return executor_; }
  const std::vector<std::pair<std::string, std::string>>& env() const override { return env_; }

  void run(Command command, uint64_t offset, CommandEvents events) override {
    std::vector<std::pair<std::string, std::string>> env = env_;
    for (auto& [name, value] : command.env) {
      std::erase_if(env, [&](const auto& pair) { return pair.first == name; });
      env.emplace_back(name, std::move(value));
    }
    command.env = std::move(env);
    commands_.run(std::move(command), offset, std::move(events));
  }
  void kill(const std::string& key) override { commands_.kill(key); }
  void forget(const std::string& key) override { forgotten_.add(files_of_command(key)); }

 private:
  CommandRunner& commands_;
  Forgotten& forgotten_;
  std::string path_, node_, labels_;
  int executor_;
  std::vector<std::pair<std::string, std::string>> env_;
};

class LocalNode final : public Node {
 public:
  LocalNode(LocalNodeOptions options, std::unique_ptr<CommandRunner> commands)
      : options_(std::move(options)),
        commands_(std::move(commands)),
        forgotten_(options_.root + "/commands") {
    for (const auto& machine : options_.machines)
      busy_.emplace_back(static_cast<size_t>(machine.executors), false);
  }

  void lease(const std::string& key, const std::string& label, const std::string& job,
             std::function<void(Lease)> granted,
             std::function<void(std::string)> waiting) override {
    Asked asked{key, label, job, std::move(granted)};
    const Result<LabelExpression> expression = LabelExpression::parse(label);
    if (!expression) {
      asked.granted({nullptr, expression.error().message});
      return;
    }
    asked.expression = *expression;
    asked.waiting = std::move(waiting);
    std::string reason;
    Lease lease;
    bool told_later = false;
    {
      std::lock_guard lock(mutex_);
      told_later = holding_;
      if (!holding_) lease = try_grant(asked, reason);
      if (lease.workspace == nullptr) queue_.push_back(asked);
    }
    if (lease.workspace != nullptr) {
      asked.granted(std::move(lease));
    } else if (!told_later) {
      asked.waiting(std::move(reason));
    }
  }

  void hold_back(bool hold) override {
    std::vector<std::pair<std::function<void(std::string)>, std::string>> waits;
    Grants grants;
    {
      std::lock_guard lock(mutex_);
      holding_ = hold;
      grants = grant_queue();
      for (const Asked& asked : queue_) {
        std::string reason;
        if (!hold && asked.waiting) {
          (void)try_grant(asked, reason);
          waits.emplace_back(asked.waiting, reason);
        }
      }
    }
    for (auto& [waiting, reason] : waits) waiting(std::move(reason));
    for (auto& [granted, lease] : grants) granted(std::move(lease));
  }

  Lease regain(const std::string& key, const Held& before) override {
    std::lock_guard lock(mutex_);
    const auto machine =
        std::ranges::find(options_.machines, before.node, &LocalNodeOptions::Machine::name);
    if (machine == options_.machines.end() || before.executor < 0) {
      return {nullptr, fmt::format("the node ‘{}’ that the run had before the restart is gone",
                                   before.node)};
    }
    if (Result<> made = make_dirs(before.path); !made) return {nullptr, made.error().message};
    const auto m = static_cast<size_t>(machine - options_.machines.begin());
    // The one that it had: a script may have read its number. When another run took it meanwhile
    // both have it.
    const auto executor = static_cast<size_t>(before.executor);
    if (executor >= busy_[m].size()) busy_[m].resize(executor + 1, false);
    busy_[m][executor] = true;
    used_paths_[before.path] = true;
    held_[key] = {m, executor, before.path};
    return {workspace(*machine, before.path, executor), {}};
  }

  std::vector<std::string> names(const std::string& label) const override {
    std::vector<std::string> found;
    const Result<LabelExpression> expression = LabelExpression::parse(label);
    for (const auto& machine : options_.machines) {
      if (expression && expression->matches(machine.name, machine.labels))
        found.push_back(machine.name);
    }
    return found;
  }

  std::vector<Use> use() const override {
    std::lock_guard lock(mutex_);
    std::vector<Use> out;
    for (size_t m = 0; m < options_.machines.size(); m++) {
      const LocalNodeOptions::Machine& machine = options_.machines[m];
      out.push_back({.name = machine.name,
                     .labels = machine.labels,
                     .executors = static_cast<size_t>(machine.executors),
                     .busy = static_cast<size_t>(std::ranges::count(busy_[m], true))});
    }
    return out;
  }

  void cancel(const std::string& key) override {
    std::function<void(Lease)> granted;
    {
      std::lock_guard lock(mutex_);
      const auto found = std::ranges::find(queue_, key, &Asked::key);
      if (found == queue_.end()) return;
      granted = std::move(found->granted);
      queue_.erase(found);
    }
    granted({nullptr, "cancelled"});
  }

  std::string take_folder(const std::string& path) override {
    std::lock_guard lock(mutex_);
    std::string taken = free_path(path);
    used_paths_[taken] = true;
    return taken;
  }

  void retake_folder(const std::string& path) override {
    std::lock_guard lock(mutex_);
    used_paths_[path] = true;
  }

  void give_back_folder(const std::string& path) override {
    std::lock_guard lock(mutex_);
    used_paths_.erase(path);
  }

  std::shared_ptr<Workspace> own_folder(const std::string& name) override {
    return std::make_shared<LocalWorkspace>(*commands_, forgotten_, options_.root + "/scm/" + name,
                                            "built-in", "", -1,
                                            std::vector<std::pair<std::string, std::string>>());
  }

  void release(const std::string& key) override {
    Grants grants;
    {
      std::lock_guard lock(mutex_);
      const auto held = held_.find(key);
      if (held == held_.end()) return;
      const Lent mine = held->second;
      const bool shared =
          std::ranges::count_if(held_, [&](const auto& other) {
            return other.second.machine == mine.machine && other.second.executor == mine.executor;
          }) > 1;
      std::vector<bool>& executors = busy_[mine.machine];
      executors[mine.executor] = shared;
      // Those beyond the machine's own were only lent to runs from before a restart.
      const auto own = static_cast<size_t>(options_.machines[held->second.machine].executors);
      while (executors.size() > own && !executors.back()) executors.pop_back();
      used_paths_[held->second.path] = false;
      held_.erase(held);
      grants = grant_queue();
    }
    for (auto& [granted, lease] : grants) granted(std::move(lease));
  }

 private:
  struct Asked {
    std::string key, label, job;
    std::function<void(Lease)> granted;
    std::function<void(std::string)> waiting = nullptr;
    LabelExpression expression = {};
  };
  struct Lent {
    size_t machine = 0, executor = 0;
    std::string path;
  };

  using Grants = std::vector<std::pair<std::function<void(Lease)>, Lease>>;
  Grants grant_queue() {
    Grants grants;
    for (auto asked = queue_.begin(); !holding_ && asked != queue_.end();) {
      std::string ignored;
      Lease lease = try_grant(*asked, ignored);
      if (lease.workspace == nullptr) {
        ++asked;
        continue;
      }
      grants.emplace_back(std::move(asked->granted), std::move(lease));
      asked = queue_.erase(asked);
    }
    return grants;
  }

  Lease try_grant(const Asked& asked, std::string& reason) {
    bool fits = false;
    for (size_t m = 0; m < options_.machines.size(); m++) {
      const LocalNodeOptions::Machine& machine = options_.machines[m];
      if (!asked.expression.matches(machine.name, machine.labels)) continue;
      fits = true;
      const auto free = std::ranges::find(busy_[m], false);
      if (free == busy_[m].end()) {
        reason = asked.label.empty()
                     ? "Waiting for next available executor"
                     : fmt::format("Waiting for next available executor on ‘{}’", asked.label);
        continue;
      }
      const size_t executor = static_cast<size_t>(free - busy_[m].begin());
      const std::string path = choose_path(asked);
      if (Result<> made = make_dirs(path); !made) return {nullptr, made.error().message};
      busy_[m][executor] = true;
      used_paths_[path] = true;
      held_[asked.key] = {m, executor, path};
      return {workspace(machine, path, executor), {}};
    }
    if (!fits) reason = fmt::format("There are no nodes with the label ‘{}’", asked.label);
    return {};
  }

  std::shared_ptr<Workspace> workspace(const LocalNodeOptions::Machine& machine,
                                       const std::string& path, size_t executor) {
    return std::make_shared<LocalWorkspace>(*commands_, forgotten_, path, machine.name,
                                            join(machine.labels, " "), static_cast<int>(executor),
                                            machine.env);
  }

  /// The job's folder, or `@2`, `@3` beside it while that is in use. A key that had one before a
  /// restart gets it again.
  std::string choose_path(const Asked& asked) {
    const std::string base = options_.fixed_workspace.empty()
                                 ? options_.root + "/workspace/" + asked.job
                                 : options_.fixed_workspace;
    return free_path(base);
  }

  std::string free_path(const std::string& base) const {
    for (int i = 1;; i++) {
      std::string path = i == 1 ? base : fmt::format("{}@{}", base, i);
      const auto used = used_paths_.find(path);
      if (used == used_paths_.end() || !used->second) return path;
    }
  }

  LocalNodeOptions options_;
  std::unique_ptr<CommandRunner> commands_;
  Forgotten forgotten_;
  mutable std::mutex mutex_;
  std::vector<std::vector<bool>> busy_;
  std::map<std::string, bool> used_paths_;
  std::map<std::string, Lent> held_;
  std::deque<Asked> queue_;
  bool holding_ = false;
};

}  // namespace

Result<std::unique_ptr<Node>> local_node(LocalNodeOptions options) {
  const std::string folder = options.root + "/commands";
  std::unique_ptr<CommandRunner> commands;
  if (options.agent.empty()) {
    commands = TRY(Commands::open(folder));
  } else {
    commands = agent_commands(options.agent, folder);
  }
  return std::unique_ptr<Node>(
      std::make_unique<LocalNode>(std::move(options), std::move(commands)));
}

}  // namespace ks::engine
