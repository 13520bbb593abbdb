#include "store/schema/cel.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

#include "base/text.h"
#include "store/schema/cel/eval.h"

namespace ks::store {
namespace {

using cel::Kind;

/// One node being held to its rules.
class Check {
 public:
  Check(const json::value& value, const json::value* old, const Schema& schema,
        const std::string& path, RuleRequest& request)
      : value_(value), old_(old), schema_(schema), path_(path), request_(request) {}

  std::vector<kube::FieldError> run() {
    const bool unchanged = old_ != nullptr && *old_ == value_;
    for (const Constraints::Rule& rule : schema_.constraints->rules) {
      std::shared_ptr<const cel::Program>& program = request_.programs[&rule];
      if (program == nullptr) {
        const auto made = cel::compile(rule.rule, &schema_, Kind::boolean, rule.optional_old_self);
        if (!made) {
          invalid("compilation failed: " + made.error().message);
          continue;
        }
        program = *made;
      }
      const bool transition = program->uses_old_self();
      if (transition && old_ == nullptr && !rule.optional_old_self) continue;
      if (!transition && unchanged) continue;
      if (!hold(rule, *program)) break;
    }
    return std::move(errors_);
  }

 private:
  void invalid(std::string_view detail) { report({}, path_, detail); }

  void report(std::string_view reason, const std::string& field, std::string_view detail) {
    const std::string path = field.empty() ? "<nil>" : field;  // the whole object has no path
    const std::string shown = fmt::format("\"{}\"", type_name(schema_.type));
    if (reason == "FieldValueRequired")
      errors_.push_back(kube::field_required(path, detail));
    else if (reason == "FieldValueForbidden")
      errors_.push_back(kube::field_forbidden(path, detail));
    else if (reason == "FieldValueDuplicate")
      errors_.push_back(kube::field_duplicate(path, shown));
    else
      errors_.push_back(kube::field_invalid(path, shown, detail));
  }

  /// Evaluates within the budget of the rule and of the request.
  cel::Value evaluate(const cel::Program& program, bool optional_old_self,
                      cel::Evaluation& evaluation) {
    const uint64_t most = std::min(request_.steps, kMaxRuleSteps);
    evaluation.steps = most;
    const cel::Value self = cel::of_json(value_, &schema_, evaluation.arena);
    cel::Value old;
    if (old_ != nullptr) {
      old = cel::of_json(*old_, &schema_, evaluation.arena);
      if (optional_old_self) old = evaluation.arena.some(old);
    }
    const cel::Value out =
        cel::evaluate(program, self, old_ != nullptr ? &old : nullptr, evaluation);
    request_.steps -= most - evaluation.steps;
    return out;
  }

  /// False when no further rule may run.
  bool hold(const Constraints::Rule& rule, const cel::Program& program) {
    if (request_.steps == 0) {
      invalid(
          "validation failed due to running out of cost budget, no further validation rules "
          "will be run");
      return false;
    }
    cel::Evaluation evaluation;
    const cel::Value out = evaluate(program, rule.optional_old_self, evaluation);
    const std::string_view text = trim(rule.message.empty() ? rule.rule : rule.message);
    if (out.is_error()) {
      if (out.text == cel::Evaluation::kOutOfSteps) {
        invalid(
            fmt::format("'{}': no further validation rules will be run due to call cost "
                        "exceeds limit for rule: {}",
                        out.text, text));
        return false;
      }
      invalid(out.text.starts_with(cel::kNoOverload)
                  ? fmt::format("'{}': call arguments did not match a supported operator, function "
                                "or macro signature for rule: {}",
                                out.text, text)
                  : fmt::format("{} evaluating rule: {}", out.text, text));
      return true;
    }
    if (!out.is_true()) report(rule.reason, field_of(rule), message_of(rule));
    return true;
  }

  std::string field_of(const Constraints::Rule& rule) const {
    const std::string out = path_ + rule.field_path;
    return out.starts_with('.') ? out.substr(1) : out;
  }

  std::string message_of(const Constraints::Rule& rule) {
    if (!rule.message_expression.empty()) {
      const auto program =
          cel::compile(rule.message_expression, &schema_, Kind::string, rule.optional_old_self);
      if (program && (!(*program)->uses_old_self() || old_ != nullptr || rule.optional_old_self)) {
        cel::Evaluation evaluation;
        const cel::Value out = evaluate(**program, rule.optional_old_self, evaluation);
        const std::string_view text = trim(out.text);
        // What is no message gives way to the one that is written down.
        if (out.kind == Kind::string && !text.empty() && !text.contains('\n') &&
            text.size() <= kMaxMessage)
          return std::string(text);
      }
    }
    if (!rule.message.empty()) return std::string(trim(rule.message));
    return fmt::format("failed rule: {}", trim(rule.rule));
  }

  static constexpr size_t kMaxMessage = 5 << 10;

  const json::value& value_;
  const json::value* old_;
  const Schema& schema_;
  const std::string& path_;
  RuleRequest& request_;
  std::vector<kube::FieldError> errors_;
};

Result<> compile_for(std::string_view text, const Schema* schema, Kind wanted,
                     bool optional_old_self) {
  const auto program = cel::compile(text, schema, wanted, optional_old_self);
  if (program) return {};
  return Error{Code::invalid, "compilation failed: " + program.error().message};
}

}  // namespace

std::vector<kube::FieldError> check_rules(const json::value& value, const json::value* old,
                                          const Schema& schema, const std::string& path,
                                          RuleRequest* request) {
  if (schema.constraints == nullptr || schema.constraints->rules.empty()) return {};
  RuleRequest own;
  return Check(value, old, schema, path, request != nullptr ? *request : own).run();
}

Result<> compile_rule(std::string_view rule, const Schema* schema, bool optional_old_self) {
  return compile_for(rule, schema, Kind::boolean, optional_old_self);
}

Result<> compile_message_expression(std::string_view expression, const Schema* schema,
                                    bool optional_old_self) {
  return compile_for(expression, schema, Kind::string, optional_old_self);
}

bool reads_old_self(std::string_view rule) {
  const auto program = cel::compile(rule, nullptr, Kind::error);
  return program && (*program)->uses_old_self();
}

}  // namespace ks::store
