#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kube/names.h"
#include "store/api/addresses.h"
#include "store/api/outcome.h"
#include "store/schema/catalog.h"
#include "store/store.h"

/// What is special about each kind: how names look, what a server fills in, what may not be and
/// what may not change. One table in strategies.cc; the rules of a kind are in a file beside it.

namespace ks::store {

namespace json = boost::json;

using FieldErrors = std::vector<kube::FieldError>;

/// What the filling in may look at.
struct StrategyContext {
  const Store& store;
  const Catalog& catalog;
  const Kind& kind;
  Addresses& addresses;
  const Clock& clock;
};

struct Strategy {
  /// A field that selectors may ask for.
  struct Field {
    std::string_view name;
    std::string_view path;
    std::string_view otherwise = {};    ///< the path to look at when there is nothing
    std::string_view when_absent = {};  ///< the value then
  };

  std::string_view resource;       ///< as in store keys; empty for kinds without rules of their own
  bool counts_generation = false;  ///< metadata.generation tells of changes of the spec
  bool keeps_status = false;       ///< a create may bring one
  bool needs_version = false;      ///< an update must say which version it changes
  bool answers_deleted = false;    ///< DELETE answers the object, not a Status
  kube::Complaints (*check_name)(std::string_view) = kube::check_dns1123_subdomain;
  std::span<const Field> fields = {};

  /// Fills in what clients leave out; before validation.
  Outcome<> (*prepare_create)(json::value& object, const StrategyContext&) = nullptr;
  Outcome<> (*prepare_update)(json::value& next, const json::value& before,
                              const StrategyContext&) = nullptr;
  void (*validate)(const json::value& object, FieldErrors& errors) = nullptr;
  /// What may not change, beyond validate().
  void (*validate_update)(const json::value& next, const json::value& before,
                          FieldErrors& errors) = nullptr;
};

const Strategy& strategy_of(const Kind& kind);

}  // namespace ks::store
