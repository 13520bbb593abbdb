#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/status.h"
#include "store/schema/schema.h"

/// The rules of `x-kubernetes-validations`: CEL, with the functions that Kubernetes adds to it.
///
///   self.minReplicas <= self.replicas && self.names.all(n, n.startsWith('web-'))

namespace ks::store {

namespace cel {
class Program;
}

/// What the rules of one request share. `steps` is what they may cost together: an object with many
/// entries and a slow rule is refused in place of keeping the server busy. A step is about one
/// operator.
struct RuleRequest {
  uint64_t steps = 10'000'000;
  /// Each rule is compiled once for all the nodes that have it.
  std::map<const Constraints::Rule*, std::shared_ptr<const cel::Program>> programs;
};
/// What one rule at one node may cost.
constexpr uint64_t kMaxRuleSteps = 1'000'000;

/// Holds one node to the rules of its type. `old` is the node's state before an update, null when
/// there was none: rules that read oldSelf are skipped then, unless they have `optionalOldSelf`.
/// A node that did not change is not held to rules that do not read oldSelf: it was stored already.
std::vector<kube::FieldError> check_rules(const json::value& value, const json::value* old,
                                          const Schema& schema, const std::string& path,
                                          RuleRequest* request = nullptr);

/// Refuses what does not parse, does not know what it names, or cannot be a boolean. `schema` is
/// the type of self; null: of any. The message is as Kubernetes writes it: `compilation failed:
/// ERROR: <input>:1:6: Syntax error: ...`.
Result<> compile_rule(std::string_view rule, const Schema* schema = nullptr,
                      bool optional_old_self = false);
/// The same for a `messageExpression`, which gives a text.
Result<> compile_message_expression(std::string_view expression, const Schema* schema = nullptr,
                                    bool optional_old_self = false);
/// Whether a rule that compiles reads oldSelf.
bool reads_old_self(std::string_view rule);

}  // namespace ks::store
