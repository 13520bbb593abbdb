#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

/// Where steps run: the seam between the engine and machines.

namespace ks::engine {

namespace json = boost::json;

/// A command of `sh`.
struct Command {
  std::string key;  ///< names it for ever: the same key after a restart is the same command
  std::string script;
  std::string folder;  ///< working folder, absolute
  std::vector<std::pair<std::string, std::string>> env;
  bool keep_stdout = false;  ///< standard output is the result, not the log
};

/// Who hears of a command. Called from a thread of the node, one call at a time.
struct CommandEvents {
  /// Output up to `offset` bytes in all. The next piece comes once `done` was called.
  std::function<void(std::string text, uint64_t offset, std::function<void()> done)> output;
  /// {exit, stdout} or {error}.
  std::function<void(json::value result)> ended;
  /// Nobody listens any more: the command goes on, its output waits in its file. Empty: never.
  std::function<bool()> gone = nullptr;
};

/// The folder that a `node` block holds, and what can be done in it.
class Workspace {
 public:
  virtual ~Workspace() = default;
  virtual const std::string& path() const = 0;
  virtual const std::string& node_name() const = 0;
  virtual const std::string& labels() const = 0;
  virtual int executor() const = 0;
  /// Variables that the machine gives to everything on it.
  virtual const std::vector<std::pair<std::string, std::string>>& env() const = 0;

  /// Starts a command, or, when one of this key runs or has ended, picks it up after `offset` bytes
  /// of its output.
  virtual void run(Command command, uint64_t offset, CommandEvents events) = 0;
  /// TERM to all of its processes; KILL when they are still there after a while.
  virtual void kill(const std::string& key) = 0;
  /// Its result is journaled: nothing of it need be kept.
  virtual void forget(const std::string& key) = 0;
};

/// Machines with labels and executors.
class Node {
 public:
  virtual ~Node() = default;

  struct Lease {
    std::shared_ptr<Workspace> workspace;
    std::string error;  ///< why there will never be one
  };
  /// Asks for an executor. `granted` is called, from any thread, once there is one; `waiting` at
  /// most once, with the reason, when that takes a while. After a restart the same key gets the
  /// same folder.
  virtual void lease(const std::string& key, const std::string& label, const std::string& job,
                     std::function<void(Lease)> granted,
                     std::function<void(std::string)> waiting) = 0;
  /// What a run held before a restart: granted at once, also when more are busy than there are
  /// executors.
  struct Held {
    std::string path, node;
    int executor = 0;
  };
  virtual Lease regain(const std::string& key, const Held& held) = 0;
  virtual void cancel(const std::string& key) = 0;
  /// While runs of before a restart regain what they had, nobody else is granted anything.
  virtual void hold_back(bool hold) = 0;
  /// Names of the machines that a label expression takes; empty for one that is none.
  virtual std::vector<std::string> names(const std::string& label) const = 0;
  /// A folder for one block alone: `path`, or `@2`, `@3` beside it while others have that.
  virtual std::string take_folder(const std::string& path) = 0;
  /// The very folder that a block had before a restart.
  virtual void retake_folder(const std::string& path) = 0;
  virtual void give_back_folder(const std::string& path) = 0;
  /// How many executors the machines have, and how many are taken.
  struct Use {
    std::string name;
    std::vector<std::string> labels;
    size_t executors = 0, busy = 0;
  };
  virtual std::vector<Use> use() const = 0;
  /// A folder of the engine's own on the engine's machine, for what it fetches itself:
  /// Jenkinsfiles, libraries. Takes no executor.
  virtual std::shared_ptr<Workspace> own_folder(const std::string& name) = 0;
  /// Gives the executor back.
  virtual void release(const std::string& key) = 0;
};

}  // namespace ks::engine
