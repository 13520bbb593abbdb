#include <fmt/format.h>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "store/patch/measure.h"
#include "store/patch/patch.h"
#include "store/schema/value_text.h"

namespace ks::store {
namespace {

constexpr size_t kMaxOperations = 10'000;
/// What all copies of one patch may add: a handful of them that each double the object would else
/// fill the memory.
constexpr size_t kMaxCopiedBytes = 3u << 20;
/// Array elements that inserting and removing in the middle may shift, and bytes that may be moved
/// about, in one patch.
constexpr size_t kMaxShifted = 100'000'000;

using Pointer = std::vector<std::string>;

/// Nothing for a text that is no pointer.
std::optional<Pointer> parse_pointer(std::string_view text) {
  if (text.empty()) return Pointer{};
  if (text[0] != '/') return std::nullopt;
  Pointer tokens;
  for (std::string_view raw : split(text.substr(1), '/')) {
    tokens.push_back(replace_all(replace_all(std::string(raw), "~1", "/"), "~0", "~"));
  }
  if (tokens.empty()) tokens.emplace_back();  // "/" names the member with the empty name
  return tokens;
}

/// `01`, `+1` and `-1` are no indices.
std::optional<size_t> parse_index(std::string_view token) {
  if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0')) {
    return std::nullopt;
  }
  size_t index = 0;
  for (char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<size_t>(c - '0');
  }
  return index;
}

json::value* step(json::value* at, std::string_view token) {
  if (json::object* object = at->if_object()) return object->if_contains(token);
  if (json::array* array = at->if_array()) {
    const std::optional<size_t> index = parse_index(token);
    if (index && *index < array->size()) return &(*array)[*index];
  }
  return nullptr;
}

Error bad_index(std::string_view token) {
  if (const std::optional<size_t> index = parse_index(token)) {
    return {Code::invalid,
            fmt::format("Unable to access invalid index: {}: invalid array index", *index)};
  }
  return {Code::invalid, fmt::format("value was not a proper array index: '{}'", token)};
}

/// Applies operations one after the other to one document. Messages are those of the library that
/// Kubernetes uses: people and programs look for them.
class Patcher {
 public:
  explicit Patcher(json::value document) : document_(std::move(document)) {}

  Result<> run(const json::object& operation) {
    const auto text = [&](std::string_view name) -> std::optional<std::string_view> {
      const json::value* value = operation.if_contains(name);
      if (value == nullptr || !value->is_string()) return std::nullopt;
      return std::string_view(value->get_string());
    };
    const std::optional<std::string_view> kind = text("op");
    if (!kind) return Error{Code::invalid, "an operation has no text \"op\""};
    const std::optional<std::string_view> path = text("path");
    if (!path) {
      return Error{Code::invalid,
                   fmt::format("{} operation failed to decode path: missing value", *kind)};
    }
    const json::value* value = operation.if_contains("value");
    if (*kind == "test") return test(*path, value);
    if (*kind == "remove") return remove(*path);
    if (*kind == "add" || *kind == "replace") {
      if (value == nullptr) {
        return Error{Code::invalid,
                     fmt::format("{} operation for path '{}' has no \"value\"", *kind, *path)};
      }
      return *kind == "add" ? add("add", *path, *value) : replace(*path, *value);
    }
    if (*kind != "move" && *kind != "copy") {
      return Error{Code::invalid, fmt::format("Unexpected kind: {}", *kind)};
    }
    const std::optional<std::string_view> from = text("from");
    if (!from) {
      return Error{Code::invalid,
                   fmt::format("{} operation failed to decode from: missing value", *kind)};
    }
    return *kind == "move" ? move(*from, *path) : copy(*from, *path);
  }

  json::value take() { return std::move(document_); }

 private:
  /// Where a path ends: the container and the name in it. A path that is empty has no container.
  struct Place {
    json::value* container = nullptr;
    std::string token;
    bool whole = false;
    size_t depth = 0;
  };

  Place place(std::string_view path) {
    std::optional<Pointer> pointer = parse_pointer(path);
    if (!pointer) return {};
    if (pointer->empty()) return {.container = &document_, .token = {}, .whole = true};
    json::value* at = &document_;
    for (size_t i = 0; i + 1 < pointer->size() && at != nullptr; i++) at = step(at, (*pointer)[i]);
    if (at != nullptr && !at->is_structured()) at = nullptr;
    return {.container = at, .token = std::move(pointer->back()), .depth = pointer->size()};
  }

  static Error missing(std::string_view kind, std::string_view what, std::string_view path) {
    return {Code::invalid, fmt::format("{} operation does not apply: doc is missing {}: {}: "
                                       "missing value",
                                       kind, what, path)};
  }

