#include "engine/masker.h"

#include <algorithm>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr std::string_view kMask = "****";
/// Shorter pieces of an encoding (a base64 tail, a line of a key file) would mask ordinary text.
constexpr size_t kMinDerivedBytes = 4;

/// As `sh -x` of dash prints it: 'it'"'"'s'.
std::string quoted_dash(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\"'\"'") + "'";
}
/// As bash prints it: 'it'\''s'.
std::string quoted_bash(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
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

}  // namespace

void Masker::add(std::string_view secret) {
  if (trim(secret).empty()) return;
  std::vector<std::string> forms = {std::string(secret)};
  auto derive = [&](std::string form) {
    if (form.size() >= kMinDerivedBytes) forms.push_back(std::move(form));
  };
  if (trim(secret) != secret) derive(std::string(trim(secret)));
  if (secret.find('\n') != secret.npos) {
    for (std::string_view line : split(secret, '\n')) derive(std::string(trim(line)));
  }
  if (secret.find('\'') != secret.npos) {
    derive(quoted_dash(secret));
    derive(quoted_bash(secret));
    // Without the outer quotes: inside a longer quoted word.
    derive(replace_all(std::string(secret), "'", "'\"'\"'"));
    derive(replace_all(std::string(secret), "'", "'\\''"));
  }
  if (secret.find('$') != secret.npos) derive(replace_all(std::string(secret), "$", "$$"));
  derive(percent_encode(secret));
  derive(replace_all(percent_encode(secret), "%20", "+"));
  std::string json;
  for (char c : secret)
    json += c == '"' || c == '\\' ? std::string("\\") + c
            : c == '\n'           ? std::string("\\n")
                                  : std::string(1, c);
  derive(json);
  for (size_t shift = 0; shift < 3; shift++) {
    derive(base64_inside(secret, shift, false));
    derive(base64_inside(secret, shift, true));
  }
  for (std::string& form : forms) {
    if (!form.empty() && std::ranges::find(forms_, form) == forms_.end())
      forms_.push_back(std::move(form));
  }
  std::ranges::stable_sort(
      forms_, [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

/// Length of the longest form that begins at `at`; `maybe` when the text ends before that can be
/// told.
size_t Masker::match_at(std::string_view text, size_t at, bool& maybe) const {
  const std::string_view rest = text.substr(at);
  for (const std::string& form : forms_) {
    if (rest.starts_with(form)) return maybe ? 0 : form.size();
    if (rest.size() < form.size() && std::string_view(form).starts_with(rest)) maybe = true;
  }
  return 0;
}

std::string Masker::run(std::string_view text, bool final, size_t& used) const {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    bool maybe = false;
    size_t length = match_at(text, at, maybe);
    if (maybe && !final) break;
    if (maybe && length == 0) {
      // The text ends here: a shorter form may still match whole.
      for (const std::string& form : forms_) {
        if (text.substr(at).starts_with(form)) {
          length = form.size();
          break;
        }
      }
    }
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

std::string Masker::mask(std::string_view text) {
  if (forms_.empty()) return std::string(text);
  held_ += text;
  size_t used = 0;
  std::string out = run(held_, false, used);
  held_.erase(0, used);
  return out;
}

std::string Masker::flush() {
  size_t used = 0;
  std::string out = run(held_, true, used);
  held_.clear();
  return out;
}

std::string Masker::mask_all(std::string_view text) const {
  if (forms_.empty()) return std::string(text);
  size_t used = 0;
  return run(text, true, used);
}

}  // namespace ks::engine
