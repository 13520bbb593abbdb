#include <algorithm>
#include <utility>

#include "groovy/format/atoms.h"

namespace ks::groovy::format_detail {
namespace {

bool is_opener(Tok tok) { return tok == Tok::lparen || tok == Tok::lbracket || tok == Tok::lbrace; }
bool is_closer(Tok tok) { return tok == Tok::rparen || tok == Tok::rbracket || tok == Tok::rbrace; }

/// Operators that cannot be anything but between two operands.
bool is_binary(Tok tok) {
  return (tok >= Tok::assign && tok <= Tok::xor_assign) || tok == Tok::elvis || tok == Tok::arrow ||
         tok == Tok::and_ || tok == Tok::or_ ||
         (tok >= Tok::less_equal && tok <= Tok::less_equal) || tok == Tok::greater_equal ||
         (tok >= Tok::equal && tok <= Tok::match);
}

/// After one of these a statement goes on in the next line.
bool wants_more(Tok tok) {
  switch (tok) {
    case Tok::comma:
    case Tok::dot:
    case Tok::safe_dot:
    case Tok::spread_dot:
    case Tok::question:
    case Tok::plus:
    case Tok::minus:
    case Tok::star:
    case Tok::slash:
    case Tok::percent:
    case Tok::less:
    case Tok::greater:
    case Tok::shift_left:
    case Tok::shift_right:
    case Tok::not_:
    case Tok::kw_in:
    case Tok::kw_as:
    case Tok::kw_instanceof:
    case Tok::kw_new:
    case Tok::kw_throw:
    case Tok::kw_extends:
    case Tok::kw_implements:
    case Tok::kw_else: return true;
    default: return is_binary(tok) && tok != Tok::arrow;
  }
}

/// What begins with one of these goes on with the line before.
bool goes_on(Tok tok) {
  switch (tok) {
    case Tok::dot:
    case Tok::safe_dot:
    case Tok::spread_dot:
    case Tok::method_dot:
    case Tok::question:
    case Tok::kw_as:
    case Tok::kw_in:
    case Tok::kw_instanceof:
    case Tok::kw_extends:
    case Tok::kw_implements: return true;
    default: return is_binary(tok) && tok != Tok::arrow;
  }
}

bool takes_condition(Tok tok) {
  return tok == Tok::kw_if || tok == Tok::kw_for || tok == Tok::kw_while || tok == Tok::kw_switch ||
         tok == Tok::kw_catch || tok == Tok::kw_synchronized;
}

struct Bracket {
  Tok opener = Tok::eof;
  Tok before = Tok::eof;  ///< the token in front of it
  int indent = 0;         ///< of the line that it was opened in
  bool is_switch = false;
  int ternaries = 0;  ///< `?` whose `:` is still to come
};

class Layout {
 public:
  Layout(const std::vector<Atom>& atoms, int width) : atoms_(atoms), width_(width) {}

