#include "cmd/up/install.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/crds.h"
#include "kube/object.h"

namespace ks::cmd {
namespace {

/// Tells whether a definition in the store is of this text of ours.
constexpr std::string_view kHash = "ks.kubesphere.io/definition-hash";

bool is_there(const store::Store& store, const std::string& name, const std::string& hash) {
  const store::ObjectRef stored =
      store.get({"customresourcedefinitions.apiextensions.k8s.io", "", name});
  return stored != nullptr && stored->json->contains(fmt::format("\"{}\":\"{}\"", kHash, hash));
}

}  // namespace

Result<> install_definitions(store::Store& store, store::KubeApi& api) {
  std::vector<json::value> missing;
  for (std::string_view text : devops::crd_documents()) {
    json::value definition = TRY(parse_json(text));
    const std::string hash = hex_encode(sha256(text)).substr(0, 16);
    if (is_there(store, std::string(kube::name_of(definition)), hash)) continue;
    kube::set_annotation(definition, kHash, hash);
    missing.push_back(std::move(definition));
  }
  return api.install_all(missing);
}

}  // namespace ks::cmd
