#include "http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ks::http {
namespace {

constexpr std::array<std::string_view, 9> kMethodNames = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"};

}  // namespace

std::string_view to_string(Method method) { return kMethodNames[std::to_underlying(method)]; }

std::optional<Method> parse_method(std::string_view text) {
  for (size_t i = 0; i < kMethodNames.size(); i++) {
    if (kMethodNames[i] == text) return static_cast<Method>(i);
  }
  return std::nullopt;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  erase(name);
  add(std::string(name), std::move(value));
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_,
                [&](const Field& field) { return equals_ignoring_case(field.first, name); });
}

std::string_view Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.first, name)) return field.second;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::ranges::any_of(fields_,
                             [&](const Field& f) { return equals_ignoring_case(f.first, name); });
}

Query Query::parse(std::string_view text) {
  Query query;
  for (std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value =
        equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    query.add(percent_decode(name, true), percent_decode(value, true));
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

bool Query::has(std::string_view name) const {
  return std::ranges::any_of(pairs_, [&](const auto& pair) { return pair.first == name; });
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

void Query::add(std::string name, std::string value) {
  pairs_.emplace_back(std::move(name), std::move(value));
}

std::string Query::encode() const {
  std::string out;
  for (const auto& [key, value] : pairs_) {
    if (!out.empty()) out += '&';
    out += percent_encode(key) + "=" + percent_encode(value);
  }
  return out;
}

std::string_view Body::view() const {
  if (const std::string* own = std::get_if<std::string>(&content_)) return *own;
  const Bytes& shared = std::get<Bytes>(content_);
  return shared == nullptr ? std::string_view() : std::string_view(*shared);
}

std::string Body::take() && {
  if (std::string* own = std::get_if<std::string>(&content_)) return std::move(*own);
  return std::string(view());
}

std::string_view Request::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

Request make_request(Method method, std::string_view target, Body body, Headers headers) {
  Request request;
  request.method = method;
  const size_t question = target.find('?');
  request.raw_path = std::string(target.substr(0, question));
  request.path = percent_decode(request.raw_path);
  if (question != target.npos) request.query = Query::parse(target.substr(question + 1));
  request.body = std::move(body);
  request.headers = std::move(headers);
  return request;
}

Response Response::text(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Response Response::json(int status, Body body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid: return 400;
    case Code::unauthenticated: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::already_exists:
    case Code::conflict: return 409;
    case Code::gone: return 410;
    case Code::too_large: return 413;
    case Code::exhausted: return 507;
    case Code::timeout: return 504;
    case Code::unavailable: return 503;
    case Code::internal: return 500;
  }
  return 500;
}

Response error_response(const Error& error) {
  return Response::text(status_of(error.code), error.message + "\n");
}

}  // namespace ks::http
