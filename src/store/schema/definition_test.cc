#include "store/schema/definition.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/check.h"
#include "store/test_schemas.h"

namespace ks::store {
namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kSchema = "spec.versions[0].schema.openAPIV3Schema";

json::value definition() {
  return parse_json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"crontabs.stable.example.com"},"spec":{"group":"stable.example.com",
    "scope":"Namespaced","names":{"plural":"crontabs","kind":"CronTab","shortNames":["ct"]},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{
      "type":"object","properties":{"spec":{"type":"object","properties":{
        "replicas":{"type":"integer"},"image":{"type":"string"}}}}}}}]}})")
      .value();
}

json::object& version_of(json::value& crd) {
  return find(crd, {"spec", "versions"})->at(0).get_object();
}

/// The complaints about a definition whose root schema is this.
Texts complaints_about(std::string_view schema) {
  json::value crd = definition();
  version_of(crd)["schema"].get_object()["openAPIV3Schema"] = parse_json(schema).value();
  Texts out = texts(check_definition(crd));
  for (std::string& text : out) {
    if (text.starts_with(kSchema)) text.erase(0, kSchema.size());
  }
  return out;
}

/// The same about one field of the root.
Texts complaints_about_field(std::string_view schema) {
  return complaints_about(R"({"type":"object","properties":{"f":)" + std::string(schema) + "}}");
}

TEST(Definition, AGoodOneHasNothingToComplainAbout) {
  json::value crd = definition();
  EXPECT_EQ(texts(check_definition(crd)), Texts{});
  apply_defaults(crd, built_in("apiextensions.v1.CustomResourceDefinition"));
  default_definition(crd);
  EXPECT_EQ(prune(crd, built_in("apiextensions.v1.CustomResourceDefinition")), Texts{});
  EXPECT_EQ(texts(validate(crd, built_in("apiextensions.v1.CustomResourceDefinition"))), Texts{});
  EXPECT_EQ(decoding_fault(crd, built_in("apiextensions.v1.CustomResourceDefinition")), "");
}

TEST(Definition, DefaultsFillInTheNamesAndTheConversion) {
  json::value crd = definition();
  default_definition(crd);
  EXPECT_EQ(text_at(crd, {"spec", "names", "singular"}), "crontab");
  EXPECT_EQ(text_at(crd, {"spec", "names", "listKind"}), "CronTabList");
  EXPECT_EQ(text_at(crd, {"spec", "conversion", "strategy"}), "None");
}

TEST(Definition, NamesMustFit) {
  json::value crd = definition();
  set_at(crd, {"metadata", "name"}, "other");
  set_at(crd, {"spec", "names", "shortNames"}, json::array{"Bad_Name"});
  set_at(crd, {"spec", "names", "listKind"}, "CronTab");
  Texts errors = texts(check_definition(crd));
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_EQ(errors[0],
            R"(metadata.name: Invalid value: "other": must be spec.names.plural+"."+spec.group)");
  EXPECT_EQ(errors[1], R"(spec.names.listKind: Invalid value: "CronTab": kind and listKind may )"
                       "not be the same");
  EXPECT_TRUE(errors[2].starts_with("spec.names.shortNames[0]: Invalid value: \"Bad_Name\""));
}

TEST(Definition, ExactlyOneVersionIsStored) {
  json::value crd = definition();
  json::value second = version_of(crd);
  find(crd, {"spec", "versions"})->get_array().push_back(second);
  EXPECT_EQ(
      texts(check_definition(crd)),
      (Texts{R"(spec.versions: Invalid value: ["v1","v1"]: must contain unique version names)",
             R"(spec.versions: Invalid value: ["v1","v1"]: must have exactly one version )"
             "marked as storage version"}));
}

TEST(Definition, AVersionThatObjectsAreStoredInMustStay) {
  json::value crd = definition();
  set_at(crd, {"status", "storedVersions"}, json::array{"v1alpha1", "v1"});
  EXPECT_EQ(texts(check_definition(crd)),
            Texts{R"(status.storedVersions[0]: Invalid value: "v1alpha1": must appear in )"
                  "spec.versions"});
}

TEST(Definition, ConversionWebhooksAreRefusedClearly) {
  json::value crd = definition();
  set_at(crd, {"spec", "conversion", "strategy"}, "Webhook");
  Texts errors = texts(check_definition(crd));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0], testing::HasSubstr("conversion webhooks are not supported"));
}

