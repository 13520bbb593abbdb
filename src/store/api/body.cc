#include "store/api/body.h"

#include <fmt/format.h>
#include <set>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/protobuf.h"
#include "store/schema/check.h"

namespace ks::store {
namespace {

constexpr size_t kMaxWarnings = 20;

size_t count_fields(const json::value& value) {
  size_t count = 0;
  if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& [key, member] : *object) count += count_fields(member);
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) count += count_fields(element);
  }
  return count;
}

/// Skips the string that begins at `at`; gives the place after it. The text is known to be JSON.
size_t after_string(std::string_view text, size_t at) {
  for (at++; at < text.size() && text[at] != '"'; at++) {
    if (text[at] == '\\') at++;
  }
  return at + 1;
}

/// Each field has one colon outside of strings.
size_t count_colons(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = after_string(text, at);
    } else {
      count += text[at++] == ':' ? 1 : 0;
    }
  }
  return count;
}

/// Walks a text that is known to be JSON and notes the keys that an object has twice.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(std::string_view text) : text_(text) {}

  std::vector<std::string> find() {
    value("");
    return std::move(found_);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) at_++;
  }
  bool next_is(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  std::string_view string() {
    skip_space();
    const size_t from = at_;
    at_ = after_string(text_, at_);
    return text_.substr(from + 1, at_ - from - 2);
  }

  void value(const std::string& path) {
    skip_space();
    if (at_ >= text_.size()) return;
    if (text_[at_] == '{') return object(path);
    if (text_[at_] == '[') return array(path);
    if (text_[at_] == '"') {
      string();
      return;
    }
    while (at_ < text_.size() && !std::string_view(",]} \t\r\n").contains(text_[at_])) at_++;
  }

  void object(const std::string& path) {
    std::set<std::string_view> keys;
    at_++;
    while (!next_is('}')) {
      if (next_is(',')) continue;
      if (at_ >= text_.size()) return;
      const std::string_view key = string();
      const std::string inner = path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
      if (!keys.insert(key).second && found_.size() < kMaxWarnings) found_.push_back(inner);
      next_is(':');
      value(inner);
    }
  }

  void array(const std::string& path) {
    at_++;
    for (size_t index = 0; !next_is(']');) {
      if (next_is(',')) continue;
      if (at_ >= text_.size()) return;
      value(fmt::format("{}[{}]", path, index++));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<std::string> found_;
};

/// `Pod in version "v1" cannot be handled as a Pod: because`.
kube::Status not_handled(const Kind& kind, std::string_view because) {
  return kube::bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                       kind.resource.kind, kind.resource.version,
                                       kind.resource.kind, because));
}

Outcome<> check_type(const Call& call, json::object& object) {
  const kube::Resource& resource = call.kind->resource;
  const std::string expected = resource.api_version();
  const auto text = [&](std::string_view field) -> std::string_view {
    const json::value* found = object.if_contains(field);
    return found == nullptr || !found->is_string() ? std::string_view()
                                                   : std::string_view(found->get_string());
  };
  const std::string_view api_version = text("apiVersion"), kind = text("kind");
  if (call.kind->custom && kind.empty()) {
    return kube::bad_request(
        fmt::format("Object 'Kind' is missing in the body: it must be \"{}\"", resource.kind));
  }
  if (call.kind->custom && api_version.empty()) {
    return kube::bad_request(
        fmt::format("Object 'apiVersion' is missing in the body: it must be \"{}\"", expected));
  }
  if (!api_version.empty() && api_version != expected) {
    return kube::bad_request(
        fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                    api_version, expected));
  }
  if (!kind.empty() && kind != resource.kind) {
    return kube::bad_request(fmt::format(
        "{} in version \"{}\" cannot be handled as a {}: the kind in the data ({}) does not match "
        "the expected kind ({})",
        kind, resource.version, resource.kind, kind, resource.kind));
  }
  object["apiVersion"] = expected;
  object["kind"] = resource.kind;
  return {};
}

/// Whether Kubernetes shows a field of metadata with this value as if it were not there. An empty
/// list of managedFields is a wish.
bool is_absent(std::string_view field, const json::value& value) {
  if (const json::object* map = value.if_object()) return map->empty();
  const json::array* list = value.if_array();
  return value.is_null() || (list != nullptr && list->empty() && field != "managedFields");
}

