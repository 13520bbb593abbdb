#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "engine/testing/script.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

class Keys final : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view id) const override {
    if (id == "plain") return make("plain", "");
    if (id == "locked") return make("locked", "open sesame");
    return std::nullopt;
  }

 private:
  static Credential make(const std::string& id, const std::string& passphrase) {
    const TempDir folder;
    const Output made = run_process({.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase,
                                              "-C", id + "@test", "-f", folder / "key"},
                                     .env = current_environment()})
                            .value();
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return {.id = id,
            .kind = CredentialKind::ssh_key,
            .username = "git",
            .secret = read_file(folder / "key").value(),
            .passphrase = passphrase};
  }
};

Ended run_with_keys(std::string_view script) {
  const Keys keys;
  const TempDir folder;
  Bench bench(folder.path());
  bench.services().credentials = &keys;
  std::string log = bench.finish(script);
  return {bench.run().result(), std::move(log)};
}

TEST(SshAgent, HoldsTheKeysOfTheBlockAndEndsWithIt) {
  const Ended ended = run_with_keys(R"ks(
node {
  def sock, pid
  sshagent(['plain', 'locked']) {
    sh 'ssh-add -l'
    sock = env.SSH_AUTH_SOCK
    pid = env.SSH_AGENT_PID
  }
  sh "test ! -e ${sock}"
  // Nobody may have looked after its end yet: it is a zombie then.
  sh """#!/bin/sh
    for i in \$(seq 300); do
      grep -q '^State:[[:space:]]*[^Z]' /proc/${pid}/status 2>/dev/null || exit 0
      sleep 0.2
    done
    exit 1"""
  sh 'test -z "$SSH_AUTH_SOCK"'
  sh 'test -z "$(find "$WORKSPACE@tmp" -name "key*" 2>/dev/null)"'
}
)ks");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("plain@test (ED25519)"));
  EXPECT_THAT(ended.log, HasSubstr("locked@test (ED25519)"));
  EXPECT_THAT(ended.log, HasSubstr("[ssh-agent] Started."));
  EXPECT_THAT(ended.log, HasSubstr("[ssh-agent] Stopped."));
  EXPECT_THAT(ended.log, Not(HasSubstr("open sesame")));
}

TEST(SshAgent, EndsWhenTheBlockFailsAndMissingKeysAreNamed) {
  const Ended failed = run_with_keys("node { sshagent(['plain']) { error 'inside' } }");
  EXPECT_EQ(failed.result, BuildResult::failure);
  EXPECT_THAT(failed.log, HasSubstr("[ssh-agent] Stopped."));
  EXPECT_THAT(run_with_keys("node { sshagent(['none']) { } }").log,
              HasSubstr("ERROR: [ssh-agent] Could not find specified credentials with id 'none'"));
  EXPECT_EQ(
      run_with_keys("node { sshagent(credentials: ['none'], ignoreMissing: true) { } }").result,
      BuildResult::success);
}

}  // namespace
}  // namespace ks::engine
