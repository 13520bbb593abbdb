#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "kube/status.h"

/// Sending documents that seldom change: what discovery and OpenAPI have in common.

namespace ks::store {

/// One entry of an Accept header: `application/json;g=apidiscovery.k8s.io;v=v2`.
struct MediaRange {
  std::string type;  ///< lower case
  std::vector<std::pair<std::string_view, std::string_view>> parameters;

  std::string_view parameter(std::string_view name) const;
};

/// What a client accepts, best first; what it refuses (`q=0`) is left out. An absent header accepts
/// everything. The texts are those of the request. At most 64 entries are read.
std::vector<MediaRange> accepted(const http::Request& request);

/// The SHA-256 of a text in capital hexadecimal digits.
std::string hash_of(std::string_view text);

/// Whether the client says (`If-None-Match`) that it has the document of this hash.
bool client_has(const http::Request& request, std::string_view hash);

/// The document, or 304 when the client has it. `hash` becomes its ETag.
http::Response send_document(const http::Request& request, http::Bytes body, std::string_view hash,
                             std::string_view content_type);

/// A Status as a response.
http::Response send_status(const kube::Status& status);

/// Whether it is a GET or HEAD.
bool is_read(const http::Request& request);

}  // namespace ks::store
