#pragma once

#include <string>
#include <string_view>

namespace ks::store {

/// The place in an object that a walk has reached, as Kubernetes writes it:
/// `spec.containers[0].name`.
class FieldPath {
 public:
  /// One level deeper for as long as it lives.
  class Step {
   public:
    Step(FieldPath& path, std::string_view field) : path_(path), before_(path.text_.size()) {
      if (before_ != 0) path.text_ += '.';
      path.text_ += field;
    }
    Step(FieldPath& path, size_t index) : path_(path), before_(path.text_.size()) {
      path.text_ += '[';
      path.text_ += std::to_string(index);
      path.text_ += ']';
    }
    ~Step() { path_.text_.resize(before_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    FieldPath& path_;
    size_t before_;
  };

  const std::string& text() const { return text_; }
  /// Of a field of the object that the path names.
  std::string of(std::string_view field) const {
    return text_.empty() ? std::string(field) : text_ + "." + std::string(field);
  }

 private:
  std::string text_;
};

}  // namespace ks::store
