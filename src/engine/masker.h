#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ks::engine {

/// Replaces secrets by `****`, in every form that a log may show them in: as they are, line by
/// line, quoted for sh and bash, URL-encoded, in JSON, and base64 at each of the three offsets.
/// Longest form first.
///
/// A secret may be split over several writes: what could be the beginning of one is held back until
/// more text, or flush(), decides. Copies share the forms. Not thread-safe.
class Masker {
 public:
  /// Empty and blank secrets are not masked.
  void add(std::string_view secret);
  bool empty() const { return forms_ == nullptr; }
  /// From now on masks what the other one does; what is held back stays.
  void use_forms_of(const Masker& other) { forms_ = other.forms_; }

  /// What may be shown now, of what was held back and `text`. `whole_lines` also holds back a line
  /// that has no end yet, up to a bound.
  std::string mask(std::string_view text, bool whole_lines = false);
  /// The rest that was held back.
  std::string flush();
  size_t held_bytes() const { return held_.size(); }
  /// A whole text by itself.
  std::string mask_all(std::string_view text) const;

 private:
  struct Forms {
    std::vector<std::string> secrets;
    std::vector<std::string> list;                 // longest first
    std::array<std::vector<uint32_t>, 256> begin;  // those that begin with a byte, longest first
  };
  std::string run(std::string_view text, bool final, size_t& used) const;

  std::shared_ptr<const Forms> forms_;
  std::string held_;
};

}  // namespace ks::engine
