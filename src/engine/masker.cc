#include "engine/masker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxHeldLine = 64 << 10;

constexpr std::string_view kMask = "****";
/// Shorter pieces of an encoding (a base64 tail, a line of a key file) would mask ordinary text.
constexpr size_t kMinDerivedBytes = 4;

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  return replace_all(std::string(text), from, to);
}

/// As `printf %q` of bash prints it: it\'s\ so.
std::string backslashed(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_-./:=@%+,").contains(c) ||
                       static_cast<unsigned char>(c) >= 0x80;
    if (!plain) out += '\\';
    out += c;
  }
  return out;
}

/// Between the quotes of $'...'.
std::string ansi_quoted(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\v': out += "\\v"; break;
      case '\x1b': out += "\\E"; break;
      case '\'': out += "\\'"; break;
      case '\\': out += "\\\\"; break;
      default:
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\{:03o}", byte);
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : std::string(1, c);
  }
  return out;
}

/// The characters of the base64 of anything that contains `secret` at byte offset `shift` (mod 3)
/// which depend on the secret alone.
std::string base64_inside(std::string_view secret, size_t shift, bool url) {
  const std::string padded = std::string(shift, '\0') + std::string(secret);
  std::string encoded = url ? base64url_encode(padded) : base64_encode(padded);
  while (encoded.ends_with('=')) encoded.pop_back();
  const size_t skip = shift == 0 ? 0 : shift + 1;      // characters mixed with the bytes before
  const size_t tail = padded.size() % 3 == 0 ? 0 : 1;  // the last one is mixed with the bytes after
  if (encoded.size() <= skip + tail) return {};
  return encoded.substr(skip, encoded.size() - skip - tail);
}

std::vector<std::string> forms_of(std::string_view secret) {
  std::vector<std::string> forms = {std::string(secret)};
  auto derive = [&](std::string form) {
    if (form.size() >= kMinDerivedBytes) forms.push_back(std::move(form));
  };
  // The quotes around a whole word stay: what is inside them is the same in a longer word.
  auto quoted_forms = [&](std::string_view text) {
    derive(replaced(text, "'", "'\"'\"'"));
    derive(replaced(text, "'", "'\\''"));
    derive(backslashed(text));
    derive(ansi_quoted(text));
    derive(json_escaped(text));
    // In a Makefile or a Compose file, in a batch file.
    derive(replaced(text, "$", "$$"));
    derive(replaced(text, "%", "%%"));
    derive(percent_encode(text));
    derive(replaced(percent_encode(text), "%20", "+"));
  };
  quoted_forms(secret);
  if (trim(secret) != secret) {
    derive(std::string(trim(secret)));
    quoted_forms(trim(secret));
  }
  if (secret.contains('\n')) {
    // A terminal, or a file of another system, ends lines by CR LF.
    derive(replaced(replaced(secret, "\r\n", "\n"), "\n", "\r\n"));
    for (std::string_view line : split(secret, '\n')) {
      line = trim(line);
      derive(std::string(line));
      quoted_forms(line);
    }
  }
  for (size_t shift = 0; shift < 3; shift++) {
    derive(base64_inside(secret, shift, false));
    derive(base64_inside(secret, shift, true));
  }
  return forms;
}

}  // namespace

void Masker::add(std::string_view secret) {
  if (trim(secret).empty()) return;
  auto next = std::make_shared<Forms>();
  if (forms_ != nullptr) {
    if (std::ranges::find(forms_->secrets, secret) != forms_->secrets.end()) return;
    next->secrets = forms_->secrets;
    next->list = forms_->list;
  }
  next->secrets.emplace_back(secret);
  for (std::string& form : forms_of(secret)) next->list.push_back(std::move(form));
  std::ranges::sort(next->list, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  next->list.erase(std::ranges::unique(next->list).begin(), next->list.end());
  for (uint32_t i = 0; i < next->list.size(); i++)
    next->begin[static_cast<unsigned char>(next->list[i][0])].push_back(i);
  forms_ = std::move(next);
}

std::string Masker::run(std::string_view text, bool final, size_t& used) const {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    size_t length = 0;
    bool maybe = false;
    for (uint32_t i : forms_->begin[static_cast<unsigned char>(rest[0])]) {
      const std::string& form = forms_->list[i];
      if (rest.starts_with(form)) {
        length = form.size();
        break;
      }
      // A longer form may still come: only more text can tell.
      if (!final && rest.size() < form.size() && form.starts_with(rest)) {
        maybe = true;
        break;
      }
    }
    if (maybe) break;
    if (length > 0) {
      out += kMask;
      at += length;
    } else {
      out += text[at++];
    }
  }
  used = at;
  return out;
}

std::string Masker::mask(std::string_view text, bool whole_lines) {
  if (empty() && held_.empty() && !whole_lines) return std::string(text);
  held_ += text;
  std::string_view ready = held_;
  if (whole_lines) {
    const size_t line = held_.rfind('\n') + 1;  // 0 when there is no line end
    if (held_.size() - line <= kMaxHeldLine) ready = ready.substr(0, line);
  }
  size_t used = ready.size();
  std::string out = empty() ? std::string(ready) : run(ready, false, used);
  held_.erase(0, used);
  return out;
}

std::string Masker::flush() {
  if (empty()) return std::exchange(held_, {});
  size_t used = 0;
  std::string out = run(held_, true, used);
  held_.clear();
  return out;
}

std::string Masker::mask_all(std::string_view text) const {
  if (empty()) return std::string(text);
  size_t used = 0;
  return run(text, true, used);
}

}  // namespace ks::engine
