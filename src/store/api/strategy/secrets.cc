#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

constexpr size_t kMaxData = 1u << 20;
constexpr size_t kMaxKey = 253;

/// The keys that a type of Secret must have.
struct Required {
  std::string_view type;
  std::vector<std::string_view> keys;
};
const Required kRequired[] = {
    {"kubernetes.io/dockercfg", {".dockercfg"}},
    {"kubernetes.io/dockerconfigjson", {".dockerconfigjson"}},
    {"kubernetes.io/ssh-auth", {"ssh-privatekey"}},
    {"kubernetes.io/tls", {"tls.crt", "tls.key"}},
};

void check_key(std::string_view map, std::string_view key, FieldErrors& errors) {
  const bool fine = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  const auto invalid = [&](std::string_view why) {
    errors.push_back(
        kube::field_invalid(fmt::format("{}[{}]", map, key), fmt::format("\"{}\"", key), why));
  };
  if (key.size() > kMaxKey) invalid(fmt::format("must be no more than {} characters", kMaxKey));
  if (!fine) {
    invalid(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
        "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
        "'[-._a-zA-Z0-9]+')");
  }
  if (key == ".") invalid("must not be '.'");
  if (key.starts_with("..")) {
    invalid(key == ".." ? "must not be '..'" : "must not start with '..'");
  }
}

const json::object* map_at(const json::value& object, std::string_view field) {
  const json::value* found = find(object, {field});
  return found == nullptr ? nullptr : found->if_object();
}

bool same(const json::value& a, const json::value& b, std::string_view field) {
  const json::object* left = map_at(a, field);
  const json::object* right = map_at(b, field);
  const bool left_empty = left == nullptr || left->empty();
  const bool right_empty = right == nullptr || right->empty();
  if (left_empty || right_empty) return left_empty == right_empty;
  return *left == *right;
}

/// `immutable: true` can be taken back by nobody, and holds the rest.
void check_immutable(const json::value& next, const json::value& before,
                     std::initializer_list<std::string_view> maps, FieldErrors& errors) {
  if (!bool_at(before, {"immutable"})) return;
  if (!bool_at(next, {"immutable"})) {
    errors.push_back(
        kube::field_forbidden("immutable", "field is immutable when `immutable` is set"));
  }
  for (std::string_view map : maps) {
    if (!same(next, before, map)) {
      errors.push_back(
          kube::field_forbidden(std::string(map), "field is immutable when `immutable` is set"));
    }
  }
}

/// stringData is for writing only: it goes into data.
void fold_string_data(json::value& object) {
  json::object& fields = object.as_object();
  if (json::value* strings = fields.if_contains("stringData"); strings != nullptr) {
    if (strings->is_object() && !strings->get_object().empty()) {
      json::object texts = std::move(strings->get_object());
      json::value& data = fields["data"];
      if (!data.is_object()) data.emplace_object();
      for (const auto& [key, value] : texts) {
        if (value.is_string()) data.get_object()[key] = base64_encode(value.get_string());
      }
    }
    object.as_object().erase("stringData");
  }
}

}  // namespace

Outcome<> prepare_secret(json::value& object, const StrategyContext&) {
  fold_string_data(object);
  return {};
}

Outcome<> update_secret(json::value& next, const json::value&, const StrategyContext&) {
  fold_string_data(next);
  return {};
}

void check_secret(const json::value& object, FieldErrors& errors) {
  const json::object* data = map_at(object, "data");
  size_t total = 0;
  if (data != nullptr) {
    for (const auto& [key, value] : *data) {
      check_key("data", key, errors);
      if (!value.is_string()) continue;
      Result<std::string> bytes = base64_decode(value.get_string());
      if (!bytes) {
        errors.push_back(kube::field_invalid(fmt::format("data[{}]", std::string_view(key)),
                                             "<omitted>", "must be base64: illegal base64 data"));
      } else {
        total += bytes->size();
      }
    }
  }
  if (total > kMaxData) errors.push_back(kube::field_too_long("data", kMaxData));
  const std::string_view type = text_at(object, {"type"});
  for (const Required& required : kRequired) {
    if (required.type != type) continue;
    for (std::string_view key : required.keys) {
      if (data != nullptr && data->contains(key)) continue;
      errors.push_back(kube::field_required(fmt::format("data[{}]", key)));
    }
  }
  if (type == "kubernetes.io/basic-auth" &&
      (data == nullptr || (!data->contains("username") && !data->contains("password")))) {
    errors.push_back(kube::field_required("data[username]"));
    errors.push_back(kube::field_required("data[password]"));
  }
}

void check_secret_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  if (text_at(next, {"type"}) != text_at(before, {"type"})) {
    errors.push_back(kube::field_invalid("type", fmt::format("\"{}\"", text_at(next, {"type"})),
                                         "field is immutable"));
  }
  check_immutable(next, before, {"data"}, errors);
}

void check_config_map(const json::value& object, FieldErrors& errors) {
  size_t total = 0;
  const json::object* data = map_at(object, "data");
  for (std::string_view map : {"data", "binaryData"}) {
    const json::object* entries = map_at(object, map);
    if (entries == nullptr) continue;
    for (const auto& [key, value] : *entries) {
      check_key(map, key, errors);
      if (value.is_string()) total += value.get_string().size();
      if (map == "binaryData" && data != nullptr && data->contains(key)) {
        errors.push_back(kube::field_invalid(fmt::format("binaryData[{}]", std::string_view(key)),
                                             fmt::format("\"{}\"", std::string_view(key)),
                                             "duplicate of key present in data"));
      }
    }
  }
  if (total > kMaxData) errors.push_back(kube::field_too_long("", kMaxData));
}

void check_config_map_change(const json::value& next, const json::value& before,
                             FieldErrors& errors) {
  check_immutable(next, before, {"data", "binaryData"}, errors);
}

}  // namespace ks::store::rules
