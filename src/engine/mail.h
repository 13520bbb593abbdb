#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Mail by SMTP.

namespace ks::engine {

/// Where mail goes out, and what it says when a script does not.
struct MailServer {
  std::string url;       ///< `smtp://host:587` or `smtps://host:465`; empty: none
  bool starttls = true;  ///< of smtp: TLS is required; false: it is used when it is offered
  std::string username;  ///< AUTH, when not empty
  std::string password;
  std::string ca_file;  ///< PEM; empty: the system's authorities
  std::string from = "address not configured yet <nobody@nowhere>";
  std::string reply_to;
  std::string default_recipients;
  std::string user_suffix;  ///< `@example.org`: the address of a user is the name with it
};

struct MailAttachment {
  std::string name;
  std::string content;
  std::string mime_type = "application/octet-stream";
};

struct Mail {
  std::string from, reply_to, subject, body;
  std::vector<std::string> to, cc, bcc;
  std::string mime_type = "text/plain";
  std::string charset = "UTF-8";
  std::string message_id;  ///< without brackets; the same for a second try, so that it can be told
  int64_t date_seconds = 0;
  std::vector<MailAttachment> attachments;
};

/// Addresses of a list that commas, semicolons or blanks separate; `Name <a@b>` stays together.
std::vector<std::string> mail_addresses(std::string_view list);

/// The message as it is sent: headers and parts, lines ended by CRLF. Line breaks in a header are
/// taken out, so that a subject cannot add headers.
std::string mime_text(const Mail& mail);

/// Blocks until the server has taken it.
Result<> send_mail(const MailServer& server, const Mail& mail, const std::stop_token& stop);

}  // namespace ks::engine
