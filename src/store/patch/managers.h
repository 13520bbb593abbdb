#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/patch/field_set.h"
#include "store/patch/managed_fields.h"

/// metadata.managedFields read and written.

namespace ks::store {

/// What one manager owns through one way of writing.
struct ManagerEntry {
  std::string manager;
  bool applied = false;     ///< by apply; else by any other write
  std::string api_version;  ///< of the last write; tells updates apart, but not applies
  std::string subresource;
  std::string time;  ///< RFC 3339; empty: not known
  FieldSet fields;

  bool same_writer(const ManagerEntry& other) const;
  /// As conflicts name it: `"kubectl" using apps/v1`.
  std::string shown() const;
};
using ManagerEntries = std::vector<ManagerEntry>;

/// Without fields yet.
ManagerEntry entry_of(const FieldManager& manager, bool applied);
ManagerEntry* find_writer(ManagerEntries& entries, const ManagerEntry& writer);

/// An error when the list is none that a server wrote.
Result<ManagerEntries> decode_managers(const json::value& managed_fields);
/// In Kubernetes' order; those that own nothing are left out.
json::array encode_managers(ManagerEntries entries, const json::storage_ptr& storage);

/// The list of an object; null when it has none.
const json::value* managed_fields_of(const json::value& object);
/// Puts it there, or nothing when it is empty.
void set_managed_fields(json::value& object, json::array managed_fields);
/// Takes it out of the object; null when there is none.
json::value take_managed_fields(json::value& object);

/// Kubernetes keeps ten entries of updates; older ones of one version become one.
void cap_updates(ManagerEntries& entries);

}  // namespace ks::store
