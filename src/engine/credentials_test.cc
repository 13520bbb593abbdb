#include "engine/credentials.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "base/random.h"
#include "base/text.h"
#include "engine/run_once.h"
#include "engine/testing/run_bench.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A zip archive of one file.
std::string zip_of(const std::string& name, std::string_view content) {
  std::string out(1 << 16, '\0');
  size_t used = 0;
  archive* zip = archive_write_new();
  archive_write_set_format_zip(zip);
  archive_write_open_memory(zip, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_write_header(zip, entry);
  archive_write_data(zip, content.data(), content.size());
  archive_entry_free(entry);
  archive_write_close(zip);
  archive_write_free(zip);
  out.resize(used);
  return out;
}

struct Secrets final : CredentialSource {
  std::optional<Credential> find(std::string_view id) const override {
    const auto found = list.find(id);
    return found == list.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const Credential& credential) { list[credential.id] = credential; }
  std::map<std::string, Credential, std::less<>> list;
};

Secrets some_secrets() {
  Secrets secrets;
  secrets.add({.id = "text", .kind = CredentialKind::secret_text, .secret = "t0p-s3cret"});
  secrets.add({.id = "login",
               .kind = CredentialKind::username_password,
               .username = "ada",
               .secret = "pa55-w0rd"});
  secrets.add({.id = "hidden",
               .kind = CredentialKind::username_password,
               .username = "grace-h",
               .secret = "pa55-w0rd-2",
               .username_secret = true});
  secrets.add({.id = "file",
               .kind = CredentialKind::secret_file,
               .secret = "content of the file\n",
               .file_name = "../../etc/settings.xml"});
  secrets.add({.id = "zip",
               .kind = CredentialKind::secret_file,
               .secret = zip_of("in/side.txt", "from the zip"),
               .file_name = "a.zip"});
  secrets.add({.id = "bad-zip",
               .kind = CredentialKind::secret_file,
               .secret = zip_of("../out.txt", "escaped"),
               .file_name = "b.zip"});
  secrets.add({.id = "key",
               .kind = CredentialKind::ssh_key,
               .username = "git",
               .secret = "-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----\n",
               .passphrase = "open-sesame"});
  secrets.add({.id = "cert",
               .kind = CredentialKind::certificate,
               .username = "mine",
               .secret = "PKCS12",
               .passphrase = "store-pass"});
  secrets.add({.id = "docker",
               .kind = CredentialKind::docker_cert,
               .secret = "KEY-PEM",
               .certificate = "CERT-PEM",
               .ca = "CA-PEM"});
  secrets.add({.id = "kube", .kind = CredentialKind::kubeconfig, .secret = "apiVersion: v1\n"});
  return secrets;
}

struct Ended {
  BuildResult result;
  std::string log;
  size_t files_left = 0;
};

Ended run_with_secrets(std::string_view script) {
  const TempDir folder;
  const Secrets secrets = some_secrets();
  Bench bench(folder.path());
  bench.services().credentials = &secrets;
  Ended ended{.result = BuildResult::success, .log = bench.finish(script)};
  ended.result = bench.run().result();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() + "/node")) {
    if (entry.path().string().contains("secretFiles/")) ended.files_left++;
  }
  return ended;
}

