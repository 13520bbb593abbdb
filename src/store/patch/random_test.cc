#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "store/patch/managed_fields.h"
#include "store/patch/managers.h"
#include "store/patch/patch.h"
#include "store/patch/testing/managers.h"
#include "store/patch/testing/random_values.h"
#include "store/patch/typed.h"
#include "store/schema/value_text.h"

// Random objects and configurations, right ones and wrong ones, and what must hold of all of them.

namespace ks::store {
namespace {

using namespace testing;

json::value named(json::value value) {
  if (!value.is_object()) value.emplace_object();
  json::value& metadata = value.get_object()["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.get_object()["name"] = "web";
  metadata.get_object().erase("managedFields");
  value.get_object().erase("apiVersion");
  value.get_object().erase("kind");
  return value;
}

json::value bare(json::value object) {
  (void)take_managed_fields(object);
  return object;
}

/// A null that is applied is owned, and not there.
void expect_owned_fields_exist(const json::value& object, bool with_nulls) {
  const json::value* managed = managed_fields_of(object);
  if (managed == nullptr) return;
  const FieldSet all = all_fields(object, &workload());
  const ManagerEntries entries = decode_managers(*managed).value();
  for (const ManagerEntry& entry : entries) {
    if (with_nulls && entry.applied) continue;
    const FieldSet missing = subtract(entry.fields, all);
    EXPECT_TRUE(missing.empty()) << entry.shown() << " owns " << missing.paths()[0] << " of "
                                 << to_json(object);
  }
}

TEST(Random, ADifferenceTellsWhatBecameOfTheFields) {
  for (const unsigned faults : {0u, 10u}) {
    RandomValues values(1, faults);
    for (int i = 0; i < 3'000; i++) {
      const json::value a = named(values.of(&workload()));
      const json::value b = named(values.of(&workload()));
      const Difference there = difference(a, b, &workload());
      const Difference back = difference(b, a, &workload());
      const FieldSet before = all_fields(a, &workload());
      const FieldSet after = all_fields(b, &workload());
      ASSERT_EQ(unite(subtract(before, there.removed), there.added), after) << to_json(a) << "\n"
                                                                            << to_json(b);
      ASSERT_EQ(there.added, back.removed) << to_json(a) << "\n" << to_json(b);
      ASSERT_EQ(there.modified, back.modified);
      ASSERT_TRUE(subtract(there.modified, after).empty()) << to_json(a) << "\n" << to_json(b);
      ASSERT_TRUE(difference(a, a, &workload()).empty());
    }
  }
}

TEST(Random, ManagersOwnOnlyWhatIsThere) {
  for (const unsigned faults : {0u, 10u}) {
    RandomValues values(2, faults);
    const std::string names[] = {"one", "two", "three"};
    for (int i = 0; i < 300; i++) {
      Flow flow;
      flow.create(to_json(named(values.of(&workload()))), "creator");
      for (int step = 0; step < 8; step++) {
        const json::value next = named(values.of(&workload()));
        const std::string& name = names[values.below(3)];
        if (values.below(2) == 0) {
          flow.update(to_json(next), name);
        } else {
          (void)flow.apply(to_json(next), name, values.below(2) == 0);
        }
        expect_owned_fields_exist(flow.object, faults > 0);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(Random, ASecondApplyChangesNothing) {
  for (const unsigned faults : {0u, 10u}) {
    RandomValues values(3, faults);
    for (int i = 0; i < 2'000; i++) {
      Flow flow;
      flow.create(to_json(named(values.of(&workload()))), "creator");
      flow.apply(to_json(named(values.of(&workload()))), "one", true);
      const std::string configuration = to_json(named(values.of(&workload())));
      if (!flow.apply(configuration, "one", true).empty()) continue;
      const json::value before = flow.object;
      ASSERT_EQ(flow.apply(configuration, "one"), "");
      ASSERT_EQ(to_json(flow.object), to_json(before)) << configuration;
    }
  }
}

/// Whether everything that `part` says is in `whole` as well.
void expect_within(const json::value& part, const json::value& whole, const Schema* schema) {
  if (part.is_null()) return;
  switch (shape_of(part, schema)) {
    case Shape::leaf:
      EXPECT_TRUE(same_value(part, whole)) << to_json(part) << " " << to_json(whole);
      return;
    case Shape::map:
      for (const auto& [key, value] : part.get_object()) {
        if (value.is_null() || key == "metadata") continue;
        const json::value* there = find(whole, {key});
        ASSERT_NE(there, nullptr) << key << " " << to_json(part) << " " << to_json(whole);
        expect_within(value, *there, schema_below(schema, key));
      }
      return;
    case Shape::list: break;
  }
  const auto elements = elements_of(whole.as_array(), schema).value();
  for (const json::value& item : part.get_array()) {
    const auto at = std::ranges::find(elements, element_of(item, *schema).value());
    ASSERT_NE(at, elements.end()) << to_json(item) << " " << to_json(whole);
    expect_within(item, whole.as_array()[static_cast<size_t>(at - elements.begin())],
                  schema->items);
  }
}

TEST(Random, AForcedApplyHoldsAfterwards) {
  RandomValues values(4, 0);
  for (int i = 0; i < 2'000; i++) {
    Flow flow;
    flow.create(to_json(named(values.of(&workload()))), "creator");
    for (const char* manager : {"one", "two", "one"}) {
      const json::value configuration = named(values.of(&workload()));
      ASSERT_EQ(flow.apply(to_json(configuration), manager, true), "");
      expect_within(configuration, flow.object, &workload());
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Random, AppliesOfOneManagerAloneLeaveNothingBehind) {
  RandomValues values(5, 0);
  for (int i = 0; i < 2'000; i++) {
    Flow flow, fresh;
    for (int step = 0; step < 3; step++) {
      flow.apply(to_json(named(values.of(&workload()))), "one");
    }
    const std::string last = to_json(named(values.of(&workload())));
    ASSERT_EQ(flow.apply(last, "one"), "");
    ASSERT_EQ(fresh.apply(last, "one"), "");
    ASSERT_EQ(flow.owned("one", true), fresh.owned("one", true));
    expect_within(bare(fresh.object), flow.object, &workload());
    expect_within(bare(flow.object), fresh.object, &workload());
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << last << "\n" << to_json(flow.object) << "\n" << to_json(fresh.object);
      return;
    }
  }
}

TEST(Random, AStrategicPatchTwiceIsAStrategicPatchOnce) {
  RandomValues values(6, 0);
  for (int i = 0; i < 3'000; i++) {
    const json::value object = values.of(&workload());
    const json::value patch = values.of(&workload());
    const Result<json::value> once = strategic_merge_patch(object, patch, workload());
    ASSERT_TRUE(once.ok()) << once.error().message << to_json(object) << to_json(patch);
    const Result<json::value> twice = strategic_merge_patch(*once, patch, workload());
    ASSERT_TRUE(twice.ok()) << twice.error().message << to_json(object) << to_json(patch);
    ASSERT_TRUE(same_value(*once, *twice)) << to_json(object) << to_json(patch);
  }
}

TEST(Random, PatchesEndWhateverTheyAre) {
  RandomValues values(7, 30);
  for (int i = 0; i < 3'000; i++) {
    const json::value object = values.of(&workload());
    const json::value patch = values.of(&workload());
    (void)merge_patch(object, patch);
    (void)json_patch(object, patch);
    (void)strategic_merge_patch(object, patch, workload());
    (void)apply(object, patch, by("one"), true, workload());
  }
}

}  // namespace
}  // namespace ks::store