/// Null is no value for a field of metadata, nor is an empty map.
Outcome<> clean_metadata(const Call& call, json::object& object) {
  json::value& metadata = object["metadata"];
  if (metadata.is_null()) metadata.emplace_object();
  if (!metadata.is_object()) return not_handled(*call.kind, "metadata must be an object");
  json::object& fields = metadata.get_object();
  std::vector<std::string> empty;
  for (const auto& [key, value] : fields) {
    if (is_absent(key, value)) empty.emplace_back(key);
  }
  for (const std::string& key : empty) fields.erase(key);
  return {};
}

Outcome<> check_known_type(const Call& call, const json::value& object) {
  if (call.kind->schema == nullptr) return {};
  if (!call.kind->custom) {
    const std::string fault = decoding_fault(object, *call.kind->schema);
    if (!fault.empty()) return not_handled(*call.kind, fault);
    return {};
  }
  const Schema* metadata = call.kind->schema->field("metadata");
  if (metadata == nullptr) return {};
  const std::string fault = decoding_fault(object.at("metadata"), *metadata);
  if (!fault.empty()) return not_handled(*call.kind, fault);
  return {};
}

}  // namespace

Outcome<json::value> parse_body(const Call& call, size_t max_depth) {
  const std::string type = media_type(call.request.headers.get("Content-Type"));
  const std::string_view text = call.request.body.view();
  if (type == kProtobufType && !call.kind->custom && is_protobuf_object(text)) {
    Result<json::value> decoded = decode_protobuf(text, max_depth);
    if (!decoded) return kube::bad_request(decoded.error().message);
    return std::move(*decoded);
  }
  const bool yaml = type == "application/yaml" || type == "application/x-yaml" ||
                    type == "text/yaml" || type.ends_with("+yaml");
  const bool json = type.empty() || type == "application/json" || type.ends_with("+json");
  if (!yaml && !json) {
    return kube::unsupported_media_type({"application/json", "application/yaml"});
  }
  const auto unrecognized = [&](std::string_view why) {
    return kube::bad_request(
        fmt::format("the object provided is unrecognized (must be of type {}): {}",
                    call.kind->resource.kind, why));
  };
  if (trim(text).empty()) return unrecognized("the body is empty");
  Result<json::value> parsed = yaml ? parse_yaml(text, {.max_depth = max_depth})
                                    : parse_json(text, {.max_depth = max_depth});
  if (!parsed) {
    return unrecognized(
        fmt::format("{} parse error: {}", yaml ? "yaml" : "json", parsed.error().message));
  }
  return std::move(*parsed);
}

std::string_view json_text(const Call& call) {
  const std::string type = media_type(call.request.headers.get("Content-Type"));
  const bool json = type.empty() || type == "application/json" || type.ends_with("+json");
  return json ? call.request.body.view() : std::string_view();
}

std::vector<std::string> duplicate_fields(std::string_view text, const json::value& parsed) {
  if (count_colons(text) == count_fields(parsed)) return {};
  return DuplicateFinder(text).find();
}

Outcome<> decode_object(Call& call, json::value& object, FieldValidation validation,
                        std::string_view text) {
  if (!object.is_object()) return not_handled(*call.kind, "the body is no object");
  TRY(check_type(call, object.get_object()));
  std::vector<std::string> faults;
  if (!text.empty() && validation != FieldValidation::ignore) {
    for (const std::string& path : duplicate_fields(text, object)) {
      faults.push_back(fmt::format("duplicate field \"{}\"", path));
    }
  }
  TRY(clean_metadata(call, object.get_object()));
  TRY(check_known_type(call, object));
  if (call.kind->schema != nullptr) {
    for (const std::string& path : prune(object, *call.kind->schema)) {
      faults.push_back(fmt::format("unknown field \"{}\"", path));
    }
  }
  if (validation == FieldValidation::ignore || faults.empty()) return {};
  if (faults.size() > kMaxWarnings) faults.resize(kMaxWarnings);
  if (validation == FieldValidation::strict) {
    return not_handled(*call.kind, fmt::format("strict decoding error: {}", join(faults, ", ")));
  }
  for (std::string& fault : faults) call.warnings.push_back(std::move(fault));
  return {};
}

}  // namespace ks::store
