#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ks::engine {

/// Replaces secrets by `****`, in every form that a log may show them in: as they are, line by
/// line, quoted for sh and bash, URL-encoded, and base64 at each of the three offsets. Longest form
/// first.
///
/// A secret may be split over several writes: what could be the beginning of one is held back until
/// more text, or flush(), decides. Not thread-safe.
class Masker {
 public:
  /// Empty and blank secrets are not masked.
  void add(std::string_view secret);
  bool empty() const { return forms_.empty(); }

  /// What may be shown now, of what was held back and `text`.
  std::string mask(std::string_view text);
  /// The rest that was held back.
  std::string flush();
  /// A whole text by itself.
  std::string mask_all(std::string_view text) const;

 private:
  size_t match_at(std::string_view text, size_t at, bool& maybe) const;
  std::string run(std::string_view text, bool final, size_t& used) const;

  std::vector<std::string> forms_;  // longest first
  std::string held_;
};

}  // namespace ks::engine
