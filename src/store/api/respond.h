#pragma once

#include <boost/json/fwd.hpp>
#include <span>

#include "store/api/call.h"

/// Turning objects and failures into responses.

namespace ks::store {

namespace json = boost::json;

/// The response that tells of a failure.
http::Response respond(const kube::Status& status);

/// One object in the form that the call asked for; its bytes as they are when that is possible.
http::Response respond(const Call& call, int status, const ObjectRef& object, WallTime now);
/// The same for a value that is not stored: a dry run, a scale.
http::Response respond(const Call& call, int status, const json::value& object, WallTime now);

/// The object as the call wants to see it in a list or a watch, in JSON.
std::string render(const Call& call, const Object& object, WallTime now);

/// What lists and tables say of themselves.
struct ListMeta {
  uint64_t revision = 0;
  std::string next;      ///< the token for `continue`
  size_t remaining = 0;  ///< 0: not known
};
http::Response respond_list(const Call& call, std::span<const ObjectRef> objects,
                            const ListMeta& meta, WallTime now);

/// A Table with these rows, which are JSON; without its columns when a watch has told them before.
std::string table(const Kind& kind, const ListMeta& meta, std::string_view rows, bool columns);

void add_warnings(http::Response& response, const Call& call);

}  // namespace ks::store
