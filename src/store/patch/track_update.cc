#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "store/patch/managed_fields.h"
#include "store/patch/managers.h"
#include "store/patch/typed.h"
#include "store/schema/value_text.h"

namespace ks::store {
namespace {

/// `[{}]` asks to forget all managers. An empty list does not: clients that know nothing of
/// managedFields send it.
bool asks_for_reset(const json::value& list) {
  const json::array* entries = list.if_array();
  return entries != nullptr && entries->size() == 1 && entries->front().is_object() &&
         entries->front().get_object().empty();
}

/// The managers to go on from: those that the writer gave, else those of the present object. A
/// list that cannot be read counts as none.
ManagerEntries present_managers(const json::value& given, const json::value& before,
                                const FieldManager& manager) {
  if (manager.subresource.empty()) {
    if (asks_for_reset(given)) return {};
    Result<ManagerEntries> entries = decode_managers(given);
    if (entries && !entries->empty()) return std::move(*entries);
  }
  const json::value* stored = managed_fields_of(before);
  if (stored == nullptr) return {};
  Result<ManagerEntries> entries = decode_managers(*stored);
  return entries ? std::move(*entries) : ManagerEntries{};
}

void take_over(ManagerEntries& entries, const Difference& changes, const FieldManager& manager) {
  FieldSet taken = unite(changes.added, changes.modified);
  const FieldSet lost = unite(taken, changes.removed);
  for (ManagerEntry& entry : entries) entry.fields = subtract(entry.fields, lost);
  if (!taken.empty()) {
    ManagerEntry own = entry_of(manager, false);
    if (ManagerEntry* present = find_writer(entries, own)) {
      present->fields = unite(std::move(present->fields), taken);
      present->time = std::move(own.time);
    } else {
      own.fields = std::move(taken);
      entries.push_back(std::move(own));
    }
  }
  std::erase_if(entries, [](const ManagerEntry& entry) { return entry.fields.empty(); });
  cap_updates(entries);
}

}  // namespace

void track_update(json::value& next, const json::value& before, const FieldManager& manager,
                  const Schema& schema) {
  const json::value given = take_managed_fields(next);
  ManagerEntries entries;
  Difference changes;
  if (before.is_null()) {
    if (!given.is_null()) entries = present_managers(given, before, manager);
    changes.added = all_fields(next, &schema);
  } else {
    changes = difference(before, next, &schema);
    const json::value* stored = managed_fields_of(before);
    const bool untouched = stored != nullptr && (given.is_null() || !manager.subresource.empty() ||
                                                 same_value(given, *stored));
    if (changes.empty() && untouched) {
      if (stored->is_array()) set_managed_fields(next, stored->get_array());
      return;
    }
    entries = present_managers(given, before, manager);
    // An object without managers stays so: it was reset, or is from before there were any.
    if (entries.empty()) return;
  }
  take_over(entries, changes, manager);
  set_managed_fields(next, encode_managers(std::move(entries), next.storage()));
}

}  // namespace ks::store
