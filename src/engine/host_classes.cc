#include "engine/host_classes.h"

#include "engine/run.h"
#include "engine/surroundings.h"

namespace ks::engine {

std::optional<groovy::Value> host_class(Run& run, std::string_view name) {
  using Family = std::optional<groovy::Value> (*)(Run&, std::string_view);
  for (const Family family : {csv_class, maven_class, guarded_class, surroundings_class}) {
    if (std::optional<groovy::Value> found = family(run, name)) return found;
  }
  return std::nullopt;
}

}  // namespace ks::engine
