#include "engine/mail.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "base/process.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/testing/script.h"
#include "engine/testing/test_repository.h"
#include "jenkins/config_xml.h"

namespace ks::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// aiosmtpd on loopback: it wants STARTTLS and AUTH, and keeps each mail in a file.
class SmtpServer {
 public:
  SmtpServer() {
    SpawnOptions options{
        .argv = {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                 folder_ / "key.pem", "-out", folder_ / "cert.pem", "-days", "2", "-subj",
                 "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"},
        .env = current_environment()};
    EXPECT_EQ(run_process(std::move(options)).value().exit_code, 0);
    process_ = Process::spawn(
                   {.argv = {"/usr/bin/python3", KS_SOURCE_DIR "/src/engine/testing/smtp_server.py",
                             folder_.path()},
                    .env = current_environment()})
                   .value();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!file_exists(folder_ / "port") && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    port_ = read_file(folder_ / "port").value_or("0");
  }
  ~SmtpServer() {
    (void)process_->signal(SIGKILL);
    (void)process_->wait();
  }
  SmtpServer(const SmtpServer&) = delete;
  SmtpServer& operator=(const SmtpServer&) = delete;

  MailServer settings() const {
    return {.url = "smtp://127.0.0.1:" + port_,
            .username = "ci",
            .password = "pa55word",
            .ca_file = folder_ / "cert.pem",
            .from = "CI <ci@example.org>"};
  }
  std::string mail(int number) const {
    return read_file(folder_ / ("mail-" + std::to_string(number))).value_or("");
  }

 private:
  TempDir folder_;
  std::optional<Process> process_;
  std::string port_;
};

Ended run_with(const MailServer& server, std::string_view script) {
  const TempDir folder;
  Bench bench(folder.path());
  bench.services().mail = &server;
  std::string log = bench.finish(script);
  return {bench.run().result(), std::move(log)};
}

std::string decoded_body(const std::string& mail) {
  const size_t at = mail.find("\r\n\r\n");
  std::string body = replace_all(mail.substr(at == mail.npos ? 0 : at + 4), "\r\n", "\n");
  return base64_decode(body).value_or(body);
}

TEST(Mail, GoesOverTlsWithAuthentication) {
  const SmtpServer server;
  const MailServer settings = server.settings();
  const Ended ended = run_with(settings, R"(
mail to: 'one@example.org, "Two, B" <two@example.org>', bcc: 'hidden@example.org',
     subject: 'Gr\u00fc\u00dfe\r\nX-Evil: yes', body: 'built \u2713'
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  const std::string mail = server.mail(1);
  EXPECT_THAT(mail, HasSubstr("FROM ci@example.org\nTO one@example.org two@example.org "
                              "hidden@example.org\nTLS True"));
  EXPECT_THAT(mail, HasSubstr("Subject: =?UTF-8?B?"));
  EXPECT_THAT(mail, Not(HasSubstr("\nX-Evil")));
  EXPECT_THAT(mail, Not(HasSubstr("Bcc")));
  EXPECT_EQ(decoded_body(mail), "built \xE2\x9C\x93");
}

TEST(Mail, ARefusedRecipientOrPasswordFailsTheStep) {
  const SmtpServer server;
  MailServer settings = server.settings();
  const std::string script = "mail to: 'nobody@example.org', subject: 's', body: 'b'";
  EXPECT_THAT(run_with(settings, script).log, HasSubstr("did not take the mail: "));
  settings.password = "wrong";
  const Ended ended = run_with(settings, "mail to: 'a@example.org', subject: 's', body: 'b'");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, Not(HasSubstr("wrong")));
  settings.password = "pa55word";
  settings.ca_file.clear();
  EXPECT_EQ(run_with(settings, "mail to: 'a@example.org', subject: 's', body: 'b'").result,
            BuildResult::failure)
      << "the certificate is nobody's";
  EXPECT_EQ(server.mail(1), "");
}

TEST(Mail, EmailextExpandsTokensAndAttachesFilesAndLog) {
  const SmtpServer server;
  const MailServer settings = server.settings();
  const Ended ended = run_with(settings, R"(
node {
  writeFile file: 'out/report.txt', text: 'the report'
  withEnv(['WHO=web']) {
    emailext to: 'one@example.org, cc:two@example.org', subject: '$DEFAULT_SUBJECT of ${ENV, var="WHO"}',
             body: '${BUILD_NUMBER} $UNKNOWN', attachLog: true, attachmentsPattern: 'out/*.txt',
             recipientProviders: [developers(), [$class: 'CulpritsRecipientProvider']]
  }
}
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("Sending email to: one@example.org two@example.org"));
  const std::string mail = server.mail(1);
  EXPECT_THAT(mail, HasSubstr("Subject: demo/web - Build # 1 - Successful! of web"));
  EXPECT_THAT(mail, HasSubstr("filename=\"report.txt\""));
  EXPECT_THAT(mail, HasSubstr("filename=\"build.log\""));
  EXPECT_THAT(mail, HasSubstr(base64_encode("1 $UNKNOWN")));
  EXPECT_THAT(mail, HasSubstr(base64_encode("the report")));
}

