#include <fmt/format.h>

#include <ctime>

#include <algorithm>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/run.h"

// What others see of a run, and what steps change of it.

namespace ks::engine {
namespace {

// What stands outside of the script's heap is bounded here.
constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kMaxErrorBytes = 16 << 10;
constexpr size_t kMaxEnvBytes = 16 << 20;
constexpr size_t kMaxCheckouts = 1000;

std::string shortened(std::string text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text + "...";
}

}  // namespace

bool Run::paused() const {
  const bool is_held = held();
  std::lock_guard lock(view_mutex_);
  return !inputs_.empty() || is_held;
}

std::vector<RunNode> Run::nodes() const {
  std::lock_guard lock(view_mutex_);
  return nodes_;
}

std::vector<PendingInput> Run::inputs() const {
  std::lock_guard lock(view_mutex_);
  return inputs_;
}

std::vector<Artifact> Run::artifacts() const {
  std::lock_guard lock(view_mutex_);
  return artifacts_;
}

std::optional<TestSummary> Run::tests() const {
  std::lock_guard lock(view_mutex_);
  return tests_;
}

std::string Run::waiting_for() const {
  {
    std::lock_guard lock(mailbox_mutex_);
    if (held_) return "Paused by " + *held_;
  }
  std::lock_guard lock(view_mutex_);
  return waiting_for_;
}

std::string Run::description() const {
  std::lock_guard lock(view_mutex_);
  return description_;
}

std::string Run::display_name() const {
  std::lock_guard lock(view_mutex_);
  return display_name_.empty() ? fmt::format("#{}", spec_.number) : display_name_;
}

void Run::set_description(std::string text) {
  std::lock_guard lock(view_mutex_);
  description_ = std::move(text);
}

void Run::set_display_name(std::string text) {
  std::lock_guard lock(view_mutex_);
  display_name_ = std::move(text);
}

Result<> Run::answer(std::string_view input_id, InputAnswer answer, std::function<void()> taken) {
  uint64_t await = 0;
  {
    std::lock_guard lock(view_mutex_);
    for (const PendingInput& input : inputs_) {
      if (input.id == input_id) await = input.await;
    }
  }
  if (await == 0)
    return Error{Code::not_found, fmt::format("the run waits for no input '{}'", input_id)};
  json::value parameters = answer.parameters_json.empty() ? json::value(json::object())
                                                          : TRY(parse_json(answer.parameters_json));
  json::object given{
      {"proceed", answer.proceed}, {"by", answer.by}, {"parameters", std::move(parameters)}};
  enqueue({.type = RecordType::finished,
           .data = {{"id", await}, {"r", std::move(given)}},
           .done = std::move(taken),
           .text = {}});
  return {};
}

void Run::print_interrupted_exit(groovy::Task& task) {
  const json::value arrived = std::exchange(strand(task).arrived, nullptr);
  if (const json::value* exit = find(arrived, {"exit"}); exit != nullptr && exit->is_int64())
    print_line(fmt::format("script returned exit code {}", exit->get_int64()));
}

void Run::print_line(std::string_view text) {
  std::string line(text);
  if (!line.ends_with('\n')) line += '\n';
  print(line);
}

void Run::print(std::string_view text) {
  if (replaying_ && past_.empty()) go_live();
  if (replaying_) return;
  if (current_ != nullptr) tell_activity(*current_);
  // A line may come in pieces, and a secret with it.
  printed_.use_forms_of(masker_);
  append_log(current_, printed_.mask(text));
  if (text.ends_with('\n')) flush_printed();
}

/// Within `timestamps` each line begins with the time.
void Run::append_log(const Strand* from, std::string_view masked) {
  if (from == nullptr || from->context == nullptr || !from->context->timestamps) {
    log_->append(masked);
    return;
  }
  const int64_t now = services_.clock->now().time_since_epoch().count();
  const std::time_t seconds = now / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const std::string stamp = fmt::format("[{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z] ",
                                        parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                        parts.tm_hour, parts.tm_min, parts.tm_sec, now % 1000);
  while (!masked.empty()) {
    const size_t end = masked.find('\n');
    const std::string_view line = masked.substr(0, end == masked.npos ? end : end + 1);
    if (log_->at_line_start()) log_->append(stamp);
    log_->append(line);
    masked.remove_prefix(line.size());
  }
}

void Run::flush_printed() {
  if (printed_.held_bytes() > 0) append_log(current_, printed_.flush());
}

uint32_t Run::begin_node(groovy::Task& task, NodeKind kind, std::string name,
                         const std::string& label) {
  const ContextRef around = context(task);
  if (nodes_.size() >= limits_.steps) {
    raise(task, "java.lang.IllegalStateException",
          fmt::format("the run has had its limit of {} steps, --max-steps", limits_.steps));
  }
  name = shortened(std::move(name), kMaxNameBytes);
  // Ids as Jenkins counts them: a block takes one for its start and one for its body.
  const uint32_t id = next_node_ + (kind == NodeKind::step ? 0 : 1);
  next_node_ = id + 1;
  WallTime now{};
  if (replaying_ && past_.empty()) go_live();
  if (replaying_) {
    const json::value data =
        parse_json(expect(task, RecordType::step, fmt::format("step '{}'", name)).data).value();
    if (text_at(data, {"n"}) != name || int_at(data, {"id"}) != id) {
      diverged(fmt::format(
          "the replay came to step '{}' (node {}), where the journal has '{}' (node {})", name, id,
          text_at(data, {"n"}), int_at(data, {"id"})));
      raise(task, "java.lang.IllegalStateException", divergence_);
    }
    now = replayed_to_ = WallTime{std::chrono::milliseconds{int_at(data, {"t"})}};
  } else {
    now = services_.clock->now();
    record(task, RecordType::step,
           {{"n", name}, {"id", id}, {"t", now.time_since_epoch().count()}});
  }
  RunNode node{.id = id,
               .parent = around->node_id,
               .kind = kind,
               .name = std::move(name),
               .label = masker_.mask_all(label),
               .started = now};
  node.log_begin = replaying_ ? last_log_bytes_ : log_->size();
  {
    std::lock_guard lock(view_mutex_);
    nodes_.push_back(node);
  }
  if (!replaying_ && services_.node_changed) services_.node_changed(*this, node);
  return id;
}

namespace {

RunNode* find_node(std::vector<RunNode>& nodes, uint32_t id) {
  const auto found = std::ranges::lower_bound(nodes, id, {}, &RunNode::id);
  return found != nodes.end() && found->id == id ? &*found : nullptr;
}

}  // namespace

void Run::end_node(uint32_t id, BuildResult result, const std::string& error) {
  RunNode copy;
  {
    std::lock_guard lock(view_mutex_);
    RunNode* node = find_node(nodes_, id);
    if (node == nullptr) return;
    if (node->state != NodeState::skipped) node->state = NodeState::finished;
    node->result = std::max(node->result, result);
    node->error = shortened(masker_.mask_all(error), kMaxErrorBytes);
    // The clock may have been set back.
    node->ended = std::max(node->started, replaying_ ? replayed_to_ : services_.clock->now());
    node->log_end = replaying_ ? last_log_bytes_ : log_->size();
    copy = *node;
  }
  if (!replaying_ && services_.node_changed) services_.node_changed(*this, copy);
}

void Run::set_node_state(uint32_t id, NodeState state) {
  RunNode copy;
  {
    std::lock_guard lock(view_mutex_);
    RunNode* node = find_node(nodes_, id);
    if (node == nullptr) return;
    node->state = state;
    copy = *node;
  }
  if (!replaying_ && services_.node_changed) services_.node_changed(*this, copy);
}

void Run::worsen_stage(groovy::Task& task, BuildResult result) {
  std::lock_guard lock(view_mutex_);
  for (uint32_t id = context(task)->stage_id; id != 0;) {
    RunNode* node = find_node(nodes_, id);
    if (node == nullptr) return;
    node->result = std::max(node->result, result);
    id = node->parent;
  }
}

void Run::worsen(BuildResult result) {
  has_result_ = true;
  result_ = std::max(result_.load(), result);
}

void Run::add_input(PendingInput input) {
  {
    std::lock_guard lock(view_mutex_);
    inputs_.push_back(std::move(input));
  }
  if (services_.state_changed) services_.state_changed(*this);
}

void Run::remove_input(uint64_t await) {
  {
    std::lock_guard lock(view_mutex_);
    std::erase_if(inputs_, [&](const PendingInput& input) { return input.await == await; });
  }
  if (!replaying_ && services_.state_changed) services_.state_changed(*this);
}

void Run::add_artifacts(std::vector<Artifact> added) {
  std::lock_guard lock(view_mutex_);
  for (Artifact& artifact : added) {
    std::erase_if(artifacts_, [&](const Artifact& old) { return old.path == artifact.path; });
    artifacts_.push_back(std::move(artifact));
  }
}

void Run::add_tests(const TestSummary& added) {
  std::lock_guard lock(view_mutex_);
  TestSummary& sum = tests_ ? *tests_ : tests_.emplace();
  sum.total += added.total;
  sum.failed += added.failed;
  sum.skipped += added.skipped;
}

void Run::add_checkout(json::object checkout) {
  std::lock_guard lock(view_mutex_);
  if (checkouts_.size() < kMaxCheckouts) checkouts_.push_back(std::move(checkout));
}

json::array Run::checkouts() const {
  std::lock_guard lock(view_mutex_);
  return checkouts_;
}

void Run::set_env(groovy::Task& task, std::string name, std::string value) {
  size_t bytes = name.size() + value.size();
  for (const auto& [known, text] : env_) bytes += known.size() + text.size();
  if (bytes > kMaxEnvBytes) {
    raise(task, "java.lang.IllegalStateException",
          fmt::format("env.{}: the environment of a run is over its limit of {} bytes",
                      shortened(name, 100), kMaxEnvBytes));
  }
  std::erase_if(env_, [&](const auto& pair) { return pair.first == name; });
  env_.emplace_back(std::move(name), std::move(value));
}

namespace {

void assign(std::vector<std::pair<std::string, std::string>>& env, std::string_view name,
            std::string_view value) {
  const size_t plus = name.find('+');
  const std::string base(name.substr(0, plus));
  for (auto& [known, text] : env) {
    if (known != base) continue;
    // `PATH+ANYTHING=dir` puts dir in front.
    text = plus == name.npos ? std::string(value) : std::string(value) + ":" + text;
    return;
  }
  // The commands of the machine stay in reach.
  const bool in_front = plus != name.npos && base == "PATH";
  env.emplace_back(base, in_front ? std::string(value) + ":" + base_path() : std::string(value));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Run::environment(const StepContext* inner) const {
  std::vector<std::pair<std::string, std::string>> env = spec_.env;
  const std::string number = std::to_string(spec_.number);
  const size_t slash = spec_.job.rfind('/');
  assign(env, "CI", "true");
  assign(env, "BUILD_NUMBER", number);
  assign(env, "BUILD_ID", number);
  assign(env, "BUILD_DISPLAY_NAME", display_name());
  assign(env, "BUILD_TAG",
         fmt::format(
             "jenkins-{}-{}",
             [&] {
               std::string name = spec_.job;
               std::ranges::replace(name, '/', '-');
               return name;
             }(),
             number));
  if (!services_.home.empty()) {
    assign(env, "JENKINS_HOME", services_.home);
    assign(env, "HUDSON_HOME", services_.home);
  }
  assign(env, "JENKINS_SERVER_COOKIE", "durable-" + hex_encode(md5(spec_.job)));
  assign(env, "HUDSON_SERVER_COOKIE", hex_encode(md5(spec_.job)).substr(0, 16));
  assign(env, "JOB_NAME", spec_.job);
  assign(env, "JOB_BASE_NAME", slash == spec_.job.npos ? spec_.job : spec_.job.substr(slash + 1));
  if (!services_.url.empty()) {
    std::string path;
    for (size_t at = 0; at <= spec_.job.size();) {
      const size_t end = std::min(spec_.job.find('/', at), spec_.job.size());
      path += "job/" + spec_.job.substr(at, end - at) + "/";
      at = end + 1;
    }
    const std::string job_url = services_.url + "/" + path, build_url = job_url + number + "/";
    assign(env, "JENKINS_URL", services_.url + "/");
    assign(env, "HUDSON_URL", services_.url + "/");
    assign(env, "JOB_URL", job_url);
    assign(env, "JOB_DISPLAY_URL", job_url + "display/redirect");
    assign(env, "BUILD_URL", build_url);
    assign(env, "RUN_DISPLAY_URL", build_url + "display/redirect");
    for (std::string_view page : {"changes", "artifacts", "tests"}) {
      assign(env, fmt::format("RUN_{}_DISPLAY_URL", to_upper(page)),
             fmt::format("{}display/redirect?page={}", build_url, page));
    }
  }
  for (const auto& [name, value] : spec_.values) {
    assign(env, name, value.is_string() ? std::string(value.get_string()) : ks::to_json(value));
  }
  for (const auto& [name, value] : env_) assign(env, name, value);
  std::vector<const StepContext*> levels;
  for (const StepContext* level = inner; level != nullptr; level = level->outer.get())
    levels.push_back(level);
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    for (const auto& [name, value] : (*level)->env) assign(env, name, value);
  }
  return env;
}

std::optional<std::string> Run::env_value(const StepContext* inner, std::string_view name) const {
  for (auto& [known, value] : environment(inner)) {
    if (known == name) return std::move(value);
  }
  return std::nullopt;
}

std::optional<BuildResult> Run::previous_result(groovy::Task& task) {
  if (!services_.previous_result) return std::nullopt;
  if (!previous_) {
    // Another run may end, or be removed, before a replay.
    previous_ = draw(task, "the previous result", [&] {
      const auto before = services_.previous_result(spec_);
      return before ? json::value(to_string(*before)) : json::value(nullptr);
    });
  }
  return previous_->is_string() ? parse_result(previous_->get_string()) : std::nullopt;
}

}  // namespace ks::engine
