#include "store/api/selectors.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"
#include "kube/selector.h"
#include "store/api/strategy/strategy.h"
#include "store/api/table.h"

namespace ks::store {
namespace {

std::string text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_null() || value.is_structured()) return "";
  return to_json(value);
}

/// The scalar at a plain path of field names.
std::string scalar_at(const json::value& object, std::string_view path) {
  const json::value* at = &object;
  for (std::string_view step : split(path, '.')) {
    const json::object* fields = at->if_object();
    at = fields == nullptr ? nullptr : fields->if_contains(step);
    if (at == nullptr) return "";
  }
  return text_of(*at);
}

/// The name under which the store keeps what a client calls `field`; nothing when it may not ask.
std::optional<std::string> stored_field(const Kind& kind, const std::string& field) {
  if (kind.custom) {
    if (std::ranges::find(kind.selectable_fields, field) == kind.selectable_fields.end()) {
      return std::nullopt;
    }
    return field;
  }
  std::string name = field;
  if (kind.resource.group == "events.k8s.io") {
    if (name.starts_with("regarding.")) name = "involvedObject." + name.substr(10);
    if (name == "reportingController") name = "reportingComponent";
  }
  for (const Strategy::Field& one : strategy_of(kind).fields) {
    if (one.name == name) return name;
  }
  return std::nullopt;
}

kube::Status not_supported(const Kind& kind, std::string_view field) {
  if (kind.custom || !strategy_of(kind).fields.empty()) {
    return kube::bad_request(fmt::format("field label not supported: {}", field));
  }
  return kube::bad_request(
      fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", "
                  "\"metadata.namespace\"",
                  field));
}

struct Terms {
  kube::LabelSelector labels;
  std::vector<kube::FieldSelector::Term> fields;

  bool match(const Object& object) const {
    if (!labels.matches(object.labels)) return false;
    return std::ranges::all_of(fields, [&](const kube::FieldSelector::Term& term) {
      return (value(object, term.field) == term.value) == term.equals;
    });
  }

  static std::string_view value(const Object& object, const std::string& field) {
    if (field == "metadata.name") return object.name();
    if (field == "metadata.namespace") return object.space();
    for (const auto& [name, text] : object.fields) {
      if (name == field) return text;
    }
    return {};
  }
};

}  // namespace

Outcome<Selection> selection(const Call& call) {
  Selection out;
  out.filter.resource = call.kind->store_resource();
  out.filter.space = call.path.space;
  out.filter.name = call.path.name;
  const auto terms = std::make_shared<Terms>();
  const std::string_view labels = call.request.query.get("labelSelector");
  Result<kube::LabelSelector> label_selector = kube::LabelSelector::parse(labels);
  if (!label_selector) {
    return kube::bad_request(
        fmt::format("unable to parse requirement: {}", label_selector.error().message));
  }
  terms->labels = std::move(*label_selector);
  Result<kube::FieldSelector> fields =
      kube::FieldSelector::parse(call.request.query.get("fieldSelector"));
  if (!fields) return kube::bad_request(fields.error().message);
  for (kube::FieldSelector::Term term : fields->terms()) {
    const bool of_metadata = term.field == "metadata.name" || term.field == "metadata.namespace";
    if (!of_metadata) {
      std::optional<std::string> name = stored_field(*call.kind, term.field);
      if (!name) return not_supported(*call.kind, term.field);
      term.field = std::move(*name);
    }
    if (term.field == "metadata.name" && term.equals && out.filter.name.empty()) {
      out.filter.name = term.value;
    }
    terms->fields.push_back(std::move(term));
  }
  out.selective = !terms->labels.empty() || !terms->fields.empty();
  if (out.selective) {
    out.filter.matches = [terms = std::shared_ptr<const Terms>(terms)](const Object& object) {
      return terms->match(object);
    };
  }
  return out;
}

Pairs selectable(const Kind& kind, const json::value& object) {
  Pairs fields;
  if (kind.custom) {
    for (const std::string& field : kind.selectable_fields) {
      fields.emplace_back(field, json_path_text(object, "." + field));
    }
    return fields;
  }
  for (const Strategy::Field& field : strategy_of(kind).fields) {
    std::string value = scalar_at(object, field.path);
    if (value.empty() && !field.otherwise.empty()) value = scalar_at(object, field.otherwise);
    if (value.empty()) value = field.when_absent;
    fields.emplace_back(field.name, std::move(value));
  }
  return fields;
}

}  // namespace ks::store
