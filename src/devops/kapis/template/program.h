#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "devops/kapis/template/go_template.h"

namespace ks::devops::kapis {

/// What a template is after parsing.
struct GoTemplate::Node {
  enum class Kind : uint8_t {
    text,     ///< `text`
    output,   ///< prints `pipe`
    declare,  ///< `$name := pipe`
    assign,   ///< `$name = pipe`
    if_,      ///< `pipe`, `body`, `otherwise`
    range,    ///< the same, over the elements; `name` and `key_name` may be set
    with,     ///< the same, with the dot moved
    call,     ///< the template `text` with `pipe`
    break_,
    continue_,
  };

  /// One value or call within a pipe.
  struct Term {
    enum class Kind : uint8_t { dot, field, variable, literal, function, pipe };
    Kind kind = Kind::dot;
    std::string name;                 ///< of a variable or function
    std::vector<std::string> fields;  ///< `.a.b` behind it
    json::value literal;
    std::shared_ptr<const std::vector<std::vector<Term>>> pipe;  ///< in parentheses
  };
  using Command = std::vector<Term>;  ///< a term, or a function and its arguments
  using Pipe = std::vector<Command>;  ///< each one's value is the last argument of the next

  Kind kind = Kind::text;
  std::string text;
  std::string name, key_name;
  Pipe pipe;
  std::vector<Node> body, otherwise;
};

struct GoTemplate::Program {
  std::vector<Node> main;
  std::map<std::string, std::vector<Node>, std::less<>> defined;
};

/// One function of the language on evaluated arguments; `null` is a value that is not there.
Result<json::value> call_function(std::string_view name, const std::vector<json::value>& arguments);
bool is_function(std::string_view name);
/// Go's truth: not zero, empty or absent.
bool is_true(const json::value& value);
/// As `print` has it; what is not there is `<no value>`.
std::string print_value(const json::value& value);

}  // namespace ks::devops::kapis
