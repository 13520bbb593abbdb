#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "store/object.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// How the rows of a Table carry their objects: the `includeObject` of the request.
enum class IncludeObject : uint8_t { none, metadata, object };

/// `columnDefinitions` of a meta.k8s.io/v1 Table for this kind, as a JSON array.
std::string table_columns(const Kind& kind);
/// One element of `rows`: the cells of this object and the object itself as asked.
std::string table_row(const Kind& kind, const json::value& object, IncludeObject include,
                      WallTime now);

/// The object's metadata alone as PartialObjectMetadata of meta.k8s.io/v1.
json::value partial_metadata(const json::value& object);

/// The value at a JSONPath of a printer column or selectable field (`.spec.x`,
/// `.status.conditions[?(@.type=="Ready")].status`) as text; empty when absent.
std::string json_path_text(const json::value& object, std::string_view path);

}  // namespace ks::store
