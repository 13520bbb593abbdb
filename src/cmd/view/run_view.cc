#include "cmd/view/run_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "cmd/view/style.h"

namespace ks::cmd {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds kRefresh{100};
constexpr size_t kMostHeldBytes = 16u << 10;  // of a line without an end

class PlainView final : public RunView {
 public:
  explicit PlainView(int fd) : fd_(fd) {}
  // Whoever reads may have gone; the run goes on.
  void write(std::string_view text) override {
    if (fd_ >= 0) (void)write_all(fd_, text);
  }
  bool wants_stages() const override { return false; }
  void show(Stages) override {}
  void end() override {}

 private:
  const int fd_;
};

struct Look {
  std::string_view sign, plain_sign;
  Ink ink;
};

Look look_of(const Stage& stage) {
  switch (stage.state) {
    case Stage::State::waiting: return {"·", ".", Ink::dim};
    case Stage::State::running: return {"●", "*", Ink::blue};
    case Stage::State::paused: return {"‖", "?", Ink::yellow};
    case Stage::State::skipped: return {"–", "-", Ink::dim};
    case Stage::State::finished: break;
  }
  if (stage.result == "SUCCESS") return {"✔", "+", Ink::green};
  if (stage.result == "UNSTABLE") return {"!", "!", Ink::yellow};
  if (stage.result == "FAILURE") return {"✘", "x", Ink::red};
  return {"◌", "o", Ink::dim};
}

std::string remark_of(const Stage& stage) {
  switch (stage.state) {
    case Stage::State::waiting: return "";
    case Stage::State::skipped: return "skipped";
    case Stage::State::paused: return human_duration(stage.took) + "  waits for an answer";
    case Stage::State::running: return human_duration(stage.took);
    case Stage::State::finished: break;
  }
  std::string took = human_duration(stage.took);
  if (stage.result == "SUCCESS" || stage.result == "FAILURE") return took;
  std::string result = stage.result;
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c == '_' ? ' ' : static_cast<char>(c | 0x20); });
  return fmt::format("{}  {}", took, result);
}

bool is_quiet(const Stage& stage) {
  return stage.state == Stage::State::waiting || stage.state == Stage::State::skipped ||
         (stage.state == Stage::State::finished && stage.result == "SUCCESS");
}

/// Which are shown when there is no room for all: first those that went well disappear.
Stages that_fit(const Stages& stages, size_t most, size_t& hidden) {
  hidden = 0;
  if (stages.size() <= most) return stages;
  size_t to_hide = stages.size() - most + 1;  // one line says how many
  Stages out;
  for (const Stage& stage : stages) {
    if (hidden < to_hide && is_quiet(stage)) {
      ++hidden;
    } else {
      out.push_back(stage);
    }
  }
  if (out.size() + 1 > most) {
    hidden += out.size() - (most - 1);
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(most - 1));
  }
  return out;
}

class TerminalView final : public RunView {
 public:
  explicit TerminalView(const TerminalOptions& options)
      : options_(options), thread_([this](const std::stop_token& stop) { refresh(stop); }) {}
  ~TerminalView() override { end(); }

  void write(std::string_view text) override {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    held_ += text;
    size_t whole = held_.rfind('\n') + 1;
    if (held_.size() - whole > kMostHeldBytes) whole = held_.size();
    if (whole == 0) return;
    const std::string lines = painted(std::string_view(held_).substr(0, whole));
    held_.erase(0, whole);
    draw(lines);
  }

  bool wants_stages() const override { return true; }
  void show(Stages stages) override {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    stages_ = std::move(stages);
    shown_at_ = steady_clock::now();
    draw({});
    changed_.notify_all();
  }

