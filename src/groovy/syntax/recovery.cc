#include <vector>

#include "groovy/syntax/failure.h"
#include "groovy/syntax/parser.h"

// Going on behind a syntax error: the rest of the statement is skipped, so that one look at a
// Jenkinsfile shows all that is wrong with it. Better to miss an error than to invent one.

namespace ks::groovy::syntax {
namespace {

constexpr size_t kMaxErrors = 100;

bool opens(Tok kind) { return kind == Tok::lparen || kind == Tok::lbracket || kind == Tok::lbrace; }
bool closes(Tok kind) {
  return kind == Tok::rparen || kind == Tok::rbracket || kind == Tok::rbrace;
}

/// Keeps the brackets that are open; false when `kind` closes one from outside.
bool follow(Tok kind, std::vector<Tok>& open) {
  if (opens(kind)) open.push_back(kind);
  if (!closes(kind)) return true;
  // A brace ends all that was left open within it.
  while (kind == Tok::rbrace && !open.empty() && open.back() != Tok::lbrace) open.pop_back();
  if (open.empty()) return kind != Tok::rbrace;
  if ((open.back() == Tok::lbrace) == (kind == Tok::rbrace)) open.pop_back();
  return true;
}

}  // namespace

/// Notes the error and goes to where the next statement may begin. At the end of the text, or when
/// it is pointless, the failure goes on to who stands around.
void Parser::recover(SyntaxFailure& failure, size_t begin) {
  if (failure.last) throw failure;
  note(failure.error);
  skip_statement(begin);
  if (!is(Tok::eof) && errors_.size() < kMaxErrors) return;
  // It is noted already: note() drops what is on the same place.
  failure.last = true;
  throw failure;
}

void Parser::note(const CompileError& error) {
  for (const CompileError& known : errors_) {
    if (known.line == error.line && known.column == error.column) return;
  }
  errors_.push_back(error);
}

void Parser::skip_statement(size_t begin) {
  std::vector<Tok> open;
  for (size_t i = begin; i < pos_; ++i) {
    if (!follow(token_at(i).kind, open)) open.clear();
  }
  const size_t before = pos_;
  while (!is(Tok::eof)) {
    if (is(Tok::error)) note(lexical_errors_[peek().match]);
    const bool ends = is(Tok::newline) || is(Tok::semicolon);
    if (ends && open.empty() && !statement_goes_on()) break;
    if (!follow(kind(), open)) {
      // The brace that closes the block around: what is wrong may be that there is none.
      if (pos_ == before && pos_ == begin) skip_one();
      break;
    }
    skip_one();
  }
  separator();
}

/// Whether what stands around a line break shows that the statement does not end there.
bool Parser::statement_goes_on() const {
  if (is(Tok::semicolon)) return false;
  switch (token_at(after_newlines(pos_)).kind) {
    case Tok::dot:
    case Tok::safe_dot:
    case Tok::spread_dot:
    case Tok::kw_else:
    case Tok::kw_catch:
    case Tok::kw_finally:
    case Tok::comma:
    case Tok::colon:
    case Tok::question:
    case Tok::rparen:
    case Tok::rbracket:
    case Tok::lbrace: return true;
    default: break;
  }
  if (pos_ == 0) return false;
  switch (token_at(pos_ - 1).kind) {
    case Tok::comma:
    case Tok::assign:
    case Tok::plus:
    case Tok::and_:
    case Tok::or_:
    case Tok::question:
    case Tok::colon: return true;
    default: return false;
  }
}

}  // namespace ks::groovy::syntax
