#include "store/api/protobuf.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/path.h"
#include "store/api/wire.h"
#include "store/schema/builtin.h"

namespace ks::store {
namespace {

using Wire = WireReader::Field;

/// A line for each type: its name, and `NUMBER[MARKS]=NAME` for each field.
constexpr std::string_view kNumbers =
#include "store/api/protobuf.inc"
    ;
constexpr std::string_view kMagic{"k8s\0", 4};
constexpr size_t kMaxDepth = 200;

/// Types whose form in protocol buffers is not that of their JSON.
enum class Special : uint8_t {
  none,
  time,
  micro_time,
  quantity,
  int_or_string,
  raw,
  props_or_bool,
  props_or_array,
  props_or_strings
};

constexpr std::string_view kProps =
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

Special special_of(std::string_view name) {
  static constexpr std::pair<std::string_view, Special> kSpecial[] = {
      {"io.k8s.apimachinery.pkg.apis.meta.v1.Time", Special::time},
      {"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", Special::micro_time},
      {"io.k8s.apimachinery.pkg.api.resource.Quantity", Special::quantity},
      {"io.k8s.apimachinery.pkg.util.intstr.IntOrString", Special::int_or_string},
      {"io.k8s.apimachinery.pkg.runtime.RawExtension", Special::raw},
      {"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", Special::raw},
      {"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", Special::raw},
  };
  for (const auto& [type, special] : kSpecial) {
    if (name == type) return special;
  }
  if (!name.starts_with(kProps)) return Special::none;
  name.remove_prefix(kProps.size());
  if (name == "OrBool") return Special::props_or_bool;
  if (name == "OrArray") return Special::props_or_array;
  return name == "OrStringArray" ? Special::props_or_strings : Special::none;
}

/// `core.v1.Pod` for a full name, as the table has it.
std::string_view brief_of(std::string_view name) {
  for (const std::string_view prefix :
       {"io.k8s.apimachinery.pkg.apis.", "io.k8s.apiextensions-apiserver.pkg.apis.",
        "io.k8s.kube-aggregator.pkg.apis.", "io.k8s.api."}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

struct FieldName {
  std::string_view name;
  bool pointer = false;  ///< zero is a value
  bool always = false;   ///< zero is written
  bool inlined = false;  ///< `name` is a type whose fields are this one's
};
using FieldNames = std::map<uint64_t, FieldName>;

FieldNames read_fields(std::string_view line) {
  FieldNames out;
  for (const std::string_view word : split(line, ' ')) {
    uint64_t number = 0;
    const char* end = word.data() + word.size();
    const char* at = std::from_chars(word.data(), end, number).ptr;
    FieldName field;
    for (; at != end && *at != '='; at++) {
      field.pointer = field.pointer || *at == '*';
      field.always = field.always || *at == '!';
      field.inlined = field.inlined || *at == '^';
    }
    if (at == end) continue;
    field.name = std::string_view(at + 1, static_cast<size_t>(end - at - 1));
    out.emplace(number, field);
  }
  return out;
}

Error malformed(std::string_view what) {
  return {Code::invalid, fmt::format("protobuf: {}", what)};
}

bool is_zero(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string: return value.get_string().empty();
    case json::kind::bool_: return !value.get_bool();
    case json::kind::int64: return value.get_int64() == 0;
    case json::kind::double_: return value.get_double() == 0;
    case json::kind::null: return true;
    default: return false;
  }
}

/// The bytes of field `number` of a message; the last, when there are several.
Result<std::string_view> bytes_at(std::string_view message, uint64_t number) {
  WireReader reader(message);
  std::string_view out;
  while (std::optional<Wire> field = reader.next()) {
    if (field->number == number) out = field->bytes;
  }
  if (reader.broken()) return malformed("a message is cut off");
  return out;
}

Result<json::value> text_value(std::string_view bytes) {
  if (!is_utf8(bytes)) return malformed("a text is not valid UTF-8");
  return json::value(json::string(bytes));
}

/// Seconds and nanoseconds since 1970. Null for the zero of Go's time, which is no time.
Result<json::value> time_value(std::string_view message, bool micro) {
  constexpr int64_t kYear1 = -62'135'596'800, kYear10000 = 253'402'300'800;
  WireReader reader(message);
  int64_t seconds = 0, nanos = 0;
  while (std::optional<Wire> field = reader.next()) {
    if (field->number == 1) seconds = static_cast<int64_t>(field->value);
    if (field->number == 2) nanos = static_cast<int32_t>(field->value);
  }
  if (reader.broken()) return malformed("a time is cut off");
  if (message.empty() || seconds == kYear1) return json::value();
  if (seconds < kYear1 || seconds >= kYear10000 || nanos < 0 || nanos >= 1'000'000'000) {
    return malformed("a time is out of range");
  }
  std::string text = format_rfc3339(WallTime{std::chrono::seconds(seconds)});
  if (micro) text.insert(text.size() - 1, fmt::format(".{:06}", nanos / 1'000));
  return json::value(json::string(text));
}

Result<json::value> int_or_string(std::string_view message) {
  WireReader reader(message);
  bool is_text = false;
  int64_t number = 0;
  std::string_view text;
  while (std::optional<Wire> field = reader.next()) {
    if (field->number == 1) is_text = field->value == 1;
    if (field->number == 2) number = static_cast<int32_t>(field->value);
    if (field->number == 3) text = field->bytes;
  }
  if (reader.broken()) return malformed("a number or text is cut off");
  if (is_text) return text_value(text);
  return json::value(number);
}

class Decoder {
 public:
  explicit Decoder(size_t max_depth) : max_depth_(std::min(max_depth, kMaxDepth)) {}

  /// Adds the fields of a message to `out`. `brief` is the type whose numbers it has; `schema` the
  /// one whose fields they are, which is another when the message is inlined.
  Result<> message(std::string_view bytes, std::string_view brief, const Schema& schema,
                   json::object& out, size_t depth) {
    if (depth > max_depth_) return malformed("the object is nested too deep");
    const FieldNames& names = fields(brief);
    WireReader reader(bytes);
    while (std::optional<Wire> field = reader.next()) {
      const auto found = names.find(field->number);
      if (found == names.end()) continue;
      const FieldName& name = found->second;
      if (name.inlined) {
        TRY(message(field->bytes, name.name, schema, out, depth + 1));
      } else if (const Schema* type = schema.field(name.name)) {
        TRY(add(out, name, *type, *field, depth));
      }
    }
    if (reader.broken()) return malformed(fmt::format("a {} is cut off", brief));
    return {};
  }

 private:
  const FieldNames& fields(std::string_view brief) {
    const auto [found, is_new] = known_.try_emplace(brief);
    if (!is_new) return found->second;
    const size_t at = kNumbers.find(fmt::format("\n{} ", brief));
    if (at == kNumbers.npos) return found->second;
    const size_t from = at + brief.size() + 2;
    found->second = read_fields(kNumbers.substr(from, kNumbers.find('\n', from) - from));
    return found->second;
  }

  Result<> add(json::object& out, const FieldName& name, const Schema& type, const Wire& field,
               size_t depth) {
    if (type.type == Schema::Type::array && type.items != nullptr) {
      json::value& list = out[name.name];
      if (!list.is_array()) list = json::array();
      return add_element(list.get_array(), *type.items, field, depth);
    }
    if (type.values != nullptr) {
      json::value& map = out[name.name];
      if (!map.is_object()) map = json::object();
      return add_entry(map.get_object(), *type.values, field.bytes, depth);
    }
    json::value value = TRY(decode(type, field, depth));
    if (value.is_null()) return {};
    if (is_zero(value) && !name.pointer && !name.always) return {};
    out[name.name] = std::move(value);
    return {};
  }

  Result<> add_element(json::array& list, const Schema& items, const Wire& field, size_t depth) {
    const bool packed = items.type == Schema::Type::integer && field.type == Wire::Type::bytes;
    if (!packed) {
      list.push_back(TRY(decode(items, field, depth)));
      return {};
    }
    WireReader reader(field.bytes);
    while (const std::optional<uint64_t> number = reader.next_number()) {
      list.emplace_back(static_cast<int64_t>(*number));
    }
    if (reader.broken()) return malformed("a list of numbers is cut off");
    return {};
  }

  Result<> add_entry(json::object& map, const Schema& values, std::string_view entry,
                     size_t depth) {
    WireReader reader(entry);
    std::string_view key;
    Wire value{.number = 2, .type = Wire::Type::bytes};
    while (std::optional<Wire> field = reader.next()) {
      if (field->number == 1) key = field->bytes;
      if (field->number == 2) value = *field;
    }
    if (reader.broken()) return malformed("an entry of a map is cut off");
    if (!is_utf8(key)) return malformed("a key is not valid UTF-8");
    map[key] = TRY(decode(values, value, depth));
    return {};
  }

  /// One value. Null for a time that is none.
  Result<json::value> decode(const Schema& type, const Wire& field, size_t depth) {
    if (depth > max_depth_) return malformed("the object is nested too deep");
    const Special special = special_of(type.name);
    if (special != Special::none) return decode_special(special, field.bytes, depth);
    switch (type.type) {
      case Schema::Type::string:
        if (type.format == "byte") return json::value(json::string(base64_encode(field.bytes)));
        return text_value(field.bytes);
      case Schema::Type::boolean: return json::value(field.value != 0);
      case Schema::Type::integer: return json::value(static_cast<int64_t>(field.value));
      case Schema::Type::number: return json::value(std::bit_cast<double>(field.value));
      case Schema::Type::array: return list_in_message(type, field.bytes, depth);
      case Schema::Type::object:
      case Schema::Type::any: break;
    }
    json::object out;
    TRY(message(field.bytes, brief_of(type.name), type, out, depth + 1));
    return json::value(std::move(out));
  }

  /// A list as the value of a map is a message of its own.
  Result<json::value> list_in_message(const Schema& type, std::string_view bytes, size_t depth) {
    json::array out;
    WireReader reader(bytes);
    while (std::optional<Wire> field = reader.next()) {
      if (field->number != 1 || type.items == nullptr) continue;
      TRY(add_element(out, *type.items, *field, depth + 1));
    }
    if (reader.broken()) return malformed("a list is cut off");
    return json::value(std::move(out));
  }

  Result<json::value> decode_special(Special special, std::string_view bytes, size_t depth) {
    switch (special) {
      case Special::none: break;
      case Special::time: return time_value(bytes, false);
      case Special::micro_time: return time_value(bytes, true);
      case Special::quantity: return text_value(TRY(bytes_at(bytes, 1)));
      case Special::int_or_string: return int_or_string(bytes);
      case Special::raw: {
        const std::string_view raw = TRY(bytes_at(bytes, 1));
        if (raw.empty()) return json::value();
        return parse_json(raw, {.max_depth = max_depth_ - depth});
      }
      case Special::props_or_bool:
      case Special::props_or_array:
      case Special::props_or_strings: return decode_props_or(special, bytes, depth);
    }
    return json::value();
  }

  /// A schema, or (by the type) a flag, a list of schemas, a list of texts.
  Result<json::value> decode_props_or(Special special, std::string_view bytes, size_t depth) {
    const uint64_t schema_number = special == Special::props_or_bool ? 2 : 1;
    json::value schema,
        other = special == Special::props_or_bool ? json::value(false) : json::array();
    WireReader reader(bytes);
    while (std::optional<Wire> field = reader.next()) {
      if (field->number == schema_number) {
        schema = TRY(props(field->bytes, depth));
      } else if (special == Special::props_or_bool) {
        other = field->value != 0;
      } else {
        other.get_array().push_back(special == Special::props_or_array
                                        ? TRY(props(field->bytes, depth))
                                        : TRY(text_value(field->bytes)));
      }
    }
    if (reader.broken()) return malformed("a schema is cut off");
    return schema.is_null() ? std::move(other) : std::move(schema);
  }

  Result<json::value> props(std::string_view bytes, size_t depth) {
    const Schema* schema = built_in_types()->find(kProps);
    json::object out;
    TRY(message(bytes, brief_of(kProps), *schema, out, depth + 1));
    return json::value(std::move(out));
  }

  size_t max_depth_;
  std::map<std::string_view, FieldNames> known_;
};

/// The type of an object, by what it calls itself.
const Schema* type_of(std::string_view api_version, std::string_view kind) {
  const auto [group, version] = kube::split_api_version(api_version);
  const std::string_view label = group.substr(0, group.find('.'));
  const SchemaPool& types = *built_in_types();
  const Schema* found = types.find(
      full_type_name(fmt::format("{}.{}.{}", label.empty() ? "core" : label, version, kind)));
  // Options are of every group.
  return found != nullptr ? found : types.find(full_type_name(fmt::format("meta.v1.{}", kind)));
}

}  // namespace

bool is_protobuf_object(std::string_view body) { return body.starts_with(kMagic); }

Result<json::value> decode_protobuf(std::string_view body, size_t max_depth) {
  if (!is_protobuf_object(body))
    return malformed("the body does not begin with \"k8s\" and a zero");
  body.remove_prefix(kMagic.size());
  const std::string_view type_meta = TRY(bytes_at(body, 1));
  const std::string_view raw = TRY(bytes_at(body, 2));
  if (!TRY(bytes_at(body, 3)).empty()) return malformed("an encoded content is not supported");
  const std::string_view api_version = TRY(bytes_at(type_meta, 1));
  const std::string_view kind = TRY(bytes_at(type_meta, 2));
  const Schema* type = type_of(api_version, kind);
  if (type == nullptr || !is_utf8(api_version)) {
    return malformed(fmt::format("no kind {:?} of {:?} is known; send JSON", kind, api_version));
  }
  json::object out{{"apiVersion", api_version}, {"kind", kind}};
  Decoder decoder(max_depth);
  TRY(decoder.message(raw, brief_of(type->name), *type, out, 0));
  return json::value(std::move(out));
}

}  // namespace ks::store
