#include "devops/crds.h"

namespace ks::devops {

const std::vector<std::string_view>& crd_documents() {
  static const std::vector<std::string_view> documents = {
#include "devops/crds.inc"
  };
  return documents;
}

}  // namespace ks::devops
