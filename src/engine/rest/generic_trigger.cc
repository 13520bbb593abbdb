#include "engine/rest/generic_trigger.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cctype>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/pattern.h"
#include "jenkins/xml.h"

namespace ks::engine {
namespace {

namespace json = boost::json;

constexpr const char* kTriggers =
    "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty";
constexpr const char* kTrigger = "org.jenkinsci.plugins.gwt.GenericTrigger";

using Source = GenericTrigger::Variable::Source;

void read_variables(pugi::xml_node list, GenericTrigger& into) {
  for (const pugi::xml_node node : list.children()) {
    const std::string_view name = node.name();
    GenericTrigger::Variable one;
    one.key = jenkins::child_text(node, "key");
    one.filter = jenkins::child_text(node, "regexpFilter");
    if (name.ends_with("RequestVariable")) {
      one.source = Source::query;
    } else if (name.ends_with("HeaderVariable")) {
      one.source = Source::header;
    } else {
      one.source = jenkins::child_text(node, "expressionType") == "XPath" ? Source::x_path
                                                                          : Source::json_path;
      one.expression = jenkins::child_text(node, "value");
      one.fallback = jenkins::child_text(node, "defaultValue");
    }
    if (!one.key.empty()) into.variables.push_back(std::move(one));
  }
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string variable_name(std::string_view key) {
  std::string out;
  for (const char c : key) out += is_word(c) ? c : '_';
  return out;
}

/// The variables of one request. They become texts of a run: a small request must not make many or
/// large ones.
class Budget {
 public:
  Result<> add(Variables& into, const std::string& name, std::string value, bool keep = false) {
    const auto found = into.find(name);
    if (found != into.end() && keep) return {};
    bytes_ += name.size() + value.size();
    if (bytes_ > kMostBytes) {
      return Error{Code::too_large,
                   fmt::format("the variable \"{}\" goes beyond the {} that the variables of a "
                               "webhook may have together; name less of the request",
                               name.substr(0, kShownBytes), human_size(kMostBytes))};
    }
    if (found == into.end() && ++count_ > kMostVariables) {
      return Error{Code::too_large,
                   fmt::format("a webhook may give at most {} variables; name less "
                               "of the request",
                               kMostVariables)};
    }
    into[name] = std::move(value);
    return {};
  }

 private:
  static constexpr size_t kMostBytes = 1u << 20;
  static constexpr size_t kMostVariables = 1000;
  static constexpr size_t kShownBytes = 100;
  size_t bytes_ = 0, count_ = 0;
};

/// The value itself as text, and each leaf of an object under its path: `pr_title`. Each level is
/// written again within the one around it, which the budget bounds, too.
Result<> flatten(const json::value& value, const std::string& name, Variables& into,
                 Budget& budget) {
  TRY(budget.add(into, name, value.is_string() ? std::string(value.get_string()) : to_json(value)));
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, member] : *object) {
      TRY(flatten(member, name + "_" + variable_name(key), into, budget));
    }
  } else if (const json::array* list = value.if_array()) {
    for (size_t i = 0; i < list->size(); ++i) {
      TRY(flatten((*list)[i], name + "_" + std::to_string(i), into, budget));
    }
  }
  return {};
}

std::string x_path(const pugi::xml_document& document, const std::string& expression) {
  pugi::xpath_query query(expression.c_str());
  return query ? query.evaluate_string(document) : std::string();
}

/// One step of a path: a name, an index, or `*`.
struct Step {
  std::string name;
  std::optional<int64_t> index;
  bool all = false;
};

std::optional<std::vector<Step>> steps_of(std::string_view path) {
  std::vector<Step> out;
  if (path.starts_with('$')) path.remove_prefix(1);
  while (!path.empty()) {
    Step step;
    if (path.starts_with('[')) {
      const size_t end = path.find(']');
      if (end == path.npos) return std::nullopt;
      std::string_view inside = trim(path.substr(1, end - 1));
      path.remove_prefix(end + 1);
      if (inside.size() >= 2 && (inside[0] == '\'' || inside[0] == '"') &&
          inside.back() == inside[0]) {
        step.name = inside.substr(1, inside.size() - 2);
      } else if (inside == "*") {
        step.all = true;
      } else if (!(step.index = parse_int(inside))) {
        return std::nullopt;
      }
    } else {
      if (path.starts_with('.')) path.remove_prefix(1);
      const size_t end = std::min(path.find_first_of(".["), path.size());
      step.name = path.substr(0, end);
      if (step.name.empty()) return std::nullopt;
      step.all = step.name == "*";
      path.remove_prefix(end);
    }
    out.push_back(std::move(step));
  }
  return out;
}

