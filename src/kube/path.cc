#include "kube/path.h"

#include <vector>

#include "base/text.h"

namespace ks::kube {
namespace {

/// Of a Namespace itself; any other word after its name is a resource inside it.
bool is_namespace_subresource(std::string_view word) {
  return word == "status" || word == "finalize";
}

void append_segment(std::string& out, std::string_view segment) {
  if (segment.empty()) return;
  out += '/';
  out += percent_encode(segment, ":@!$&'()*+,;=");
}

}  // namespace

std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  if (slash == api_version.npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

std::string ResourcePath::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string ResourcePath::text() const {
  std::string out = group.empty() ? "/api" : "/apis";
  append_segment(out, group);
  append_segment(out, version);
  if (watch) out += "/watch";
  if (!space.empty()) {
    out += "/namespaces";
    append_segment(out, space);
  }
  append_segment(out, resource);
  append_segment(out, name);
  append_segment(out, subresource);
  if (!rest.empty()) out += "/" + percent_encode(rest, "/:@!$&'()*+,;=");
  return out;
}

std::optional<ResourcePath> parse_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const bool slash_at_end = path.ends_with('/');
  if (slash_at_end) path.remove_suffix(1);
  std::vector<std::string_view> words = split(path, '/');
  size_t at = 0;
  auto left = [&] { return words.size() - at; };
  auto next = [&] { return std::string(words[at++]); };

  ResourcePath out;
  if (words.size() >= 3 && words[0] == "api") {
    at = 1;
  } else if (words.size() >= 4 && words[0] == "apis") {
    at = 1;
    out.group = next();
  } else {
    return std::nullopt;
  }
  out.version = next();
  if (words[at] == "watch" && left() > 1) {
    out.watch = true;
    ++at;
  }
  const size_t proxy_rest = 3;  // resource, name, subresource: what follows may have empty segments
  if (words[at] == "namespaces" && left() >= 3 && !is_namespace_subresource(words[at + 2])) {
    ++at;
    out.space = next();
    if (out.space.empty()) return std::nullopt;
  }
  for (size_t i = 0; i < std::min(left(), proxy_rest); ++i) {
    if (words[at + i].empty()) return std::nullopt;
  }
  if (out.group.empty() && words[0] == "apis") return std::nullopt;
  if (out.version.empty()) return std::nullopt;
  out.resource = next();
  if (left() > 0) out.name = next();
  if (left() > 0) out.subresource = next();
  if (left() > 0) {
    const size_t from = static_cast<size_t>(words[at].data() - path.data());
    out.rest = path.substr(from);
    if (slash_at_end) out.rest += '/';
  }
  return out;
}

}  // namespace ks::kube
