#include "kube/kubeconfig.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace ks::kube {
namespace {

constexpr std::string_view kConfig = R"(
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: c, user: u, namespace: dev}}
- {name: two, context: {cluster: c, user: files}}
- {name: three, context: {cluster: c, user: plugin}}
- {name: four, context: {cluster: nowhere, user: u}}
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Q0E=}
users:
- {name: u, user: {token: secret}}
- {name: files, user: {client-certificate: cert.pem, client-key-data: S0VZ, tokenFile: token}}
- {name: plugin, user: {exec: {command: aws}}}
)";

TEST(Kubeconfig, ReadsTheCurrentContext) {
  const ClusterAccess access = *parse_kubeconfig(kConfig, "");
  EXPECT_EQ(access.transport.base_url, "https://127.0.0.1:6443");
  EXPECT_EQ(access.transport.ca_pem, "CA");
  EXPECT_EQ(access.transport.bearer_token, "secret");
  EXPECT_FALSE(access.transport.insecure);
  EXPECT_EQ(access.space, "dev");
}

TEST(Kubeconfig, ReadsFilesBesideIt) {
  TempDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "config", kConfig).ok());
  ASSERT_TRUE(write_file_atomic(dir / "cert.pem", "CERT").ok());
  ASSERT_TRUE(write_file_atomic(dir / "token", "abc\n").ok());
  const ClusterAccess access = *load_kubeconfig(dir / "config", "two");
  EXPECT_EQ(access.transport.client_cert_pem, "CERT");
  EXPECT_EQ(access.transport.client_key_pem, "KEY");
  EXPECT_EQ(access.transport.bearer_token, "abc");
  EXPECT_EQ(access.space, "default");
}

TEST(Kubeconfig, SaysWhatIsMissing) {
  EXPECT_EQ(parse_kubeconfig(kConfig, "", "nope").error().message,
            "kubeconfig: context \"nope\" is not defined");
  EXPECT_EQ(parse_kubeconfig(kConfig, "", "four").error().message,
            "kubeconfig: cluster \"nowhere\" is not defined");
  EXPECT_TRUE(parse_kubeconfig(kConfig, "", "three").error().message.contains("exec"));
  EXPECT_FALSE(parse_kubeconfig(kConfig, "/nonexistent", "two").ok());
  EXPECT_FALSE(parse_kubeconfig("", "").ok());
  EXPECT_FALSE(parse_kubeconfig("[", "").ok());
  EXPECT_FALSE(parse_kubeconfig("clusters: {a: b}\ncurrent-context: x", "").ok());
}

}  // namespace
}  // namespace ks::kube
