#include "store/api/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <span>

#include "base/json.h"
#include "base/text.h"
#include "store/api/json_path.h"
#include "store/api/table_cells.h"

namespace ks::store {
namespace {

void append_column(std::string& out, std::string_view name, std::string_view type,
                   std::string_view format, std::string_view description, int priority) {
  out += out.back() == '[' ? R"({"name":)" : R"(,{"name":)";
  append_json_string(out, name);
  out += R"(,"type":)";
  append_json_string(out, type);
  out += R"(,"format":)";
  append_json_string(out, format);
  out += R"(,"description":)";
  append_json_string(out, description);
  out += fmt::format(R"(,"priority":{}}})", priority);
}

/// The columns of a custom kind after its name.
const std::vector<Column>& columns_of(const Kind& kind) {
  static const std::vector<Column> kDefault{
      {"Age", "date", "", "How long ago it was created", 0, ".metadata.creationTimestamp"}};
  return kind.columns.empty() ? kDefault : kind.columns;
}

/// A value in the column of a CRD: null where it is not of the column's type.
json::value custom_cell(const Column& column, const json::value& value, WallTime now) {
  const std::string_view type = column.type;
  if (type == "string") return json::string(text_of(value));
  if (type == "boolean") return value.is_bool() ? value : json::value();
  if (type == "date") {
    if (!value.is_string()) return {};
    return json::string(time_ago(std::string_view(value.get_string()), now));
  }
  if (type == "number") return value.is_number() ? value : json::value();
  if (!value.is_double()) return value.is_number() ? value : json::value();
  const double number = std::trunc(value.get_double());
  // Beyond 2^63 there is no integer to show.
  return std::abs(number) < 9.2e18 ? json::value(static_cast<int64_t>(number)) : json::value();
}

json::value custom_cell(const Column& column, const JsonPath* path, const json::value& object,
                        WallTime now) {
  const json::value* found = path == nullptr ? nullptr : path->first(object);
  return found == nullptr || found->is_null() ? json::value() : custom_cell(column, *found, now);
}

/// The value at `a.b.c`; null when there is none.
const json::value* at_dotted(const json::value& object, std::string_view path) {
  const json::value* at = &object;
  for (const std::string_view step : split(path, '.')) {
    const json::object* in = at->if_object();
    at = in == nullptr ? nullptr : in->if_contains(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

json::value built_in_cell(const BuiltInColumn& column, const json::value& object, WallTime now) {
  if (column.cell != nullptr) return column.cell(object, now);
  const json::value* found = at_dotted(object, column.path);
  if (found != nullptr && (found->is_number() || found->is_bool())) return *found;
  if (found == nullptr && column.type == "integer") return 0;
  if (column.type == "boolean") return column.otherwise == "true";
  const std::string text = found == nullptr ? std::string() : text_of(*found);
  return json::string(text.empty() ? column.otherwise : std::string_view(text));
}

void append_cells(std::string& out, const Kind& kind, const json::value& object, WallTime now) {
  auto append = [&](const json::value& cell) {
    if (out.back() != '[') out += ',';
    out += to_json(cell);
  };
  if (!kind.custom) {
    for (const BuiltInColumn& column :
         built_in_columns(kind.resource.group, kind.resource.plural)) {
      append(built_in_cell(column, object, now));
    }
    return;
  }
  append(json::string(text_at(object, {"metadata", "name"})));
  for (const Column& column : columns_of(kind)) {
    const Result<JsonPath> path = JsonPath::parse(column.json_path);
    append(custom_cell(column, path ? &*path : nullptr, object, now));
  }
}

void append_partial(std::string& out, const json::value& object) {
  out += R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":)";
  const json::value* metadata = find(object, {"metadata"});
  out += metadata == nullptr ? "{}" : to_json(*metadata);
  out += '}';
}

}  // namespace

std::string table_columns(const Kind& kind) {
  std::string out = "[";
  if (!kind.custom) {
    for (const BuiltInColumn& column :
         built_in_columns(kind.resource.group, kind.resource.plural)) {
      append_column(out, column.name, column.type, column.format, column.description,
                    column.priority);
    }
    return out + "]";
  }
  append_column(out, "Name", "string", "name", "Unique within its namespace", 0);
  for (const Column& column : columns_of(kind)) {
    append_column(out, column.name, column.type, column.format, column.description,
                  column.priority);
  }
  return out + "]";
}

std::string table_row(const Kind& kind, const json::value& object, IncludeObject include,
                      WallTime now) {
  std::string out = R"({"cells":[)";
  append_cells(out, kind, object, now);
  out += ']';
  switch (include) {
    case IncludeObject::none: break;
    case IncludeObject::metadata:
      out += R"(,"object":)";
      append_partial(out, object);
      break;
    case IncludeObject::object: out += R"(,"object":)" + to_json(object); break;
  }
  return out + "}";
}

json::value partial_metadata(const json::value& object) {
  json::object out{{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}};
  const json::value* metadata = find(object, {"metadata"});
  out["metadata"] = metadata == nullptr ? json::value(json::object()) : *metadata;
  return out;
}

std::string json_path_text(const json::value& object, std::string_view path) {
  const Result<JsonPath> parsed = JsonPath::parse(path);
  const json::value* found = parsed ? parsed->first(object) : nullptr;
  return found == nullptr ? std::string() : text_of(*found);
}

}  // namespace ks::store