/// A server with one job, whose Jenkinsfile checks out a repository and sends a mail.
class MailingJob {
 public:
  MailingJob(const MailServer& mail, const TestRepository& repository, std::string_view more)
      : engine_(Engine::open({.data_dir = folder_.path(), .local_repositories = true, .mail = mail})
                    .value()) {
    EXPECT_TRUE(engine_->put_folder("demo"));
    const json::value spec = json::object{
        {"type", "pipeline"},
        {"pipeline", json::object{{"name", "web"},
                                  {"jenkinsfile",
                                   fmt::format("node {{\n  git url: '{}', branch: 'main'\n{}\n}}",
                                               repository.path(), more)}}}};
    EXPECT_TRUE(engine_->put_job(job_, jenkins::config_of(spec).value()));
  }
  std::string run(const std::string& user) {
    const uint64_t number =
        engine_->start(job_, {.values = {}, .causes = {"Started by user " + user}, .key = {}})
            .value();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!engine_->run(job_, number, false)->finished() &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return engine_->log(job_, number, 0, 1 << 20)->text;
  }

 private:
  TempDir folder_;
  const JobName job_{"demo", "web"};
  std::unique_ptr<Engine> engine_;
};

TEST(Mail, EmailextKnowsWhoChangedWhat) {
  const SmtpServer server;
  MailServer settings = server.settings();
  settings.user_suffix = "@users.example.org";
  const TempDir folder;
  const TestRepository repository(folder / "app");
  repository.commit("first", {{"a.txt", "1"}});
  MailingJob job(settings, repository, R"(
    emailext subject: 'developers', recipientProviders: [developers()], body: '${CHANGES, showPaths=true}'
    emailext subject: 'culprits', recipientProviders: [[$class: 'CulpritsRecipientProvider'], requestor()],
             to: 'Ada@example.org', body: '$CHANGES_SINCE_LAST_SUCCESS'
    if (readFile('a.txt') == '2') error 'broken'
)");
  std::string log = job.run("grace");
  EXPECT_THAT(log, HasSubstr("An attempt to send an e-mail to empty list of recipients, ignored."));
  EXPECT_THAT(log, HasSubstr("Sending email to: Ada@example.org grace@users.example.org"));
  repository.commit("breaks it", {{"a.txt", "2"}});
  log = job.run("grace");
  EXPECT_THAT(log, HasSubstr("ERROR: broken"));
  EXPECT_TRUE(make_dirs(repository.path()) && write_file_atomic(repository.path() + "/a.txt", "3"));
  repository.git({"-c", "user.name=Linus", "-c", "user.email=linus@example.org", "commit", "-qam",
                  "repairs it"});
  log = job.run("bad name");
  EXPECT_THAT(log, HasSubstr("Sending email to: linus@example.org\n"));
  EXPECT_THAT(log, HasSubstr("emailext: no mail address of 'bad name' is known"));
  EXPECT_THAT(log, HasSubstr("Sending email to: Ada@example.org linus@example.org\n"));
  // Those of the first run, the second, the third.
  const std::string changes = server.mail(4), since = server.mail(5);
  EXPECT_EQ(decoded_body(changes), "[Linus] repairs it\n\t- a.txt\n");
  EXPECT_EQ(
      decoded_body(since),
      "Changes for Build #2\n[Ada] breaks it\n\nChanges for Build #3\n[Linus] repairs it\n\n");
}

TEST(Mail, EmailextTellsOfFailedTestsAndFiles) {
  const SmtpServer server;
  const MailServer settings = server.settings();
  const Ended ended = run_with(settings, R"(
node {
  writeFile file: 'r.xml', text: '<testsuite><testcase classname="a.B" name="t"><failure message="why">trace</failure></testcase></testsuite>'
  junit 'r.xml'
  writeFile file: 'report.html', text: '<b>report</b>'
  emailext to: 'one@example.org', subject: 's', body: '$FAILED_TESTS|${FAILED_TESTS, showStack=false}|${FILE, path="report.html"}'
}
)");
  EXPECT_EQ(ended.result, BuildResult::unstable) << ended.log;
  EXPECT_EQ(decoded_body(server.mail(1)),
            "1 tests failed.\nFAILED:  a.B.t\n\nError Message:\nwhy\n\nStack Trace:\ntrace\n\n|"
            "1 tests failed.\nFAILED:  a.B.t\n\nError Message:\nwhy\n\n|<b>report</b>");
}

TEST(Mail, WithoutAServerTheStepSaysSo) {
  EXPECT_THAT(run_script("mail to: 'a@b.org', subject: 's', body: 'b'").log,
              HasSubstr("mail needs a mail server, and none is set"));
  EXPECT_THAT(run_script("emailext subject: 's', body: 'b'").log,
              HasSubstr("An attempt to send an e-mail to empty list of recipients, ignored."));
}

TEST(Mail, AddressesAreTakenFromAnyList) {
  EXPECT_THAT(mail_addresses("a@x, b@x;c@x d@x\n \"E, F\" <e@x>, nonsense"),
              ElementsAre("a@x", "b@x", "c@x", "d@x", "\"E, F\" <e@x>"));
}

}  // namespace
}  // namespace ks::engine
