#include "store/api/openapi_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "base/text.h"

namespace ks::store {
namespace {

struct Parameter {
  std::string_view name, type, description;
};
constexpr Parameter kDryRun{"dryRun", "string", "All: checks everything and stores nothing."};
constexpr Parameter kFieldManager{"fieldManager", "string", "Who makes this change."};
constexpr Parameter kFieldValidation{
    "fieldValidation", "string",
    "What becomes of unknown and doubled fields: Ignore, Warn or Strict."};
constexpr Parameter kList[] = {
    {"allowWatchBookmarks", "boolean", "Sends marks of how far a watch has come."},
    {"continue", "string", "Goes on where the last page ended."},
    {"fieldSelector", "string", "Takes only objects with these fields."},
    {"labelSelector", "string", "Takes only objects with these labels."},
    {"limit", "integer", "Most objects of one page."},
    {"resourceVersion", "string", "The state to read, or to watch from."},
    {"resourceVersionMatch", "string", "How to take the resourceVersion: Exact or NotOlderThan."},
    {"sendInitialEvents", "boolean", "Begins a watch with all that is there."},
    {"timeoutSeconds", "integer", "Ends the request after this time."},
    {"watch", "boolean", "Streams changes in place of a list."},
};
constexpr Parameter kWrite[] = {kDryRun, kFieldManager, kFieldValidation};
constexpr Parameter kPatch[] = {
    kDryRun,
    kFieldManager,
    kFieldValidation,
    {"force", "boolean", "Takes fields over from other managers; for apply alone."}};
constexpr Parameter kDelete[] = {
    kDryRun,
    {"gracePeriodSeconds", "integer", "Time that the object has to end."},
    {"orphanDependents", "boolean", "The older form of propagationPolicy."},
    {"propagationPolicy", "string", "Orphan, Background or Foreground."},
};
constexpr Parameter kDeleteMany[] = {
    kDryRun,
    {"fieldSelector", "string", "Takes only objects with these fields."},
    {"labelSelector", "string", "Takes only objects with these labels."},
    {"propagationPolicy", "string", "Orphan, Background or Foreground."},
};

/// What a verb of Kubernetes is in HTTP.
struct Verb {
  std::string_view verb, method, action, id;
  std::span<const Parameter> parameters;
  enum class Body : uint8_t { none, object, patch, options } body = Body::none;
  enum class Gives : uint8_t { object, list, status } gives = Gives::object;
  std::string_view does;
};
constexpr Verb kCollectionVerbs[] = {
    {"list", "get", "list", "list", kList, Verb::Body::none, Verb::Gives::list, "list or watch"},
    {"create", "post", "post", "create", kWrite, Verb::Body::object, Verb::Gives::object, "create"},
    {"deletecollection", "delete", "deletecollection", "delete", kDeleteMany, Verb::Body::options,
     Verb::Gives::status, "delete all of"},
};
constexpr Verb kObjectVerbs[] = {
    {"get", "get", "get", "read", {}, Verb::Body::none, Verb::Gives::object, "read"},
    {"update", "put", "put", "replace", kWrite, Verb::Body::object, Verb::Gives::object, "replace"},
    {"patch", "patch", "patch", "patch", kPatch, Verb::Body::patch, Verb::Gives::object,
     "change parts of"},
    {"delete", "delete", "delete", "delete", kDelete, Verb::Body::options, Verb::Gives::status,
     "delete"},
    {"create", "post", "post", "create", kWrite, Verb::Body::object, Verb::Gives::object, "create"},
};

constexpr std::string_view kMediaTypes[] = {"application/json", "application/yaml"};
// Built-in kinds take all of these, custom ones all but the last: `kubectl apply` goes by it.
constexpr std::string_view kPatchTypes[] = {
    "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml",
    "application/strategic-merge-patch+json"};

json::array words(std::span<const std::string_view> texts) {
  json::array out;
  for (const std::string_view text : texts) out.emplace_back(text);
  return out;
}

std::string capitalised(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

/// `RbacAuthorization` for rbac.authorization.k8s.io, `Core` for the core group.
std::string group_words(std::string_view group) {
  if (group.ends_with(".k8s.io")) group.remove_suffix(7);
  std::string out;
  for (const std::string_view label : split(group, '.')) out += capitalised(label);
  return out.empty() ? "Core" : out;
}

/// Writes the paths of one kind.
class Paths {
 public:
  Paths(const Kind& kind, OpenApiForm form, OpenApiTypes& types)
      : kind_(kind), form_(form), types_(types) {}

  void each(const std::function<void(std::string_view, const json::object&)>& visit) {
    const kube::Resource& of = kind_.resource;
    const std::string root =
        of.group.empty() ? "/api/" + of.version : fmt::format("/apis/{}/{}", of.group, of.version);
    const std::string collection =
        root + (of.namespaced ? "/namespaces/{namespace}/" : "/") + of.plural;
    const std::string space = of.namespaced ? "Namespaced" : "";
    visit_if_any(visit, collection,
                 item(collection, kCollectionVerbs, kind_.verbs, space, nullptr));
    const std::string object = collection + "/{name}";
    // To create is a verb of the collection.
    const std::span<const Verb> own = std::span(kObjectVerbs).first(4);
    visit_if_any(visit, object, item(object, own, kind_.verbs, space, nullptr));
    for (const Kind::Subresource& sub : kind_.subresources) {
      const std::string path = object + "/" + sub.name;
      visit_if_any(visit, path, item(path, kObjectVerbs, sub.verbs, space, &sub));
    }
    if (!of.namespaced || !kind_.has_verb("list")) return;
    const std::string all = root + "/" + of.plural;
    visit_if_any(visit, all,
                 item(all, std::span(kCollectionVerbs).first(1), kind_.verbs, "", nullptr));
  }

 private:
  static void visit_if_any(const std::function<void(std::string_view, const json::object&)>& visit,
                           std::string_view path, const json::object& item) {
    if (!item.empty()) visit(path, item);
  }

  json::object item(std::string_view path, std::span<const Verb> verbs,
                    const std::vector<std::string>& served, const std::string& space,
                    const Kind::Subresource* sub) {
    json::object out;
    for (const Verb& verb : verbs) {
      if (std::ranges::find(served, verb.verb) == served.end()) continue;
      out[verb.method] = operation(verb, space, sub);
    }
    if (out.empty()) return out;
    json::array parameters;
    if (path.contains("{name}")) {
      parameters.push_back(parameter({"name", "string", "Name of the object."}, "path"));
    }
    if (path.contains("{namespace}")) {
      parameters.push_back(parameter({"namespace", "string", "Namespace of the object."}, "path"));
    }
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    return out;
  }

  json::object parameter(const Parameter& of, std::string_view in) const {
    json::object out{{"name", of.name}, {"in", in}, {"description", of.description}};
    if (in == "path") out["required"] = true;
    if (form_ == OpenApiForm::v2) {
      out["type"] = of.type;
    } else {
      out["schema"] = json::object{{"type", of.type}};
    }
    return out;
  }

  json::object body_schema(const Verb& verb, const Kind::Subresource* sub) {
    if (verb.body == Verb::Body::patch) return types_.shared("meta.v1.Patch");
    if (verb.body == Verb::Body::options) return types_.shared("meta.v1.DeleteOptions");
    return object_schema(sub);
  }
  json::object object_schema(const Kind::Subresource* sub) {
    if (sub == nullptr) return types_.of(kind_);
    // A log is text, whatever kind discovery names.
    if (sub->name == "log") return {{"type", "string"}};
    return types_.of(kind_, *sub);
  }
  json::object answer_schema(const Verb& verb, const Kind::Subresource* sub) {
    switch (verb.gives) {
      case Verb::Gives::object: return object_schema(sub);
      case Verb::Gives::list: return types_.list_of(kind_);
      case Verb::Gives::status: return types_.shared("meta.v1.Status");
    }
    return {};
  }

  std::span<const std::string_view> body_types(const Verb& verb) const {
    if (verb.body != Verb::Body::patch) return kMediaTypes;
    return std::span(kPatchTypes).first(std::size(kPatchTypes) - (kind_.custom ? 1 : 0));
  }

  json::object content(std::span<const std::string_view> media_types, const json::object& schema) {
    json::object out;
    for (const std::string_view type : media_types) out[type] = json::object{{"schema", schema}};
    return out;
  }

  json::object operation(const Verb& verb, const std::string& space, const Kind::Subresource* sub) {
    json::array parameters;
    for (const Parameter& one : verb.parameters) parameters.push_back(parameter(one, "query"));
    json::object out{
        {"description", fmt::format("{} {}{}", verb.does, sub == nullptr ? "" : sub->name + " of ",
                                    kind_.resource.kind)},
        {"operationId", operation_id(verb, space, sub)},
        {"tags", json::array{json::string(tag())}}};
    const json::object answer = answer_schema(verb, sub);
    if (form_ == OpenApiForm::v2) {
      add_v2(out, verb, sub, answer, parameters);
    } else {
      add_v3(out, verb, sub, answer);
    }
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    out["x-kubernetes-action"] = verb.action;
    out["x-kubernetes-group-version-kind"] = speaks(sub);
    return out;
  }

  void add_v2(json::object& out, const Verb& verb, const Kind::Subresource* sub,
              const json::object& answer, json::array& parameters) {
    out["consumes"] = words(body_types(verb));
    out["produces"] = words(kMediaTypes);
    if (verb.body != Verb::Body::none) {
      json::object body{{"name", "body"}, {"in", "body"}, {"schema", body_schema(verb, sub)}};
      if (verb.body != Verb::Body::options) body["required"] = true;
      parameters.push_back(std::move(body));
    }
    const std::string_view code = verb.method == "post" ? "201" : "200";
    out["responses"] =
        json::object{{code, json::object{{"description", "Done"}, {"schema", answer}}},
                     {"401", json::object{{"description", "Unauthorized"}}}};
  }

  void add_v3(json::object& out, const Verb& verb, const Kind::Subresource* sub,
              const json::object& answer) {
    if (verb.body != Verb::Body::none) {
      json::object body{{"content", content(body_types(verb), body_schema(verb, sub))}};
      if (verb.body != Verb::Body::options) body["required"] = true;
      out["requestBody"] = std::move(body);
    }
    const std::string_view code = verb.method == "post" ? "201" : "200";
    out["responses"] = json::object{
        {code, json::object{{"description", "Done"}, {"content", content(kMediaTypes, answer)}}},
        {"401", json::object{{"description", "Unauthorized"}}}};
  }

  /// `readAppsV1NamespacedDeploymentScale`
  std::string operation_id(const Verb& verb, const std::string& space,
                           const Kind::Subresource* sub) const {
    const bool across = verb.verb == "list" && kind_.resource.namespaced && space.empty();
    return fmt::format("{}{}{}{}{}{}{}{}", verb.id, group_words(kind_.resource.group),
                       capitalised(kind_.resource.version),
                       verb.verb == "deletecollection" ? "Collection" : "", space,
                       kind_.resource.kind, sub == nullptr ? "" : capitalised(sub->name),
                       across ? "ForAllNamespaces" : "");
  }

  std::string tag() const {
    std::string group = group_words(kind_.resource.group);
    if (group[0] >= 'A' && group[0] <= 'Z') group[0] = static_cast<char>(group[0] + 32);
    return group + "_" + kind_.resource.version;
  }

  json::object speaks(const Kind::Subresource* sub) const {
    const bool other = sub != nullptr && !sub->version.empty();
    return {{"group", other ? sub->group : kind_.resource.group},
            {"version", other ? sub->version : kind_.resource.version},
            {"kind", sub == nullptr ? kind_.resource.kind : sub->kind}};
  }

  const Kind& kind_;
  OpenApiForm form_;
  OpenApiTypes& types_;
};

}  // namespace

void each_path(const Kind& kind, OpenApiForm form, OpenApiTypes& types,
               const std::function<void(std::string_view path, const json::object& item)>& visit) {
  Paths(kind, form, types).each(visit);
}

}  // namespace ks::store
