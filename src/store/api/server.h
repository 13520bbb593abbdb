#pragma once

#include "store/api/addresses.h"
#include "store/api/api.h"
#include "store/api/call.h"
#include "store/api/definitions.h"
#include "store/api/discovery.h"
#include "store/api/openapi.h"
#include "store/api/watches.h"

namespace ks::store {

/// What the verbs work with. One for each KubeApi.
struct ApiServer {
  ApiServer(Store& the_store, Registry& the_registry, KubeApiOptions the_options)
      : store(the_store),
        registry(the_registry),
        options(std::move(the_options)),
        clock(options.clock == nullptr ? system_clock() : *options.clock),
        watches(store, clock),
        definitions(store, registry, clock) {}

  Store& store;
  Registry& registry;
  const KubeApiOptions options;
  const Clock& clock;
  Discovery discovery;
  OpenApi openapi;
  Addresses addresses;
  Watches watches;
  Definitions definitions;
};

// The verbs, each in a file of its own. They answer failures as Statuses; the caller renders them.

using Answer = Outcome<http::Response>;

Answer get_object(ApiServer& server, Call& call);
Answer list_objects(ApiServer& server, Call& call);
Answer watch_objects(ApiServer& server, Call& call);
Answer create_object(ApiServer& server, Call& call);
Answer update_object(ApiServer& server, Call& call);
Answer patch_object(ApiServer& server, Call& call);
Answer remove_object(ApiServer& server, Call& call);
Answer remove_collection(ApiServer& server, Call& call);
/// What is below an object and no part of it: its scale, log, token, binding.
Answer subresource(ApiServer& server, Call& call);

}  // namespace ks::store
