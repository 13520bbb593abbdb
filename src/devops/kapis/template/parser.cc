#include <fmt/format.h>

#include <boost/json.hpp>
#include <cctype>

#include "base/text.h"
#include "devops/kapis/template/program.h"

namespace ks::devops::kapis {
namespace {

using Node = GoTemplate::Node;
using Program = GoTemplate::Program;

constexpr size_t kMostDepth = 64;

/// A piece of the text: plain, or the inside of an action.
struct Piece {
  bool action = false;
  std::string_view text;
  size_t line = 1;
};

size_t count_lines(std::string_view text) {
  return static_cast<size_t>(std::ranges::count(text, '\n'));
}

/// The end of the action that begins at `at`: quotes hide the delimiter.
size_t action_end(std::string_view text, size_t at, std::string_view right) {
  int parentheses = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '`' || c == '\'') {
      for (++at; at < text.size() && text[at] != c; ++at) {
        if (c != '`' && text[at] == '\\') ++at;
      }
      ++at;
      continue;
    }
    // With `)` as the delimiter, inner parentheses are balanced first.
    if (parentheses == 0 && text.substr(at).starts_with(right)) return at;
    if (c == '(') ++parentheses;
    if (c == ')' && parentheses > 0) --parentheses;
    ++at;
  }
  return text.npos;
}

Result<std::vector<Piece>> pieces_of(std::string_view text, std::string_view left,
                                     std::string_view right) {
  std::vector<Piece> out;
  size_t line = 1;
  bool trim_next = false;
  const auto add_text = [&](std::string_view plain, bool trim_end) {
    const size_t lines = count_lines(plain);
    if (trim_next) plain.remove_prefix(std::min(plain.find_first_not_of(" \t\r\n"), plain.size()));
    if (trim_end) plain = plain.substr(0, plain.find_last_not_of(" \t\r\n") + 1);
    if (!plain.empty()) out.push_back({.action = false, .text = plain, .line = line});
    line += lines;
  };
  while (true) {
    const size_t from = text.find(left);
    if (from == text.npos) {
      add_text(text, false);
      return out;
    }
    const size_t inside = from + left.size();
    const bool trims_before = inside + 1 < text.size() && text[inside] == '-' &&
                              std::isspace(static_cast<unsigned char>(text[inside + 1])) != 0;
    add_text(text.substr(0, from), trims_before);
    trim_next = false;
    const size_t start = inside + (trims_before ? 1 : 0);
    size_t end;
    if (trim(text.substr(start)).starts_with("/*")) {
      const size_t comment = text.find("*/", start);
      end = comment == text.npos ? comment : text.find(right, comment);
    } else {
      end = action_end(text, start, right);
    }
    if (end == text.npos) {
      return Error{Code::invalid,
                   fmt::format("line {}: an action is not closed by \"{}\"", line, right)};
    }
    std::string_view action = text.substr(start, end - start);
    const size_t lines = count_lines(action);
    if (action.size() >= 2 && action.ends_with('-') &&
        std::isspace(static_cast<unsigned char>(action[action.size() - 2])) != 0) {
      action.remove_suffix(1);
      trim_next = true;
    }
    action = trim(action);
    if (!action.starts_with("/*")) out.push_back({.action = true, .text = action, .line = line});
    line += lines;
    text.remove_prefix(end + right.size());
  }
}

/// Reads one action's words: terms, pipes, literals.
class Words {
 public:
  Words(std::string_view text, size_t line) : text_(text), line_(line) {}

