#pragma once

#include <memory>
#include <string_view>

#include "cmd/view/stages.h"

namespace ks::cmd {

/// Shows a run as it happens. Calls may come from several threads.
class RunView {
 public:
  virtual ~RunView() = default;
  /// Console text, in pieces of any size.
  virtual void write(std::string_view text) = 0;
  /// Whether show() does anything: finding out how the stages stand costs a call.
  virtual bool wants_stages() const = 0;
  /// How the stages stand now.
  virtual void show(Stages stages) = 0;
  /// Nothing more comes: what is held back is written.
  virtual void end() = 0;
};

/// The console text and nothing else, for pipes and files.
std::unique_ptr<RunView> plain_view(int fd);

/// Shows nothing.
std::unique_ptr<RunView> silent_view();

struct TerminalOptions {
  int fd = 1;
  bool color = true;
  bool utf8 = true;
};
/// The console text, and below it the tree of stages, drawn anew whenever something changes and
/// ten times a second while something runs. The last state of the tree stays.
std::unique_ptr<RunView> terminal_view(const TerminalOptions& options);

/// The tree as lines, at most `most` of them: when there are more, finished ones are left out
/// first.
std::vector<std::string> tree_lines(const Stages& stages, size_t most, size_t columns, bool color,
                                    bool utf8);

}  // namespace ks::cmd
