#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ks::engine {

/// Which nodes a step may run on: `linux && (arm || !slow)`, names in double quotes when they have
/// spaces. The empty expression takes every node.
class LabelExpression {
 public:
  static Result<LabelExpression> parse(std::string_view text);
  /// A node answers to its labels and to its own name.
  bool matches(std::string_view name, const std::vector<std::string>& labels) const;

 private:
  struct Term;
  std::shared_ptr<const Term> root_;
  friend class LabelParser;
};

}  // namespace ks::engine
