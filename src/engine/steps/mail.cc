#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "engine/aside.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/mail.h"
#include "engine/node.h"
#include "engine/steps/mail_people.h"
#include "engine/steps/mail_tokens.h"
#include "engine/values.h"

// mail, emailext.

namespace ks::engine {
namespace {

constexpr size_t kMaxAttachedBytes = 25u << 20;

const MailServer& server_of(StepCall& call) {
  const MailServer* server = call.run.services().mail;
  if (server == nullptr || server->url.empty()) {
    call.fail(
        fmt::format("{} needs a mail server, and none is set: start the server with "
                    "mail.url, such as smtp://mail.example.org:587",
                    call.info.name));
  }
  return *server;
}

/// Sends it beside the run. What the journal keeps is that it is done, no text of it.
void deliver(StepCall& call, Mail mail, const std::function<Result<>(Mail&)>& attach = {}) {
  const MailServer server = server_of(call);
  if (mail.from.empty()) mail.from = server.from;
  if (mail.reply_to.empty()) mail.reply_to = server.reply_to;
  mail.date_seconds = call.run.now_millis(call.task) / 1000;
  mail.message_id = fmt::format("{}.{}.{}.{}@ks", percent_encode(call.run.spec().job),
                                call.run.spec().number, call.run.next_await(), mail.date_seconds);
  const json::value done = aside(
      call,
      {.what = std::string(call.info.name),
       .sync = AwaitSpec::Sync::now,
       .act = [server, mail, attach](bool, const std::stop_token& stop) -> Result<json::value> {
         Mail whole = mail;
         if (attach) TRY(attach(whole));
         const Result<> sent = send_mail(server, whole, stop);
         return sent ? json::value(nullptr) : json::value(json::string(sent.error().message));
       }});
  if (!done.is_null()) call.fail(done.as_string());
}

groovy::Value mail_step(StepCall& call) {
  Mail mail{.from = call.text("from"),
            .reply_to = call.text("replyTo"),
            .subject = call.text("subject"),
            .body = call.text("body"),
            .to = mail_addresses(call.text("to")),
            .cc = mail_addresses(call.text("cc")),
            .bcc = mail_addresses(call.text("bcc")),
            .mime_type = call.text("mimeType", "text/plain"),
            .charset = call.text("charset", "UTF-8")};
  if (trim(mail.subject).empty() || trim(mail.body).empty()) {
    call.fail("Email not sent. All mandatory properties must be supplied ('subject', 'body').");
  }
  if (mail.to.empty() && mail.cc.empty() && mail.bcc.empty())
    call.fail("Email not sent. No recipients of any kind specified ('to', 'cc', 'bcc').");
  deliver(call, std::move(mail));
  return {};
}

// ----- emailext -----

Result<std::string> gzipped(std::string_view text) {
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return Error{Code::internal, "the log cannot be compressed"};
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) return Error{Code::internal, "the log cannot be compressed"};
  return out;
}

/// `a@x, cc:b@x, bcc:c@x`.
void add_recipients(Mail& mail, std::string_view list) {
  for (std::string address : mail_addresses(list)) {
    if (address.starts_with("cc:")) {
      mail.cc.push_back(address.substr(3));
    } else if (address.starts_with("bcc:")) {
      mail.bcc.push_back(address.substr(4));
    } else {
      mail.to.push_back(std::move(address));
    }
  }
}

/// Reads files that a pattern takes, when the mail is put together.
std::function<Result<>(Mail&)> attachments_of(StepCall& call) {
  const std::string pattern = call.text("attachmentsPattern");
  if (pattern.empty()) return {};
  need_workspace(call);
  return [pattern, folder = call.directory(),
          fence = fence_of(call, call.directory())](Mail& mail) -> Result<> {
    size_t bytes = 0;
    for (const std::string& file : TRY(find_files(folder, pattern, "", true))) {
      std::string content = TRY(fence.read(folder + "/" + file, kMaxAttachedBytes));
      bytes += content.size();
      if (bytes > kMaxAttachedBytes) {
        return Error{Code::too_large, fmt::format("emailext: '{}' takes more than {} of files",
                                                  pattern, human_size(kMaxAttachedBytes))};
      }
      mail.attachments.push_back({file.substr(file.rfind('/') + 1), std::move(content)});
    }
    return {};
  };
}

groovy::Value emailext(StepCall& call) {
  Run& run = call.run;
  Mail mail{.from = call.text("from"),
            .reply_to = expand_mail_tokens(call, call.text("replyTo")),
            .subject = expand_mail_tokens(call, call.text("subject", "$DEFAULT_SUBJECT")),
            .body = expand_mail_tokens(call, call.text("body", "$DEFAULT_CONTENT")),
            .mime_type = call.text("mimeType", "text/plain")};
  if (mail.mime_type == "both") mail.mime_type = "text/html";
  add_recipients(mail, expand_mail_tokens(call, call.text("to")));
  if (call.has("presendScript") || call.has("postsendScript"))
    run.print_line("emailext: presendScript and postsendScript do not run here");
  if (call.has("recipientProviders")) {
    for (std::string& address : provided_recipients(call)) {
      const auto is_it = [&](const std::string& one) { return equals_ignoring_case(one, address); };
      if (!std::ranges::any_of(mail.to, is_it)) mail.to.push_back(std::move(address));
    }
  }
  if (mail.to.empty() && mail.cc.empty() && mail.bcc.empty()) {
    run.print_line("An attempt to send an e-mail to empty list of recipients, ignored.");
    return {};
  }
  auto attach = attachments_of(call);
  if (call.flag("attachLog")) {
    const bool compress = call.flag("compressLog");
    attach = [attach, compress, weak = run.weak_from_this()](Mail& whole) -> Result<> {
      if (attach) TRY(attach(whole));
      const auto alive = weak.lock();
      if (alive == nullptr) return {};
      std::string text = TRY(alive->log().read(0, kMaxAttachedBytes));
      if (compress) {
        whole.attachments.push_back({"build.log.gz", TRY(gzipped(text)), "application/gzip"});
      } else {
        whole.attachments.push_back({"build.log", std::move(text), "text/plain; charset=UTF-8"});
      }
      return {};
    };
    (void)run.log().flush();
  }
  std::vector<std::string> all = mail.to;
  all.insert(all.end(), mail.cc.begin(), mail.cc.end());
  run.print_line("Sending email to: " + join(all, " "));
  deliver(call, std::move(mail), attach);
  return {};
}

/// `developers()`: which people, as a description.
groovy::Value provider(StepCall& call) {
  return call.run.interpreter().make_map({{"$class", call.string(call.info.name)}});
}

}  // namespace

void add_mail_steps(StepRegistry& registry) {
  registry.add({.name = "mail",
                .parameters = {"subject", "body", "to", "cc", "bcc", "from", "replyTo", "mimeType",
                               "charset"},
                .sole = {},
                .function = mail_step});
  registry.add({.name = "emailext",
                .parameters = {"to", "subject", "body", "recipientProviders", "attachLog",
                               "compressLog", "attachmentsPattern", "mimeType", "replyTo", "from",
                               "presendScript", "postsendScript", "saveOutput"},
                .sole = {},
                .function = emailext});
  for (std::string_view name :
       {"culprits", "developers", "requestor", "upstreamDevelopers", "brokenBuildSuspects",
        "brokenTestsSuspects", "contributor", "previous", "buildUser", "recipients"}) {
    registry.add({.name = name,
                  .parameters = {},
                  .sole = {},
                  .function = provider,
                  .quiet = true,
                  .symbol = true});
  }
}

}  // namespace ks::engine
