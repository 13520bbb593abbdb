#include "engine/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "base/process.h"
#include "base/text.h"
#include "engine/testing/script.h"

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
