#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "pipeline/compile.h"
#include "pipeline/json.h"

using namespace ks::pipeline;

namespace {

void require(bool condition, const char* what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "%s:\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace

/// Reading and validating never crash, and a right pipeline survives JSON and printing.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Checked checked = check_pipeline(text);
  (void)ks::groovy::format_errors(text, "Fuzz", checked.errors);
  if (!checked.errors.empty() || checked.pipelines.size() != 1) return 0;
  boost::json::value tree = to_json(*checked.pipelines[0], standard_catalog());
  JsonPipeline read = pipeline_from_json(tree, standard_catalog());
  require(read.errors.empty(), read.errors.empty() ? "" : read.errors[0].message.c_str(),
          boost::json::serialize(tree));
  require(to_json(*read.pipeline, standard_catalog()) == tree, "JSON changes",
          boost::json::serialize(tree));
  std::string printed = to_jenkinsfile(*read.pipeline, standard_catalog());
  Checked again = check_pipeline(printed);
  require(again.errors.empty() && again.pipelines.size() == 1,
          again.errors.empty() ? "no pipeline" : again.errors[0].message.c_str(), printed);
  require(to_json(*again.pipelines[0], standard_catalog()) == tree,
          "the printed Jenkinsfile says something else", printed);
  return 0;
}
