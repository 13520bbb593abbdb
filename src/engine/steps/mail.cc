#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "engine/aside.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/mail.h"
#include "engine/node.h"
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

std::string status_text(StepCall& call) {
  switch (call.run.shown_result.value_or(call.run.result())) {
    case BuildResult::success: return "Successful";
    case BuildResult::unstable: return "Unstable";
    case BuildResult::failure: return "Failure";
    case BuildResult::not_built: return "Not Built";
    case BuildResult::aborted: return "Aborted";
  }
  return "?";
}

/// What is written so far, the last `lines` of it.
std::string log_text(Run& run, size_t lines, size_t most = size_t{4} << 20) {
  (void)run.log().flush();
  const uint64_t size = run.log().size();
  const std::string text =
      run.log().read(size > most ? size - most : 0, most).value_or(std::string());
  size_t at = text.size();
  for (size_t i = 0; i <= lines && at != text.npos && at > 0; i++) at = text.rfind('\n', at - 1);
  return at == text.npos || at == 0 ? text : text.substr(at + 1);
}

using Options = std::map<std::string, std::string, std::less<>>;

/// One token without its `${}`; nothing when it is none.
std::optional<std::string> token(StepCall& call, std::string_view name, const Options& options) {
  Run& run = call.run;
  const auto option = [&](std::string_view key, std::string otherwise = {}) {
    const auto found = options.find(key);
    return found == options.end() ? otherwise : found->second;
  };
  constexpr std::string_view kSubject = "$PROJECT_NAME - Build # $BUILD_NUMBER - $BUILD_STATUS!";
  constexpr std::string_view kContent =
      "$PROJECT_NAME - Build # $BUILD_NUMBER - $BUILD_STATUS:\n\nCheck console output at "
      "$BUILD_URL to view the results.";
  if (name == "DEFAULT_SUBJECT" || name == "PROJECT_DEFAULT_SUBJECT") return std::string(kSubject);
  if (name == "DEFAULT_CONTENT" || name == "PROJECT_DEFAULT_CONTENT") return std::string(kContent);
  if (name == "DEFAULT_RECIPIENTS") return server_of(call).default_recipients;
  if (name == "DEFAULT_REPLYTO") return server_of(call).reply_to;
  if (name == "PROJECT_NAME" || name == "PROJECT_DISPLAY_NAME" || name == "JOB_NAME")
    return run.spec().job;
  if (name == "BUILD_STATUS") return status_text(call);
  if (name == "BUILD_CAUSE" || name == "CAUSE") return join(run.spec().causes, "\n");
  if (name == "BUILD_LOG") {
    const auto lines = parse_int(option("maxLines", "250"));
    return log_text(run, static_cast<size_t>(std::clamp<int64_t>(lines.value_or(250), 1, 10'000)));
  }
  if (name == "TEST_COUNTS") {
    const TestSummary tests = run.tests().value_or(TestSummary{});
    const std::string which = option("var", "total");
    return std::to_string(which == "fail"   ? tests.failed
                          : which == "skip" ? tests.skipped
                          : which == "pass" ? tests.total - tests.failed - tests.skipped
                                            : tests.total);
  }
  if (name == "CHANGES" || name == "CHANGES_SINCE_LAST_SUCCESS" ||
      name == "CHANGES_SINCE_LAST_UNSTABLE")
    return "No changes\n";
  if (name == "ENV") return run.env_value(call.context().get(), option("var")).value_or("");
  if (name == "PROJECT_URL") return run.env_value(call.context().get(), "JOB_URL").value_or("");
  return run.env_value(call.context().get(), name);
}

bool is_name_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// `TEST_COUNTS, var="fail"` as name and options.
std::pair<std::string, Options> parse_token(std::string_view text) {
  const size_t comma = text.find(',');
  Options options;
  for (std::string_view rest = comma == text.npos ? "" : text.substr(comma + 1); !rest.empty();) {
    const size_t equals = rest.find('='), open = rest.find('"', equals);
    size_t close = rest.find('"', open == rest.npos ? open : open + 1);
    if (equals == rest.npos) break;
    if (open == rest.npos || close == rest.npos || open > rest.find(',', equals)) {
      close = std::min(rest.find(',', equals), rest.size());
      options.emplace(trim(rest.substr(0, equals)),
                      trim(rest.substr(equals + 1, close - equals - 1)));
    } else {
      options.emplace(trim(rest.substr(0, equals)), rest.substr(open + 1, close - open - 1));
      close = std::min(rest.find(',', close), rest.size());
    }
    rest = close < rest.size() ? rest.substr(close + 1) : std::string_view();
  }
  return {std::string(trim(text.substr(0, comma))), std::move(options)};
}

/// `$NAME` and `${NAME, option="x"}` by what they stand for, also in what they stand for.
std::string expanded(StepCall& call, std::string text) {
  constexpr int kMostRounds = 5;
  constexpr size_t kMostBytes = size_t{8} << 20;
  for (int round = 0; round < kMostRounds && text.size() < kMostBytes; round++) {
    std::string out;
    bool changed = false;
    for (size_t at = 0; at < text.size();) {
      const size_t dollar = std::min(text.find('$', at), text.size());
      out += text.substr(at, dollar - at);
      if (dollar == text.size()) break;
      size_t end = dollar + 1;
      std::string_view inner;
      const bool braces = end < text.size() && text[end] == '{';
      if (braces) {
        const size_t close = text.find('}', end);
        inner = std::string_view(text).substr(end + 1, close == text.npos ? 0 : close - end - 1);
        end = close == text.npos ? end + 1 : close + 1;
      } else {
        while (end < text.size() && is_name_char(text[end])) end++;
        inner = std::string_view(text).substr(dollar + 1, end - dollar - 1);
      }
      const auto [name, options] = parse_token(inner);
      const auto value = name.empty() ? std::nullopt : token(call, name, options);
      out += value ? *value : text.substr(dollar, end - dollar);
      changed |= value.has_value();
      at = end;
    }
    text = std::move(out);
    if (!changed) break;
  }
  return text;
}

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
            .reply_to = expanded(call, call.text("replyTo")),
            .subject = expanded(call, call.text("subject", "$DEFAULT_SUBJECT")),
            .body = expanded(call, call.text("body", "$DEFAULT_CONTENT")),
            .mime_type = call.text("mimeType", "text/plain")};
  if (mail.mime_type == "both") mail.mime_type = "text/html";
  add_recipients(mail, expanded(call, call.text("to")));
  if (call.has("presendScript") || call.has("postsendScript"))
    run.print_line("emailext: presendScript and postsendScript do not run here");
  if (call.has("recipientProviders")) {
    // Who changed or started something is known by name here, not by address.
    run.print_line(
        "emailext: recipientProviders know no addresses here; name the recipients in 'to'");
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
