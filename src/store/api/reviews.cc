#include "store/api/reviews.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <variant>

#include "base/json.h"
#include "store/api/documents.h"

namespace ks::store {
namespace {

constexpr std::string_view kMasters = "system:masters";

/// What is asked, by whom, and where it is asked.
struct Question {
  const Identity& identity;
  const http::Request& request;
  const json::value& body;
  std::string_view space;  ///< of the path
};
using Answer = std::variant<json::object, kube::Status>;

json::object user_info(const http::User& user) {
  json::object out{{"username", user.name}};
  if (!user.uid.empty()) out["uid"] = user.uid;
  json::array groups;
  for (const std::string& group : user.groups) groups.emplace_back(group);
  if (!groups.empty()) out["groups"] = std::move(groups);
  return out;
}

bool may(const Identity& identity, const http::User& user, const Identity::Attempt& attempt) {
  if (identity.allowed) return identity.allowed(user, attempt);
  return std::ranges::find(user.groups, kMasters) != user.groups.end();
}

Answer token_review(const Question& question) {
  const std::string_view token = text_at(question.body, {"spec", "token"});
  if (token.empty()) {
    return kube::bad_request("token is required for TokenReview in authentication");
  }
  std::optional<http::User> user;
  if (question.identity.user_of_token) user = question.identity.user_of_token(token);
  if (!user) {
    return json::object{{"authenticated", false},
                        {"user", json::object()},
                        {"error", "[invalid bearer token, token lookup failed]"}};
  }
  return json::object{{"authenticated", true}, {"user", user_info(*user)}};
}

Answer self_subject_review(const Question& question) {
  return json::object{{"userInfo", user_info(question.request.user)}};
}

// ----- may someone do something -----

Identity::Attempt attempt_of(const json::value& spec) {
  Identity::Attempt attempt;
  if (const json::value* resource = find(spec, {"resourceAttributes"})) {
    attempt.verb = text_at(*resource, {"verb"});
    attempt.resource.group = text_at(*resource, {"group"});
    attempt.resource.version = text_at(*resource, {"version"});
    attempt.resource.space = text_at(*resource, {"namespace"});
    attempt.resource.resource = text_at(*resource, {"resource"});
    attempt.resource.subresource = text_at(*resource, {"subresource"});
    attempt.resource.name = text_at(*resource, {"name"});
  } else {
    attempt.verb = text_at(spec, {"nonResourceAttributes", "verb"});
    attempt.path = text_at(spec, {"nonResourceAttributes", "path"});
  }
  return attempt;
}

bool given(const json::value& spec, std::string_view member) {
  const json::value* found = find(spec, {member});
  return found != nullptr && found->is_object();
}

/// What is wrong with the question of an access review.
std::vector<kube::FieldError> check(const json::value& spec) {
  const bool resource = given(spec, "resourceAttributes");
  const bool path = given(spec, "nonResourceAttributes");
  if (resource && path) {
    return {kube::field_invalid("spec.nonResourceAttributes", to_json(spec),
                                "cannot be specified in combination with resourceAttributes")};
  }
  if (!resource && !path) {
    return {kube::field_invalid(
        "spec.resourceAttributes", "null",
        "exactly one of nonResourceAttributes or resourceAttributes must be specified")};
  }
  return {};
}

Answer access_answer(const Question& question, const http::User& user, const json::value& spec) {
  return json::object{{"allowed", may(question.identity, user, attempt_of(spec))}};
}

const json::value& spec_of(const json::value& body) {
  static const json::value kNone{json::object()};
  const json::value* spec = find(body, {"spec"});
  return spec != nullptr && spec->is_object() ? *spec : kNone;
}

Answer self_access_review(const Question& question) {
  const json::value& spec = spec_of(question.body);
  std::vector<kube::FieldError> errors = check(spec);
  if (!errors.empty()) {
    return kube::invalid("authorization.k8s.io", "SelfSubjectAccessReview", "", std::move(errors));
  }
  return access_answer(question, question.request.user, spec);
}

/// Of SubjectAccessReview and LocalSubjectAccessReview: about anyone.
Answer access_review(const Question& question, std::string_view kind) {
  const json::value& spec = spec_of(question.body);
  std::vector<kube::FieldError> errors = check(spec);
  http::User user;
  user.name = text_at(spec, {"user"});
  user.uid = text_at(spec, {"uid"});
  if (const json::value* groups = find(spec, {"groups"}); groups && groups->is_array()) {
    for (const json::value& group : groups->get_array()) {
      if (group.is_string()) user.groups.emplace_back(group.get_string());
    }
  }
  if (user.name.empty() && user.groups.empty()) {
    errors.push_back(kube::field_invalid("spec.user", "\"\"",
                                         "at least one of user or group must be specified"));
  }
  if (!errors.empty()) {
    return kube::invalid("authorization.k8s.io", kind, "", std::move(errors));
  }
  return access_answer(question, user, spec);
}

Answer subject_access_review(const Question& question) {
  return access_review(question, "SubjectAccessReview");
}

Answer local_access_review(const Question& question) {
  const json::value& spec = spec_of(question.body);
  if (given(spec, "nonResourceAttributes")) {
    return kube::invalid("authorization.k8s.io", "LocalSubjectAccessReview", "",
                         {kube::field_invalid("spec.nonResourceAttributes", "{}",
                                              "disallowed on this kind of request")});
  }
  if (text_at(spec, {"resourceAttributes", "namespace"}) != question.space) {
    return kube::bad_request(
        fmt::format("spec.resourceAttributes.namespace must match namespace: {}", question.space));
  }
  return access_review(question, "LocalSubjectAccessReview");
}

/// Who may do all has one rule; nothing else can be told from answers of yes and no.
Answer rules_review(const Question& question) {
  const std::string_view space = text_at(question.body, {"spec", "namespace"});
  if (space.empty()) return kube::bad_request("no namespace on request");
  Identity::Attempt everything;
  everything.verb = "*";
  everything.resource.group = "*";
  everything.resource.resource = "*";
  everything.resource.space = space;
  Identity::Attempt every_path;
  every_path.verb = "*";
  every_path.path = "*";
  const bool all = may(question.identity, question.request.user, everything);
  const bool all_paths = may(question.identity, question.request.user, every_path);
  const json::array any{"*"};
  json::array resources, paths;
  if (all) {
    resources.push_back(json::object{{"verbs", any}, {"apiGroups", any}, {"resources", any}});
  }
  if (all_paths) paths.push_back(json::object{{"verbs", any}, {"nonResourceURLs", any}});
  return json::object{{"resourceRules", std::move(resources)},
                      {"nonResourceRules", std::move(paths)},
                      {"incomplete", !all || !all_paths}};
}

struct Review {
  std::string_view group, kind;
  Answer (*answer)(const Question&);
};
constexpr Review kReviews[] = {
    {"authentication.k8s.io", "TokenReview", token_review},
    {"authentication.k8s.io", "SelfSubjectReview", self_subject_review},
    {"authorization.k8s.io", "SubjectAccessReview", subject_access_review},
    {"authorization.k8s.io", "LocalSubjectAccessReview", local_access_review},
    {"authorization.k8s.io", "SelfSubjectAccessReview", self_access_review},
    {"authorization.k8s.io", "SelfSubjectRulesReview", rules_review},
};

const Review* review_of(const Kind& kind) {
  if (kind.custom) return nullptr;
  for (const Review& one : kReviews) {
    if (one.group == kind.resource.group && one.kind == kind.resource.kind) return &one;
  }
  return nullptr;
}

/// The object as it came, with its status.
json::object answered(const Kind& kind, const json::value& body, json::object status) {
  json::object out{{"kind", kind.resource.kind}, {"apiVersion", kind.resource.api_version()}};
  const json::value* metadata = find(body, {"metadata"});
  out["metadata"] = metadata != nullptr && metadata->is_object()
                        ? *metadata
                        : json::value(json::object{{"creationTimestamp", nullptr}});
  if (kind.resource.kind != "SelfSubjectReview") out["spec"] = spec_of(body);
  out["status"] = std::move(status);
  return out;
}

}  // namespace

bool is_review(const Kind& kind) { return review_of(kind) != nullptr; }

http::Response review(const Identity& identity, const http::Request& request, const Kind& kind,
                      const json::value& body) {
  const Review* known = review_of(kind);
  if (known == nullptr) return send_status(kube::path_not_found());
  const std::optional<kube::ResourcePath> path = kube::parse_path(request.path);
  Answer answer =
      known->answer({identity, request, body, path ? std::string_view(path->space) : ""});
  if (const kube::Status* failure = std::get_if<kube::Status>(&answer)) {
    return send_status(*failure);
  }
  return http::Response::json(
      201, to_json(answered(kind, body, std::move(std::get<json::object>(answer)))));
}

}  // namespace ks::store
