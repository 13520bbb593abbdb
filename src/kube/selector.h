#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// Label and field selectors: parsing with Kubernetes' messages, and matching.

namespace ks::kube {

/// A short list of pairs is how labels are kept; there are rarely more than ten.
using LabelSpan = std::span<const std::pair<std::string, std::string>>;

/// One condition on one label.
struct Requirement {
  enum class Operator : uint8_t { in, not_in, exists, does_not_exist, greater_than, less_than };
  std::string key;
  Operator op = Operator::in;
  std::vector<std::string> values;  ///< Sorted. `=` and `!=` are `in` and `not_in` with one value.

  bool matches(LabelSpan labels) const;
  bool operator==(const Requirement&) const = default;
};

/// All conditions must hold; none at all matches everything.
///
///   LabelSelector selector = TRY(LabelSelector::parse("app=web,tier in (a, b),!canary"));
///   if (selector.matches(object.labels)) ...
class LabelSelector {
 public:
  LabelSelector() = default;
  explicit LabelSelector(std::vector<Requirement> requirements);

  /// The text form. `invalid` with Kubernetes' message.
  static Result<LabelSelector> parse(std::string_view text);
  /// A `metav1.LabelSelector` object: matchLabels and matchExpressions. Null matches nothing, an
  /// empty object everything, as Kubernetes has it.
  static Result<LabelSelector> from_object(const json::value& selector);
  static LabelSelector nothing();

  bool matches(LabelSpan labels) const;
  /// The labels of a whole object or of `metadata.labels` as JSON.
  bool matches(const json::object& labels) const;
  bool empty() const { return requirements_.empty() && !nothing_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  /// The text form again, conditions sorted by key.
  std::string text() const;
  bool operator==(const LabelSelector&) const = default;

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

/// Conditions on fields: `metadata.name=web,status.phase!=Running`.
class FieldSelector {
 public:
  struct Term {
    std::string field;
    bool equals = true;
    std::string value;
    bool operator==(const Term&) const = default;
  };

  FieldSelector() = default;
  explicit FieldSelector(std::vector<Term> terms) : terms_(std::move(terms)) {}
  /// `\` escapes `\`, `,` and `=` in values. Which fields exist is the resource's business.
  static Result<FieldSelector> parse(std::string_view text);

  /// A field that the list does not have counts as empty.
  bool matches(LabelSpan fields) const;
  bool empty() const { return terms_.empty(); }
  const std::vector<Term>& terms() const { return terms_; }
  /// The value that `field` must have; null when no term says so.
  const std::string* required(std::string_view field) const;
  std::string text() const;

 private:
  std::vector<Term> terms_;
};

}  // namespace ks::kube
