#include "devops/crds.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <set>
#include <string>

#include "base/json.h"

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

}  // namespace
}  // namespace ks::devops
