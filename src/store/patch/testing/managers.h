#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/json.h"
#include "store/patch/field_set.h"
#include "store/patch/managed_fields.h"
#include "store/patch/testing/schemas.h"

namespace ks::store::testing {

inline FieldManager by(std::string name, std::string subresource = {}) {
  return {.name = std::move(name),
          .api_version = "apps/v1",
          .subresource = std::move(subresource),
          .now = WallTime{std::chrono::milliseconds{1'700'000'000'000}}};
}

/// One object and what is done to it, one second after the other.
struct Flow {
  json::value object;
  const Schema* schema = &workload();
  std::chrono::seconds age{0};

  FieldManager writer(std::string name, std::string subresource = {}) {
    FieldManager manager = by(std::move(name), std::move(subresource));
    manager.now += age++;
    return manager;
  }

  static json::value whole(std::string_view text) {
    json::value value = yaml(text);
    if (!value.is_object()) value.emplace_object();
    json::value* metadata = &value.get_object()["metadata"];
    if (!metadata->is_object()) metadata->emplace_object();
    metadata->get_object().emplace("name", "web");
    return value;
  }

  void create(std::string_view text, std::string manager) {
    object = whole(text);
    track_update(object, nullptr, writer(std::move(manager)), *schema);
  }

  void update(std::string_view text, std::string manager, std::string subresource = {}) {
    json::value next = whole(text);
    track_update(next, object, writer(std::move(manager), std::move(subresource)), *schema);
    object = std::move(next);
  }

  /// Empty when it went well; else the message of the Status.
  std::string apply(std::string_view text, std::string manager, bool force = false,
                    std::string subresource = {}) {
    Applied applied = store::apply(
        object, whole(text), writer(std::move(manager), std::move(subresource)), force, *schema);
    if (const kube::Status* status = std::get_if<kube::Status>(&applied)) return status->message;
    object = std::move(std::get<json::value>(applied));
    return "";
  }

  /// managedFields as text; empty when there is none.
  std::string managed() const {
    const json::value* fields = find(object, {"metadata", "managedFields"});
    return fields == nullptr ? "" : to_json(*fields);
  }

  /// The object without metadata.
  std::string rest() const {
    json::object out = object.as_object();
    out.stable_erase("metadata");
    return to_json(out);
  }

  /// What a manager owns, as paths with spaces between.
  std::string owned(std::string_view manager, bool applied = false) const {
    const json::value* entries = find(object, {"metadata", "managedFields"});
    if (entries == nullptr) return "";
    std::string out;
    for (const json::value& entry : entries->as_array()) {
      if (text_at(entry, {"manager"}) != manager ||
          text_at(entry, {"operation"}) != (applied ? "Apply" : "Update")) {
        continue;
      }
      for (const std::string& path : decode_fields(entry.at("fieldsV1")).value().paths()) {
        out += (out.empty() ? "" : " ") + path;
      }
    }
    return out;
  }
};

}  // namespace ks::store::testing
