#include "s3/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "http/client.h"
#include "s3/signature.h"

namespace ks::s3 {
namespace {

using http::Method;
using http::Response;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kSmallestPart = 5u << 20;  // but for the last one
constexpr size_t kMostParts = 10'000;
constexpr size_t kLongestKey = 1024;

struct Ask {
  Method method = Method::get;
  std::string key;  ///< empty: the bucket
  Pairs query = {};
  std::string_view body = {};
  Pairs headers = {};
};

bool may_pass(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/// The text of a child of the document's root; empty when there is none.
std::string xml_text(std::string_view xml, const char* name) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  return document.document_element().child_value(name);
}

Error error_of(const Response& answer, const std::string& what) {
  const std::string code = xml_text(answer.body.view(), "Code"),
                    said = xml_text(answer.body.view(), "Message");
  const std::string text =
      fmt::format("S3: {}: {} {}{}{}", what, answer.status, code, said.empty() ? "" : ": ", said);
  switch (answer.status) {
    case 400: return {Code::invalid, text};
    case 401:
    case 403: return {Code::forbidden, text + "; check the keys and the region"};
    case 404: return {Code::not_found, text};
    case 409: return {Code::conflict, text};
    case 413: return {Code::too_large, text};
    case 507: return {Code::exhausted, text};
    default: return {Code::unavailable, text};
  }
}

class Bucket final : public Client {
 public:
  Bucket(Options options, std::unique_ptr<http::Client> client, std::string base, std::string host)
      : options_(std::move(options)),
        client_(std::move(client)),
        base_(std::move(base)),
        host_(std::move(host)),
        keys_{options_.access_key, options_.secret_key, options_.session_token, options_.region} {}

  Result<> put(const std::string& key, std::string_view content,
               const ObjectHeaders& headers) override {
    if (content.size() > options_.part_bytes) return put_parts(key, content, headers);
    TRY(send({.method = Method::put, .key = key, .body = content, .headers = stored(headers)}));
    return {};
  }

  Result<std::string> get(const std::string& key) override {
    return std::move(TRY(send({.key = key})).body).take();
  }

  Result<> remove(const std::string& key) override {
    Result<Response> done = send({.method = Method::delete_, .key = key});
    if (!done && done.error().code != Code::not_found) return done.error();
    return {};
  }

  Result<std::vector<Object>> list(const std::string& prefix, size_t most) override {
    std::vector<Object> out;
    std::string token;
    do {
      Pairs query{{"list-type", "2"}, {"prefix", prefix}};
      if (!token.empty()) query.emplace_back("continuation-token", token);
      const Response answer = TRY(send({.query = std::move(query)}));
      pugi::xml_document document;
      const std::string_view xml = answer.body.view();
      if (!document.load_buffer(xml.data(), xml.size())) {
        return Error{Code::unavailable, "S3: the list of objects is no XML"};
      }
      const pugi::xml_node root = document.document_element();
      for (const pugi::xml_node one : root.children("Contents")) {
        out.push_back({one.child_value("Key"), one.child("Size").text().as_ullong()});
        if (out.size() >= most) return out;
      }
      token = root.child_value("NextContinuationToken");
    } while (!token.empty());
    return out;
  }

  Result<> remove_all(const std::string& prefix) override {
    for (;;) {
      const std::vector<Object> some = TRY(list(prefix, 1000));
      for (const Object& one : some) TRY(remove(one.key));
      if (some.size() < 1000) return {};
    }
  }

  Result<bool> has_bucket() override {
    Result<Response> answer = send({.query = {{"list-type", "2"}, {"max-keys", "1"}}});
    if (answer) return true;
    if (answer.error().code == Code::not_found) return false;
    return answer.error();
  }

  Result<> make_bucket() override {
    TRY(send({.method = Method::put}));
    return {};
  }

  std::string presign(const std::string& key, std::chrono::seconds lifetime,
                      const std::string& disposition) const override {
    Signed what{.method = "GET", .host = host_, .path = path_of(key), .query = {}, .headers = {}};
    if (!disposition.empty()) {
      what.query.emplace_back("response-content-disposition", disposition);
    }
    return fmt::format("{}{}?{}", base_, escape_path(what.path),
                       presign_query(what, keys_, now(), lifetime));
  }

 private:
  WallTime now() const {
    return (options_.clock == nullptr ? system_clock() : *options_.clock).now();
  }

  std::string path_of(const std::string& key) const {
    return options_.path_style
               ? fmt::format("/{}{}{}", options_.bucket, key.empty() ? "" : "/", key)
               : "/" + key;
  }

  static Pairs stored(const ObjectHeaders& headers) {
    Pairs out{{"Content-Type", headers.content_type}};
    if (!headers.content_disposition.empty()) {
      out.emplace_back("Content-Disposition", headers.content_disposition);
    }
    return out;
  }

