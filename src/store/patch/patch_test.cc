#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>
#include <string>

#include "base/file.h"
#include "store/patch/patch.h"
#include "store/patch/testing/schemas.h"
#include "store/schema/value_text.h"

namespace ks::store {
namespace {

using testing::workload;
using testing::yaml;

/// Runs the documents of cases/`file`.
template <class Patch>
void run_cases(const std::string& file, Patch patch) {
  const std::string text =
      read_file(std::string(KS_SOURCE_DIR) + "/src/store/patch/cases/" + file).value();
  const std::vector<json::value> cases = parse_yaml_documents(text).value();
  EXPECT_GT(cases.size(), 5u);
  for (const json::value& one : cases) {
    SCOPED_TRACE(std::string(text_at(one, {"name"})));
    const Result<json::value> result = patch(one.at("object"), one.at("patch"));
    if (const json::value* error = find(one, {"error"})) {
      EXPECT_EQ(result ? to_json(*result) : result.error().message,
                std::string_view(error->as_string()));
    } else {
      ASSERT_TRUE(result.ok()) << result.error().message;
      EXPECT_EQ(to_json(*result), to_json(one.at("result")));
    }
  }
}

TEST(JsonPatch, DoesWhatItsCasesSay) { run_cases("json_patch.yaml", json_patch); }

TEST(MergePatch, DoesWhatItsCasesSay) {
  run_cases("merge_patch.yaml", [](const json::value& object, const json::value& patch) {
    return Result<json::value>(merge_patch(object, patch));
  });
}

TEST(StrategicMergePatch, DoesWhatItsCasesSay) {
  run_cases("strategic_merge.yaml", [](const json::value& object, const json::value& patch) {
    return strategic_merge_patch(object, patch, workload());
  });
}

TEST(JsonPatch, TakesTenThousandOperationsAndNoMore) {
  json::array operations(10'000, yaml("{op: add, path: /a, value: 1}"));
  EXPECT_TRUE(json_patch(json::object(), operations).ok());
  operations.push_back(operations[0]);
  const Result<json::value> result = json_patch(json::object(), operations);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::too_large);
  EXPECT_EQ(result.error().message,
            "The allowed maximum operations in a JSON patch is 10000, got 10001");
}

TEST(JsonPatch, StopsACopyBomb) {
  const json::array operations(40, yaml("{op: copy, from: /a, path: /a/-}"));
  const Result<json::value> result = json_patch(yaml("{a: [x]}"), operations);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::too_large);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("accumulated size increase of copies"));
}

TEST(JsonPatch, DoesNotNestDeeperThanCanBeRead) {
  json::array operations;
  std::string path;
  for (int i = 0; i < 600; i++) {
    path += "/a";
    operations.push_back(json::object({{"op", "add"}, {"path", path}, {"value", json::object()}}));
  }
  const Result<json::value> result = json_patch(json::object(), operations);
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("nested deeper than 512 levels"));
  operations.resize(511);
  const Result<json::value> deepest = json_patch(json::object(), operations);
  ASSERT_TRUE(deepest.ok()) << deepest.error().message;
  EXPECT_TRUE(parse_json(to_json(*deepest)).ok());
}

TEST(JsonPatch, StopsShufflingOfALargeArray) {
  const json::array large(1'000'000, json::value(1));
  const json::array operations(1'000, yaml("{op: add, path: /a/0, value: 1}"));
  const Result<json::value> result = json_patch(json::object({{"a", large}}), operations);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::too_large);
}

/// Small objects whose members often coincide.
class Objects {
 public:
  explicit Objects(unsigned seed) : random_(seed) {}
  json::value any(int depth) {
    switch (random_() % (depth > 0 ? 5 : 3)) {
      case 0: return static_cast<int64_t>(random_() % 3);
      case 1: return json::string(std::string(1, static_cast<char>('x' + random_() % 3)));
      case 2: return json::array(random_() % 3, json::value(1));
      default: return object(depth - 1);
    }
  }
  json::value object(int depth) {
    json::object out;
    for (size_t i = random_() % 5; i > 0; i--) {
      out[std::string(1, static_cast<char>('a' + random_() % 5))] = any(depth);
    }
    return out;
  }

 private:
  std::mt19937 random_;
};

/// The merge patch that makes `to` of `from`.
json::value merge_difference(const json::value& from, const json::value& to) {
  if (!from.is_object() || !to.is_object()) return to;
  json::object patch;
  for (const auto& [key, value] : to.get_object()) {
    const json::value* before = from.get_object().if_contains(key);
    if (before == nullptr) {
      patch[key] = value;
    } else if (!same_value(*before, value)) {
      patch[key] = merge_difference(*before, value);
    }
  }
  for (const auto& [key, value] : from.get_object()) {
    if (!to.get_object().contains(key)) patch[key] = nullptr;
  }
  return patch;
}

TEST(MergePatch, OfADifferenceGivesTheTarget) {
  Objects objects(7);
  for (int i = 0; i < 2'000; i++) {
    const json::value from = objects.object(3);
    const json::value to = objects.object(3);
    const json::value patch = merge_difference(from, to);
    EXPECT_TRUE(same_value(merge_patch(from, patch), to))
        << to_json(from) << " " << to_json(patch) << " " << to_json(to);
  }
}

TEST(StrategicMergePatch, OfAnUnknownTypeIsAMergePatch) {
  Objects objects(11);
  const Schema unknown;
  for (int i = 0; i < 2'000; i++) {
    const json::value from = objects.object(3);
    const json::value to = objects.object(3);
    const Result<json::value> result =
        strategic_merge_patch(from, merge_difference(from, to), unknown);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_TRUE(same_value(*result, to)) << to_json(*result) << " " << to_json(to);
  }
}

TEST(StrategicMergePatch, OrdersThousandsOfElementsAtOnce) {
  json::array live, order;
  for (int i = 0; i < 20'000; i++) live.push_back(json::object({{"name", std::to_string(i)}}));
  for (int i = 20'000; i-- > 0;) order.push_back(json::object({{"name", std::to_string(i)}}));
  const json::value object = {{"spec", {{"template", {{"containers", live}}}}}};
  const json::value patch = {{"spec", {{"template", {{"$setElementOrder/containers", order}}}}}};
  const Result<json::value> result = strategic_merge_patch(object, patch, workload());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->at("spec").at("template").at("containers"), order);
}

}  // namespace
}  // namespace ks::store