TEST(Definition, ASchemaIsRequired) {
  json::value crd = definition();
  version_of(crd).erase("schema");
  EXPECT_EQ(texts(check_definition(crd)),
            Texts{std::string(kSchema) + ": Required value: schemas are required"});
}

TEST(Structural, EveryFieldHasAType) {
  EXPECT_EQ(complaints_about(R"({"properties":{"spec":{"properties":{"a":{}}},"l":{"type":"array",
              "items":{}},"m":{"type":"object","additionalProperties":{}}}})"),
            (Texts{".type: Required value: must not be empty at the root",
                   ".properties[spec].type: Required value: must not be empty for specified object "
                   "fields",
                   ".properties[spec].properties[a].type: Required value: must not be empty for "
                   "specified object fields",
                   ".properties[l].items.type: Required value: must not be empty for specified "
                   "array items",
                   ".properties[m].additionalProperties.type: Required value: must not be empty "
                   "for specified object fields"}));
  EXPECT_EQ(complaints_about(R"({"type":"string"})"),
            Texts{R"(.type: Invalid value: "string": must be object at the root)"});
  EXPECT_EQ(complaints_about_field(R"({"x-kubernetes-preserve-unknown-fields":true})"), Texts{});
  EXPECT_EQ(complaints_about_field(R"({"x-kubernetes-int-or-string":true,"anyOf":[
              {"type":"integer"},{"type":"string"}],"pattern":"^[0-9]+$"})"),
            Texts{});
  EXPECT_EQ(complaints_about_field(R"({"type":"array"})"),
            Texts{".properties[f].items: Required value: must be specified"});
}

TEST(Structural, AlternativesOnlyConstrain) {
  EXPECT_EQ(complaints_about_field(R"({"type":"object","properties":{"a":{"type":"string"}},
              "oneOf":[{"required":["a"]},{"properties":{"a":{"minLength":1}}}]})"),
            Texts{});
  EXPECT_EQ(
      complaints_about_field(R"({"type":"object","anyOf":[{"type":"object","description":"x"}],
              "not":{"properties":{"b":{}}}})"),
      (Texts{".properties[f].anyOf[0].description: Forbidden: must be empty to be structural",
             ".properties[f].anyOf[0].type: Forbidden: must be empty to be structural",
             ".properties[f].not.properties[b]: Required value: it must be specified outside "
             "of the alternatives as well, because it is defined here"}));
}

TEST(Structural, WhatIsNotSupportedIsForbidden) {
  EXPECT_EQ(complaints_about_field(R"({"type":"object","$ref":"x","additionalProperties":false})"),
            (Texts{".properties[f].$ref: Forbidden: $ref is not supported",
                   ".properties[f].additionalProperties: Forbidden: additionalProperties cannot be "
                   "set to false"}));
  EXPECT_EQ(
      complaints_about_field(R"({"type":"array","uniqueItems":true,"items":{"type":"string"}})"),
      Texts{".properties[f].uniqueItems: Forbidden: uniqueItems cannot be set to true since "
            "the runtime complexity becomes quadratic"});
  EXPECT_EQ(complaints_about_field(R"({"type":"string","pattern":"("})").size(), 1u);
  EXPECT_EQ(complaints_about(R"({"type":"object","properties":{"metadata":{"type":"object",
              "properties":{"labels":{"type":"object"}}}}})")
                .size(),
            1u);
}

TEST(Structural, ListsOfTypeMapNeedKeysThatItemsHave) {
  EXPECT_EQ(complaints_about_field(R"({"type":"array","x-kubernetes-list-type":"map",
              "items":{"type":"object"}})"),
            Texts{".properties[f].x-kubernetes-list-map-keys: Required value: must not be empty if "
                  "x-kubernetes-list-type is map"});
  EXPECT_EQ(complaints_about_field(R"({"type":"array","x-kubernetes-list-type":"map",
              "x-kubernetes-list-map-keys":["name"],"items":{"type":"object","properties":{
              "name":{"type":"string"}}}})"),
            Texts{".properties[f].items.properties[name].default: Required value: this property is "
                  "in x-kubernetes-list-map-keys, so it must have a default or be a required "
                  "property"});
}