  /// The next keyword or nothing; `if`, `range`, ...
  std::string keyword() {
    skip();
    size_t end = at_;
    while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end])) != 0) ++end;
    return std::string(text_.substr(at_, end - at_));
  }
  void drop(size_t characters) { at_ += characters; }
  bool at_end() {
    skip();
    return at_ >= text_.size();
  }
  bool take(std::string_view wanted) {
    skip();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  Error error(std::string_view what) const {
    return {Code::invalid, fmt::format("line {}: {}", line_, what)};
  }

  /// `$name`; the dollar is read already.
  std::string variable() {
    const size_t from = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return "$" + std::string(text_.substr(from, at_ - from));
  }

  /// `"name"` or a raw text.
  Result<std::string> quoted() {
    skip();
    if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '`')) {
      return error("expected a name in quotes");
    }
    const Node::Term term = TRY(text_literal());
    return std::string(term.literal.get_string());
  }

  Result<Node::Pipe> pipe(size_t depth) {
    if (depth > kMostDepth) return error("parentheses are nested too deeply");
    Node::Pipe out;
    do {
      Node::Command command;
      skip();
      while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
        command.push_back(TRY(term(depth)));
        skip();
      }
      if (command.empty()) return error("a value is missing");
      const bool takes_arguments = command.front().kind == Node::Term::Kind::function;
      if (command.size() > 1 && !takes_arguments) {
        return error("only a function takes arguments");
      }
      if (!out.empty() && !takes_arguments)
        return error("a value can only be piped into a function");
      out.push_back(std::move(command));
    } while (take("|"));
    return out;
  }

 private:
  static bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  void fields(Node::Term& term) {
    while (at_ + 1 < text_.size() && text_[at_] == '.' && is_name(text_[at_ + 1])) {
      const size_t from = ++at_;
      while (at_ < text_.size() && is_name(text_[at_])) ++at_;
      term.fields.emplace_back(text_.substr(from, at_ - from));
    }
  }

  Result<Node::Term> term(size_t depth) {
    Node::Term out;
    const char c = text_[at_];
    if (c == '"' || c == '`') return text_literal();
    if (c == '\'') return character();
    if (c == '(') {
      ++at_;
      out.kind = Node::Term::Kind::pipe;
      out.pipe = std::make_shared<Node::Pipe>(TRY(pipe(depth + 1)));
      if (!take(")")) return error("\")\" is missing");
      fields(out);
      return out;
    }
    if (c == '$') {
      ++at_;
      out.kind = Node::Term::Kind::variable;
      out.name = variable();
      fields(out);
      return out;
    }
    if (c == '.') {
      if (at_ + 1 < text_.size() && is_name(text_[at_ + 1])) {
        out.kind = Node::Term::Kind::field;
        fields(out);
      } else {
        ++at_;
      }
      return out;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+') return number();
    return word();
  }

  Result<Node::Term> number() {
    const size_t from = at_++;
    while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.')) ++at_;
    std::string_view digits = text_.substr(from, at_ - from);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const Result<json::value> value = parse_json(digits);
    if (!value || !value->is_number()) return error(fmt::format("\"{}\" is no number", digits));
    Node::Term out;
    out.kind = Node::Term::Kind::literal;
    out.literal = *value;
    return out;
  }

  Result<Node::Term> word() {
    const size_t from = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    const std::string name(text_.substr(from, at_ - from));
    if (name.empty()) return error(fmt::format("unexpected '{}'", text_[at_]));
    Node::Term out;
    out.kind = Node::Term::Kind::literal;
    if (name == "true" || name == "false") {
      out.literal = name == "true";
    } else if (name == "nil") {
      out.literal = nullptr;
    } else if (is_function(name)) {
      out.kind = Node::Term::Kind::function;
      out.name = name;
    } else {
      return error(fmt::format("function \"{}\" not defined", name));
    }
    return out;
  }

  Result<Node::Term> text_literal() {
    const char quote = text_[at_];
    const size_t from = at_++;
    while (at_ < text_.size() && text_[at_] != quote)
      at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return error("a quote is not closed");
    ++at_;
    Node::Term out;
    out.kind = Node::Term::Kind::literal;
    if (quote == '`') {
      out.literal = text_.substr(from + 1, at_ - from - 2);
      return out;
    }
    const Result<json::value> value = parse_json(text_.substr(from, at_ - from));
    if (!value) return error("a text has an escape that is none");
    out.literal = *value;
    return out;
  }

  Result<Node::Term> character() {
    const size_t end = text_.find('\'', at_ + 1);
    if (end == text_.npos || end != at_ + 2) return error("a character constant has one character");
    Node::Term out;
    out.kind = Node::Term::Kind::literal;
    out.literal = static_cast<int64_t>(static_cast<unsigned char>(text_[at_ + 1]));
    at_ = end + 1;
    return out;
  }

  std::string_view text_;
  size_t line_;
  size_t at_ = 0;
};

