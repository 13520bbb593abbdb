#include "store/schema/builtin.h"

#include <array>
#include <boost/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "store/schema/builtin_rules.h"

namespace ks::store {

namespace {

constexpr std::string_view kTable =
#include "store/schema/builtin.inc"
    ;

struct Prefix {
  std::string_view brief, full;
};
constexpr std::array kPrefixes = {
    Prefix{"meta.v1.", "io.k8s.apimachinery.pkg.apis.meta.v1."},
    Prefix{"resource.", "io.k8s.apimachinery.pkg.api.resource."},
    Prefix{"runtime.", "io.k8s.apimachinery.pkg.runtime."},
    Prefix{"intstr.", "io.k8s.apimachinery.pkg.util.intstr."},
    Prefix{"apiextensions.v1.", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."},
    Prefix{"apiregistration.v1.", "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1."},
    Prefix{"", "io.k8s.api."},
};

/// Types whose values go through as they are.
constexpr std::array<std::string_view, 7> kOpaque = {
    "meta.v1.FieldsV1",
    "meta.v1.Patch",
    "runtime.RawExtension",
    "apiextensions.v1.JSON",
    "apiextensions.v1.JSONSchemaPropsOrArray",
    "apiextensions.v1.JSONSchemaPropsOrBool",
    "apiextensions.v1.JSONSchemaPropsOrStringArray"};

Schema::Type type_named(std::string_view name) {
  constexpr std::array<std::string_view, 7> names = {"any",     "object", "array",  "string",
                                                     "integer", "number", "boolean"};
  auto found = std::find(names.begin(), names.end(), name);
  CHECK_MSG(found != names.end(), name);
  return static_cast<Schema::Type>(found - names.begin());
}

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> out;
  if (list == "-") return out;
  for (std::string_view name : split(list, ',')) out.emplace_back(name);
  return out;
}

/// Reads the lines of builtin.inc:
///   K group version plural kind ns|cluster singular short,names categories verbs type list fields
///   S name kind group version verbs           a subresource of the kind above; `-`: none, or its
///   own T type object|string:format [atomic]      a type P name expression marks... a property of
///   the type above
/// An expression is `string`, `integer:int32`, `@core.v1.Volume`, `[]` of items, `{}` of values.
/// Marks: `!` required, `set`, `map(keys)`, `atomic`, `granular`, `merge(key)`, `retain`.
class Loader {
 public:
  Loader() : pool_(std::make_shared<SchemaPool>()) {}

  void load() {
    // Types are made before their properties, which name one another.
    for (std::string_view line : split(kTable, '\n')) {
      if (line.starts_with("T ")) add_type(split(line, ' '));
    }
    Schema* type = nullptr;
    for (std::string_view line : split(kTable, '\n')) {
      if (line.empty()) continue;
      std::vector<std::string_view> words = split(line, ' ');
      if (words[0] == "T") type = pool_->find(full_type_name(words[1]));
      if (words[0] == "P") add_property(*type, words);
      if (words[0] == "K") add_kind(words);
      if (words[0] == "S") add_subresource(words);
    }
    add_rules(*pool_);
    add_descriptions(*pool_);
    for (auto& [copy, named] : granular_) {
      *copy = *named;
      copy->atomic_map = false;
    }
  }

  std::shared_ptr<const SchemaPool> pool() const { return pool_; }
  std::vector<KindRef> kinds() const { return {kinds_.begin(), kinds_.end()}; }

 private:
  void add_type(const std::vector<std::string_view>& words) {
    Schema* type = pool_->make(full_type_name(words[1]));
    size_t colon = words[2].find(':');
    type->type = type_named(words[2].substr(0, colon));
    if (colon != std::string_view::npos) type->format = words[2].substr(colon + 1);
    type->atomic_map = words.size() > 3 && words[3] == "atomic";
    type->built_in = true;
    type->quantity = words[1] == "resource.Quantity";
    type->int_or_string = words[1] == "intstr.IntOrString";
    type->preserve_unknown = std::find(kOpaque.begin(), kOpaque.end(), words[1]) != kOpaque.end();
  }

