#include <gtest/gtest.h>

#include "base/json.h"
#include "store/api/strategy/rules.h"
#include "store/test_schemas.h"

namespace ks::store {
namespace {

using Texts = std::vector<std::string>;

json::value claim(std::string_view spec) {
  return parse_json(R"({"spec":)" + std::string(spec) + "}").value();
}

Texts change(std::string_view before, std::string_view next) {
  FieldErrors errors;
  rules::check_claim_change(claim(next), claim(before), errors);
  return texts(errors);
}

TEST(Claims, AskForSomeStorageInSomeMode) {
  FieldErrors errors;
  rules::check_claim(claim("{}"), errors);
  EXPECT_EQ(texts(errors),
            (Texts{"spec.accessModes: Required value: at least 1 access mode is required",
                   "spec.resources[storage]: Required value"}));
}

TEST(Claims, MayGrowAndGetAClassButNothingElse) {
  EXPECT_EQ(change(R"({"resources":{"requests":{"storage":"1Gi"}}})",
                   R"({"resources":{"requests":{"storage":"2Gi"}},"storageClassName":"fast"})"),
            Texts{});
  EXPECT_EQ(change(R"({"storageClassName":"fast"})", R"({"storageClassName":"slow"})").size(), 1u);
  EXPECT_EQ(change(R"({"volumeMode":"Block"})", R"({"volumeMode":"Filesystem"})").size(), 1u);
}

TEST(StatefulSets, MayChangeOnlyWhatTheirPodsAreMadeFrom) {
  auto set = [](std::string_view spec) { return claim(spec); };
  FieldErrors errors;
  rules::check_stateful_set_change(set(R"({"replicas":2,"template":{"a":1}})"),
                                   set(R"({"replicas":1})"), errors);
  EXPECT_EQ(texts(errors), Texts{});
  rules::check_stateful_set_change(set(R"({"serviceName":"b"})"), set(R"({"serviceName":"a"})"),
                                   errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "spec");
  EXPECT_EQ(errors[0].reason, "FieldValueForbidden");
}

}  // namespace
}  // namespace ks::store
