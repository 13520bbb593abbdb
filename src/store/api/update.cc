#include <boost/json.hpp>

#include "store/api/body.h"
#include "store/api/metadata.h"
#include "store/api/write.h"

namespace ks::store {

Answer update_object(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "UpdateOptions"));
  json::value object = TRY(parse_body(call, server.options.max_json_depth));
  TRY(decode_object(call, object, options.validation, json_text(call)));
  TRY(place_object(call, object, true));
  const Change change = [&](const json::value&) -> Outcome<json::value> { return object; };
  const Written written =
      TRY(change_stored(server, call, options, change, {.part = part_of(call), .whole = true}));
  return respond(call, written, server.clock.now());
}

}  // namespace ks::store