  static Result<> fits(const Place& at, const json::value& value, std::string_view path) {
    if (at.depth + depth_of(value) > kMaxPatchDepth) {
      return Error{Code::invalid, fmt::format("path '{}': the result would be nested deeper than "
                                              "{} levels",
                                              path, kMaxPatchDepth)};
    }
    return {};
  }

  Result<> shift(size_t amount) {
    shifted_ += amount;
    if (shifted_ > kMaxShifted) {
      return Error{Code::too_large, "the patch moves too much: split it into smaller patches"};
    }
    return {};
  }

  Result<> add(std::string_view kind, std::string_view path, json::value value) {
    const Place at = place(path);
    if (at.container == nullptr) return missing(kind, "path", fmt::format("\"{}\"", path));
    TRY(fits(at, value, path));
    if (at.whole) {
      document_ = std::move(value);
      return {};
    }
    if (json::object* object = at.container->if_object()) {
      (*object)[at.token] = std::move(value);
      return {};
    }
    json::array& array = at.container->get_array();
    if (at.token == "-") {
      array.push_back(std::move(value));
      return {};
    }
    const std::optional<size_t> index = parse_index(at.token);
    if (!index || *index > array.size()) {
      return bad_index(at.token).in(fmt::format("error in {} for path: '{}'", kind, path));
    }
    TRY(shift(array.size() - *index));
    array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return {};
  }

  Result<> remove(std::string_view path, std::string_view kind = "remove") {
    const Place at = place(path);
    if (at.container == nullptr || at.whole) {
      return missing(kind, "path", fmt::format("\"{}\"", path));
    }
    if (json::object* object = at.container->if_object()) {
      if (!object->contains(at.token)) {
        return Error{Code::invalid, fmt::format("error in {} for path: '{}': Unable to remove "
                                                "nonexistent key: {}: missing value",
                                                kind, path, at.token)};
      }
      object->stable_erase(at.token);
      return {};
    }
    json::array& array = at.container->get_array();
    const std::optional<size_t> index = parse_index(at.token);
    if (!index || *index >= array.size()) {
      return bad_index(at.token).in(fmt::format("error in {} for path: '{}'", kind, path));
    }
    TRY(shift(array.size() - *index));
    array.erase(array.begin() + static_cast<std::ptrdiff_t>(*index));
    return {};
  }

  Result<> replace(std::string_view path, const json::value& value) {
    const Place at = place(path);
    if (at.container == nullptr) return missing("replace", "path", path);
    json::value* target = at.whole ? &document_ : step(at.container, at.token);
    if (target == nullptr) return missing("replace", "key", path);
    TRY(fits(at, value, path));
    *target = value;
    return {};
  }

  Result<> move(std::string_view from, std::string_view path) {
    json::value* source = target_of(from);
    if (source == nullptr) return missing("move", "from path", from);
    json::value value = std::move(*source);
    TRY(shift(size_of(value)));
    TRY(remove(from, "move"));
    return add("move", path, std::move(value));
  }

  Result<> copy(std::string_view from, std::string_view path) {
    const json::value* source = target_of(from);
    if (source == nullptr) return missing("copy", "from path", from);
    copied_ += size_of(*source);
    if (copied_ > kMaxCopiedBytes) {
      return Error{Code::too_large,
                   fmt::format("Unable to complete the copy, the accumulated size increase of "
                               "copies is {}, exceeding the limit {}",
                               copied_, kMaxCopiedBytes)};
    }
    return add("copy", path, *source);
  }

  Result<> test(std::string_view path, const json::value* expected) {
    const json::value* actual = target_of(path);
    // What is absent is null to the library that Kubernetes uses.
    static const json::value kNull;
    if (same_value(actual == nullptr ? kNull : *actual, expected == nullptr ? kNull : *expected)) {
      return {};
    }
    return Error{Code::invalid, fmt::format("testing value {} failed: test failed", path)};
  }

  json::value* target_of(std::string_view path) {
    const Place at = place(path);
    if (at.whole || at.container == nullptr) return at.container;
    return step(at.container, at.token);
  }

  json::value document_;
  size_t copied_ = 0;
  size_t shifted_ = 0;
};

}  // namespace

Result<json::value> json_patch(const json::value& object, const json::value& patch) {
  const json::array* operations = patch.if_array();
  if (operations == nullptr) {
    return Error{Code::invalid, "a JSON patch is a list of operations"};
  }
  if (operations->size() > kMaxOperations) {
    return Error{Code::too_large,
                 fmt::format("The allowed maximum operations in a JSON patch is {}, got {}",
                             kMaxOperations, operations->size())};
  }
  Patcher patcher(object);
  for (const json::value& operation : *operations) {
    if (!operation.is_object()) {
      return Error{Code::invalid, "an operation of a JSON patch is an object"};
    }
    TRY(patcher.run(operation.get_object()));
  }
  return patcher.take();
}

}  // namespace ks::store
