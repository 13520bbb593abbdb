#include "store/schema/definition.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/schema/builtin.h"

namespace ks::store {

namespace {

std::vector<std::string> texts_at(const json::value& value,
                                  std::initializer_list<std::string_view> path) {
  std::vector<std::string> out;
  const json::value* list = find(value, path);
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& one : list->get_array()) {
    if (one.is_string()) out.emplace_back(one.get_string());
  }
  return out;
}

std::string lower_dots_reversed(std::string_view group) {
  std::vector<std::string_view> labels = split(group, '.');
  std::string out;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    if (!out.empty()) out += '.';
    out += *label;
  }
  return out;
}

/// The type of metadata: ObjectMeta, with what the definition asks of names.
const Schema* metadata_schema(const Schema* wanted, SchemaPool& pool) {
  const Schema* plain = built_in_types()->find(full_type_name("meta.v1.ObjectMeta"));
  if (wanted == nullptr || wanted->properties.empty()) return plain;
  Schema* own = pool.make();
  *own = *plain;
  for (Schema::Property& property : own->properties) {
    const Schema::Property* limited = wanted->property(property.name);
    if (limited == nullptr || (property.name != "name" && property.name != "generateName"))
      continue;
    Schema* text = pool.make();
    *text = *property.schema;
    text->constraints = limited->schema->constraints;
    property.schema = text;
  }
  return own;
}

void set_property(Schema& type, std::string_view name, const Schema* schema) {
  auto at = std::lower_bound(type.properties.begin(), type.properties.end(), name,
                             [](const Schema::Property& property, std::string_view wanted) {
                               return property.name < wanted;
                             });
  if (at == type.properties.end() || at->name != name) {
    at = type.properties.insert(at, Schema::Property{.name = std::string(name)});
  }
  at->schema = schema;
}

Result<const Schema*> root_schema(const json::value& version, std::string name, SchemaPool& pool) {
  Schema* root = pool.make(std::move(name));
  if (const json::value* props = find(version, {"schema", "openAPIV3Schema"})) {
    std::string kept = root->name;
    *root = *TRY(read_schema(*props, pool));
    root->name = std::move(kept);
  } else {
    root->preserve_unknown = true;
  }
  root->type = Schema::Type::object;
  const Schema* text = built_in_types()->find(full_type_name("meta.v1.ObjectMeta"));
  text = text->property("name")->schema;
  const Schema::Property* metadata = root->property("metadata");
  const Schema* meta = metadata_schema(metadata == nullptr ? nullptr : metadata->schema, pool);
  set_property(*root, "apiVersion", text);
  set_property(*root, "kind", text);
  set_property(*root, "metadata", meta);
  return root;
}

std::vector<Column> columns_of(const json::value& version) {
  std::vector<Column> out;
  const json::value* columns = find(version, {"additionalPrinterColumns"});
  if (columns == nullptr || !columns->is_array()) return out;
  for (const json::value& one : columns->get_array()) {
    out.push_back({.name = std::string(text_at(one, {"name"})),
                   .type = std::string(text_at(one, {"type"})),
                   .format = std::string(text_at(one, {"format"})),
                   .description = std::string(text_at(one, {"description"})),
                   .priority = static_cast<int>(int_at(one, {"priority"})),
                   .json_path = std::string(text_at(one, {"jsonPath"}))});
  }
  return out;
}

void add_subresources(Kind& kind, const json::value& version) {
  const std::vector<std::string> verbs = {"get", "patch", "update"};
  if (find(version, {"subresources", "status"}) != nullptr) {
    kind.subresources.push_back({"status", kind.resource.kind, "", "", verbs});
  }
  const json::value* scale = find(version, {"subresources", "scale"});
  if (scale == nullptr || !scale->is_object()) return;
  kind.subresources.push_back({"scale", "Scale", "autoscaling", "v1", verbs});
  kind.scale = Kind::Scale{std::string(text_at(*scale, {"specReplicasPath"})),
                           std::string(text_at(*scale, {"statusReplicasPath"})),
                           std::string(text_at(*scale, {"labelSelectorPath"}))};
}

std::vector<std::string> selectable_of(const json::value& version) {
  std::vector<std::string> out;
  const json::value* fields = find(version, {"selectableFields"});
  if (fields == nullptr || !fields->is_array()) return out;
  for (const json::value& one : fields->get_array()) {
    std::string_view path = text_at(one, {"jsonPath"});
    if (path.starts_with('.')) out.emplace_back(path.substr(1));
  }
  return out;
}

