#include "store/api/table_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "store/api/json_path.h"
#include "store/api/table_parts.h"

namespace ks::store {

std::string human_duration(std::chrono::milliseconds duration) {
  const int64_t seconds = duration.count() / 1'000;
  // A second ahead is a clock that differs a little.
  if (duration.count() <= -2'000) return "<invalid>";
  if (seconds < 0) return "0s";
  auto two = [](int64_t whole, char unit, int64_t part, char part_unit) {
    return part == 0 ? fmt::format("{}{}", whole, unit)
                     : fmt::format("{}{}{}{}", whole, unit, part, part_unit);
  };
  const int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return fmt::format("{}m", minutes);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return fmt::format("{}d", days);
  if (days < 365 * 8) return two(days / 365, 'y', days % 365, 'd');
  return fmt::format("{}y", days / 365);
}

std::string time_ago(std::string_view time, WallTime now) {
  if (time.empty()) return "<unknown>";
  const Result<WallTime> parsed = parse_rfc3339(time);
  return parsed ? human_duration(now - *parsed) : "<invalid>";
}

std::string or_else(const std::string& text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

const json::array& array_at(const json::value& value,
                            std::initializer_list<std::string_view> path) {
  static const json::array kEmpty;
  const json::value* found = find(value, path);
  return found != nullptr && found->is_array() ? found->get_array() : kEmpty;
}

const json::object& object_at(const json::value& value,
                              std::initializer_list<std::string_view> path) {
  static const json::object kEmpty;
  const json::value* found = find(value, path);
  return found != nullptr && found->is_object() ? found->get_object() : kEmpty;
}

std::string plain_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* found = find(value, path);
  return found == nullptr ? std::string() : text_of(*found);
}

std::string joined(const json::array& array, std::string_view member, std::string_view separator) {
  std::string out;
  for (const json::value& element : array) {
    const std::string text =
        member.empty() ? text_of(element) : std::string(text_at(element, {member}));
    if (text.empty()) continue;
    if (!out.empty()) out += separator;
    out += text;
  }
  return out;
}

std::string labels_text(const json::object& labels) {
  std::vector<std::string> pairs;
  for (const auto& label : labels) {
    pairs.push_back(fmt::format("{}={}", std::string_view(label.key()), text_of(label.value())));
  }
  std::ranges::sort(pairs);
  return or_else(join(pairs, ","), "<none>");
}

std::string selector_text(const json::value* selector) {
  if (selector == nullptr || !selector->is_object()) return "<none>";
  std::vector<std::pair<std::string, std::string>> terms;
  for (const auto& label : object_at(*selector, {"matchLabels"})) {
    const std::string key(label.key());
    terms.emplace_back(key, fmt::format("{}={}", key, text_of(label.value())));
  }
  for (const json::value& expression : array_at(*selector, {"matchExpressions"})) {
    const std::string key(text_at(expression, {"key"}));
    const std::string_view is = text_at(expression, {"operator"});
    std::string term = key;
    if (is == "DoesNotExist") term = "!" + key;
    if (is == "In" || is == "NotIn") {
      std::vector<std::string> values;
      for (const json::value& value : array_at(expression, {"values"})) {
        values.push_back(text_of(value));
      }
      std::ranges::sort(values);
      term = fmt::format("{} {} ({})", key, is == "In" ? "in" : "notin", join(values, ","));
    }
    terms.emplace_back(key, std::move(term));
  }
  std::ranges::stable_sort(terms, {}, &std::pair<std::string, std::string>::first);
  std::string out;
  for (const auto& [key, term] : terms) out += (out.empty() ? "" : ",") + term;
  return or_else(out, "<none>");
}

const json::value* condition(const json::value& object, std::string_view type) {
  for (const json::value& one : array_at(object, {"status", "conditions"})) {
    if (text_at(one, {"type"}) == type) return &one;
  }
  return nullptr;
}

bool has_condition(const json::value& object, std::string_view type) {
  const json::value* found = condition(object, type);
  return found != nullptr && text_at(*found, {"status"}) == "True";
}

namespace cells {

json::value words(std::string_view text) { return json::value(json::string(text)); }

namespace {

std::string when(const json::value& object, std::initializer_list<std::string_view> path,
                 WallTime now) {
  return time_ago(text_at(object, path), now);
}

}  // namespace

json::value age(const json::value& object, WallTime now) {
  return words(when(object, {"metadata", "creationTimestamp"}, now));
}

json::value created_at(const json::value& object, WallTime) {
  return words(text_at(object, {"metadata", "creationTimestamp"}));
}

// ----- nodes -----

json::value node_status(const json::value& object, WallTime) {
  std::string out = "Unknown";
  if (condition(object, "Ready") != nullptr) {
    out = has_condition(object, "Ready") ? "Ready" : "NotReady";
  }
  if (bool_at(object, {"spec", "unschedulable"})) out += ",SchedulingDisabled";
  return words(out);
}

json::value node_roles(const json::value& object, WallTime) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  for (const auto& label : object_at(object, {"metadata", "labels"})) {
    const std::string_view key = label.key();
    if (key.starts_with(kPrefix) && key.size() > kPrefix.size()) {
      roles.emplace(key.substr(kPrefix.size()));
    } else if (key == "kubernetes.io/role" && !text_of(label.value()).empty()) {
      roles.insert(text_of(label.value()));
    }
  }
  return words(or_else(join({roles.begin(), roles.end()}, ","), "<none>"));
}

static json::value node_address(const json::value& object, std::string_view type) {
  for (const json::value& one : array_at(object, {"status", "addresses"})) {
    if (text_at(one, {"type"}) == type) return words(text_at(one, {"address"}));
  }
  return words("<none>");
}
json::value node_internal_ip(const json::value& object, WallTime) {
  return node_address(object, "InternalIP");
}
json::value node_external_ip(const json::value& object, WallTime) {
  return node_address(object, "ExternalIP");
}

// ----- storage -----

static std::string access_modes(const json::array& modes) {
  static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"ReadWriteOnce", "RWO"},
      {"ReadOnlyMany", "ROX"},
      {"ReadWriteMany", "RWX"},
      {"ReadWriteOncePod", "RWOP"}};
  std::string out;
  for (const auto& [name, abbreviation] : kShort) {
    const bool has =
        std::ranges::any_of(modes, [&](const json::value& mode) { return text_of(mode) == name; });
    if (has) out += (out.empty() ? "" : ",") + std::string(abbreviation);
  }
  return out;
}

