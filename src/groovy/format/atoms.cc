#include "groovy/format/atoms.h"

namespace ks::groovy::format_detail {
namespace {

/// Splits what stands between two tokens: white space and comments.
class Gap {
 public:
  Gap(std::string_view text, std::vector<Atom>& atoms) : text_(text), atoms_(atoms) {}

  /// Adds the comments; what remains belongs in front of `next`.
  void read(Atom& next) {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      if (starts("//") || starts("#!")) {
        comment(AtomKind::line_comment, text_.find_first_of("\r\n", pos_));
      } else if (starts("/*")) {
        const size_t end = text_.find("*/", pos_ + 2);
        comment(AtomKind::block_comment, end == text_.npos ? end : end + 2);
      } else {
        blank_ = true;
        if (c == '\\') joined_ = true;
        if (c == '\n' || (c == '\r' && !starts("\r\n"))) newlines_++;
        pos_++;
      }
    }
    place(next);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(pos_).starts_with(what); }

  void comment(AtomKind kind, size_t end) {
    if (end == text_.npos) end = text_.size();
    Atom atom{.kind = kind, .tok = Tok::eof, .text = text_.substr(pos_, end - pos_)};
    place(atom);
    atoms_.push_back(atom);
    pos_ = start_ = end;
  }

  void place(Atom& atom) {
    atom.newlines = newlines_;
    atom.blank = blank_;
    if (joined_) atom.joined = text_.substr(start_, pos_ - start_);
    newlines_ = 0;
    blank_ = joined_ = false;
  }

  std::string_view text_;
  std::vector<Atom>& atoms_;
  size_t pos_ = 0;
  size_t start_ = 0;  ///< of what lies between two atoms
  uint32_t newlines_ = 0;
  bool blank_ = false;
  bool joined_ = false;
};

}  // namespace

std::vector<Atom> atoms_of(std::string_view source, const std::vector<syntax::Token>& tokens) {
  std::vector<Atom> atoms;
  size_t end = source.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (size_t i = 0; i < tokens.size(); i++) {
    const syntax::Token& token = tokens[i];
    if (token.kind == Tok::newline) continue;
    Atom atom{.tok = token.kind};
    size_t after = token.end;
    if (token.kind == Tok::gstring_start && token.match != 0) {
      i = token.match;
      after = tokens[i].end;
      atom.tok = Tok::string;
    }
    Gap(source.substr(end, token.begin - end), atoms).read(atom);
    atom.text = source.substr(token.begin, after - token.begin);
    if (token.kind != Tok::eof) atoms.push_back(atom);
    end = after;
  }
  return atoms;
}

}  // namespace ks::groovy::format_detail