json::value walk(const json::value& value, const std::vector<Step>& steps, size_t at) {
  if (at == steps.size()) return value;
  const Step& step = steps[at];
  if (step.all) {
    json::array out;
    const auto take = [&](const json::value& one) {
      if (json::value found = walk(one, steps, at + 1); !found.is_null()) {
        out.push_back(std::move(found));
      }
    };
    if (const json::array* list = value.if_array()) {
      for (const json::value& one : *list) take(one);
    } else if (const json::object* object = value.if_object()) {
      for (const auto& [name, one] : *object) take(one);
    }
    return out;
  }
  if (step.index) {
    const json::array* list = value.if_array();
    if (list == nullptr) return {};
    const int64_t index = *step.index < 0 ? *step.index + std::ssize(*list) : *step.index;
    if (index < 0 || index >= std::ssize(*list)) return {};
    return walk((*list)[static_cast<size_t>(index)], steps, at + 1);
  }
  const json::value* member = find(value, {step.name});
  return member == nullptr ? json::value() : walk(*member, steps, at + 1);
}

}  // namespace

std::optional<GenericTrigger> generic_trigger_of(const std::string& config_xml) {
  const Result<pugi::xml_document> document = jenkins::parse_xml(config_xml);
  if (!document) return std::nullopt;
  const pugi::xml_node node = document->document_element()
                                  .child("properties")
                                  .child(kTriggers)
                                  .child("triggers")
                                  .child(kTrigger);
  if (!node) return std::nullopt;
  GenericTrigger out;
  out.token = jenkins::child_text(node, "token");
  out.cause = jenkins::child_text(node, "causeString");
  out.filter_text = jenkins::child_text(node, "regexpFilterText");
  out.filter_expression = jenkins::child_text(node, "regexpFilterExpression");
  for (const char* list :
       {"genericVariables", "genericRequestVariables", "genericHeaderVariables"}) {
    read_variables(node.child(list), out);
  }
  return out;
}

json::value at_json_path(const json::value& value, std::string_view path) {
  const auto steps = steps_of(trim(path));
  return steps ? walk(value, *steps, 0) : json::value();
}

Result<Variables> resolve(const GenericTrigger& trigger, const http::Request& request) {
  Variables out;
  Budget budget;
  const std::string_view body = trim(request.body.view());
  const Result<json::value> as_json = parse_json(body);
  Result<pugi::xml_document> as_xml = Error{Code::invalid, ""};
  if (body.starts_with('<')) as_xml = jenkins::parse_xml(body);
  for (const GenericTrigger::Variable& one : trigger.variables) {
    Variables found;
    const std::string name = variable_name(one.key);
    switch (one.source) {
      case Source::query:
        for (std::string_view value : request.query.all(one.key)) {
          TRY(budget.add(found, name, std::string(value), true));
          TRY(budget.add(found, name + "_" + std::to_string(found.size() - 1), std::string(value),
                         true));
        }
        break;
      case Source::header:
        if (request.headers.has(one.key)) {
          const std::string header = to_lower(name);
          const std::string value(request.headers.get(one.key));
          TRY(budget.add(found, header, value));
          TRY(budget.add(found, header + "_0", value));
        }
        break;
      case Source::json_path:
        if (as_json) {
          const json::value value = at_json_path(*as_json, one.expression);
          if (!value.is_null()) TRY(flatten(value, name, found, budget));
        }
        break;
      case Source::x_path:
        if (as_xml) TRY(budget.add(found, name, x_path(*as_xml, one.expression)));
        break;
    }
    if (found.empty() && !one.fallback.empty()) TRY(budget.add(found, name, one.fallback));
    for (auto& [key, value] : found) {
      if (!one.filter.empty()) value = TRY(without_matches(one.filter, value));
      out[key] = std::move(value);
    }
  }
  return out;
}

std::string substitute(std::string_view text, const Variables& variables) {
  std::string out;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const bool braces = text.substr(1).starts_with('{');
    size_t end = braces ? 2 : 1;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string name(text.substr(braces ? 2 : 1, end - (braces ? 2 : 1)));
    const bool closed = !braces || text.substr(end).starts_with('}');
    const auto found = variables.find(name);
    const size_t size = closed ? end + (braces ? 1 : 0) : end;
    out +=
        found != variables.end() && closed ? std::string_view(found->second) : text.substr(0, size);
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace ks::engine
