#include "devops/kapis/reply.h"

#include <boost/json.hpp>

#include "base/text.h"

namespace ks::devops::kapis {
namespace {

void indent(std::string& out, size_t depth) {
  out += '\n';
  out.append(depth, ' ');
}

void print_text(std::string& out, std::string_view text) {
  const size_t from = out.size();
  append_json_string(out, text);
  if (text.find_first_of("<>&") == text.npos) return;
  std::string escaped = replace_all(out.substr(from), "&", "\\u0026");
  escaped = replace_all(replace_all(std::move(escaped), "<", "\\u003c"), ">", "\\u003e");
  out.replace(from, out.npos, escaped);
}

void print(std::string& out, const json::value& value, size_t depth) {
  if (const auto* object = value.if_object()) {
    if (object->empty()) {
      out += "{}";
      return;
    }
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ',';
      indent(out, depth + 1);
      print_text(out, key);
      out += ": ";
      print(out, member, depth + 1);
    }
    indent(out, depth);
    out += '}';
  } else if (const auto* array = value.if_array()) {
    if (array->empty()) {
      out += "[]";
      return;
    }
    out += '[';
    bool first = true;
    for (const json::value& element : *array) {
      if (!std::exchange(first, false)) out += ',';
      indent(out, depth + 1);
      print(out, element, depth + 1);
    }
    indent(out, depth);
    out += ']';
  } else if (const auto* text = value.if_string()) {
    print_text(out, *text);
  } else {
    out += to_json(value);
  }
}

}  // namespace

std::string print_json(const json::value& value) {
  std::string out;
  print(out, value, 0);
  return out;
}

http::Response json_reply(const json::value& value, int status) {
  return http::Response::json(status, print_json(value));
}

http::Response success_reply() { return json_reply(json::object{{"message", "success"}}); }

http::Response text_error(int status, std::string_view message) {
  std::string text = replace_all(std::string(message), "&", "&amp;");
  text = replace_all(replace_all(std::move(text), "<", "&lt;"), ">", "&gt;");
  http::Response response = http::Response::text(status, text + "\n");
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

http::Response error_reply(const Error& error) {
  return text_error(http::status_of(error.code), error.message);
}

http::Response error_reply_400(const Error& error) {
  switch (error.code) {
    case Code::not_found: return text_error(404, error.message);
    case Code::unauthenticated:
    case Code::unavailable:
    case Code::timeout:
    case Code::exhausted:
    case Code::internal: return error_reply(error);
    case Code::invalid:
    case Code::forbidden:
    case Code::already_exists:
    case Code::conflict:
    case Code::gone:
    case Code::too_large: return text_error(400, error.message);
  }
  return error_reply(error);
}

http::Response reply(const Result<json::value>& result) {
  return result ? json_reply(*result) : error_reply(result.error());
}

}  // namespace ks::devops::kapis