  void add_property(Schema& type, const std::vector<std::string_view>& words) {
    Schema::Property property;
    property.name = words[1];
    std::string_view list;  // what makes another type of the same expression
    for (size_t i = 3; i < words.size(); ++i) {
      std::string_view mark = words[i];
      if (mark == "!") {
        type.required.push_back(property.name);
      } else if (mark.starts_with("merge(")) {
        property.patch_merge = true;
        property.patch_merge_key = mark.substr(6, mark.size() - 7);
      } else if (mark == "retain") {
        property.patch_retain_keys = true;
      } else {
        list = mark;
      }
    }
    property.schema = type_of(words[2], list);
    type.properties.push_back(std::move(property));
  }

  /// The type of an expression; equal ones are one.
  Schema* type_of(std::string_view expression, std::string_view mark) {
    if (expression.starts_with('@') && mark != "granular") {
      Schema* named = pool_->find(full_type_name(expression.substr(1)));
      CHECK_MSG(named != nullptr, expression);
      return named;
    }
    std::string key = std::string(expression) + " " + std::string(mark);
    if (auto found = anonymous_.find(key); found != anonymous_.end()) return found->second;
    Schema* made = pool_->make();
    if (expression.starts_with('@')) {
      // A map type of its own on a use of a named type: copied when that is complete.
      granular_.emplace_back(made, pool_->find(full_type_name(expression.substr(1))));
    } else if (expression.starts_with("[]")) {
      made->type = Schema::Type::array;
      made->items = type_of(expression.substr(2), {});
    } else if (expression.starts_with("{}")) {
      made->type = Schema::Type::object;
      made->values = type_of(expression.substr(2), {});
    } else {
      size_t colon = expression.find(':');
      made->type = type_named(expression.substr(0, colon));
      if (colon != std::string_view::npos) made->format = expression.substr(colon + 1);
    }
    made->built_in = true;
    made->atomic_map = mark == "atomic";
    if (mark == "set") made->list_type = Schema::ListType::set;
    if (mark.starts_with("map(")) {
      made->list_type = Schema::ListType::map;
      made->list_keys = names_of(mark.substr(4, mark.size() - 5));
    }
    anonymous_.emplace(std::move(key), made);
    return made;
  }

  void add_kind(const std::vector<std::string_view>& words) {
    Kind& kind = *kinds_.emplace_back(std::make_shared<Kind>());
    kind.pool = pool_;
    if (words[1] != "-") kind.resource.group = words[1];
    kind.resource.version = words[2];
    kind.resource.plural = words[3];
    kind.resource.kind = words[4];
    kind.resource.namespaced = words[5] == "ns";
    kind.singular = words[6];
    kind.short_names = names_of(words[7]);
    kind.categories = names_of(words[8]);
    kind.verbs = names_of(words[9]);
    kind.schema = pool_->find(full_type_name(words[10]));
    if (words[11] != "-") kind.list_kind = words[11];
    kind.selectable_fields = names_of(words[12]);
    // The other version of these is stored.
    kind.storage =
        kind.resource.group != "events.k8s.io" && kind.resource.api_version() != "autoscaling/v1";
  }

  void add_subresource(const std::vector<std::string_view>& words) {
    Kind& kind = *kinds_.back();
    Kind::Subresource& subresource = kind.subresources.emplace_back();
    subresource.name = words[1];
    subresource.kind = words[2];
    if (words[3] != "-") subresource.group = words[3];
    if (words[4] != "-") subresource.version = words[4];
    subresource.verbs = names_of(words[5]);
    if (subresource.name == "scale") {
      kind.scale = Kind::Scale{".spec.replicas", ".status.replicas", ".spec.selector"};
    }
  }

  std::shared_ptr<SchemaPool> pool_;
  std::vector<std::shared_ptr<Kind>> kinds_;
  std::map<std::string, Schema*, std::less<>> anonymous_;
  std::vector<std::pair<Schema*, const Schema*>> granular_;
};

const Loader& loaded() {
  static const Loader loader = [] {
    Loader made;
    made.load();
    return made;
  }();
  return loader;
}

}  // namespace

std::string full_type_name(std::string_view brief) {
  for (const Prefix& prefix : kPrefixes) {
    if (brief.starts_with(prefix.brief)) {
      return std::string(prefix.full) + std::string(brief.substr(prefix.brief.size()));
    }
  }
  return std::string(brief);
}

const std::shared_ptr<const SchemaPool>& built_in_types() {
  static const std::shared_ptr<const SchemaPool> types = loaded().pool();
  return types;
}

const std::vector<KindRef>& built_in_kinds() {
  static const std::vector<KindRef> kinds = loaded().kinds();
  return kinds;
}

}  // namespace ks::store
