#include "store/schema/catalog.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/schema/builtin.h"

namespace ks::store {
namespace {

json::value definition(std::string_view plural, std::string_view kind, std::string_view versions) {
  std::string text = R"({"metadata":{"name":")" + std::string(plural) + R"(.example.com"},"spec":{
      "group":"example.com","scope":"Namespaced","names":{"plural":")" +
                     std::string(plural) + R"(","singular":"one","kind":")" + std::string(kind) +
                     R"(","listKind":"Things"},"versions":)" + std::string(versions) + "}}";
  return parse_json(text).value();
}

constexpr std::string_view kTwoVersions = R"([
  {"name":"v1beta1","served":true,"storage":false,"deprecated":true,"schema":{"openAPIV3Schema":{"type":"object"}}},
  {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
     "spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}},
   "subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}},
   "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size","priority":1}],
   "selectableFields":[{"jsonPath":".spec.size"}]}])";

TEST(Catalog, KnowsTheBuiltInKindsByPluralAndByKind) {
  Registry registry;
  CatalogRef catalog = registry.catalog();
  KindRef deployments = catalog->find("apps", "v1", "deployments");
  ASSERT_NE(deployments, nullptr);
  EXPECT_EQ(deployments->resource.kind, "Deployment");
  EXPECT_EQ(deployments->short_names, std::vector<std::string>{"deploy"});
  EXPECT_EQ(deployments->categories, std::vector<std::string>{"all"});
  EXPECT_TRUE(deployments->has_verb("watch"));
  EXPECT_TRUE(deployments->has_status());
  EXPECT_EQ(deployments->subresource("scale")->group, "autoscaling");
  EXPECT_EQ(deployments->store_resource(), "deployments.apps");
  EXPECT_EQ(catalog->find_kind("apps", "v1", "Deployment"), deployments);
  EXPECT_EQ(catalog->find("apps", "v1beta1", "deployments"), nullptr);
}

TEST(Catalog, ServesEveryKindItPromises) {
  CatalogRef catalog = Registry().catalog();
  const std::pair<const char*, const char*> promised[] = {
      {"/v1",
       "namespaces secrets configmaps serviceaccounts events nodes pods services "
       "persistentvolumeclaims persistentvolumes endpoints replicationcontrollers "
       "podtemplates limitranges resourcequotas"},
      {"apps/v1", "deployments statefulsets daemonsets replicasets controllerrevisions"},
      {"batch/v1", "jobs cronjobs"},
      {"events.k8s.io/v1", "events"},
      {"coordination.k8s.io/v1", "leases"},
      {"discovery.k8s.io/v1", "endpointslices"},
      {"networking.k8s.io/v1", "ingresses ingressclasses networkpolicies"},
      {"rbac.authorization.k8s.io/v1", "roles rolebindings clusterroles clusterrolebindings"},
      {"storage.k8s.io/v1", "storageclasses"},
      {"policy/v1", "poddisruptionbudgets"},
      {"apiextensions.k8s.io/v1", "customresourcedefinitions"},
      {"apiregistration.k8s.io/v1", "apiservices"},
      {"authentication.k8s.io/v1", "tokenreviews selfsubjectreviews"},
      {"authorization.k8s.io/v1",
       "subjectaccessreviews localsubjectaccessreviews selfsubjectaccessreviews "
       "selfsubjectrulesreviews"}};
  for (const auto& [group_version, plurals] : promised) {
    std::vector<std::string_view> parts = split(group_version, '/');
    for (std::string_view plural : split(plurals, ' ')) {
      KindRef kind = catalog->find(parts[0], parts[1], plural);
      ASSERT_NE(kind, nullptr) << group_version << " " << plural;
      EXPECT_NE(kind->schema->property("metadata"), nullptr) << plural;
      EXPECT_NE(kind->schema->property("kind"), nullptr) << plural;
    }
  }
}

TEST(Catalog, ListsTheKindsOfAGroupAndVersionByPlural) {
  CatalogRef catalog = Registry().catalog();
  std::vector<std::string> plurals;
  for (const KindRef& kind : catalog->kinds("rbac.authorization.k8s.io", "v1")) {
    plurals.push_back(kind->resource.plural);
  }
  EXPECT_EQ(plurals, (std::vector<std::string>{"clusterrolebindings", "clusterroles",
                                               "rolebindings", "roles"}));
  EXPECT_EQ(catalog->groups().front().name, "");
}

TEST(Catalog, EventsOfBothGroupsAreStoredAsOne) {
  CatalogRef catalog = Registry().catalog();
  KindRef other = catalog->find("events.k8s.io", "v1", "events");
  EXPECT_EQ(other->store_resource(), "events");
  EXPECT_EQ(catalog->stored("events"), catalog->find("", "v1", "events"));
}