TEST(Credentials, EachBindingGivesItsVariables) {
  const Ended ended = run_with_secrets(R"(
node {
  withCredentials([string(credentialsId: 'text', variable: 'A'),
                   usernamePassword(credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P'),
                   usernameColonPassword(credentialsId: 'login', variable: 'UP'),
                   kubeconfigContent(credentialsId: 'kube')]) {
    sh 'set +x; printf %s "$A" | md5sum; printf %s "$U/$P" | md5sum; printf %s "$UP" | md5sum; printf %s "$KUBECONFIG_CONTENT" | md5sum'
    echo "user $U, also as a variable: ${A == env.A}"
  }
  echo "after: ${env.A}"
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("Masking supported pattern matches of $A or $P or $UP or "
                                   "$KUBECONFIG_CONTENT\n"));
  for (std::string_view secret :
       {"t0p-s3cret", "ada/pa55-w0rd", "ada:pa55-w0rd", "apiVersion: v1\n"})
    EXPECT_THAT(ended.log, HasSubstr(hex_encode(md5(secret)))) << secret;
  EXPECT_THAT(ended.log, HasSubstr("user ada, also as a variable: true\n"));
  EXPECT_THAT(ended.log, HasSubstr("after: null\n"));
}

TEST(Credentials, FilesAreForTheBlockAloneAndGoWithIt) {
  const Ended ended = run_with_secrets(R"(
node {
  withCredentials([file(credentialsId: 'file', variable: 'F'), zip(credentialsId: 'zip', variable: 'Z'),
                   sshUserPrivateKey(credentialsId: 'key', keyFileVariable: 'K', usernameVariable: 'KU', passphraseVariable: 'KP'),
                   certificate(credentialsId: 'cert', keystoreVariable: 'C', passwordVariable: 'CP', aliasVariable: 'CA'),
                   dockerCert(credentialsId: 'docker')]) {
    sh '''set +x
      cat "$F"; stat -c 'mode %a' "$F"; basename "$F"
      case "$F" in "$WORKSPACE@tmp/secretFiles/"*/settings.xml) echo below tmp;; esac
      cat "$Z/in/side.txt"; echo
      md5sum < "$K"; echo "$KU"; printf %s "$KP" | md5sum
      cat "$C"; echo; printf %s "$CP" | md5sum; echo "alias $CA"
      cd "$DOCKER_CERT_PATH" && ls && md5sum < key.pem && cat ca.pem cert.pem'''
    echo "path $F"
  }
  sh 'find "$WORKSPACE@tmp" -type f'
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("content of the file\nmode 600\nsettings.xml\nbelow tmp\n"));
  EXPECT_THAT(ended.log, HasSubstr("from the zip\n"));
  EXPECT_THAT(ended.log,
              HasSubstr(hex_encode(md5("-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----\n"))));
  EXPECT_THAT(ended.log, HasSubstr("\ngit\n" + hex_encode(md5("open-sesame"))));
  EXPECT_THAT(ended.log, HasSubstr("PKCS12\n" + hex_encode(md5("store-pass"))));
  EXPECT_THAT(ended.log, HasSubstr("alias mine\n"));
  EXPECT_THAT(ended.log, HasSubstr("ca.pem\ncert.pem\nkey.pem\n" + hex_encode(md5("KEY-PEM"))));
  EXPECT_THAT(ended.log, HasSubstr("path ****\n"));
  EXPECT_EQ(ended.files_left, 0u);
}

TEST(Credentials, AnErrorInTheBlockRemovesTheFilesToo) {
  const Ended ended = run_with_secrets(
      "node { withCredentials([file(credentialsId: 'file', variable: 'F')]) { error 'planned' } }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_EQ(ended.files_left, 0u);
}

TEST(Credentials, ARestartFindsTheFilesAgainAndTheEndRemovesThem) {
  const TempDir folder;
  const Secrets secrets = some_secrets();
  constexpr std::string_view kScript =
      "node { withCredentials([file(credentialsId: 'file', variable: 'F')]) {\n"
      "  input id: 'Go', message: 'ok?'\n  sh 'cat \"$F\"' } }";
  auto wait_for_input = [](engine::Run& run) {
    while (!run.paused()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  {
    Bench bench(folder.path());
    bench.services().credentials = &secrets;
    wait_for_input(bench.open(kScript));
  }
  // As if the machine had lost its temporary files meanwhile.
  const std::string tmp = folder.path() + "/node/workspace/demo/web@tmp/secretFiles";
  EXPECT_TRUE(file_exists(tmp));
  ASSERT_TRUE(remove_tree(tmp).ok());
  Bench again(folder.path());
  again.services().credentials = &secrets;
  engine::Run& run = again.open(kScript);
  wait_for_input(run);
  ASSERT_TRUE(run.answer("Go", {.proceed = true, .by = "ada", .parameters_json = {}}).ok());
  run.wait();
  EXPECT_EQ(run.result(), BuildResult::success) << again.log();
  EXPECT_THAT(again.log(), HasSubstr("content of the file\n"));
  EXPECT_TRUE(std::filesystem::is_empty(tmp));
}

TEST(Credentials, BindingsByTheirClass) {
  const Ended ended = run_with_secrets(R"(
node {
  withCredentials([[$class: 'UsernamePasswordMultiBinding', credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P'],
                   [$class: 'StringBinding', credentialsId: 'text', variable: 'A'],
                   [$class: 'org.jenkinsci.plugins.credentialsbinding.impl.FileBinding', credentialsId: 'file', variable: 'F']]) {
    sh 'set +x; printf %s "$U/$P/$A" | md5sum; cat "$F"'
  }
}
)");
  EXPECT_THAT(ended.log, HasSubstr("Masking supported pattern matches of $P or $A or $F\n"));
  EXPECT_THAT(ended.log, HasSubstr(hex_encode(md5("ada/pa55-w0rd/t0p-s3cret"))));
  EXPECT_THAT(ended.log, HasSubstr("content of the file\n"));
}

TEST(Credentials, WhatCannotBeBoundIsSaid) {
  EXPECT_THAT(
      run_with_secrets("withCredentials([string(credentialsId: 'none', variable: 'A')]) { }").log,
      HasSubstr("ERROR: Could not find credentials entry with ID 'none'\n"));
  EXPECT_THAT(
      run_with_secrets("withCredentials([string(credentialsId: 'login', variable: 'A')]) { }").log,
      HasSubstr("ERROR: Credentials 'login' is of type 'Username with password' where "
                "'org.jenkinsci.plugins.plaincredentials.StringCredentials' was expected\n"));
  EXPECT_THAT(
      run_with_secrets("withCredentials([file(credentialsId: 'file', variable: 'F')]) { }").log,
      HasSubstr("Required context class hudson.FilePath is missing"));
  EXPECT_THAT(run_with_secrets("withCredentials(['x']) { }").log,
              HasSubstr("withCredentials takes a list of bindings such as string("));
  const Ended escape = run_with_secrets(
      "node { withCredentials([zip(credentialsId: 'bad-zip', variable: 'Z')]) { } }");
  EXPECT_THAT(escape.log, HasSubstr("an entry that leads out of its folder"));
  EXPECT_EQ(escape.files_left, 0u);
}

TEST(Credentials, AUserNameIsMaskedWhenItIsASecretToo) {
  const Ended ended = run_with_secrets(R"(
withCredentials([usernamePassword(credentialsId: 'hidden', usernameVariable: 'U', passwordVariable: 'P')]) {
  echo "hidden $U"
}
withCredentials([usernamePassword(credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P')]) {
  echo "shown $U"
}
)");
  EXPECT_THAT(ended.log, HasSubstr("Masking supported pattern matches of $U or $P\n"));
  EXPECT_THAT(ended.log, HasSubstr("hidden ****\n"));
  EXPECT_THAT(ended.log, HasSubstr("shown ada\n"));
}

TEST(Credentials, ASecretInAnInterpolatedArgumentIsWarnedAbout) {
  const Ended ended = run_with_secrets(R"(
node {
  withCredentials([string(credentialsId: 'text', variable: 'A'), string(credentialsId: 'text', variable: 'B')]) {
    sh "echo $A"
    sh 'echo $A'
    withEnv(["X=$A"]) { echo 'inside' }
  }
}
)");
  EXPECT_THAT(ended.log,
              HasSubstr("[Pipeline] sh\n"
                        "Warning: A secret was passed to \"sh\" using Groovy String interpolation, "
                        "which is insecure.\n"
                        "\t\t Affected argument(s) used the following variable(s): [A, B]\n"
                        "\t\t See https://jenkins.io/redirect/groovy-string-interpolation for "
                        "details.\n"
                        "+ echo ****\n****\n[Pipeline] sh\n+ echo ****\n****\n"));
  EXPECT_THAT(ended.log, HasSubstr("Warning: A secret was passed to \"withEnv\" using Groovy"));
  EXPECT_THAT(ended.log, Not(HasSubstr("t0p-s3cret")));
}

TEST(Credentials, StepsInTheTreeDoNotShowSecrets) {
  const TempDir folder;
  const Secrets secrets = some_secrets();
  Bench bench(folder.path());
  bench.services().credentials = &secrets;
  bench.finish(
      "node { withCredentials([string(credentialsId: 'text', variable: 'A')]) {\n"
      "  sh \"true $A\"\n  echo \"say $A\"\n  catchError { error \"bad $A\" } } }");
  size_t hidden = 0;
  for (const RunNode& node : bench.run().nodes()) {
    EXPECT_THAT(node.label + node.error + node.name, Not(HasSubstr("t0p-s3cret")));
    if (node.label.contains("****")) hidden++;
  }
  EXPECT_EQ(hidden, 3u);
  EXPECT_THAT(read_file(folder / "journal").value(), Not(HasSubstr("t0p-s3cret")));
}

TEST(Credentials, ExceptionsAndWhatTheyCarryAreMasked) {
  const Ended ended = run_with_secrets(R"(
withCredentials([string(credentialsId: 'text', variable: 'A')]) {
  def cause = new IllegalStateException("cause $A")
  def main = new Exception("main $A", cause)
  main.addSuppressed(new Exception("beside $A"))
  try { error "caught $A" } catch (e) { echo e.message }
  throw main
}
)");
  EXPECT_THAT(ended.log, HasSubstr("caught ****\n"));
  EXPECT_THAT(ended.log, HasSubstr("java.lang.Exception: main ****\n"));
  EXPECT_THAT(ended.log, HasSubstr("\tSuppressed: java.lang.Exception: beside ****\n"));
  EXPECT_THAT(ended.log, HasSubstr("Caused by: java.lang.IllegalStateException: cause ****\n"));
  EXPECT_THAT(ended.log, Not(HasSubstr("t0p-s3cret")));
}

TEST(Credentials, ASecretPrintedInPiecesIsMasked) {
  const Ended ended = run_with_secrets(R"(
withCredentials([string(credentialsId: 'text', variable: 'A')]) {
  print A.substring(0, 4)
  println A.substring(4)
}
node { withCredentials([string(credentialsId: 'text', variable: 'A')]) {
  sh 'set +x; printf %.4s "$A"; sleep 0.2; printf "%s\n" "${A#????}"'
} }
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, Not(HasSubstr("t0p-")));
  EXPECT_THAT(ended.log, HasSubstr("****\n"));
}

TEST(Credentials, SecretsOfAYaml) {
  const auto source = credentials_from_yaml(R"(
apiVersion: v1
kind: Secret
metadata: {name: f, annotations: {credential.devops.kubesphere.io/username-secret: "true"}}
type: credential.devops.kubesphere.io/secret-file
stringData: {filename: a.txt, content: "x"}
---
apiVersion: v1
kind: Secret
metadata: {name: c}
type: credential.devops.kubesphere.io/certificate
data: {keystore: AAEC, password: cHc=}
---
apiVersion: v1
kind: Secret
metadata: {name: d}
type: credential.devops.kubesphere.io/docker-cert
stringData: {key.pem: k, cert.pem: c, ca.pem: a}
)");
  ASSERT_TRUE(source.ok()) << source.error().message;
  const Credential file = *(*source)->find("f");
  EXPECT_EQ(file.kind, CredentialKind::secret_file);
  EXPECT_EQ(file.file_name, "a.txt");
  EXPECT_TRUE(file.username_secret);
  EXPECT_EQ((*source)->find("c")->secret, std::string("\0\1\2", 3));
  EXPECT_EQ((*source)->find("d")->ca, "a");
  const auto wrong = credentials_from_yaml(
      "kind: Secret\nmetadata: {name: w}\ntype: credential.devops.kubesphere.io/other\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("'credential.devops.kubesphere.io/other' is none"));
}

/// Two processes on one folder: the first stands in its input when it ends.
class Restarted {
 public:
  explicit Restarted(std::string script) : script_(std::move(script)) {}

  void until_it_asks(const Secrets& secrets) {
    Bench first(folder_.path());
    first.services().credentials = &secrets;
    Run& run = first.open(script_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (run.inputs().empty() && !run.finished() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(run.inputs().empty()) << first.log();
  }
  Ended go_on(const Secrets& secrets) {
    Bench second(folder_.path());
    second.services().credentials = &secrets;
    Run& run = second.open(script_);
    // One that is ended by itself takes no answer.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!run.finished() && std::chrono::steady_clock::now() < deadline) {
      for (const PendingInput& input : run.inputs())
        (void)run.answer(input.id, {.proceed = true, .by = "ada", .parameters_json = {}});
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    run.wait();
    return {.result = run.result(), .log = second.log()};
  }
  std::string journal() const { return read_file(folder_.path() + "/journal").value(); }

 private:
  const std::string script_;
  TempDir folder_;
};

TEST(Credentials, AReplayDoesNotWantAgainWhatFinishedStepsNeeded) {
  Restarted run(R"(
node {
  withCredentials([usernamePassword(credentialsId: 'login', usernameVariable: 'U', passwordVariable: 'P'),
                   file(credentialsId: 'file', variable: 'F')]) {
    sh 'echo as $U:$P; cat $F'
    // What follows hangs on the secret itself.
    if (P.startsWith('pa55')) { sh 'echo right' } else { echo 'wrong' }
  }
  input id: 'Go', message: 'on?'
  sh 'echo after'
}
)");
  run.until_it_asks(some_secrets());
  const std::string journal = run.journal();
  for (const std::string& secret :
       {std::string("pa55-w0rd"), base64_encode("pa55-w0rd").substr(0, 10),
        std::string("content of the file"), base64_encode("content of the file").substr(0, 20)})
    EXPECT_FALSE(journal.contains(secret)) << secret;
  const Ended ended = run.go_on({});
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("as ada:****"));
  EXPECT_THAT(ended.log, HasSubstr("\nright\n"));
  EXPECT_THAT(ended.log, HasSubstr("\nafter\n"));
}

TEST(Credentials, ABlockThatIsStillOpenEndsWhenItsCredentialIsGone) {
  Restarted run(R"(
node {
  try {
    withCredentials([string(credentialsId: 'text', variable: 'T')]) {
      sh 'echo it is $T'
      input id: 'Go', message: 'on?'
      sh 'echo never'
    }
  } finally { sh 'echo tidy' }
}
)");
  run.until_it_asks(some_secrets());
  Secrets fewer = some_secrets();
  fewer.list.erase("text");
  const Ended ended = run.go_on(fewer);
  EXPECT_EQ(ended.result, BuildResult::failure) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("ERROR: The credential 'text' was deleted before the server was "
                                   "started again, and the block that it was bound for had not "
                                   "ended"));
  EXPECT_THAT(ended.log, Not(HasSubstr("never")));
  EXPECT_THAT(ended.log, HasSubstr("tidy"));
  EXPECT_THAT(ended.log, HasSubstr("it is ****"));
}

TEST(Credentials, ABlockThatIsStillOpenKeepsWhatItWasGiven) {
  Restarted run(R"(
node {
  withCredentials([string(credentialsId: 'text', variable: 'T')]) {
    input id: 'Go', message: 'on?'
    sh 'echo $T | tr -d 3'
    sh 'echo it is $T'
  }
}
)");
  run.until_it_asks(some_secrets());
  Secrets changed = some_secrets();
  changed.list["text"].secret = "another";
  const Ended ended = run.go_on(changed);
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("t0p-scret"));
  EXPECT_THAT(ended.log, HasSubstr("it is ****"));
}

TEST(Credentials, WhatWasMissingStaysMissing) {
  Restarted run(R"(
try { withCredentials([string(credentialsId: 'none', variable: 'T')]) { echo 'not here' } } catch (e) { echo "caught ${e.message}" }
input id: 'Go', message: 'on?'
)");
  run.until_it_asks(some_secrets());
  Secrets more = some_secrets();
  more.add({.id = "none", .kind = CredentialKind::secret_text, .secret = "new"});
  const Ended ended = run.go_on(more);
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("caught Could not find credentials entry with ID 'none'"));
}

TEST(Credentials, TheKeyGoesWithTheEndOfTheRun) {
  const TempDir folder;
  const std::string kept = folder / "run";
  OnceOptions options;
  options.script = "withCredentials([string(credentialsId: 'token', variable: 'T')]) { echo 'in' }";
  options.credentials_yaml =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\n"
      "type: credential.devops.kubesphere.io/secret-text\nstringData: {secret: s3cret}\n";
  ASSERT_TRUE(make_dirs(kept));
  options.keep = kept;
  bool was_there = false;
  options.recording = [&](bool) { was_there |= file_exists(kept + "/journal.key"); };
  EXPECT_EQ(run_once(options)->result, BuildResult::success);
  EXPECT_TRUE(was_there);
  EXPECT_TRUE(file_exists(kept + "/journal"));
  EXPECT_FALSE(file_exists(kept + "/journal.key"));
  options.keep.clear();
  EXPECT_EQ(run_once(options)->result, BuildResult::success) << "without a journal there is no key";
}

}  // namespace
}  // namespace ks::engine
