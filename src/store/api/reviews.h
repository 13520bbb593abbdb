#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "http/message.h"
#include "kube/path.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// Who callers are and what they may do, as whoever decides that sees it.
struct Identity {
  /// One thing that someone wants to do: a resource and a verb of Kubernetes, or a bare path.
  struct Attempt {
    std::string_view verb;
    kube::ResourcePath resource;  ///< empty when it is about a path
    std::string_view path;        ///< empty when it is about a resource
  };
  /// The user of a bearer token; nothing when it is none of ours. Null: no token is.
  std::function<std::optional<http::User>(std::string_view token)> user_of_token;
  /// Null: members of `system:masters` may do all and nobody else anything.
  std::function<bool(const http::User&, const Attempt&)> allowed;
};

/// Whether this kind is a question rather than an object: it is only created, and answered at once.
bool is_review(const Kind& kind);

/// Answers a POST of TokenReview, SelfSubjectReview, SubjectAccessReview, LocalSubjectAccessReview,
/// SelfSubjectAccessReview or SelfSubjectRulesReview: the object with its status. Who asks is
/// `request.user`.
http::Response review(const Identity& identity, const http::Request& request, const Kind& kind,
                      const json::value& body);

}  // namespace ks::store
