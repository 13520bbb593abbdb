#include "cmd/jenkinsfile/document.h"

#include <algorithm>

#include "base/text.h"

namespace ks::cmd {
namespace {

bool is_name(char c) {
  return c == '_' || c == '$' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
}

/// UTF-16 units of the character that begins with this byte; 0 for the rest of one.
uint32_t units_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if ((byte & 0xC0) == 0x80) return 0;
  return byte >= 0xF0 ? 2 : 1;
}

/// The name in front of a bracket: `stage('a') {` is a block of stage.
std::string name_before(std::string_view text, size_t at) {
  auto skip_blanks = [&] {
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) at--;
  };
  skip_blanks();
  if (at > 0 && text[at - 1] == ')') {
    int depth = 0;
    while (at > 0) {
      const char c = text[--at];
      if (c == ')') depth++;
      if (c == '(' && --depth == 0) break;
    }
    skip_blanks();
  }
  const size_t end = at;
  while (at > 0 && is_name(text[at - 1])) at--;
  return std::string(text.substr(at, end - at));
}

/// Behind the string or comment that begins at `at`; npos when it is open at the end.
size_t skip_literal(std::string_view text, size_t at) {
  auto after = [&](std::string_view close, size_t from) {
    for (size_t i = from; i < text.size(); i++) {
      if (text[i] == '\\' && close[0] != '*') {
        i++;
      } else if (text.substr(i).starts_with(close)) {
        return i + close.size();
      } else if (close.size() == 1 && text[i] == '\n') {
        return i;  // a quote that was forgotten ends with its line
      }
    }
    return text.npos;
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return text.find('\n', at);
  if (rest.starts_with("/*")) return after("*/", at + 2);
  if (rest.starts_with("'''") || rest.starts_with("\"\"\""))
    return after(rest.substr(0, 3), at + 3);
  return after(rest.substr(0, 1), at + 1);
}

bool begins_literal(std::string_view text, size_t at) {
  const char c = text[at];
  if (c == '\'' || c == '"') return true;
  return c == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*');
}

/// Names in front of `:` in the arguments.
std::vector<std::string> named_in(std::string_view text) {
  std::vector<std::string> names;
  for (size_t i = 0; i < text.size(); i++) {
    if (begins_literal(text, i)) {
      i = skip_literal(text, i);
      if (i == text.npos) break;
      i--;
    } else if (text[i] == ':') {
      const Word word = word_at(text, i);
      if (!word.text.empty()) names.emplace_back(word.text);
    }
  }
  return names;
}

}  // namespace

size_t offset_of(std::string_view text, TextPosition position) {
  size_t at = 0;
  for (uint32_t line = 0; line < position.line; line++) {
    const size_t end = text.find('\n', at);
    if (end == text.npos) return text.size();
    at = end + 1;
  }
  uint32_t units = 0;
  while (at < text.size() && text[at] != '\n' && units < position.character) {
    units += units_of(text[at++]);
    while (at < text.size() && units_of(text[at]) == 0) at++;
  }
  return at;
}

TextPosition position_of(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  TextPosition position;
  for (size_t i = 0; i < offset; i++) {
    if (text[i] == '\n') {
      position.line++;
      position.character = 0;
    } else {
      position.character += units_of(text[i]);
    }
  }
  return position;
}

Word word_at(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  Word word{.begin = offset, .end = offset, .text = {}};
  while (word.begin > 0 && is_name(text[word.begin - 1])) word.begin--;
  while (word.end < text.size() && is_name(text[word.end])) word.end++;
  word.text = text.substr(word.begin, word.end - word.begin);
  return word;
}

Surroundings surroundings_of(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  Surroundings around;
  for (size_t i = 0; i < offset;) {
    const char c = text[i];
    if (begins_literal(text, i)) {
      const size_t end = skip_literal(text, i);
      if (end == text.npos || end > offset) {
        around.in_string = true;
        return around;
      }
      i = std::max(end, i + 1);
      continue;
    }
    if (c == '{' || c == '(' || c == '[') around.open.push_back({c, name_before(text, i), i});
    if ((c == '}' || c == ')' || c == ']') && !around.open.empty()) around.open.pop_back();
    i++;
  }
  return around;
}

CallAround call_around(std::string_view text, size_t offset, const Surroundings& around) {
  CallAround call;
  const OpenBracket* inner = around.open.empty() ? nullptr : &around.open.back();
  const size_t begin_of_word = word_at(text, offset).begin;
  if (inner != nullptr && inner->opener == '(') {
    call.name = inner->name;
    call.given = named_in(text.substr(inner->at + 1, begin_of_word - inner->at - 1));
    return call;
  }
  if (inner != nullptr && inner->opener == '[') return call;
  // A command: the first word of the line, when the place is behind it, or behind a comma.
  const size_t line = begin_of_word == 0 ? 0 : text.rfind('\n', begin_of_word - 1) + 1;
  const size_t first = std::max(line, inner == nullptr ? 0 : inner->at + 1);
  std::string_view before = text.substr(first, begin_of_word - first);
  const size_t indent = before.find_first_not_of(" \t");
  if (indent == before.npos) return call;
  const Word name = word_at(text, first + indent);
  const std::string_view behind = trim(text.substr(name.end, begin_of_word - name.end));
  const bool at_argument = behind.empty() || behind.ends_with(',');
  if (name.text.empty() || name.end >= begin_of_word || !at_argument) return call;
  call.name = name.text;
  call.given = named_in(behind);
  return call;
}

}  // namespace ks::cmd