TEST(Structural, DefaultsAreValuesOfTheirType) {
  EXPECT_EQ(complaints_about_field(R"({"type":"integer","default":"x"})"),
            Texts{".properties[f].default: Invalid value: \"string\":  in body must be of type "
                  "integer: \"string\""});
  EXPECT_EQ(complaints_about_field(R"({"type":"object","default":{"a":1}})").size(), 1u);
  EXPECT_EQ(complaints_about_field(R"({"type":"object","default":{},"required":["a"],
              "properties":{"a":{"type":"integer","default":3}}})"),
            Texts{});
}

TEST(Structural, RulesMustCompile) {
  EXPECT_EQ(complaints_about_field(R"({"type":"integer","x-kubernetes-validations":[
              {"rule":"self > 3"}]})"),
            Texts{});
  Texts errors = complaints_about_field(R"({"type":"integer","x-kubernetes-validations":[
              {"rule":"self >"},{"rule":" "},{"rule":"true","reason":"Because"}]})");
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_TRUE(
      errors[0].starts_with(".properties[f].x-kubernetes-validations[0].rule: Invalid "
                            "value: \"self >\": compilation failed: "));
  EXPECT_EQ(errors[1],
            ".properties[f].x-kubernetes-validations[1].rule: Required value: rule is "
            "not specified");
  EXPECT_TRUE(
      errors[2].starts_with(".properties[f].x-kubernetes-validations[2].reason: "
                            "Unsupported value: \"Because\""));
}

TEST(Definition, SelectableFieldsAndScalePathsMustPointToSomething) {
  json::value crd = definition();
  version_of(crd)["selectableFields"] =
      parse_json(
          R"([{"jsonPath":".spec.image"},{"jsonPath":".spec.gone"},{"jsonPath":".metadata.name"}])")
          .value();
  version_of(crd)["subresources"] =
      parse_json(R"({"scale":{"specReplicasPath":".status.x","statusReplicasPath":".status.x"}})")
          .value();
  EXPECT_EQ(
      texts(check_definition(crd)),
      (Texts{"spec.versions[0].subresources.scale.specReplicasPath: Invalid value: \".status.x\": "
             "should be a json path under .spec",
             "spec.versions[0].selectableFields[1].jsonPath: Invalid value: \".spec.gone\": must "
             "point to a field of type string, boolean or integer",
             "spec.versions[0].selectableFields[2].jsonPath: Invalid value: \".metadata.name\": "
             "must not point to fields in metadata"}));
}

TEST(Definition, DepthAndSizeAreBounded) {
  std::string deep = R"({"type":"string"})";
  for (int i = 0; i < 200; ++i) {
    deep = R"({"type":"object","properties":{"a":)" + deep + "}}";
  }
  Texts errors = complaints_about(deep);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0], testing::HasSubstr("more than 128 levels deep"));
}

TEST(Definition, ManyItemsWithALargeDefaultStayBounded) {
  SchemaPool pool;
  std::string large(100'000, 'x');
  json::value props = parse_json(R"({"type":"array","items":{"type":"object","properties":{"a":{
      "type":"string","default":")" +
                                 large + R"("}}}})")
                          .value();
  const Schema* schema = read_schema(props, pool).value();
  json::array items(10'000, json::value(json::object()));
  json::value value = std::move(items);
  apply_defaults(value, *schema);
  EXPECT_LT(to_json(value).size(), 10u << 20);
}

TEST(Definition, MetadataTakesWhatTheSchemaAsksOfNames) {
  json::value crd = definition();
  version_of(crd)["schema"] = parse_json(R"({"openAPIV3Schema":{"type":"object","properties":{
      "metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":3}}}}}})")
                                  .value();
  EXPECT_EQ(texts(check_definition(crd)), Texts{});
  KindRef kind = kinds_of_definition(crd).value().at(0);
  EXPECT_EQ(texts(validate(parse_json(R"({"metadata":{"name":"long"}})").value(), *kind->schema)),
            Texts{"metadata.name: Too long: may not be more than 3 bytes"});
}

TEST(Definition, VersionsAreOrderedByHowStableTheyAre) {
  Texts versions = {"foo", "v1alpha1", "v1", "v10", "v2", "v1beta2", "v2beta1", "bar"};
  std::sort(versions.begin(), versions.end(), is_preferred_version);
  EXPECT_EQ(versions, (Texts{"v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "bar", "foo"}));
}

}  // namespace
}  // namespace ks::store
