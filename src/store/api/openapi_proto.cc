#include "store/api/openapi_proto.h"

#include <boost/json.hpp>
#include <span>

#include "store/api/openapi_wire.h"
#include "store/api/wire_writer.h"

namespace ks::store::proto {
namespace {

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
    any,          ///< a JSON value as text
    anys,         ///< a list of them
    type,         ///< TypeItem
    schema,       ///< Schema
    schemas,      ///< a list of Schema
    items,        ///< ItemsItem
    properties,   ///< Properties
    additional,   ///< AdditionalPropertiesItem
    operation,    ///< Operation
    parameters,   ///< a list of ParametersItem
    responses,    ///< Responses
    schema_item,  ///< SchemaItem
  } is;
};
using Is = Field::Is;

constexpr Field kSchemaFields[] = {
    {"$ref", 1, Is::text},
    {"format", 2, Is::text},
    {"title", 3, Is::text},
    {"description", 4, Is::text},
    {"default", 5, Is::any},
    {"multipleOf", 6, Is::number},
    {"maximum", 7, Is::number},
    {"exclusiveMaximum", 8, Is::flag},
    {"minimum", 9, Is::number},
    {"exclusiveMinimum", 10, Is::flag},
    {"maxLength", 11, Is::count},
    {"minLength", 12, Is::count},
    {"pattern", 13, Is::text},
    {"maxItems", 14, Is::count},
    {"minItems", 15, Is::count},
    {"uniqueItems", 16, Is::flag},
    {"maxProperties", 17, Is::count},
    {"minProperties", 18, Is::count},
    {"required", 19, Is::texts},
    {"enum", 20, Is::anys},
    {"additionalProperties", 21, Is::additional},
    {"type", 22, Is::type},
    {"items", 23, Is::items},
    {"allOf", 24, Is::schemas},
    {"properties", 25, Is::properties},
};
constexpr uint32_t kSchemaExtension = 31;

constexpr Field kPathItemFields[] = {
    {"get", 2, Is::operation},    {"put", 3, Is::operation},   {"post", 4, Is::operation},
    {"delete", 5, Is::operation}, {"patch", 8, Is::operation}, {"parameters", 9, Is::parameters},
};
constexpr uint32_t kPathItemExtension = 10;

constexpr Field kOperationFields[] = {
    {"tags", 1, Is::texts},
    {"summary", 2, Is::text},
    {"description", 3, Is::text},
    {"operationId", 5, Is::text},
    {"produces", 6, Is::texts},
    {"consumes", 7, Is::texts},
    {"parameters", 8, Is::parameters},
    {"responses", 9, Is::responses},
    {"deprecated", 11, Is::flag},
};
constexpr uint32_t kOperationExtension = 13;

constexpr Field kBodyFields[] = {
    {"description", 1, Is::text}, {"name", 2, Is::text},     {"in", 3, Is::text},
    {"required", 4, Is::flag},    {"schema", 5, Is::schema},
};
constexpr uint32_t kBodyExtension = 6;
constexpr Field kQueryFields[] = {
    {"required", 1, Is::flag}, {"in", 2, Is::text},   {"description", 3, Is::text},
    {"name", 4, Is::text},     {"type", 6, Is::text}, {"format", 7, Is::text},
};
constexpr uint32_t kQueryExtension = 23;
constexpr Field kPathFields[] = {
    {"required", 1, Is::flag}, {"in", 2, Is::text},   {"description", 3, Is::text},
    {"name", 4, Is::text},     {"type", 5, Is::text}, {"format", 6, Is::text},
};
constexpr uint32_t kPathExtension = 22;
constexpr Field kResponseFields[] = {{"description", 1, Is::text}, {"schema", 2, Is::schema_item}};
constexpr uint32_t kResponseExtension = 5;

std::string message(const json::object& from, std::span<const Field> fields,
                    uint32_t extension_field);

std::string schema(const json::object& from) {
  return message(from, kSchemaFields, kSchemaExtension);
}

std::string parameters_item(const json::object& parameter) {
  const json::value* in = parameter.if_contains("in");
  const std::string_view place =
      in != nullptr && in->is_string() ? std::string_view(in->get_string()) : "query";
  std::string inner;
  if (place == "body") {
    inner = wrapped(1, message(parameter, kBodyFields, kBodyExtension));
  } else if (place == "path") {
    inner = wrapped(2, wrapped(4, message(parameter, kPathFields, kPathExtension)));
  } else {
    inner = wrapped(2, wrapped(3, message(parameter, kQueryFields, kQueryExtension)));
  }
  return wrapped(1, inner);
}

std::string responses(const json::object& from) {
  std::string out;
  for (const auto& member : from) {
    const std::string response =
        message(object_of(member.value()), kResponseFields, kResponseExtension);
    append_field(out, 1, named(member.key(), wrapped(1, response)));
  }
  return out;
}

std::string properties(const json::object& from) {
  std::string out;
  for (const auto& member : from) {
    append_field(out, 1, named_schema(member.key(), object_of(member.value())));
  }
  return out;
}

void append_list(std::string& out, const Field& field, const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr) return;
  for (const json::value& element : *list) {
    switch (field.is) {
      case Is::texts:
        if (element.is_string()) append_field(out, field.number, element.get_string());
        break;
      case Is::schemas: append_field(out, field.number, schema(object_of(element))); break;
      case Is::parameters:
        append_field(out, field.number, parameters_item(object_of(element)));
        break;
      default: append_field(out, field.number, any(element)); break;
    }
  }
}

void append(std::string& out, const Field& field, const json::value& value) {
  const json::object& object = object_of(value);
  switch (field.is) {
    case Is::text: return append_text(out, field.number, value);
    case Is::flag: return append_flag(out, field.number, value);
    case Is::count: return append_count(out, field.number, value);
    case Is::number: return append_real(out, field.number, value);
    case Is::texts:
    case Is::anys:
    case Is::schemas:
    case Is::parameters: append_list(out, field, value); return;
    case Is::any: append_field(out, field.number, any(value)); return;
    case Is::type:
      if (value.is_string()) append_field(out, field.number, wrapped(1, value.get_string()));
      return;
    case Is::schema: append_field(out, field.number, schema(object)); return;
    case Is::items:
    case Is::additional:
    case Is::schema_item: append_field(out, field.number, wrapped(1, schema(object))); return;
    case Is::properties: append_field(out, field.number, properties(object)); return;
    case Is::operation:
      append_field(out, field.number, message(object, kOperationFields, kOperationExtension));
      return;
    case Is::responses: append_field(out, field.number, responses(object)); return;
  }
}

std::string message(const json::object& from, std::span<const Field> fields,
                    uint32_t extension_field) {
  std::string out;
  for (const Field& field : fields) {
    if (const json::value* value = from.if_contains(field.name)) append(out, field, *value);
  }
  append_extensions(out, extension_field, from);
  return out;
}

}  // namespace

std::string named_path(std::string_view path, const json::object& item) {
  return named(path, message(item, kPathItemFields, kPathItemExtension));
}

std::string named_schema(std::string_view name, const json::object& schema_object) {
  return named(name, schema(schema_object));
}

std::string document(std::string_view title, std::string_view version, std::string_view paths,
                     std::string_view definitions) {
  std::string info;
  append_field(info, 1, title);
  append_field(info, 2, version);
  std::string out;
  append_field(out, 1, "2.0");
  append_field(out, 2, info);
  append_field(out, 8, paths);
  append_field(out, 9, definitions);
  return out;
}

}  // namespace ks::store::proto
