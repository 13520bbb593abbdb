#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "engine/local_node.h"
#include "engine/locks.h"
#include "engine/loop.h"
#include "engine/milestones.h"
#include "engine/run.h"
#include "engine/step.h"

// For tests: one run and what it needs around it.

namespace ks::engine {

/// A folder with one run, and the machine that it runs on. A new Bench on the same folder is a
/// restart of the server.
class Bench {
 public:
  explicit Bench(const std::string& folder, const Clock& clock = system_clock()) : folder_(folder) {
    LocalNodeOptions options;
    options.root = folder + "/node";
    options.machines[0].executors = 4;
    node_ = local_node(std::move(options)).value();
    services_.steps = &builtin_steps();
    services_.node = node_.get();
    services_.clock = &clock;
    services_.locks = &locks_;
    services_.milestones = &milestones_;
    services_.post = [this](std::function<void()> work) { loop_.post(std::move(work)); };
    services_.timer = [this](std::chrono::milliseconds after, std::function<void()> work) {
      return loop_.timer(after, std::move(work));
    };
    services_.background = [this](std::function<void()> work) {
      background_.post(std::move(work));
    };
  }
  ~Bench() {
    background_.stop();
    loop_.stop();
    run_.reset();
  }

  Run& open(std::string_view script, RunLimits limits = {}) {
    RunSpec spec = spec_;
    spec.job = "demo/web";
    spec.script = script;
    run_ = Run::open(services_, std::move(spec),
                     {.journal = folder_ + "/journal",
                      .log = folder_ + "/log",
                      .artifacts = folder_ + "/files"},
                     limits)
               .value();
    run_->start();
    return *run_;
  }
  std::string finish(std::string_view script, RunLimits limits = {}) {
    open(script, limits).wait();
    return log();
  }
  std::string log() const { return read_file(folder_ + "/log").value(); }
  Run& run() { return *run_; }
  LockTable& locks() { return locks_; }
  Milestones& milestones() { return milestones_; }
  /// To be changed before open().
  /// What the next run is given beside its script, and what it finds around it.
  RunSpec& spec() { return spec_; }
  RunServices& services() { return services_; }

 private:
  std::string folder_;
  LockTable locks_;
  Milestones milestones_;
  std::unique_ptr<Node> node_;
  Loop loop_, background_;
  RunServices services_;
  RunSpec spec_;
  std::shared_ptr<Run> run_;
};

}  // namespace ks::engine
