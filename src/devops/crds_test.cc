#include "devops/crds.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <set>
#include <string>

#include "base/json.h"
#include "store/schema/catalog.h"
#include "store/schema/check.h"

namespace ks::devops {
namespace {

json::value parsed(std::string_view text) { return parse_json(text).value(); }

TEST(Crds, EachIsADefinitionNamedByItsPluralAndGroup) {
  std::set<std::string> names;
  for (std::string_view text : crd_documents()) {
    const json::value crd = parsed(text);
    EXPECT_EQ(text_at(crd, {"apiVersion"}), "apiextensions.k8s.io/v1");
    EXPECT_EQ(text_at(crd, {"kind"}), "CustomResourceDefinition");
    const std::string name(text_at(crd, {"metadata", "name"}));
    EXPECT_EQ(name, std::string(text_at(crd, {"spec", "names", "plural"})) + "." +
                        std::string(text_at(crd, {"spec", "group"})));
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
  }
  for (const char* name : {"devopsprojects", "pipelines", "pipelineruns", "s2ibuilders",
                           "clustersteptemplates", "releasers"})
    EXPECT_TRUE(names.contains(std::string(name) + ".devops.kubesphere.io")) << name;
  EXPECT_TRUE(names.contains("imageupdaters.gitops.kubesphere.io"));
}

TEST(Crds, EachStoresOneVersion) {
  for (std::string_view text : crd_documents()) {
    const json::value crd = parsed(text);
    size_t stored = 0;
    for (const json::value& version : find(crd, {"spec", "versions"})->as_array())
      stored += bool_at(version, {"storage"}) ? 1 : 0;
    EXPECT_EQ(stored, 1u) << text_at(crd, {"metadata", "name"});
  }
}

/// The paths of fields without a description.
void undescribed(const json::value& schema, const std::string& path, std::string& out) {
  if (const json::value* properties = find(schema, {"properties"})) {
    for (const auto& [name, inner] : properties->as_object()) {
      const std::string at = path + "." + std::string(name);
      if (text_at(inner, {"description"}).empty()) out += at + "\n";
      undescribed(inner, at, out);
    }
  }
  for (const char* key : {"items", "additionalProperties"})
    if (const json::value* inner = find(schema, {key}); inner && inner->is_object())
      undescribed(*inner, path + "[]", out);
}

TEST(Crds, EachFieldIsDescribedForKubectlExplain) {
  for (std::string_view text : crd_documents()) {
    const json::value crd = parsed(text);
    for (const json::value& version : find(crd, {"spec", "versions"})->as_array()) {
      const json::value* schema = find(version, {"schema", "openAPIV3Schema"});
      ASSERT_NE(schema, nullptr);
      EXPECT_NE(text_at(*schema, {"description"}), "");
      std::string missing;
      undescribed(*schema, std::string(text_at(crd, {"spec", "names", "plural"})), missing);
      EXPECT_EQ(missing, "");
    }
  }
}

TEST(Crds, EachIsOneThatTheStoreTakes) {
  store::Registry registry;
  for (std::string_view text : crd_documents()) {
    json::value crd = parsed(text);
    store::default_definition(crd);
    for (const kube::FieldError& error : store::check_definition(crd))
      ADD_FAILURE() << text_at(crd, {"metadata", "name"}) << ": " << error.field << ": "
                    << error.message;
    const Result<> served = registry.put_definition(crd);
    EXPECT_TRUE(served.ok()) << served.error().message;
  }
  const store::KindRef runs =
      registry.catalog()->find("devops.kubesphere.io", "v1alpha3", "pipelineruns");
  ASSERT_NE(runs, nullptr);
  EXPECT_TRUE(runs->has_status());
  EXPECT_EQ(runs->short_names, (std::vector<std::string>{"pr"}));
  const store::KindRef projects =
      registry.catalog()->find("devops.kubesphere.io", "v1alpha3", "devopsprojects");
  ASSERT_NE(projects, nullptr);
  EXPECT_FALSE(projects->has_status());
  EXPECT_FALSE(projects->resource.namespaced);
}

TEST(Crds, APipelineIsValidAndKeepsItsFields) {
  store::Registry registry;
  for (std::string_view text : crd_documents()) {
    json::value crd = parsed(text);
    store::default_definition(crd);
    ASSERT_TRUE(registry.put_definition(crd).ok());
  }
  const store::KindRef kind =
      registry.catalog()->find("devops.kubesphere.io", "v1alpha3", "pipelines");
  ASSERT_NE(kind, nullptr);
  json::value pipeline = parsed(R"({"apiVersion": "devops.kubesphere.io/v1alpha3",
      "kind": "Pipeline", "metadata": {"name": "web"}, "spec": {"type": "pipeline", "pipeline": {
        "name": "web", "jenkinsfile": "echo 1", "disable_concurrent": true,
        "discarder": {"num_to_keep": "5"}, "timer_trigger": {"cron": "@daily"},
        "parameters": [{"name": "a", "type": "string", "default_value": "1"}]}}})");
  EXPECT_EQ(store::prune(pipeline, *kind->schema), std::vector<std::string>{});
  EXPECT_TRUE(store::validate(pipeline, *kind->schema).empty());
  set_at(pipeline, {"spec", "pipeline", "color"}, "red");
  EXPECT_EQ(store::prune(pipeline, *kind->schema), std::vector<std::string>{"spec.pipeline.color"});
  pipeline.at("spec").as_object().erase("type");
  const auto errors = store::validate(pipeline, *kind->schema);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "spec.type");
}

}  // namespace
}  // namespace ks::devops
