// JSON of a Declarative Pipeline, as an editor may send it: what is accepted is printed as a right
// Jenkinsfile, and printing what that says gives the same text. (The JSON itself may change once:
// the name of a sole argument is left out.)

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/json.h"
#include "pipeline/compile.h"
#include "pipeline/json.h"

using namespace ks::pipeline;

namespace {

void require(bool condition, std::string_view what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "%.*s:\n%.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto value = ks::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value) return 0;
  const Catalog& catalog = standard_catalog();
  (void)steps_from_json(*value, catalog);
  const JsonPipeline read = pipeline_from_json(*value, catalog);
  require(read.pipeline.has_value() || !read.errors.empty(), "no pipeline and no error", "");
  if (!read.errors.empty()) return 0;
  const std::string printed = to_jenkinsfile(*read.pipeline, catalog);
  const Checked again = check_pipeline(printed);
  require(again.errors.empty() && again.pipelines.size() == 1,
          again.errors.empty() ? "no pipeline in" : again.errors[0].message, printed);
  const std::string twice = to_jenkinsfile(*again.pipelines[0], catalog);
  require(twice == printed, "printed again it is " + twice, printed);
  return 0;
}