  void end() override {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(ended_, true)) return;
      std::string rest = std::move(held_);
      if (!rest.empty()) rest += '\n';
      draw(painted(rest));
    }
    thread_.request_stop();
  }

 private:
  /// The lines that only tell of the flow are dim: the eye looks for the others.
  std::string painted(std::string_view lines) const {
    if (!options_.color) return std::string(lines);
    std::string out;
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view line = lines.substr(0, end);
      out += paint(line, line.starts_with("[Pipeline] ") ? Ink::dim : Ink::plain, true);
      if (end < lines.size()) out += '\n';
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return out;
  }

  bool something_moves() const {
    return std::ranges::any_of(stages_, [](const Stage& stage) {
      return stage.state == Stage::State::running || stage.state == Stage::State::paused;
    });
  }

  void refresh(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      changed_.wait(lock, stop, [&] { return something_moves() && !ended_; });
      if (stop.stop_requested() || ended_) return;
      const auto now = steady_clock::now();
      const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - shown_at_);
      for (Stage& stage : stages_) {
        if (stage.state == Stage::State::running || stage.state == Stage::State::paused) {
          stage.took += passed;
        }
      }
      shown_at_ = now;
      draw({});
      changed_.wait_for(lock, stop, kRefresh, [] { return false; });
    }
  }

  /// In one write, so that nothing flickers: back over the old tree, the new lines, the new tree.
  void draw(std::string_view lines) {
    winsize window{};
    const bool known = ioctl(options_.fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const size_t columns = known ? window.ws_col : 80;
    const size_t rows = known ? window.ws_row : 24;
    std::string out;
    if (drawn_ > 0) out += fmt::format("\033[{}A", drawn_);
    out += "\r\033[J";
    out += lines;
    const std::vector<std::string> tree =
        tree_lines(stages_, std::max<size_t>(3, rows / 2), columns, options_.color, options_.utf8);
    for (const std::string& line : tree) out += line + "\n";
    drawn_ = tree.size();
    (void)write_all(options_.fd, out);
  }

  const TerminalOptions options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string held_;
  Stages stages_;
  steady_clock::time_point shown_at_ = steady_clock::now();
  size_t drawn_ = 0;
  bool ended_ = false;
  std::jthread thread_;
};

}  // namespace

std::vector<std::string> tree_lines(const Stages& stages, size_t most, size_t columns, bool color,
                                    bool utf8) {
  size_t hidden = 0;
  const Stages shown = that_fit(stages, most, hidden);
  std::vector<std::string> out;
  if (hidden > 0) {
    out.push_back(paint(fmt::format("  {} {} more", utf8 ? "…" : "...", hidden), Ink::dim, color));
  }
  size_t widest = 0;
  std::vector<std::string> names;
  for (const Stage& stage : shown) {
    const size_t indent = std::min<size_t>(static_cast<size_t>(stage.depth), 8) * 2;
    const size_t room = columns > indent + 40 ? columns - indent - 32 : 12;
    names.push_back(std::string(indent, ' ') + cut_to(without_controls(stage.name), room));
    widest = std::max(widest, columns_of(names.back()));
  }
  for (size_t i = 0; i < shown.size(); ++i) {
    const Look look = look_of(shown[i]);
    const size_t indent = names[i].find_first_not_of(' ');
    const size_t begin = indent == std::string::npos ? 0 : indent;
    out.push_back(fmt::format("  {}{} {}{}  {}", names[i].substr(0, begin),
                              paint(utf8 ? look.sign : look.plain_sign, look.ink, color),
                              names[i].substr(begin),
                              std::string(widest - columns_of(names[i]), ' '),
                              paint(remark_of(shown[i]), Ink::dim, color)));
  }
  return out;
}

std::unique_ptr<RunView> plain_view(int fd) { return std::make_unique<PlainView>(fd); }

std::unique_ptr<RunView> silent_view() { return std::make_unique<PlainView>(-1); }

std::unique_ptr<RunView> terminal_view(const TerminalOptions& options) {
  return std::make_unique<TerminalView>(options);
}

}  // namespace ks::cmd
