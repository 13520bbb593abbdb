#include "store/api/negotiate.h"

#include "base/text.h"

namespace ks::store {
namespace {

struct MediaRange {
  std::string type;
  std::string_view as, group, version, quality;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = media_type(text);
  for (std::string_view part : split(text, ';')) {
    part = trim(part);
    const size_t equals = part.find('=');
    if (equals == part.npos) continue;
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view value = trim(part.substr(equals + 1));
    if (name == "as") range.as = value;
    if (name == "g") range.group = value;
    if (name == "v") range.version = value;
    if (name == "q") range.quality = value;
  }
  return range;
}

/// False when the range asks for what we do not speak.
bool apply(const MediaRange& range, Format& format) {
  if (range.quality == "0") return false;
  const bool json =
      range.type == "application/json" || range.type == "*/*" || range.type == "application/*";
  const bool yaml = range.type == "application/yaml";
  if (!json && !yaml) return false;
  format.yaml = yaml;
  if (range.as.empty()) return true;
  if (range.group != "meta.k8s.io" || range.version != "v1") return false;
  if (range.as == "Table") {
    format.as = Format::As::table;
    return true;
  }
  format.as = Format::As::partial;
  return range.as == "PartialObjectMetadata" || range.as == "PartialObjectMetadataList";
}

/// People who look with a browser or curl get indented text, unless they say.
bool wants_pretty(const http::Request& request) {
  if (request.query.has("pretty")) {
    const std::string_view text = request.query.get("pretty");
    return text != "false" && text != "0";
  }
  const std::string_view agent = request.headers.get("User-Agent");
  return agent.starts_with("curl/") || agent.starts_with("Wget/") || agent.starts_with("Mozilla/");
}

}  // namespace

std::string media_type(std::string_view header) {
  return to_lower(trim(header.substr(0, header.find(';'))));
}

Outcome<Format> negotiate(const http::Request& request) {
  Format format;
  format.pretty = wants_pretty(request);
  const std::string_view include = request.query.get("includeObject");
  if (include == "None") format.include = IncludeObject::none;
  if (include == "Object") format.include = IncludeObject::object;
  const std::string_view accept = request.headers.get("Accept");
  if (accept.empty() || accept == "application/json") return format;
  for (std::string_view range : split(accept, ',')) {
    Format chosen = format;
    if (apply(parse_range(range), chosen)) return chosen;
  }
  return kube::not_acceptable({"application/json", "application/yaml"});
}

}  // namespace ks::store
