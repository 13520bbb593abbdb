#pragma once

#include <boost/json/fwd.hpp>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "store/schema/catalog.h"

namespace ks::store {

/// Swagger 2.0 or OpenAPI 3.0: they say the same things a little differently.
enum class OpenApiForm : uint8_t { v2, v3 };

/// The types that a document refers to.
///
///   OpenApiTypes types(OpenApiForm::v3);
///   json::object schema = types.of(kind);          // {"$ref": "#/components/schemas/..."}
///   types.each([&](std::string_view name, const json::object& type) { ... });
///
/// Each type is told once. The kinds that were given must outlive it.
class OpenApiTypes {
 public:
  explicit OpenApiTypes(OpenApiForm form) : form_(form) {}

  /// References to a kind's objects and to lists of them.
  json::object of(const Kind& kind);
  json::object list_of(const Kind& kind);
  /// A reference to what a subresource speaks; to any object where that type is not known.
  json::object of(const Kind& kind, const Kind::Subresource& subresource);
  /// A reference to a type of Kubernetes' own in its short form: `meta.v1.Status`.
  json::object shared(std::string_view brief);

  /// All that was referred to, and what that refers to in turn.
  void each(const std::function<void(std::string_view name, const json::object& type)>& visit);

 private:
  struct Source {
    const Schema* schema = nullptr;
    const Kind* kind = nullptr;  ///< of a kind's object, or its list
    bool list = false;
  };
  json::object reference(const std::string& name, const Source& source);
  json::object definition(const Source& source);
  json::object list_definition(const Kind& kind);
  json::object schema_of(const Schema& schema, bool custom, size_t depth);
  json::object property_of(const Schema::Property& property, bool custom, size_t depth);
  void add_fields(json::object& out, const Schema& schema, bool custom, size_t depth);
  void add_custom_root(json::object& out);
  void add_combinations(json::object& out, const Constraints& constraints, size_t depth);

  OpenApiForm form_;
  std::map<std::string, Source, std::less<>> known_;
  std::deque<std::string> waiting_;
};

}  // namespace ks::store
