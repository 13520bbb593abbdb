#include <fmt/format.h>

#include "base/text.h"
#include "store/api/list_options.h"
#include "store/api/respond.h"
#include "store/api/selectors.h"
#include "store/api/server.h"

namespace ks::store {
namespace {

/// 410 with a token that goes on with the newest state, for clients that prefer a list with a seam
/// to a new one.
http::Response expired_list(const std::string& after) {
  std::string text =
      kube::expired(
          "The provided continue parameter is too old to display a consistent list "
          "result. You can start a new list without the continue parameter, or use the "
          "continue token in this response to retrieve the remainder of the results. "
          "Continuing with the provided token results in an inconsistent list - objects "
          "that were created, modified, or deleted between the time the first chunk was "
          "returned and now may show up in the list.")
          .to_json_text();
  constexpr std::string_view kEmpty = "\"metadata\":{}";
  const size_t at = text.find(kEmpty);
  CHECK_MSG(at != text.npos, text);
  text.replace(at, kEmpty.size(),
               fmt::format("\"metadata\":{{\"continue\":\"{}\"}}", continue_token(0, after)));
  return http::Response::json(410, std::move(text));
}

/// Which state the list is to show; 0 is the newest.
Outcome<uint64_t> state_for(const ApiServer& server, const ListOptions& options) {
  if (options.at != 0) return options.at;
  if (options.revision == 0) return uint64_t{0};
  const uint64_t current = server.store.revision();
  if (options.revision > current) return too_new(options.revision, current);
  // Kubernetes' legacy rule: with a limit an unqualified version means exactly that one.
  const bool exact = options.match == ListOptions::Match::exact ||
                     (options.match == ListOptions::Match::unset && options.limit != 0);
  return exact ? options.revision : 0;
}

}  // namespace

Answer get_object(ApiServer& server, Call& call) {
  const ObjectRef object = server.store.get(call.key());
  if (object == nullptr) return kube::not_found(call.resource(), call.path.name);
  return respond(call, 200, object, server.clock.now());
}

Answer list_objects(ApiServer& server, Call& call) {
  const ListOptions options = TRY(list_options(call.request));
  const Selection chosen = TRY(selection(call));
  const uint64_t at = TRY(state_for(server, options));
  Result<Store::List> list = server.store.list(chosen.filter, options.limit, options.after, at);
  if (!list) {
    if (list.error().code == Code::gone && !options.after.empty()) {
      return expired_list(options.after);
    }
    return kube::status_of(list.error());
  }
  ListMeta meta{.revision = list->revision, .next = {}};
  if (!list->next.empty()) {
    meta.next = continue_token(list->revision, list->next);
    if (!chosen.selective) meta.remaining = list->remaining;
  }
  return respond_list(call, list->objects, meta, server.clock.now());
}

}  // namespace ks::store