json::value volume_status(const json::value& object, WallTime) {
  return words(text_at(object, {"metadata", "deletionTimestamp"}).empty()
                   ? std::string(text_at(object, {"status", "phase"}))
                   : "Terminating");
}
json::value volume_capacity(const json::value& object, WallTime) {
  return words(plain_at(object, {"spec", "capacity", "storage"}));
}
json::value volume_access_modes(const json::value& object, WallTime) {
  return words(access_modes(array_at(object, {"spec", "accessModes"})));
}
json::value volume_claim(const json::value& object, WallTime) {
  const std::string_view name = text_at(object, {"spec", "claimRef", "name"});
  if (name.empty()) return words("");
  return words(fmt::format("{}/{}", text_at(object, {"spec", "claimRef", "namespace"}), name));
}
// A claim without a volume has nothing yet, whatever its status says.
json::value claim_capacity(const json::value& object, WallTime) {
  if (text_at(object, {"spec", "volumeName"}).empty()) return words("");
  return words(plain_at(object, {"status", "capacity", "storage"}));
}
json::value claim_access_modes(const json::value& object, WallTime) {
  if (text_at(object, {"spec", "volumeName"}).empty()) return words("");
  return words(access_modes(array_at(object, {"status", "accessModes"})));
}
json::value storage_class(const json::value& object, WallTime) {
  const std::string_view annotated =
      text_at(object, {"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  return words(
      std::string(annotated.empty() ? text_at(object, {"spec", "storageClassName"}) : annotated));
}

// ----- counts -----

json::value data_count(const json::value& object, WallTime) {
  return object_at(object, {"data"}).size() + object_at(object, {"binaryData"}).size();
}
json::value secrets_count(const json::value& object, WallTime) {
  return array_at(object, {"secrets"}).size();
}
json::value webhooks_count(const json::value& object, WallTime) {
  return array_at(object, {"webhooks"}).size();
}

// ----- access -----

json::value role(const json::value& object, WallTime) {
  return words(fmt::format("{}/{}", text_at(object, {"roleRef", "kind"}),
                           text_at(object, {"roleRef", "name"})));
}

static json::value subjects(const json::value& object, std::string_view kind) {
  std::string out;
  for (const json::value& subject : array_at(object, {"subjects"})) {
    if (text_at(subject, {"kind"}) != kind) continue;
    if (!out.empty()) out += ", ";
    if (kind == "ServiceAccount") out += std::string(text_at(subject, {"namespace"})) + "/";
    out += text_at(subject, {"name"});
  }
  return words(out);
}
json::value users(const json::value& object, WallTime) { return subjects(object, "User"); }
json::value groups(const json::value& object, WallTime) { return subjects(object, "Group"); }
json::value service_accounts(const json::value& object, WallTime) {
  return subjects(object, "ServiceAccount");
}

static json::value quota(const json::value& object, bool limits) {
  std::vector<std::string> parts;
  for (const auto& hard : object_at(object, {"status", "hard"})) {
    const std::string_view resource = hard.key();
    if (resource.starts_with("limits.") != limits) continue;
    parts.push_back(fmt::format("{}: {}/{}", resource,
                                or_else(plain_at(object, {"status", "used", resource}), "0"),
                                text_of(hard.value())));
  }
  std::ranges::sort(parts);
  return words(join(parts, ", "));
}
json::value quota_requests(const json::value& object, WallTime) { return quota(object, false); }
json::value quota_limits(const json::value& object, WallTime) { return quota(object, true); }

json::value api_service(const json::value& object, WallTime) {
  if (object_at(object, {"spec", "service"}).empty()) return words("Local");
  return words(fmt::format("{}/{}", text_at(object, {"spec", "service", "namespace"}),
                           text_at(object, {"spec", "service", "name"})));
}
json::value api_service_available(const json::value& object, WallTime) {
  const json::value* available = condition(object, "Available");
  if (available == nullptr) return words("Unknown");
  const std::string_view status = text_at(*available, {"status"});
  if (status == "True") return words("True");
  return words(fmt::format("{} ({})", status, text_at(*available, {"reason"})));
}

// ----- events: those of v1 and of events.k8s.io name the same things differently -----

static std::string_view first_of(
    const json::value& object,
    std::initializer_list<std::initializer_list<std::string_view>> paths) {
  for (const auto& path : paths) {
    if (const std::string_view text = text_at(object, path); !text.empty()) return text;
  }
  return {};
}

json::value event_first_seen(const json::value& object, WallTime now) {
  return words(time_ago(
      first_of(object, {{"firstTimestamp"}, {"deprecatedFirstTimestamp"}, {"eventTime"}}), now));
}
json::value event_last_seen(const json::value& object, WallTime now) {
  return words(time_ago(first_of(object, {{"series", "lastObservedTime"},
                                          {"lastTimestamp"},
                                          {"deprecatedLastTimestamp"},
                                          {"firstTimestamp"},
                                          {"deprecatedFirstTimestamp"},
                                          {"eventTime"}}),
                        now));
}
json::value event_object(const json::value& object, WallTime) {
  const std::string kind =
      to_lower(first_of(object, {{"involvedObject", "kind"}, {"regarding", "kind"}}));
  const std::string_view name =
      first_of(object, {{"involvedObject", "name"}, {"regarding", "name"}});
  return words(name.empty() ? kind : fmt::format("{}/{}", kind, name));
}
json::value event_subobject(const json::value& object, WallTime) {
  return words(
      std::string(first_of(object, {{"involvedObject", "fieldPath"}, {"regarding", "fieldPath"}})));
}
json::value event_source(const json::value& object, WallTime) {
  const std::string_view component = first_of(object, {{"source", "component"},
                                                       {"deprecatedSource", "component"},
                                                       {"reportingComponent"},
                                                       {"reportingController"}});
  const std::string_view host =
      first_of(object, {{"source", "host"}, {"deprecatedSource", "host"}, {"reportingInstance"}});
  return words(host.empty() ? std::string(component) : fmt::format("{}, {}", component, host));
}
json::value event_message(const json::value& object, WallTime) {
  return words(trim(first_of(object, {{"message"}, {"note"}})));
}
json::value event_count(const json::value& object, WallTime) {
  int64_t count = int_at(object, {"count"}, int_at(object, {"deprecatedCount"}));
  count = int_at(object, {"series", "count"}, count);
  return std::max<int64_t>(count, 1);
}

}  // namespace cells
}  // namespace ks::store
