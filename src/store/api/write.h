#pragma once

#include <boost/json/fwd.hpp>
#include <functional>

#include "store/api/server.h"

/// What all verbs that write share: filling in, checking, committing.

namespace ks::store {

namespace json = boost::json;

/// What a write came to.
struct Written {
  ObjectRef object;                  ///< null after a dry run
  std::shared_ptr<json::value> dry;  ///< what a dry run would have stored
  bool created = false;
};
http::Response respond(const Call& call, const Written& written, WallTime now);

/// Stores a new object that was decoded and placed. `tracked`: managedFields are set already.
Outcome<Written> create_new(ApiServer& server, Call& call, const WriteOptions& options,
                            json::value object, bool tracked);

/// Which part of an object a write is about; the rest stays as it is.
enum class Part : uint8_t { spec, status, finalize };

/// Gives the next state of an object from the present one.
using Change = std::function<Outcome<json::value>(const json::value& before)>;
struct ChangeOptions {
  Part part = Part::spec;
  bool tracked = false;  ///< `change` sets managedFields itself
  bool whole = false;    ///< the next state says all (PUT): it must name its version where needed
};
/// Changes a stored object; again when another writer was quicker and the change did not insist on
/// a version.
Outcome<Written> change_stored(ApiServer& server, Call& call, const WriteOptions& options,
                               const Change& change, const ChangeOptions& how);

/// The Status for a failure of the store while it wrote an object of that name.
kube::Status write_failure(const Call& call, std::string_view name, const Error& error);

/// The object as the store takes it. 413 when it is too large.
Outcome<Draft> make_draft(ApiServer& server, const Call& call, json::value& object);

Part part_of(const Call& call);

}  // namespace ks::store
