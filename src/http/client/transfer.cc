#include "http/client/transfer.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/text.h"
#include "http/public_address.h"

namespace ks::http {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{10'000};

/// A target as it may stand in a request line: what a URL cannot hold is escaped, escapes stay.
std::string clean_target(std::string_view target) {
  std::string out;
  out.reserve(target.size());
  for (char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || std::string_view("\"<>#?\\^`{|}").contains(c)) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

bool is_loopback(std::string_view url) {
  const size_t begin = url.find("://");
  const std::string_view host = begin == url.npos ? url : url.substr(begin + 3);
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

curl_socket_t open_public_socket(void*, curlsocktype, curl_sockaddr* address) {
  if (!is_public_address(address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

Transfer::Transfer(Request request, Client::Reader reader, TransferLimits limits)
    : request_(std::move(request)),
      reader_(std::move(reader)),
      limits_(limits),
      easy_(curl_easy_init()),
      error_text_(CURL_ERROR_SIZE, '\0') {
  CHECK(easy_ != nullptr);
  if (limits.headers.count() > 0)
    headers_deadline_ = std::chrono::steady_clock::now() + limits.headers;
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
}

Result<std::shared_ptr<Transfer>> Transfer::make(const ClientOptions& options,
                                                 const std::string& base_url, Request request,
                                                 Client::Reader reader, TransferLimits limits) {
  std::shared_ptr<Transfer> made(new Transfer(std::move(request), std::move(reader), limits));
  TRY(made->prepare(options, base_url));
  return made;
}

Result<> Transfer::prepare(const ClientOptions& options, const std::string& base_url) {
  const std::string path = request_.raw_path.empty() ? percent_encode(request_.path, "/")
                                                     : clean_target(request_.raw_path);
  std::string url = base_url + path;
  what_ = fmt::format("{} {}", to_string(request_.method), url);
  if (const std::string query = request_.query.encode(); !query.empty()) url += "?" + query;

  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Watches are quiet for minutes: a peer that is gone without a word must be found all the same.
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::min(options.timeout, kConnectTimeout).count()));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.whole.count()));
  if (!options.unix_socket.empty())
    curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  // A proxy from the environment is for other machines, never for ourselves.
  if (!options.unix_socket.empty() || is_loopback(base_url))
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");

  if (options.public_only) {
    // Asked with the address itself, after the name was resolved: no name can slip by.
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_public_socket);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, nullptr);
  }
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::take_data);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  prepare_method();
  prepare_tls(options);
  return prepare_headers(options);
}

void Transfer::prepare_method() {
  const std::string name(to_string(request_.method));
  if (request_.method == Method::head) {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool may_have_body = request_.method == Method::post || request_.method == Method::put ||
                             request_.method == Method::patch;
  if (may_have_body || !request_.body.empty()) {
    const std::string_view body = request_.body.view();
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, name.c_str());
}

void Transfer::prepare_tls(const ClientOptions& options) {
  const auto blob = [&](CURLoption option, const std::string& pem) {
    // Not copied by us but by the library: the options may be gone when the transfer runs.
    curl_blob bytes{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy_, option, &bytes);
  };
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_pem.empty()) {
    blob(CURLOPT_CAINFO_BLOB, options.ca_pem);
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  } else if (!options.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  if (!options.client_cert_pem.empty()) {
    curl_easy_setopt(easy_, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(easy_, CURLOPT_SSLKEYTYPE, "PEM");
    blob(CURLOPT_SSLCERT_BLOB, options.client_cert_pem);
    blob(CURLOPT_SSLKEY_BLOB, options.client_key_pem);
  }
  if (options.insecure) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

Result<> Transfer::prepare_headers(const ClientOptions& options) {
  if (!request_.headers.has("Authorization")) {
    if (!options.bearer_token.empty()) {
      request_.headers.add("Authorization", "Bearer " + options.bearer_token);
    } else if (!options.username.empty()) {
      request_.headers.add("Authorization",
                           "Basic " + base64_encode(options.username + ":" + options.password));
    }
  }
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || has_line_break(name) || has_line_break(value) || name.contains(':')) {
      return Error{Code::invalid,
                   fmt::format("{}: the header '{}' has a line break or a colon in its name, or "
                               "a line break in its value",
                               what_, to_utf8_lossy(name))};
    }
    // The library reads `Name:` as "leave it out" and `Name;` as "send it empty".
    const std::string line = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
    header_list_ = curl_slist_append(header_list_, line.c_str());
  }
  // Without these it would wait for a 100 before large bodies, and call JSON a form.
  header_list_ = curl_slist_append(header_list_, "Expect:");
  if (!request_.headers.has("Content-Type"))
    header_list_ = curl_slist_append(header_list_, "Content-Type:");
  if (!request_.headers.has("User-Agent"))
    header_list_ = curl_slist_append(header_list_, "User-Agent: ks");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  return {};
}

size_t Transfer::take_header(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  return transfer.header(std::string_view(data, size * count)) ? size * count : 0;
}

size_t Transfer::take_data(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  // Anything but the full count makes the library give up.
  return transfer.data(std::string_view(data, size * count)) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool Transfer::header(std::string_view line) {
  if (ended_) return false;
  if (started_) return true;  // trailers
  if (line.starts_with("HTTP/")) {
    headers_ = {};
    return true;
  }
  if (const std::string_view field = trim(line); !field.empty()) {
    const size_t colon = field.find(':');
    if (colon != field.npos) {
      headers_.add(std::string(trim(field.substr(0, colon))),
                   std::string(trim(field.substr(colon + 1))));
    }
    return true;
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 && status != 101) return true;  // 100 Continue, 103: the answer still comes
  status_ = static_cast<int>(status);
  started_ = true;
  if (reader_.on_start) reader_.on_start(status_, headers_);
  return !ended_;
}

bool Transfer::data(std::string_view chunk) {
  if (ended_) return false;
  received_ += chunk.size();
  if (limits_.bytes > 0 && received_ > limits_.bytes) {
    fail({Code::too_large,
          fmt::format("{}: the response is larger than {}", what_, human_size(limits_.bytes))});
    return false;
  }
  if (reader_.on_data) reader_.on_data(chunk);
  return !ended_;
}

void Transfer::finish(int code) {
  if (ended_) return;
  if (code != CURLE_OK) return fail(error_of(code));
  ended_ = true;
  if (reader_.on_end) reader_.on_end({});
}

void Transfer::fail(Error error) {
  if (std::exchange(ended_, true)) return;
  if (reader_.on_end) reader_.on_end(std::move(error));
}

Error Transfer::error_of(int code) const {
  const std::string_view said = error_text_.c_str();
  const std::string text(said.empty() ? curl_easy_strerror(static_cast<CURLcode>(code)) : said);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::timeout, fmt::format("{}: no complete answer in time: {}", what_, text)};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::unavailable,
              fmt::format("{}: the server's certificate cannot be verified; give the certificate "
                          "of the authority that signed it: {}",
                          what_, text)};
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return {Code::unavailable,
              fmt::format("{}: the server ended the connection before the end of its answer: {}",
                          what_, text)};
    default: return {Code::unavailable, fmt::format("{}: {}", what_, text)};
  }
}

}  // namespace ks::http
