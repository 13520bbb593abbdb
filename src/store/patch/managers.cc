#include "store/patch/managers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/json.h"

namespace ks::store {
namespace {

constexpr size_t kMaxUpdates = 10;
constexpr std::string_view kAncient = "ancient-changes";

Error bad_entry(size_t at, std::string_view what) {
  return {Code::invalid, fmt::format("metadata.managedFields[{}]: {}", at, what)};
}

Result<ManagerEntry> decode_entry(const json::value& value, size_t at) {
  if (!value.is_object()) return bad_entry(at, "is no object");
  ManagerEntry entry{.manager = std::string(text_at(value, {"manager"})),
                     .api_version = std::string(text_at(value, {"apiVersion"})),
                     .subresource = std::string(text_at(value, {"subresource"})),
                     .time = std::string(text_at(value, {"time"})),
                     .fields = {}};
  const std::string_view operation = text_at(value, {"operation"});
  if (operation != "Apply" && operation != "Update") {
    return bad_entry(at, fmt::format("operation: \"{}\": must be `Apply` or `Update`", operation));
  }
  entry.applied = operation == "Apply";
  const std::string_view type = text_at(value, {"fieldsType"});
  if (type != "FieldsV1") {
    return bad_entry(at, fmt::format("fieldsType: \"{}\": must be `FieldsV1`", type));
  }
  if (const json::value* fields = find(value, {"fieldsV1"})) {
    Result<FieldSet> set = decode_fields(*fields);
    if (!set) return bad_entry(at, set.error().message);
    entry.fields = std::move(*set);
  }
  return entry;
}

json::object encode_entry(const ManagerEntry& entry, const json::storage_ptr& storage) {
  json::object out(storage);
  out.reserve(7);
  out.emplace("manager", entry.manager);
  out.emplace("operation", entry.applied ? "Apply" : "Update");
  out.emplace("apiVersion", entry.api_version);
  if (!entry.time.empty()) out.emplace("time", entry.time);
  out.emplace("fieldsType", "FieldsV1");
  out.emplace("fieldsV1", encode_fields(entry.fields, storage));
  if (!entry.subresource.empty()) out.emplace("subresource", entry.subresource);
  return out;
}

}  // namespace

bool ManagerEntry::same_writer(const ManagerEntry& other) const {
  return applied == other.applied && manager == other.manager && subresource == other.subresource &&
         (applied || api_version == other.api_version);
}

std::string ManagerEntry::shown() const {
  std::string out = to_json(json::value(manager));
  if (!subresource.empty()) out += " with subresource " + to_json(json::value(subresource));
  if (!applied) out += " using " + api_version;
  return out;
}

ManagerEntry entry_of(const FieldManager& manager, bool applied) {
  return {.manager = manager.name.empty() ? "unknown" : manager.name,
          .applied = applied,
          .api_version = manager.api_version,
          .subresource = manager.subresource,
          .time = format_rfc3339(manager.now),
          .fields = {}};
}

ManagerEntry* find_writer(ManagerEntries& entries, const ManagerEntry& writer) {
  const auto at = std::ranges::find_if(
      entries, [&](const ManagerEntry& entry) { return entry.same_writer(writer); });
  return at == entries.end() ? nullptr : &*at;
}

Result<ManagerEntries> decode_managers(const json::value& managed_fields) {
  if (managed_fields.is_null()) return ManagerEntries{};
  const json::array* list = managed_fields.if_array();
  if (list == nullptr) return Error{Code::invalid, "metadata.managedFields is no list"};
  ManagerEntries entries;
  entries.reserve(list->size() + 1);
  for (size_t i = 0; i < list->size(); i++) {
    ManagerEntry entry = TRY(decode_entry((*list)[i], i));
    if (ManagerEntry* twin = find_writer(entries, entry)) {
      *twin = std::move(entry);
    } else {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

json::array encode_managers(ManagerEntries entries, const json::storage_ptr& storage) {
  const auto rank = [](const ManagerEntry& e) {
    return std::tie(e.time, e.manager, e.api_version, e.subresource);
  };
  std::ranges::sort(entries, [&](const ManagerEntry& a, const ManagerEntry& b) {
    return a.applied != b.applied ? a.applied : rank(a) < rank(b);
  });
  json::array out(storage);
  out.reserve(entries.size());
  for (const ManagerEntry& entry : entries) {
    if (!entry.fields.empty()) out.emplace_back(encode_entry(entry, storage));
  }
  return out;
}

const json::value* managed_fields_of(const json::value& object) {
  return find(object, {"metadata", "managedFields"});
}

void set_managed_fields(json::value& object, json::array managed_fields) {
  json::value* metadata = find(object, {"metadata"});
  if (metadata == nullptr || !metadata->is_object()) return;
  if (managed_fields.empty()) {
    metadata->get_object().stable_erase("managedFields");
  } else {
    metadata->get_object()["managedFields"] = std::move(managed_fields);
  }
}

json::value take_managed_fields(json::value& object) {
  json::value* metadata = find(object, {"metadata"});
  json::value* list = metadata == nullptr ? nullptr : find(*metadata, {"managedFields"});
  if (list == nullptr) return nullptr;
  json::value taken = std::move(*list);
  metadata->get_object().stable_erase("managedFields");
  return taken;
}

void cap_updates(ManagerEntries& entries) {
  std::vector<size_t> updates;
  for (size_t i = 0; i < entries.size(); i++) {
    if (!entries[i].applied) updates.push_back(i);
  }
  if (updates.size() <= kMaxUpdates) return;
  std::ranges::sort(updates, [&](size_t a, size_t b) {
    return std::tie(entries[a].time, entries[a].manager) <
           std::tie(entries[b].time, entries[b].manager);
  });
  size_t count = updates.size();
  std::map<std::string, size_t> buckets;  // by version
  for (size_t i = 0; i < updates.size() && count > kMaxUpdates; i++) {
    ManagerEntry& entry = entries[updates[i]];
    const auto [bucket, first] = buckets.emplace(entry.api_version, updates[i]);
    if (first) continue;
    ManagerEntry& target = entries[bucket->second];
    target.manager = kAncient;
    target.subresource.clear();
    target.fields = unite(std::move(target.fields), entry.fields);
    target.time = entry.time;
    entry.fields = {};
    count--;
  }
  std::erase_if(entries, [](const ManagerEntry& entry) { return entry.fields.empty(); });
}

}  // namespace ks::store
