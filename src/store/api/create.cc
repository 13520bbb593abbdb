#include <boost/json.hpp>

#include "store/api/body.h"
#include "store/api/metadata.h"
#include "store/api/reviews.h"
#include "store/api/write.h"

namespace ks::store {

Answer create_object(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "CreateOptions"));
  json::value object = TRY(parse_body(call, server.options.max_json_depth));
  TRY(decode_object(call, object, options.validation, json_text(call)));
  if (is_review(*call.kind)) {
    return review(server.options.identity, call.request, *call.kind, object);
  }
  TRY(place_object(call, object, false));
  const Written written = TRY(create_new(server, call, options, std::move(object), false));
  return respond(call, written, server.clock.now());
}

}  // namespace ks::store
