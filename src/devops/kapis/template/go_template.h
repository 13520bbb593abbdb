#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ks::devops::kapis {

/// A text with actions in Go's text/template language, over JSON data.
///
///   GoTemplate greeting = TRY(GoTemplate::parse("git '$(.params.repo)'", "$(", ")"));
///   std::string text = TRY(greeting.render(json::object{{"params", ...}}));
///
/// `if`, `else`, `range`, `with`, `define`, `template`, `block`, `break`, `continue`, variables,
/// pipes, parentheses and the functions of the language: and, or, not, eq, ne, lt, le, gt, ge, len,
/// index, slice, print, printf, println, html, js, urlquery. A key that a map does not have is
/// `<no value>`. Time, depth and output are bounded. Immutable, so thread-safe.
class GoTemplate {
 public:
  static Result<GoTemplate> parse(std::string_view text, std::string_view left = "{{",
                                  std::string_view right = "}}");
  Result<std::string> render(const json::value& data) const;

  struct Node;
  struct Program;

 private:
  explicit GoTemplate(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace ks::devops::kapis