  std::string run() {
    for (at_ = 0; at_ < atoms_.size(); at_++) {
      const Atom& atom = atoms_[at_];
      if (!atom.joined.empty()) {
        out_ += atom.joined;
      } else if (at_ == 0 || atom.newlines > 0) {
        begin_line(atom);
      } else if (space_before(atom)) {
        out_ += ' ';
      }
      put(atom);
    }
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  Tok last() const { return last_; }
  const Bracket* inner() const { return open_.empty() ? nullptr : &open_.back(); }
  int& ternaries() { return open_.empty() ? outer_ternaries_ : open_.back().ternaries; }

  void begin_line(const Atom& atom) {
    if (at_ > 0) {
      out_ += '\n';
      const Atom& before = atoms_[at_ - 1];
      const bool after_opener = before.kind == AtomKind::token && is_opener(before.tok);
      const bool closes = atom.kind == AtomKind::token && is_closer(atom.tok);
      if (atom.newlines > 1 && !after_opener && !closes) out_ += '\n';
    }
    line_indent_ = indent_of(atom);
    out_.append(static_cast<size_t>(line_indent_), ' ');
  }

  int indent_of(const Atom& atom) const {
    // Closers that begin the line stand under the line that opened the last of them.
    size_t closers = 0;
    while (at_ + closers < atoms_.size() && atoms_[at_ + closers].kind == AtomKind::token &&
           is_closer(atoms_[at_ + closers].tok) &&
           (closers == 0 || atoms_[at_ + closers].newlines == 0))
      closers++;
    closers = std::min(closers, open_.size());
    if (closers > 0) return open_[open_.size() - closers].indent;
    const Bracket* bracket = inner();
    int indent = bracket == nullptr ? 0 : bracket->indent + width_;
    const bool label = atom.tok == Tok::kw_case || atom.tok == Tok::kw_default;
    if (bracket != nullptr && bracket->is_switch && !label) indent += width_;
    const bool in_block = bracket == nullptr || bracket->opener == Tok::lbrace;
    if (in_block && continues(atom)) indent += width_;
    return indent;
  }

  bool continues(const Atom& atom) const {
    if (at_ == 0 || last() == Tok::eof) return false;
    if (atom.kind == AtomKind::token) {
      if (atom.tok == Tok::lbrace) return false;
      if (goes_on(atom.tok)) return true;
      const int pending = open_.empty() ? outer_ternaries_ : open_.back().ternaries;
      if (atom.tok == Tok::colon && pending > 0) return true;
      if (last() == Tok::colon && after_ternary_) return true;
      if (last() == Tok::kw_else && atom.tok == Tok::kw_if) return false;
    }
    // `if (x)` with its statement in the next line.
    return wants_more(last()) || (last() == Tok::rparen && takes_condition(closed_before_) &&
                                  closed_before_ != Tok::kw_switch);
  }

  bool space_before(const Atom& atom) {
    const Atom& before = atoms_[at_ - 1];
    if (before.kind != AtomKind::token || atom.kind != AtomKind::token) return true;
    const Tok a = before.tok, b = atom.tok;
    if (b == Tok::comma || b == Tok::semicolon) return false;
    if (b == Tok::rparen || b == Tok::rbracket) return false;
    if (a == Tok::lparen || a == Tok::lbracket) return false;
    if (a == Tok::lbrace) return b != Tok::rbrace || atom.blank;
    if (b == Tok::rbrace) return true;
    if (a == Tok::comma || a == Tok::semicolon) return true;
    if (b == Tok::lbrace) return a != Tok::dot && a != Tok::safe_dot && a != Tok::not_;
    if (takes_condition(a) && b == Tok::lparen) return true;
    if (is_binary(a) || is_binary(b)) return true;
    if (a == Tok::rbrace && (b == Tok::kw_else || b == Tok::kw_catch || b == Tok::kw_finally))
      return true;
    if (b == Tok::colon || a == Tok::colon) return space_at_colon(atom, a, b);
    return atom.blank;
  }

  bool space_at_colon(const Atom& atom, Tok, Tok b) {
    if (b != Tok::colon) return true;
    if (ternaries() > 0) return true;
    const Bracket* bracket = inner();
    const bool in_list = bracket != nullptr && bracket->opener != Tok::lbrace;
    if (in_list && bracket->before == Tok::kw_for) return true;
    return !in_list && atom.blank;
  }

  void put(const Atom& atom) {
    if (atom.kind == AtomKind::block_comment) return put_block_comment(atom.text);
    if (atom.kind == AtomKind::line_comment) {
      std::string_view text = atom.text;
      while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
      out_ += text;
      return;
    }
    out_ += atom.text;
    after_ternary_ = atom.tok == Tok::colon && ternaries() > 0;
    if (is_opener(atom.tok)) {
      Bracket bracket{.opener = atom.tok, .before = last(), .indent = line_indent_};
      bracket.is_switch =
          atom.tok == Tok::lbrace && last() == Tok::rparen && closed_before_ == Tok::kw_switch;
      open_.push_back(bracket);
    } else if (is_closer(atom.tok) && !open_.empty()) {
      closed_before_ = open_.back().before;
      open_.pop_back();
    } else if (atom.tok == Tok::question) {
      ternaries()++;
    } else if (after_ternary_) {
      ternaries()--;
    }
    last_ = atom.tok;
  }

  /// The lines of ` * ...` stand below the first star; others stay where they are.
  void put_block_comment(std::string_view text) {
    bool first = true;
    while (true) {
      const size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r'))
        line.remove_suffix(1);
      std::string_view inside = line;
      while (inside.starts_with(' ') || inside.starts_with('\t')) inside.remove_prefix(1);
      if (!first && inside.starts_with('*')) {
        out_.append(static_cast<size_t>(line_indent_) + 1, ' ');
        line = inside;
      }
      out_ += line;
      if (end == text.npos) return;
      out_ += '\n';
      text.remove_prefix(end + 1);
      first = false;
    }
  }

  const std::vector<Atom>& atoms_;
  const int width_;
  size_t at_ = 0;
  std::string out_;
  std::vector<Bracket> open_;
  int outer_ternaries_ = 0;
  int line_indent_ = 0;
  Tok last_ = Tok::eof;           ///< the token before, comments apart
  bool after_ternary_ = false;    ///< that token was the `:` of a ternary
  Tok closed_before_ = Tok::eof;  ///< what stood before the bracket that was closed last
};

}  // namespace

std::string lay_out(const std::vector<Atom>& atoms, int indent) {
  return Layout(atoms, indent).run();
}

}  // namespace ks::groovy::format_detail