  Result<Response> attempt(const Ask& ask) {
    Signed what{.method = std::string(http::to_string(ask.method)),
                .host = host_,
                .path = path_of(ask.key),
                .query = ask.query,
                .headers = ask.headers};
    http::Request request = http::make_request(ask.method, escape_path(what.path));
    for (const auto& [name, value] : ask.query) request.query.add(name, value);
    for (const auto& [name, value] : ask.headers) request.headers.set(name, value);
    for (const auto& [name, value] : sign_request(what, ask.body, keys_, now())) {
      request.headers.set(name, value);
    }
    // A large upload must not wait to be told that it may begin.
    request.headers.set("Expect", "");
    request.body = std::string(ask.body);
    return client_->send(std::move(request));
  }

  /// An answer that is a success, however often it must be asked for.
  Result<Response> send(const Ask& ask) {
    if (ask.key.size() > kLongestKey) {
      return Error{Code::invalid, fmt::format("S3: the key is longer than {} bytes", kLongestKey)};
    }
    const std::string what = fmt::format("{} {}", http::to_string(ask.method), path_of(ask.key));
    std::chrono::milliseconds pause = options_.first_retry;
    for (int tried = 1;; ++tried) {
      Result<Response> answer = attempt(ask);
      if (answer && answer->status < 300) return answer;
      const bool again = !answer || may_pass(answer->status);
      if (!again || tried >= options_.attempts) {
        if (answer) return error_of(*answer, what);
        return Error{Code::unavailable, fmt::format("S3: {}", answer.error().message)};
      }
      LOG(debug, "S3 is asked again", {"request", what}, {"tried", tried});
      std::this_thread::sleep_for(pause);
      pause *= 2;
    }
  }

  Result<> put_parts(const std::string& key, std::string_view content,
                     const ObjectHeaders& headers) {
    const size_t part =
        std::max({options_.part_bytes, kSmallestPart, content.size() / kMostParts + 1});
    const Response begun = TRY(send({.method = Method::post,
                                     .key = key,
                                     .query = {{"uploads", ""}},
                                     .headers = stored(headers)}));
    const std::string id = xml_text(begun.body.view(), "UploadId");
    if (id.empty()) return Error{Code::unavailable, "S3: the upload got no id"};
    Result<> done = finish_parts(key, id, content, part);
    if (!done) {
      // What was sent would be kept, and paid for, for ever.
      if (const Result<Response> taken_back =
              send({.method = Method::delete_, .key = key, .query = {{"uploadId", id}}});
          !taken_back) {
        LOG(warn, "parts of an upload stay in S3", {"key", key},
            {"error", taken_back.error().message});
      }
    }
    return done;
  }

  Result<> finish_parts(const std::string& key, const std::string& id, std::string_view content,
                        size_t part) {
    std::string list = "<CompleteMultipartUpload>";
    for (size_t at = 0, number = 1; at < content.size(); at += part, ++number) {
      const Response sent =
          TRY(send({.method = Method::put,
                    .key = key,
                    .query = {{"partNumber", std::to_string(number)}, {"uploadId", id}},
                    .body = content.substr(at, part)}));
      list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", number,
                          sent.headers.get("ETag"));
    }
    list += "</CompleteMultipartUpload>";
    const Response ended = TRY(send({.method = Method::post,
                                     .key = key,
                                     .query = {{"uploadId", id}},
                                     .body = list,
                                     .headers = {{"Content-Type", "application/xml"}}}));
    // A failure may come with status 200, since the server answers before it knows.
    const std::string code = xml_text(ended.body.view(), "Code");
    if (code.empty()) return {};
    return Error{Code::unavailable,
                 fmt::format("S3: the parts of {} were not joined: {}", key, code)};
  }

  const Options options_;
  const std::unique_ptr<http::Client> client_;
  const std::string base_, host_;
  const Keys keys_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::open(Options options) {
  std::string endpoint = options.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.contains("://")) endpoint = "https://" + endpoint;
  const size_t begin = endpoint.find("://") + 3;
  const std::string scheme = endpoint.substr(0, begin);
  std::string host = endpoint.substr(begin);
  if ((scheme != "https://" && scheme != "http://") || host.empty() || host.contains('/')) {
    return Error{
        Code::invalid,
        fmt::format("s3.endpoint \"{}\": must be an address such as https://s3.example.org",
                    options.endpoint)};
  }
  if (options.bucket.empty() || options.access_key.empty() || options.secret_key.empty()) {
    return Error{Code::invalid, "s3.bucket, s3.accessKeyID and s3.secretAccessKey: must be set"};
  }
  if (!options.path_style) host = options.bucket + "." + host;
  const std::string base = scheme + host;
  // What curl leaves out of Host must not be signed.
  if (scheme == "https://" && host.ends_with(":443")) host.resize(host.size() - 4);
  if (scheme == "http://" && host.ends_with(":80")) host.resize(host.size() - 3);
  http::ClientOptions http;
  http.base_url = base;
  http.ca_file = options.ca_file;
  http.timeout = options.timeout;
  http.max_response_bytes = options.max_object_bytes;
  std::unique_ptr<http::Client> client = TRY(http::socket_client(std::move(http)));
  return std::unique_ptr<Client>(
      new Bucket(std::move(options), std::move(client), base, std::move(host)));
}

}  // namespace ks::s3
