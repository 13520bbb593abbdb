#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace ks::store {

/// Empties the namespaces that are Terminating, and lets each go once nothing is left in it: takes
/// `kubernetes` off its spec.finalizers. While objects in it wait for finalizers of their own, its
/// status.conditions say which.
///
/// Event-driven like the Collector: put() and erase() see every change of the store. Not
/// thread-safe.
class NamespaceDeletion {
 public:
  NamespaceDeletion(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  void put(const ObjectRef& object);
  void erase(const Object& object);
  void clear();

  /// Does what the changes since the last call ask for. False when a write failed and must be tried
  /// again later.
  bool work();

 private:
  bool empty(const std::string& name, const ObjectRef& space);
  bool remove_content(const std::vector<ObjectRef>& content);
  bool let_go(const Object& space);
  bool say_what_remains(const Object& space, const std::vector<ObjectRef>& content);

  Store& store_;
  const Clock& clock_;
  std::set<std::string, std::less<>> terminating_;
  // Gone not long ago: a create that looked just before the end may still arrive.
  std::set<std::string, std::less<>> gone_;
  std::set<std::string> dirty_;
};

}  // namespace ks::store
