#include "cmd/pipelines/jenkins_source.h"

#include <array>

#include "base/text.h"

namespace ks::cmd {

std::string text_of(const JobPath& path) { return join(path, "/"); }

std::string credential_type_of(std::string_view kind) {
  struct Known {
    std::string_view java_class, shown, type;
  };
  static constexpr std::array<Known, 4> kKnown = {{
      {"com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl",
       "Username with password", "basic-auth"},
      {"com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey",
       "SSH Username with private key", "ssh-auth"},
      {"org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl", "Secret text",
       "secret-text"},
      {"com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials",
       "Kubernetes configuration (kubeconfig)", "kubeconfig"},
  }};
  for (const Known& one : kKnown) {
    if (kind == one.java_class || kind == one.shown) return std::string(one.type);
  }
  return {};
}

}  // namespace ks::cmd
