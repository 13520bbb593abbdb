#include "store/schema/catalog.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "store/schema/builtin.h"
#include "store/schema/definition.h"

namespace ks::store {

namespace {

std::string key_of(std::string_view group, std::string_view version, std::string_view name) {
  std::string out(group);
  out += '/';
  out += version;
  out += '/';
  out += name;
  return out;
}

KindRef look_up(const std::map<std::string, KindRef, std::less<>>& in, std::string_view key) {
  auto found = in.find(key);
  return found == in.end() ? nullptr : found->second;
}

}  // namespace

bool Kind::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

const Kind::Subresource* Kind::subresource(std::string_view name) const {
  auto found =
      std::find_if(subresources.begin(), subresources.end(),
                   [&](const Subresource& subresource) { return subresource.name == name; });
  return found == subresources.end() ? nullptr : &*found;
}

std::string Kind::store_resource() const {
  if (resource.group.empty() || (resource.group == "events.k8s.io" && !custom)) {
    return resource.plural;
  }
  return resource.plural + "." + resource.group;
}

KindRef Catalog::find(std::string_view group, std::string_view version,
                      std::string_view plural) const {
  return look_up(by_resource_, key_of(group, version, plural));
}

KindRef Catalog::find_kind(std::string_view group, std::string_view version,
                           std::string_view kind) const {
  return look_up(by_kind_, key_of(group, version, kind));
}

KindRef Catalog::stored(std::string_view store_resource) const {
  return look_up(by_store_resource_, store_resource);
}

std::vector<KindRef> Catalog::kinds(std::string_view group, std::string_view version) const {
  std::vector<KindRef> out;
  std::string prefix = key_of(group, version, "");
  for (auto at = by_resource_.lower_bound(prefix);
       at != by_resource_.end() && at->first.starts_with(prefix); ++at) {
    out.push_back(at->second);
  }
  return out;
}

Registry::Registry() : built_in_(built_in_kinds()) {
  std::lock_guard lock(changing_);
  publish();
}

CatalogRef Registry::catalog() const {
  return current_.with([](const CatalogRef& current) { return current; });
}

Result<> Registry::put_definition(const json::value& definition) {
  std::vector<KindRef> kinds = TRY(kinds_of_definition(definition));
  std::string name(definition_name(definition));
  std::lock_guard lock(changing_);
  custom_[std::move(name)] = std::move(kinds);
  publish();
  return {};
}

void Registry::remove_definition(std::string_view name) {
  std::lock_guard lock(changing_);
  auto found = custom_.find(name);
  if (found == custom_.end()) return;
  custom_.erase(found);
  publish();
}

void Registry::publish() {
  auto next = std::make_shared<Catalog>();
  next->generation_ = ++generation_;
  // The first of a name wins, so nobody's definition takes a built-in kind's place.
  auto add = [&](const KindRef& kind) {
    const kube::Resource& of = kind->resource;
    if (!kind->served) {
      if (kind->storage) next->by_store_resource_.emplace(kind->store_resource(), kind);
      return;
    }
    if (!next->by_resource_.emplace(key_of(of.group, of.version, of.plural), kind).second) return;
    next->by_kind_.emplace(key_of(of.group, of.version, of.kind), kind);
    if (kind->storage) next->by_store_resource_.emplace(kind->store_resource(), kind);
    next->kinds_.push_back(kind);
    auto group = std::find_if(next->groups_.begin(), next->groups_.end(),
                              [&](const Catalog::Group& known) { return known.name == of.group; });
    if (group == next->groups_.end()) {
      next->groups_.push_back({of.group, {of.version}});
    } else if (std::find(group->versions.begin(), group->versions.end(), of.version) ==
               group->versions.end()) {
      group->versions.push_back(of.version);
    }
  };
  for (const KindRef& kind : built_in_) add(kind);
  std::map<std::string, std::vector<KindRef>, std::less<>> by_group;
  for (const auto& [name, kinds] : custom_) {
    for (const KindRef& kind : kinds) by_group[kind->resource.group].push_back(kind);
  }
  for (const auto& [group, kinds] : by_group) {
    for (const KindRef& kind : kinds) add(kind);
  }
  for (Catalog::Group& group : next->groups_) {
    std::sort(group.versions.begin(), group.versions.end(), is_preferred_version);
  }
  current_.with([&](CatalogRef& current) { current = std::move(next); });
}

}  // namespace ks::store
