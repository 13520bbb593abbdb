#include "store/api/openapi_proto3.h"

#include <boost/json.hpp>
#include <span>

#include "store/api/openapi_wire.h"
#include "store/api/wire_writer.h"

namespace ks::store::proto3 {
namespace {

using proto::any;
using proto::append_count;
using proto::append_double;
using proto::append_extensions;
using proto::append_field;
using proto::append_flag;
using proto::append_number;
using proto::append_real;
using proto::append_text;
using proto::named;
using proto::object_of;
using proto::wrapped;

/// How a member of a JSON object becomes a field.
struct Field {
  std::string_view name;
  uint32_t number;
  enum class Is : uint8_t {
    text,
    texts,
    flag,
    count,
    number,
    anys,           ///< a list of JSON values as texts
    default_value,  ///< DefaultType
    reference,      ///< SchemaOrReference
    references,     ///< a list of SchemaOrReference
    schema,         ///< Schema
    items,          ///< ItemsItem
    properties,     ///< Properties
    additional,     ///< AdditionalPropertiesItem
    operation,      ///< Operation
    parameters,     ///< a list of ParameterOrReference
    request_body,   ///< RequestBodyOrReference
    responses,      ///< Responses
    content,        ///< MediaTypes
  } is;
};
using Is = Field::Is;

/// A kind of message: its fields, and the one for members that begin with `x-`.
struct Message {
  std::span<const Field> fields;
  uint32_t extension;
};

constexpr Field kSchemaFields[] = {
    {"nullable", 1, Is::flag},
    {"title", 9, Is::text},
    {"multipleOf", 10, Is::number},
    {"maximum", 11, Is::number},
    {"exclusiveMaximum", 12, Is::flag},
    {"minimum", 13, Is::number},
    {"exclusiveMinimum", 14, Is::flag},
    {"maxLength", 15, Is::count},
    {"minLength", 16, Is::count},
    {"pattern", 17, Is::text},
    {"maxItems", 18, Is::count},
    {"minItems", 19, Is::count},
    {"uniqueItems", 20, Is::flag},
    {"maxProperties", 21, Is::count},
    {"minProperties", 22, Is::count},
    {"required", 23, Is::texts},
    {"enum", 24, Is::anys},
    {"type", 25, Is::text},
    {"allOf", 26, Is::references},
    {"oneOf", 27, Is::references},
    {"anyOf", 28, Is::references},
    {"not", 29, Is::schema},
    {"items", 30, Is::items},
    {"properties", 31, Is::properties},
    {"additionalProperties", 32, Is::additional},
    {"default", 33, Is::default_value},
    {"description", 34, Is::text},
    {"format", 35, Is::text},
};
constexpr Message kSchemaMessage{kSchemaFields, 36};

constexpr Field kPathItemFields[] = {
    {"get", 4, Is::operation},    {"put", 5, Is::operation},    {"post", 6, Is::operation},
    {"delete", 7, Is::operation}, {"patch", 10, Is::operation}, {"parameters", 13, Is::parameters},
};
constexpr Message kPathItem{kPathItemFields, 14};

constexpr Field kOperationFields[] = {
    {"tags", 1, Is::texts},
    {"description", 3, Is::text},
    {"operationId", 5, Is::text},
    {"parameters", 6, Is::parameters},
    {"requestBody", 7, Is::request_body},
    {"responses", 8, Is::responses},
};
constexpr Message kOperation{kOperationFields, 13};

constexpr Field kParameterFields[] = {
    {"name", 1, Is::text},     {"in", 2, Is::text},           {"description", 3, Is::text},
    {"required", 4, Is::flag}, {"schema", 10, Is::reference},
};
constexpr Message kParameter{kParameterFields, 14};

constexpr Field kBodyFields[] = {{"content", 2, Is::content}, {"required", 3, Is::flag}};
constexpr Message kBody{kBodyFields, 4};
constexpr Field kMediaTypeFields[] = {{"schema", 1, Is::reference}};
constexpr Message kMediaType{kMediaTypeFields, 5};
constexpr Field kResponseFields[] = {{"description", 1, Is::text}, {"content", 3, Is::content}};
constexpr Message kResponse{kResponseFields, 5};

std::string message(const json::object& from, const Message& kind);

std::string schema_or_reference(const json::object& from) {
  const json::value* reference = from.if_contains("$ref");
  if (reference != nullptr && reference->is_string()) {
    return wrapped(2, wrapped(1, reference->get_string()));
  }
  return wrapped(1, message(from, kSchemaMessage));
}

/// What else there may be has no place in the format: then the message is empty.
std::string default_value(const json::value& value) {
  std::string out;
  if (value.is_number()) append_double(out, 1, value.to_number<double>());
  if (value.is_bool()) append_number(out, 2, value.get_bool() ? 1 : 0);
  if (value.is_string()) append_field(out, 3, value.get_string());
  return out;
}

/// A message of named ones: each member of the object is one.
template <class Value>
std::string all_named(const json::object& from, uint32_t field, Value value) {
  std::string out;
  for (const auto& member : from) {
    append_field(out, field, named(member.key(), value(object_of(member.value()))));
  }
  return out;
}

std::string content(const json::object& from) {
  return all_named(from, 1, [](const json::object& one) { return message(one, kMediaType); });
}

void append_list(std::string& out, const Field& field, const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr) return;
  for (const json::value& element : *list) {
    const json::object& object = object_of(element);
    if (field.is == Is::references) {
      append_field(out, field.number, schema_or_reference(object));
    } else if (field.is == Is::parameters) {
      append_field(out, field.number, wrapped(1, message(object, kParameter)));
    } else if (field.is == Is::anys) {
      append_field(out, field.number, any(element));
    } else if (element.is_string()) {
      append_field(out, field.number, element.get_string());
    }
  }
}

void append(std::string& out, const Field& field, const json::value& value) {
  const json::object& object = object_of(value);
  auto put = [&](std::string_view bytes) { append_field(out, field.number, bytes); };
  switch (field.is) {
    case Is::text: return append_text(out, field.number, value);
    case Is::flag: return append_flag(out, field.number, value);
    case Is::count: return append_count(out, field.number, value);
    case Is::number: return append_real(out, field.number, value);
    case Is::texts:
    case Is::anys:
    case Is::references:
    case Is::parameters: return append_list(out, field, value);
    case Is::default_value: return put(default_value(value));
    case Is::reference: return put(schema_or_reference(object));
    case Is::schema: return put(message(object, kSchemaMessage));
    case Is::items: return put(wrapped(1, schema_or_reference(object)));
    case Is::properties: return put(all_named(object, 1, schema_or_reference));
    case Is::additional:
      if (value.is_object()) return put(wrapped(1, schema_or_reference(object)));
      if (value.is_bool()) {
        std::string flag;
        append_number(flag, 2, value.get_bool() ? 1 : 0);
        put(flag);
      }
      return;
    case Is::operation: return put(message(object, kOperation));
    case Is::request_body: return put(wrapped(1, message(object, kBody)));
    case Is::responses:
      return put(all_named(
          object, 2, [](const json::object& one) { return wrapped(1, message(one, kResponse)); }));
    case Is::content: return put(content(object));
  }
}

std::string message(const json::object& from, const Message& kind) {
  std::string out;
  for (const Field& field : kind.fields) {
    if (const json::value* value = from.if_contains(field.name)) append(out, field, *value);
  }
  append_extensions(out, kind.extension, from);
  return out;
}

/// The one way in: a bearer token.
std::string security_schemes() {
  std::string scheme;
  append_field(scheme, 1, "apiKey");
  append_field(scheme, 2, "Bearer token");
  append_field(scheme, 3, "authorization");
  append_field(scheme, 4, "header");
  return wrapped(1, named("BearerToken", wrapped(1, scheme)));
}

}  // namespace

std::string named_path(std::string_view path, const json::object& item) {
  return named(path, message(item, kPathItem));
}

std::string named_schema(std::string_view name, const json::object& schema) {
  return named(name, schema_or_reference(schema));
}

std::string document(std::string_view title, std::string_view version, std::string_view paths,
                     std::string_view schemas) {
  std::string info;
  append_field(info, 1, title);
  append_field(info, 6, version);
  std::string components;
  append_field(components, 1, schemas);
  append_field(components, 7, security_schemes());
  std::string out;
  append_field(out, 1, "3.0.0");
  append_field(out, 2, info);
  append_field(out, 4, paths);
  append_field(out, 5, components);
  return out;
}

}  // namespace ks::store::proto3
