#include "engine/mail.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "base/random.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr long kConnectSeconds = 20, kWholeSeconds = 120;
constexpr size_t kMaxHeaderBytes = 10'000;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// A header's text on one line.
std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text.substr(0, kMaxHeaderBytes))
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return line;
}

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// RFC 2047: words of at most 75 characters that do not cut a character.
std::string encoded_words(std::string_view text) {
  std::string line = one_line(text);
  if (is_ascii(line)) return line;
  constexpr size_t kMaxBytes = 42;
  std::string out;
  for (size_t at = 0; at < line.size();) {
    size_t end = std::min(line.size(), at + kMaxBytes);
    while (end < line.size() && end > at + 1 &&
           (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80)
      end--;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(std::string_view(line).substr(at, end - at)) + "?=";
    at = end;
  }
  return out;
}

/// The part of `Name <a@b>` that SMTP wants.
std::string bare_address(std::string_view address) {
  const size_t open = address.rfind('<'), close = address.rfind('>');
  if (open != address.npos && close != address.npos && close > open)
    address = address.substr(open + 1, close - open - 1);
  return std::string(trim(one_line(address)));
}

std::string shown_address(std::string_view address) {
  const size_t open = address.rfind('<');
  if (open == address.npos || is_ascii(address)) return one_line(address);
  return encoded_words(trim(address.substr(0, open))) + " <" + bare_address(address) + ">";
}

std::string shown_addresses(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) text += (text.empty() ? "" : ",\r\n ") + shown_address(one);
  return text;
}

std::string base64_lines(std::string_view bytes) {
  const std::string text = base64_encode(bytes);
  std::string out;
  for (size_t at = 0; at < text.size(); at += 76) out += text.substr(at, 76) + "\r\n";
  return out;
}

std::string text_part(const Mail& mail) {
  return fmt::format("Content-Type: {}; charset={}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                     one_line(mail.mime_type), one_line(mail.charset), base64_lines(mail.body));
}

std::string quoted_name(std::string_view name) {
  std::string out;
  for (char c : one_line(name)) out += c == '"' || c == '\\' ? '_' : c;
  return is_ascii(out) ? out : percent_encode(out, " ");
}

std::string date_text(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

struct Upload {
  std::string_view rest;
  const std::stop_token& stop;
};

size_t read_upload(char* to, size_t size, size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  const size_t piece = std::min(upload.rest.size(), size * count);
  upload.rest.copy(to, piece);
  upload.rest.remove_prefix(piece);
  return piece;
}

int check_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Upload*>(user)->stop.stop_requested() ? 1 : 0;
}

}  // namespace

std::vector<std::string> mail_addresses(std::string_view list) {
  std::vector<std::string> found;
  std::string current;
  bool in_name = false, quoted = false;
  auto finish = [&] {
    if (const std::string_view address = trim(current); address.contains('@'))
      found.emplace_back(address);
    current.clear();
  };
  // A blank ends an address, but not the name before one: `Jo Doe <jo@x>`.
  for (size_t i = 0; i < list.size(); i++) {
    const char c = list[i];
    if (c == '"') quoted = !quoted;
    if (c == '<') in_name = true;
    if (c == '>') in_name = false;
    const bool blank = std::string_view(" \t\r\n").contains(c);
    const bool ends_bare = blank && current.contains('@') && !current.contains('<');
    if (!quoted && !in_name && (c == ',' || c == ';' || ends_bare)) {
      finish();
    } else {
      current += c;
    }
  }
  finish();
  return found;
}

std::string mime_text(const Mail& mail) {
  std::string out;
  auto header = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("{}: {}\r\n", name, value);
  };
  header("Date", date_text(mail.date_seconds));
  header("From", shown_address(mail.from));
  header("Reply-To", mail.reply_to.empty() ? "" : shown_address(mail.reply_to));
  header("To", shown_addresses(mail.to));
  header("Cc", shown_addresses(mail.cc));
  header("Subject", encoded_words(mail.subject));
  header("Message-ID", "<" + one_line(mail.message_id) + ">");
  header("MIME-Version", "1.0");
  header("Auto-Submitted", "auto-generated");
  if (mail.attachments.empty()) return out + text_part(mail);
  const std::string boundary = "ks-" + hex_encode(sha256(mail.message_id)).substr(0, 32);
  header("Content-Type", fmt::format("multipart/mixed; boundary=\"{}\"", boundary));
  out += fmt::format("\r\n--{}\r\n{}", boundary, text_part(mail));
  for (const MailAttachment& one : mail.attachments) {
    out += fmt::format(
        "--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "
        "attachment; filename=\"{}\"\r\n\r\n{}",
        boundary, one.mime_type, quoted_name(one.name), base64_lines(one.content));
  }
  return out + "--" + boundary + "--\r\n";
}

Result<> send_mail(const MailServer& server, const Mail& mail, const std::stop_token& stop) {
  const std::unique_ptr<CURL, FreeCurl> curl(curl_easy_init());
  if (curl == nullptr) return Error{Code::internal, "no more memory for a mail"};
  std::unique_ptr<curl_slist, FreeCurl> recipients;
  for (const auto* list : {&mail.to, &mail.cc, &mail.bcc}) {
    for (const std::string& one : *list) {
      curl_slist* longer =
          curl_slist_append(recipients.get(), ("<" + bare_address(one) + ">").c_str());
      if (longer == nullptr) return Error{Code::internal, "no more memory for a mail"};
      // It begins with the old one.
      recipients.release();  // NOLINT(bugprone-unused-return-value)
      recipients.reset(longer);
    }
  }
  const std::string text = mime_text(mail), from = "<" + bare_address(mail.from) + ">";
  Upload upload{text, stop};
  char why[CURL_ERROR_SIZE] = {};
  auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, server.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_USE_SSL, static_cast<long>(server.starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  if (!server.ca_file.empty()) set(CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.username.empty()) {
    set(CURLOPT_USERNAME, server.username.c_str());
    set(CURLOPT_PASSWORD, server.password.c_str());
  }
  set(CURLOPT_MAIL_FROM, from.c_str());
  set(CURLOPT_MAIL_RCPT, recipients.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, read_upload);
  set(CURLOPT_READDATA, static_cast<void*>(&upload));
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, check_stop);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&upload));
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_TIMEOUT, kWholeSeconds);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(why));
  const CURLcode done = curl_easy_perform(curl.get());
  if (done == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer);
  return Error{Code::unavailable,
               fmt::format("the mail server {} did not take the mail: {}{}", server.url,
                           why[0] != '\0' ? why : curl_easy_strerror(done),
                           answer >= 400 ? fmt::format(" (it answered {})", answer) : "")};
}

}  // namespace ks::engine
