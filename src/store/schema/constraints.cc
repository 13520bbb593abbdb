#include <algorithm>
#include <cmath>
#include <set>

#include "store/schema/formats.h"
#include "store/schema/pattern.h"
#include "store/schema/validator.h"
#include "store/schema/value_text.h"

/// What a Validator asks of values beyond their type. The texts are those of custom resources in
/// Kubernetes; for its own types it has others.

namespace ks::store {

namespace {
/// Of the steps that one validation may take: so many texts may be hard to match.
constexpr size_t kHardMatchSteps = 200'000;
}  // namespace

void Validator::check_constraints(const json::value& value, const Schema& schema) {
  const Constraints& of = *schema.constraints;
  if (!of.one_of_values.empty()) check_enum(value, of);
  if (const json::string* text = value.if_string()) check_text(value, *text, of);
  if (value.is_number()) check_number(value, schema);
  if (const json::array* array = value.if_array()) {
    if (of.max_items && array->size() > *of.max_items) {
      add(kube::field_too_many(path_.text(), array->size(), *of.max_items));
    }
    if (of.min_items && array->size() < *of.min_items) {
      add_invalid(std::to_string(array->size()),
                  "should have at least " + std::to_string(*of.min_items) + " items");
    }
    if (of.unique_items) {
      std::set<std::string> seen;
      for (const json::value& item : *array) {
        if (seen.insert(json::serialize(item)).second) continue;
        add_invalid("\"\"", "shouldn't contain duplicates");
        break;
      }
    }
  }
  if (const json::object* object = value.if_object()) {
    if (of.max_properties && object->size() > *of.max_properties) {
      add(kube::field_too_many(path_.text(), object->size(), *of.max_properties));
    }
    if (of.min_properties && object->size() < *of.min_properties) {
      add_invalid(std::to_string(object->size()),
                  "should have at least " + std::to_string(*of.min_properties) + " properties");
    }
  }
  check_combinations(value, of);
}

void Validator::check_text(const json::value& value, std::string_view text,
                           const Constraints& constraints) {
  size_t length = constraints.min_length || constraints.max_length ? count_code_points(text) : 0;
  if (constraints.max_length && length > *constraints.max_length) {
    add(kube::field_too_long(path_.text(), *constraints.max_length));
  }
  if (constraints.min_length && length < *constraints.min_length) {
    add_invalid(shown(value),
                "should be at least " + std::to_string(*constraints.min_length) + " chars long");
  }
  if (!constraints.compiled_pattern) return;
  bool was_hard = false;
  if (!constraints.compiled_pattern->matches(text, &was_hard)) {
    add_invalid(shown(value), "should match '" + constraints.pattern + "'");
  }
  if (was_hard) steps_ += kHardMatchSteps;
}

void Validator::check_number(const json::value& value, const Schema& schema) {
  const Constraints& of = *schema.constraints;
  double number = value.to_number<double>();
  bool low = of.minimum && (of.exclusive_minimum ? number <= *of.minimum : number < *of.minimum);
  bool high = of.maximum && (of.exclusive_maximum ? number >= *of.maximum : number > *of.maximum);
  if (schema.built_in && (low || high)) {
    std::string detail = of.minimum && of.maximum
                             ? "must be between " + number_text(*of.minimum) + " and " +
                                   number_text(*of.maximum) + ", inclusive"
                             : "must be greater than or equal to " + number_text(*of.minimum);
    add(kube::field_invalid(path_.text(), shown(value), detail));
    return;
  }
  if (low) {
    add_invalid(shown(value), (of.exclusive_minimum ? "should be greater than "
                                                    : "should be greater than or equal to ") +
                                  number_text(*of.minimum));
  }
  if (high) {
    add_invalid(shown(value), (of.exclusive_maximum ? "should be less than "
                                                    : "should be less than or equal to ") +
                                  number_text(*of.maximum));
  }
  if (of.multiple_of && *of.multiple_of > 0) {
    double times = number / *of.multiple_of;
    if (std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times))) {
      add_invalid(shown(value), "should be a multiple of " + number_text(*of.multiple_of));
    }
  }
}

void Validator::check_enum(const json::value& value, const Constraints& constraints) {
  const std::vector<json::value>& allowed = constraints.one_of_values;
  if (std::any_of(allowed.begin(), allowed.end(),
                  [&](const json::value& one) { return same_value(one, value); })) {
    return;
  }
  std::vector<std::string> texts;
  texts.reserve(allowed.size());
  for (const json::value& one : allowed) {
    texts.emplace_back(one.is_string() ? std::string(one.get_string()) : json::serialize(one));
  }
  add(kube::field_not_supported(path_.text(), shown(value), texts));
}

void Validator::check_combinations(const json::value& value, const Constraints& constraints) {
  // Kubernetes tells of these at the root, with the path in the text.
  auto add_combination = [&](const std::string& what) {
    add(kube::field_invalid("<nil>", "\"\"", "\"" + path_.text() + "\" " + what));
  };
  bool all_valid = true;
  for (const Schema* part : constraints.all_of) {
    std::vector<kube::FieldError> errors = errors_against(value, *part);
    all_valid = all_valid && errors.empty();
    for (kube::FieldError& error : errors) add(std::move(error));
  }
  if (!all_valid) add_combination("must validate all the schemas (allOf)");

  // With no valid alternative the errors of the nearest one say more than that there is none.
  auto count_valid = [&](const std::vector<const Schema*>& alternatives,
                         std::vector<kube::FieldError>& nearest) {
    size_t valid = 0;
    for (const Schema* alternative : alternatives) {
      std::vector<kube::FieldError> errors = errors_against(value, *alternative);
      if (errors.empty()) ++valid;
      if (nearest.empty() || errors.size() < nearest.size()) nearest = std::move(errors);
    }
    return valid;
  };
  std::vector<kube::FieldError> nearest;
  if (!constraints.any_of.empty() && count_valid(constraints.any_of, nearest) == 0) {
    add_combination("must validate at least one schema (anyOf)");
    for (kube::FieldError& error : nearest) add(std::move(error));
  }
  nearest.clear();
  if (!constraints.one_of.empty()) {
    size_t valid = count_valid(constraints.one_of, nearest);
    if (valid != 1) {
      add_combination("must validate one and only one schema (oneOf). " +
                      (valid == 0 ? std::string("Found none valid")
                                  : "Found " + std::to_string(valid) + " valid alternatives"));
    }
    if (valid == 0) {
      for (kube::FieldError& error : nearest) add(std::move(error));
    }
  }
  if (constraints.none_of != nullptr && errors_against(value, *constraints.none_of).empty()) {
    add_combination("must not validate the schema (not)");
  }
}

}  // namespace ks::store
