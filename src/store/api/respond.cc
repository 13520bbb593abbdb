#include "store/api/respond.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/convert.h"

namespace ks::store {
namespace {

http::Response json_response(int status, http::Body body) {
  http::Response response = http::Response::json(status, std::move(body));
  response.headers.add("Cache-Control", "no-cache, private");
  return response;
}

/// A text that is JSON already, in the format that was asked for.
http::Response formatted(const Call& call, int status, std::string text) {
  if (!call.format.yaml && !call.format.pretty) return json_response(status, std::move(text));
  Result<json::value> value = parse_json(text);
  CHECK_MSG(value.ok(), value.ok() ? "" : value.error().message);
  if (!call.format.yaml) return json_response(status, to_pretty_json(*value) + "\n");
  http::Response response = json_response(status, to_yaml(*value));
  response.headers.set("Content-Type", "application/yaml");
  return response;
}

std::string render_value(const Call& call, const json::value& object, WallTime now) {
  switch (call.format.as) {
    case Format::As::object: return to_json(object);
    case Format::As::partial: return to_json(partial_metadata(object));
    case Format::As::table: return table_row(*call.kind, object, call.format.include, now);
  }
  return {};
}

void append_list_meta(std::string& out, const ListMeta& meta) {
  fmt::format_to(std::back_inserter(out), "\"metadata\":{{\"resourceVersion\":\"{}\"",
                 meta.revision);
  if (!meta.next.empty()) {
    fmt::format_to(std::back_inserter(out), ",\"continue\":\"{}\"", meta.next);
  }
  if (meta.remaining > 0) {
    fmt::format_to(std::back_inserter(out), ",\"remainingItemCount\":{}", meta.remaining);
  }
  out += '}';
}

std::string whole(const Call& call, const json::value& object, WallTime now) {
  std::string text = render_value(call, object, now);
  if (call.format.as != Format::As::table) return text;
  ListMeta meta;
  if (auto revision = parse_int(text_at(object, {"metadata", "resourceVersion"}))) {
    meta.revision = static_cast<uint64_t>(*revision);
  }
  return table(*call.kind, meta, text, true);
}

}  // namespace

void add_warnings(http::Response& response, const Call& call) {
  for (const std::string& warning : call.warnings) {
    std::string quoted;
    for (const char c : warning) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) continue;
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    response.headers.add("Warning", fmt::format("299 - \"{}\"", quoted));
  }
}

http::Response respond(const kube::Status& status) {
  std::string text = status.to_json_text();
  if (!is_utf8(text)) text = to_utf8_lossy(text);  // paths and queries may be any bytes
  http::Response response = json_response(status.code, std::move(text));
  if (status.retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(status.retry_after_seconds));
  }
  return response;
}

http::Response respond(const Call& call, int status, const ObjectRef& object, WallTime now) {
  http::Response response =
      call.format.plain() && speaks(*object, *call.kind)
          ? json_response(status, object->json)
          : formatted(call, status, whole(call, value_of(*object, *call.kind), now));
  add_warnings(response, call);
  return response;
}

http::Response respond(const Call& call, int status, const json::value& object, WallTime now) {
  http::Response response = formatted(call, status, whole(call, object, now));
  add_warnings(response, call);
  return response;
}

std::string render(const Call& call, const Object& object, WallTime now) {
  if (call.format.as == Format::As::object && speaks(object, *call.kind)) return *object.json;
  return render_value(call, value_of(object, *call.kind), now);
}

std::string table(const Kind& kind, const ListMeta& meta, std::string_view rows, bool columns) {
  std::string out = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",";
  append_list_meta(out, meta);
  out += ",\"columnDefinitions\":";
  out += columns ? table_columns(kind) : "[]";
  out += ",\"rows\":[";
  out += rows;
  out += "]}";
  return out;
}

http::Response respond_list(const Call& call, std::span<const ObjectRef> objects,
                            const ListMeta& meta, WallTime now) {
  size_t size = 256;
  if (call.format.as == Format::As::object) {
    for (const ObjectRef& object : objects) size += object->json->size() + 1;
  }
  std::string items;
  items.reserve(size);
  if (call.format.as == Format::As::object) {
    fmt::format_to(std::back_inserter(items), "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",",
                   call.kind->list_kind, call.kind->resource.api_version());
  } else if (call.format.as == Format::As::partial) {
    items += "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",";
  }
  const bool is_table = call.format.as == Format::As::table;
  if (!is_table) {
    append_list_meta(items, meta);
    items += ",\"items\":[";
  }
  bool first = true;
  for (const ObjectRef& object : objects) {
    if (!first) items += ',';
    first = false;
    if (call.format.as == Format::As::object && speaks(*object, *call.kind)) {
      items += *object->json;
    } else {
      items += render(call, *object, now);
    }
  }
  if (is_table) {
    items = table(*call.kind, meta, items, true);
  } else {
    items += "]}";
  }
  http::Response response = formatted(call, 200, std::move(items));
  add_warnings(response, call);
  return response;
}

}  // namespace ks::store
