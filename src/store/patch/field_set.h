#pragma once

#include <boost/json/fwd.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// Sets of fields: which ones a manager owns, or which ones a write changed.

namespace ks::store {

namespace json = boost::json;

/// One step of the path to a field.
struct PathElement {
  enum class Kind : uint8_t {
    field,  ///< a member of an object, by its name
    key,    ///< an element of a list of type map, by its keys: `{"name":"web"}`
    value,  ///< an element of a list of type set: its JSON
    index,  ///< an element by its number, in decimal
  };
  Kind kind = Kind::field;
  std::string text;  ///< JSON of keys and values is canonical: no spaces, keys sorted

  bool operator==(const PathElement&) const = default;
  /// The order of Kubernetes: fields, keys, values, indices; numbers by their value.
  std::strong_ordering operator<=>(const PathElement& other) const;
  /// As conflicts show it: `.name`, `[name="web"]`, `["x"]`, `[0]`.
  void append_path(std::string& out) const;
};

/// A trie of paths. A path may be in the set itself, or only on the way to ones that are.
struct FieldSet {
  struct Node;
  std::vector<Node> nodes;  ///< sorted by element, each element once, none of them void

  bool empty() const { return nodes.empty(); }
  const Node* find(const PathElement& element) const;
  bool operator==(const FieldSet& other) const;

  /// Appends unless it would say nothing. The caller keeps, or restores by sort(), the order.
  void append(PathElement element, bool member, FieldSet below);
  /// After append() in any order. Elements that were there twice become members with nothing below.
  void sort();
  /// Every path of the set as text, in order.
  std::vector<std::string> paths() const;
};

struct FieldSet::Node {
  PathElement element;
  bool member = false;
  FieldSet below;
  bool operator==(const Node&) const = default;
};

/// Paths of either, of the first but not the second, of both.
FieldSet unite(FieldSet a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
FieldSet intersect(const FieldSet& a, const FieldSet& b);

/// FieldsV1: `{"f:spec":{"f:ports":{".":{},"k:{\"port\":80}":{...}}}}`, in Kubernetes' order.
json::object encode_fields(const FieldSet& set, const json::storage_ptr& storage);
Result<FieldSet> decode_fields(const json::value& fields);

/// Canonical JSON of a value inside a path element.
void append_canonical(std::string& out, const json::value& value);

}  // namespace ks::store
