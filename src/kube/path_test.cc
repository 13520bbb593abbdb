#include "kube/path.h"

#include <gtest/gtest.h>

namespace ks::kube {
namespace {

TEST(ResourcePath, ReadsWhatItWrites) {
  for (const char* path : {
           "/api/v1/pods",
           "/api/v1/namespaces",
           "/api/v1/namespaces/dev",
           "/api/v1/namespaces/dev/status",
           "/api/v1/namespaces/dev/finalize",
           "/api/v1/namespaces/dev/pods",
           "/api/v1/namespaces/dev/pods/web/log",
           "/apis/apps/v1/deployments",
           "/apis/apps/v1/namespaces/dev/deployments/web/scale",
           "/apis/devops.kubesphere.io/v1alpha3/devopsprojects/demo",
           "/api/v1/watch/namespaces/dev/pods",
           "/api/v1/namespaces/dev/services/web/proxy/a//b/",
       }) {
    const std::optional<ResourcePath> parsed = parse_path(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(parsed->text(), path);
  }
}

TEST(ResourcePath, TellsANamespaceFromWhatIsInIt) {
  const ResourcePath space = *parse_path("/api/v1/namespaces/dev");
  EXPECT_EQ(space.resource, "namespaces");
  EXPECT_EQ(space.name, "dev");
  EXPECT_EQ(space.space, "");
  const ResourcePath pods = *parse_path("/api/v1/namespaces/dev/pods");
  EXPECT_EQ(pods.space, "dev");
  EXPECT_EQ(pods.resource, "pods");
  EXPECT_EQ(parse_path("/api/v1/namespaces/dev/status")->subresource, "status");
  EXPECT_EQ(parse_path("/apis/apps/v1/namespaces/d/deployments/w/scale")->api_version(), "apps/v1");
}

TEST(ResourcePath, RefusesWhatIsNone) {
  for (const char* path :
       {"", "/", "/api", "/api/v1", "/apis/apps/v1", "/version", "api/v1/pods", "/api/v1//pods",
        "/api//pods/x", "/apis//v1/pods", "/api/v1/namespaces//pods", "/healthz"}) {
    EXPECT_FALSE(parse_path(path)) << path;
  }
}

TEST(ResourcePath, EncodesNames) {
  EXPECT_EQ((ResourcePath{.version = "v1", .resource = "x", .name = "a b:c"}).text(),
            "/api/v1/x/a%20b:c");
}

}  // namespace
}  // namespace ks::kube
