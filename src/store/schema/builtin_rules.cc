#include "store/schema/builtin_rules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/check.h"
#include "base/text.h"
#include "store/schema/builtin.h"

namespace ks::store {

namespace {

constexpr std::string_view kRules =
#include "store/schema/rules.inc"
    ;
constexpr std::string_view kDescriptions =
#include "store/schema/descriptions.inc"
    ;
constexpr std::string_view kFieldDescriptions =
#include "store/schema/field_descriptions.inc"
    ;

using Words = std::vector<std::string_view>;

Schema::Property& property_of(Schema& type, std::string_view name) {
  CHECK_MSG(type.property(name) != nullptr, type.name + " " + std::string(name));
  return *std::find_if(type.properties.begin(), type.properties.end(),
                       [&](const Schema::Property& property) { return property.name == name; });
}

Schema::DefaultRule::Condition condition_of(std::string_view text) {
  Schema::DefaultRule::Condition out;
  if (text.starts_with('!')) {
    out.negated = true;
    text.remove_prefix(1);
  }
  size_t equals = text.find('=');
  if (equals != std::string_view::npos) {
    for (std::string_view one : split(text.substr(equals + 1), '|')) out.texts.emplace_back(one);
    text = text.substr(0, equals);
    if (text.ends_with('!')) {
      out.negated = true;
      text.remove_suffix(1);
    }
  }
  out.field = text;
  return out;
}

/// One line of the rules: what it says about one field of one type.
struct Line {
  std::string_view default_text;
  std::vector<Schema::DefaultRule::Condition> conditions;
  bool later = false;
  bool immutable = false;
  std::optional<Constraints> constraints;
};

Line read(const Words& words) {
  Line out;
  for (size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "later") {
      out.later = true;
      continue;
    }
    if (word == "immutable") {
      out.immutable = true;
      continue;
    }
    CHECK_MSG(i + 1 < words.size(), word);
    std::string_view argument = words[++i];
    if (word == "=") {
      out.default_text = argument;
    } else if (word == "when") {
      out.conditions.push_back(condition_of(argument));
    } else {
      if (!out.constraints) out.constraints.emplace();
      if (word == "enum") {
        for (std::string_view one : split(argument, '|')) {
          out.constraints->one_of_values.emplace_back(json::string(one));
        }
      } else {
        std::optional<double>& bound =
            word == "min" ? out.constraints->minimum : out.constraints->maximum;
        bound = static_cast<double>(parse_int(argument).value());
      }
    }
  }
  return out;
}

Schema::DefaultRule rule_of(std::string_view field, Line& line) {
  Schema::DefaultRule out;
  out.field = field;
  out.conditions = std::move(line.conditions);
  std::string_view text = line.default_text;
  if (text.starts_with('$')) {
    out.kind = Schema::DefaultRule::Kind::copy;
    for (std::string_view step : split(text.substr(1), '.')) out.copy_from.emplace_back(step);
  } else if (text == "@image") {
    out.kind = Schema::DefaultRule::Kind::image_pull_policy;
  } else if (text == "@pod") {
    out.kind = Schema::DefaultRule::Kind::pod;
  } else if (text == "@namespace") {
    out.kind = Schema::DefaultRule::Kind::namespace_label;
  } else {
    out.value = std::make_shared<json::value>(json::parse(text));
  }
  return out;
}

void add_rule(SchemaPool& types, Schema& type, std::string_view field, Line line) {
  Schema::Property& property = property_of(type, field);
  bool constant = !line.default_text.empty() && !line.default_text.starts_with('$') &&
                  !line.default_text.starts_with('@') && !line.later && line.conditions.empty();
  bool structured = line.default_text.starts_with('{') || line.default_text.starts_with('[');
  if (!line.default_text.empty() && (!constant || structured)) {
    type.default_rules.push_back(rule_of(field, line));
    constant = false;
  }
  // Several rules on one field: the constant is the last resort, so it must not come first.
  if (constant && std::any_of(type.default_rules.begin(), type.default_rules.end(),
                              [&](const auto& rule) { return rule.field == field; })) {
    type.default_rules.push_back(rule_of(field, line));
    constant = false;
  }
  if (line.immutable) property.immutable = true;
  if (!constant && !line.constraints) return;
  Schema* own = types.make();
  *own = *property.schema;
  if (constant) own->default_value = std::make_shared<json::value>(json::parse(line.default_text));
  if (line.constraints) own->constraints = std::make_shared<Constraints>(*line.constraints);
  property.schema = own;
}

/// Calls `field(type, line)` for the indented lines below the line of each type.
template <class Field>
void for_each_field(SchemaPool& types, std::string_view table, Field field, auto type_line) {
  Schema* type = nullptr;
  for (std::string_view line : split(table, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with(' ')) {
      field(*type, line.substr(1));
      continue;
    }
    std::string_view name = line.substr(0, line.find(' '));
    type = types.find(full_type_name(name));
    CHECK_MSG(type != nullptr, name);
    type_line(*type, line.size() > name.size() ? line.substr(name.size() + 1) : "");
  }
}

/// Texts by the names of fields alone.
std::map<std::string_view, std::string_view> field_descriptions() {
  std::map<std::string_view, std::string_view> out;
  for (std::string_view line : split(kFieldDescriptions, '\n')) {
    const size_t space = line.find(' ');
    if (line.starts_with('#') || space == line.npos) continue;
    out.emplace(line.substr(0, space), line.substr(space + 1));
  }
  return out;
}

}  // namespace

void add_rules(SchemaPool& types) {
  for_each_field(
      types, kRules,
      [&](Schema& type, std::string_view line) {
        Words words = split(line, ' ');
        add_rule(types, type, words[0], read(words));
      },
      [](Schema&, std::string_view) {});
}

void add_descriptions(SchemaPool& types) {
  for_each_field(
      types, kDescriptions,
      [&](Schema& type, std::string_view line) {
        size_t space = line.find(' ');
        property_of(type, line.substr(0, space)).description = line.substr(space + 1);
      },
      [](Schema& type, std::string_view text) { type.description = text; });
  // What every kind has, where nothing better is said.
  constexpr std::pair<std::string_view, std::string_view> kCommon[] = {
      {"apiVersion",
       "The version of the API that this object is written in: GROUP/VERSION, or v1."},
      {"items", "The objects."},
      {"kind", "The kind of this object, as in `Deployment`."},
      {"metadata", "Name, namespace, labels and what the server notes about the object."},
      {"spec", "The state that is wanted."},
      {"status", "The state as it was last seen. Written by controllers."},
  };
  for (std::string_view name : types.names()) {
    Schema& type = *types.find(name);
    if (type.property("metadata") == nullptr) continue;
    for (const auto& [field, text] : kCommon) {
      if (type.property(field) == nullptr) continue;
      std::string& description = property_of(type, field).description;
      if (description.empty()) description = text;
    }
  }
  const std::map<std::string_view, std::string_view> by_name = field_descriptions();
  for (std::string_view name : types.names()) {
    for (Schema::Property& property : types.find(name)->properties) {
      const auto text = by_name.find(property.name);
      if (property.description.empty() && text != by_name.end())
        property.description = text->second;
    }
  }
}

}  // namespace ks::store