/// Builds the tree of an action list.
class Builder {
 public:
  explicit Builder(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  Result<Program> build() {
    program_.main = TRY(block(0));
    if (at_ < pieces_.size()) {
      return Error{Code::invalid,
                   fmt::format("line {}: unexpected \"{}\"", pieces_[at_].line, pieces_[at_].text)};
    }
    return std::move(program_);
  }

 private:
  /// Up to `end`, `else` or the end of the text, which stay.
  Result<std::vector<Node>> block(size_t depth) {
    if (depth > kMostDepth) return Error{Code::invalid, "actions are nested too deeply"};
    std::vector<Node> out;
    while (at_ < pieces_.size()) {
      const Piece piece = pieces_[at_];
      if (!piece.action) {
        out.push_back({.kind = Node::Kind::text, .text = std::string(piece.text)});
        ++at_;
        continue;
      }
      Words words(piece.text, piece.line);
      const std::string keyword = words.keyword();
      if (keyword == "end" || keyword == "else") return out;
      ++at_;
      TRY(action(keyword, words, piece, depth, out));
    }
    return out;
  }

  Result<> action(const std::string& keyword, Words& words, const Piece& piece, size_t depth,
                  std::vector<Node>& out) {
    if (keyword == "if" || keyword == "range" || keyword == "with") {
      words.drop(keyword.size());
      out.push_back(TRY(branch(keyword, words, piece, depth)));
      return {};
    }
    if (keyword == "break" || keyword == "continue") {
      out.push_back({.kind = keyword == "break" ? Node::Kind::break_ : Node::Kind::continue_});
      return {};
    }
    if (keyword == "define" || keyword == "block") {
      words.drop(keyword.size());
      const std::string name = TRY(words.quoted());
      Node call{.kind = Node::Kind::call, .text = name};
      if (keyword == "block") call.pipe = TRY(words.pipe(0));
      program_.defined[name] = TRY(block(depth + 1));
      TRY(end(piece));
      if (keyword == "block") out.push_back(std::move(call));
      return {};
    }
    if (keyword == "template") {
      words.drop(keyword.size());
      Node call{.kind = Node::Kind::call};
      call.text = TRY(words.quoted());
      if (!words.at_end()) call.pipe = TRY(words.pipe(0));
      out.push_back(std::move(call));
      return {};
    }
    Node node{.kind = Node::Kind::output};
    if (words.take("$")) {
      const std::string name = words.variable();
      if (words.take(":=")) {
        node.kind = Node::Kind::declare;
      } else if (words.take("=")) {
        node.kind = Node::Kind::assign;
      } else {
        words = Words(piece.text, piece.line);
      }
      if (node.kind != Node::Kind::output) node.name = name;
    }
    node.pipe = TRY(words.pipe(0));
    if (!words.at_end()) return words.error("unexpected text at the end of the action");
    out.push_back(std::move(node));
    return {};
  }

  Result<Node> branch(const std::string& keyword, Words& words, const Piece& piece, size_t depth) {
    Node node{.kind = keyword == "if"      ? Node::Kind::if_
                      : keyword == "range" ? Node::Kind::range
                                           : Node::Kind::with};
    TRY(variables(node, words, piece, keyword.size()));
    node.pipe = TRY(words.pipe(0));
    if (!words.at_end()) return words.error("unexpected text at the end of the action");
    node.body = TRY(block(depth + 1));
    if (at_ >= pieces_.size()) return words.error(fmt::format("\"{}\" has no end", keyword));
    Words next(pieces_[at_].text, pieces_[at_].line);
    if (next.keyword() == "else") {
      const Piece otherwise = pieces_[at_++];
      next.drop(4);
      const std::string nested = next.keyword();
      if (nested == "if" || nested == "with") {
        next.drop(nested.size());
        node.otherwise.push_back(TRY(branch(nested, next, otherwise, depth + 1)));
        return node;  // the inner one took the end
      }
      if (!next.at_end()) return next.error("unexpected text behind \"else\"");
      node.otherwise = TRY(block(depth + 1));
    }
    TRY(end(piece));
    return node;
  }

  /// `$x := `, `$i, $x := ` of a range, if or with.
  static Result<> variables(Node& node, Words& words, const Piece& piece, size_t skip) {
    if (!words.take("$")) return {};
    const std::string first = words.variable();
    if (words.take(":=")) {
      node.name = first;
      return {};
    }
    if (node.kind == Node::Kind::range && words.take(",")) {
      if (!words.take("$")) return words.error("expected a second variable");
      node.key_name = first;
      node.name = words.variable();
      if (words.take(":=")) return {};
      return words.error("\":=\" is missing behind the variables");
    }
    words = Words(piece.text, piece.line);
    const std::string keyword = words.keyword();
    words.drop(keyword == "else"
                   ? piece.text.find(node.kind == Node::Kind::if_ ? "if" : "with") + skip
                   : skip);
    return {};
  }

  Result<> end(const Piece& opened) {
    if (at_ < pieces_.size()) {
      Words words(pieces_[at_].text, pieces_[at_].line);
      if (words.keyword() == "end") {
        ++at_;
        return {};
      }
      return words.error("expected \"end\"");
    }
    return Error{Code::invalid,
                 fmt::format("line {}: \"{}\" has no end", opened.line, opened.text)};
  }

  std::vector<Piece> pieces_;
  size_t at_ = 0;
  Program program_;
};

}  // namespace

Result<GoTemplate> GoTemplate::parse(std::string_view text, std::string_view left,
                                     std::string_view right) {
  Builder builder(TRY(pieces_of(text, left, right)));
  return GoTemplate(std::make_shared<const Program>(TRY(builder.build())));
}

}  // namespace ks::devops::kapis
