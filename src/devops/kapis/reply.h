#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "http/message.h"

/// How the DevOps API answers (devops-api, sections 1.5 and 3).

namespace ks::devops::kapis {

/// As the original's JSON encoder prints: one space a level, `<`, `>` and `&` escaped.
std::string print_json(const json::value& value);

/// 200 unless said otherwise.
http::Response json_reply(const json::value& value, int status = 200);
/// `{"message":"success"}`
http::Response success_reply();

/// Errors are plain text: the message with `&`, `<` and `>` escaped, and a newline.
http::Response text_error(int status, std::string_view message);
/// By the error's code; a store that cannot be reached is 503.
http::Response error_reply(const Error& error);
/// For projects, pipelines and credentials: 404 for what is missing, 400 for all else that is the
/// caller's doing.
http::Response error_reply_400(const Error& error);

/// The value's JSON, or the error's text.
http::Response reply(const Result<json::value>& result);

}  // namespace ks::devops::kapis