Result<std::shared_ptr<Kind>> kind_of_version(const json::value& definition,
                                              const json::value& version,
                                              const std::shared_ptr<SchemaPool>& pool) {
  auto kind = std::make_shared<Kind>();
  kind->resource.group = text_at(definition, {"spec", "group"});
  kind->resource.version = text_at(version, {"name"});
  kind->resource.plural = text_at(definition, {"spec", "names", "plural"});
  kind->resource.kind = text_at(definition, {"spec", "names", "kind"});
  kind->resource.namespaced = text_at(definition, {"spec", "scope"}) != "Cluster";
  if (kind->resource.group.empty() || kind->resource.version.empty() ||
      kind->resource.plural.empty() || kind->resource.kind.empty()) {
    return Error{Code::invalid, "it lacks a group, a version, or the names of its kind"};
  }
  kind->list_kind = text_at(definition, {"spec", "names", "listKind"});
  if (kind->list_kind.empty()) kind->list_kind = kind->resource.kind + "List";
  kind->singular = text_at(definition, {"spec", "names", "singular"});
  if (kind->singular.empty()) kind->singular = to_lower(kind->resource.kind);
  kind->short_names = texts_at(definition, {"spec", "names", "shortNames"});
  kind->categories = texts_at(definition, {"spec", "names", "categories"});
  kind->custom = true;
  kind->storage = bool_at(version, {"storage"});
  kind->served = bool_at(version, {"served"});
  kind->verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  if (bool_at(version, {"deprecated"})) {
    kind->deprecation_warning = text_at(version, {"deprecationWarning"});
    if (kind->deprecation_warning.empty()) {
      kind->deprecation_warning =
          kind->resource.api_version() + " " + kind->resource.kind + " is deprecated";
    }
  }
  kind->columns = columns_of(version);
  kind->selectable_fields = selectable_of(version);
  add_subresources(*kind, version);
  std::string name = lower_dots_reversed(kind->resource.group) + "." + kind->resource.version +
                     "." + kind->resource.kind;
  kind->schema = TRY(root_schema(version, std::move(name), *pool));
  kind->pool = pool;
  return kind;
}

/// What precedes the number decides: v (2), beta (1), alpha (0); other names are -1.
struct VersionRank {
  int stage = -1;
  int64_t major = 0, minor = 0;
};

VersionRank rank_of(std::string_view version) {
  VersionRank out;
  if (!version.starts_with('v')) return out;
  std::string_view rest = version.substr(1);
  size_t digits = rest.find_first_not_of("0123456789");
  std::optional<int64_t> major = parse_int(rest.substr(0, digits));
  if (!major) return out;
  if (digits == std::string_view::npos) return {2, *major, 0};
  rest.remove_prefix(digits);
  int stage = rest.starts_with("beta") ? 1 : rest.starts_with("alpha") ? 0 : -1;
  if (stage < 0) return out;
  std::optional<int64_t> minor = parse_int(rest.substr(stage == 1 ? 4 : 5));
  if (!minor || *minor < 0) return out;
  return {stage, *major, *minor};
}

}  // namespace

std::string_view definition_name(const json::value& definition) {
  return text_at(definition, {"metadata", "name"});
}

Result<std::vector<KindRef>> kinds_of_definition(const json::value& definition) {
  std::string where = "definition \"" + std::string(definition_name(definition)) + "\"";
  const json::value* versions = find(definition, {"spec", "versions"});
  if (definition_name(definition).empty() || versions == nullptr || !versions->is_array()) {
    return Error{Code::invalid, where + ": it lacks a name, or spec.versions"};
  }
  std::vector<KindRef> out;
  auto pool = std::make_shared<SchemaPool>();
  for (const json::value& version : versions->get_array()) {
    if (!bool_at(version, {"served"}) && !bool_at(version, {"storage"})) continue;
    Result<std::shared_ptr<Kind>> kind = kind_of_version(definition, version, pool);
    if (!kind) return std::move(kind).error().in(where);
    out.push_back(*std::move(kind));
  }
  return out;
}

bool is_preferred_version(std::string_view a, std::string_view b) {
  VersionRank left = rank_of(a), right = rank_of(b);
  if (left.stage != right.stage) return left.stage > right.stage;
  if (left.stage < 0) return a < b;
  if (left.major != right.major) return left.major > right.major;
  return left.minor > right.minor;
}

}  // namespace ks::store
