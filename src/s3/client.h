#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ks::s3 {

struct Options {
  std::string endpoint;  ///< `https://s3.example.org:9000`; without a scheme https is meant
  std::string region = "us-east-1";
  std::string access_key, secret_key;
  std::string session_token;  ///< of temporary keys
  std::string bucket;
  /// `https://host/bucket/key` instead of `https://bucket.host/key`.
  bool path_style = true;
  std::string ca_file;  ///< PEM; empty: the system's authorities

  int attempts = 4;                            ///< of one request
  std::chrono::milliseconds first_retry{100};  ///< doubles each time
  std::chrono::milliseconds timeout{60'000};   ///< of one attempt
  size_t part_bytes = 8u << 20;                ///< larger objects are sent in parts
  size_t max_object_bytes = 1u << 30;          ///< that get() reads
  const Clock* clock = nullptr;                ///< Null: the machine's.
};

/// How an object is handed out by whoever stores it.
struct ObjectHeaders {
  std::string content_type = "application/octet-stream";
  std::string content_disposition;
};

struct Object {
  std::string key;
  uint64_t size = 0;
};

/// One bucket of any S3-compatible server. Calls block; thread-safe.
///
///   auto bucket = TRY(s3::Client::open(options));
///   TRY(bucket->put("demo/build/7/app.jar", bytes, {}));
///   std::string url = bucket->presign("demo/build/7/app.jar", 5min);
///
/// What fails for a moment (500, 503, a cut connection) is tried again; then it is `unavailable`.
class Client {
 public:
  /// `invalid` when the endpoint is none or a name is missing. Asks nobody.
  static Result<std::unique_ptr<Client>> open(Options options);
  virtual ~Client() = default;

  /// In parts when it is large; a multipart upload that fails is taken back.
  virtual Result<> put(const std::string& key, std::string_view content,
                       const ObjectHeaders& headers) = 0;
  /// `not_found`, also when the bucket is missing.
  virtual Result<std::string> get(const std::string& key) = 0;
  /// What is not there is fine.
  virtual Result<> remove(const std::string& key) = 0;
  /// In the order of their keys, at most `most`.
  virtual Result<std::vector<Object>> list(const std::string& prefix, size_t most = 10'000) = 0;
  virtual Result<> remove_all(const std::string& prefix) = 0;
  virtual Result<bool> has_bucket() = 0;
  virtual Result<> make_bucket() = 0;

  /// An address that anybody may read the object from for a while. `disposition`: what the server
  /// then says as Content-Disposition; empty: as stored.
  virtual std::string presign(const std::string& key, std::chrono::seconds lifetime,
                              const std::string& disposition = {}) const = 0;
};

}  // namespace ks::s3
