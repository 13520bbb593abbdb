#include "cmd/up/api_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"

namespace ks::cmd {
namespace {

constexpr size_t kMostTokens = 100;
constexpr size_t kMostFileBytes = 1u << 20;
constexpr size_t kMostNameBytes = 200;

std::string hash_of(std::string_view value) { return hex_encode(sha256(value)); }

/// Of the query or of the form.
std::string field(const http::Request& request, std::string_view name) {
  if (request.query.has(name)) return std::string(request.query.get(name));
  const std::string body = replace_all(std::string(request.body.view()), "+", "%20");
  return std::string(http::Query::parse(body).get(name));
}

}  // namespace

Result<> ApiTokens::load() {
  if (!file_exists(file_)) return {};
  const json::value saved = TRY(parse_json(TRY(read_file(file_, kMostFileBytes))));
  std::lock_guard lock(mutex_);
  if (!saved.is_array()) return Error{Code::invalid, file_ + ": not a list of tokens"};
  for (const json::value& one : saved.get_array()) {
    tokens_.push_back({std::string(text_at(one, {"name"})), std::string(text_at(one, {"uuid"})),
                       std::string(text_at(one, {"sha256"}))});
  }
  return {};
}

Result<> ApiTokens::save(const std::vector<Token>& tokens) const {
  json::array list;
  for (const Token& one : tokens) {
    list.push_back(json::object{{"name", one.name}, {"uuid", one.uuid}, {"sha256", one.hash}});
  }
  return write_file_atomic(file_, to_json(list), 0600);
}

Result<ApiTokens::Made> ApiTokens::make(std::string name) {
  if (name.size() > kMostNameBytes || !is_utf8(name)) {
    return Error{Code::invalid, "the name of a token has at most 200 bytes of UTF-8"};
  }
  // `11` tells of which kind it is.
  const Made made{.name = name.empty() ? "Token" : std::move(name),
                  .uuid = random_uuid(),
                  .value = "11" + hex_encode(random_bytes(16))};
  std::lock_guard one_at_a_time(changing_);
  if (tokens_.size() >= kMostTokens) {
    return Error{Code::exhausted, "there are 100 tokens already: revoke one first"};
  }
  std::vector<Token> next = tokens_;
  next.push_back({made.name, made.uuid, hash_of(made.value)});
  TRY(save(next));
  std::lock_guard lock(mutex_);
  tokens_ = std::move(next);
  return made;
}

Result<> ApiTokens::revoke(std::string_view uuid) {
  std::lock_guard one_at_a_time(changing_);
  std::vector<Token> next = tokens_;
  if (std::erase_if(next, [&](const Token& one) { return one.uuid == uuid; }) == 0) {
    return Error{Code::not_found, fmt::format("there is no token \"{}\"", uuid)};
  }
  TRY(save(next));
  std::lock_guard lock(mutex_);
  tokens_ = std::move(next);
  return {};
}

bool ApiTokens::is_token(std::string_view value) const {
  const std::string hash = hash_of(value);
  std::lock_guard lock(mutex_);
  bool found = false;
  for (const Token& one : tokens_) found = equal_in_constant_time(one.hash, hash) || found;
  return found;
}

void ApiTokens::add_routes(http::Router& router, const std::string& user) {
  const std::string property = "/descriptorByName/jenkins.security.ApiTokenProperty/";
  const auto post = [&](const std::string& call, auto act) {
    for (const char* slash : {"", "/"}) {
      router.add(
          http::Method::post, "/user/{user}" + property + call + slash,
          [user, act](http::Request& request) {
            if (request.param("user") == user) return act(request);
            return http::error_response({Code::forbidden, "tokens can be made for oneself alone"});
          });
      router.add(http::Method::post, "/me" + property + call + slash, act);
    }
  };
  post("generateNewToken", [this](http::Request& request) {
    const Result<Made> made = make(field(request, "newTokenName"));
    if (!made) return http::error_response(made.error());
    return http::Response::json(
        200, to_json(json::object{{"status", "ok"},
                                  {"data", json::object{{"tokenName", made->name},
                                                        {"tokenUuid", made->uuid},
                                                        {"tokenValue", made->value}}}}));
  });
  post("revoke", [this](http::Request& request) {
    const Result<> done = revoke(field(request, "tokenUuid"));
    return done ? http::Response::text(200, "") : http::error_response(done.error());
  });
}

}  // namespace ks::cmd
