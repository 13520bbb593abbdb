#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "store/schema/builtin.h"
#include "store/schema/catalog.h"
#include "store/schema/check.h"
#include "store/schema/definition.h"

// Two JSON texts with a NUL between them: the schema of a definition, and an object to hold against
// it. Whatever they are, nothing crashes or takes long; what was pruned and defaulted stays as it
// is when that is done again. A lone text is held against built-in types.

namespace {

using namespace ks;
using namespace ks::store;

void hold(const json::value& object, const Schema& schema) {
  json::value next = object;
  decoding_fault(next, schema);
  prune(next, schema);
  json::value pruned = next;
  CHECK(prune(next, schema).empty());
  CHECK(next == pruned);
  apply_defaults(next, schema);
  if (to_json(next).size() < (1u << 20)) {
    json::value defaulted = next;
    apply_defaults(next, schema);
    CHECK(next == defaulted);
  }
  validate(next, schema);
  validate_update(next, object, schema);
}

json::value definition_of(json::value props) {
  json::value out = parse_json(R"({"metadata":{"name":"things.example.com"},"spec":{
      "group":"example.com","names":{"plural":"things","kind":"Thing"},"scope":"Namespaced",
      "versions":[{"name":"v1","served":true,"storage":true}]}})")
                        .value();
  set_at(find(out, {"spec", "versions"})->at(0), {"schema", "openAPIV3Schema"}, std::move(props));
  return out;
}

void fuzz_custom(std::string_view schema, std::string_view object) {
  Result<json::value> props = parse_json(schema);
  Result<json::value> value = parse_json(object);
  if (!props || !value) return;
  json::value definition = definition_of(std::move(*props));
  default_definition(definition);
  const bool good = check_definition(definition).empty();
  Registry registry;
  const Result<> served = registry.put_definition(definition);
  if (good) CHECK_MSG(served.ok(), "a definition without complaints is served");
  KindRef kind = registry.catalog()->find("example.com", "v1", "things");
  if (kind == nullptr) return;
  if (good) {
    hold(*value, *kind->schema);
  } else {
    // Without a structural schema it need not come to rest, only to an end.
    prune(*value, *kind->schema);
    apply_defaults(*value, *kind->schema);
    validate(*value, *kind->schema);
  }
}

void fuzz_built_in(std::string_view text) {
  Result<json::value> value = parse_json(text);
  if (!value) return;
  check_definition(*value);
  default_definition(*value);
  Registry registry;
  if (Result<> served = registry.put_definition(*value); !served)
    CHECK(!served.error().message.empty());
  for (std::string_view name : {"core.v1.Pod", "apps.v1.Deployment", "batch.v1.CronJob",
                                "apiextensions.v1.CustomResourceDefinition"}) {
    hold(*value, *built_in_types()->find(full_type_name(name)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t end = input.find('\0');
  if (end == std::string_view::npos) {
    fuzz_built_in(input);
  } else {
    fuzz_custom(input.substr(0, end), input.substr(end + 1));
  }
  return 0;
}