TEST(Catalog, TypesOfKubernetesKnowHowTheyAreMerged) {
  const Schema* pod = built_in_types()->find("io.k8s.api.core.v1.PodSpec");
  ASSERT_NE(pod, nullptr);
  const Schema::Property* containers = pod->property("containers");
  EXPECT_TRUE(containers->patch_merge);
  EXPECT_EQ(containers->patch_merge_key, "name");
  EXPECT_EQ(containers->schema->list_type, Schema::ListType::map);
  EXPECT_EQ(containers->schema->items->name, "io.k8s.api.core.v1.Container");
  EXPECT_TRUE(pod->property("volumes")->patch_retain_keys);
  const Schema* ports = containers->schema->items->property("ports")->schema;
  EXPECT_EQ(ports->list_keys, (std::vector<std::string>{"containerPort", "protocol"}));
  EXPECT_EQ(*ports->items->property("protocol")->schema->default_value, json::value("TCP"));
  const Schema* meta = built_in_types()->find("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const Schema* managed = meta->property("managedFields")->schema->items;
  EXPECT_TRUE(managed->property("fieldsV1")->schema->preserve_unknown);
  EXPECT_TRUE(pod->property("nodeSelector")->schema->atomic_map);
}

TEST(Registry, ServesADefinitionUntilItIsRemoved) {
  Registry registry;
  uint64_t before = registry.catalog()->generation();
  ASSERT_TRUE(registry.put_definition(definition("widgets", "Widget", kTwoVersions)).ok());
  CatalogRef catalog = registry.catalog();
  EXPECT_GT(catalog->generation(), before);
  KindRef kind = catalog->find("example.com", "v1", "widgets");
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->scale->spec_path, ".spec.size");
  EXPECT_EQ(kind->columns.at(0).priority, 1);
  EXPECT_EQ(kind->selectable_fields, std::vector<std::string>{"spec.size"});
  EXPECT_EQ(kind->schema->property("metadata")->schema->name,
            "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  EXPECT_EQ(catalog->stored("widgets.example.com"), kind);
  EXPECT_EQ(catalog->find("example.com", "v1beta1", "widgets")->deprecation_warning,
            "example.com/v1beta1 Widget is deprecated");
  EXPECT_EQ(catalog->groups().back().versions, (std::vector<std::string>{"v1", "v1beta1"}));

  registry.remove_definition("widgets.example.com");
  EXPECT_EQ(registry.catalog()->find("example.com", "v1", "widgets"), nullptr);
  EXPECT_EQ(catalog->find("example.com", "v1", "widgets"), kind) << "a snapshot does not change";
}

TEST(Registry, AStoredVersionThatIsNotServedIsKnownToTheStoreAlone) {
  Registry registry;
  ASSERT_TRUE(registry
                  .put_definition(definition("widgets", "Widget", R"([
    {"name":"v1","served":false,"storage":true},{"name":"v2","served":true,"storage":false}])"))
                  .ok());
  CatalogRef catalog = registry.catalog();
  EXPECT_EQ(catalog->find("example.com", "v1", "widgets"), nullptr);
  ASSERT_NE(catalog->stored("widgets.example.com"), nullptr);
  EXPECT_EQ(catalog->stored("widgets.example.com")->resource.version, "v1");
}

TEST(Catalog, DescribesEveryFieldOfBuiltInKinds) {
  std::vector<std::string> silent;
  for (std::string_view name : built_in_types()->names()) {
    for (const Schema::Property& property : built_in_types()->find(name)->properties) {
      if (property.description.empty()) silent.push_back(std::string(name) + "." + property.name);
    }
  }
  EXPECT_EQ(join(silent, " "), "");
}

TEST(Registry, NobodysDefinitionTakesThePlaceOfABuiltInKind) {
  Registry registry;
  json::value sham =
      definition("deployments", "Sham", R"([{"name":"v1","served":true,"storage":true}])");
  set_at(sham, {"spec", "group"}, "apps");
  ASSERT_TRUE(registry.put_definition(sham).ok());
  EXPECT_EQ(registry.catalog()->find("apps", "v1", "deployments")->resource.kind, "Deployment");
}

TEST(Registry, RefusesADefinitionWithoutNames) {
  Registry registry;
  EXPECT_FALSE(registry.put_definition(parse_json("{}").value()).ok());
  EXPECT_FALSE(registry.put_definition(parse_json("[1]").value()).ok());
}

TEST(Registry, IsReadyQuickly) {
  auto start = std::chrono::steady_clock::now();
  Registry registry;
  auto took = std::chrono::steady_clock::now() - start;
  // The first of this process pays for reading the tables; sanitizers are slower.
  EXPECT_LT(took, std::chrono::milliseconds(200));
  RecordProperty(
      "microseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace
}  // namespace ks::store
