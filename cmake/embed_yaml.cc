// Writes YAML files as C++ string literals of compact JSON, one a file, with a comma after each.
//
//   embed_yaml OUT FILE...

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"

namespace {

ks::Result<> embed(const std::string& out, const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& file : files) {
    const std::string yaml = TRY(ks::read_file(file));
    ks::Result<ks::json::value> value = ks::parse_yaml(yaml);
    if (!value) return std::move(value).error().in(file);
    text += fmt::format("R\"json({})json\",\n", ks::to_json(*value));
  }
  return ks::write_file_atomic(out, text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: embed_yaml OUT FILE...\n");
    return 64;
  }
  if (ks::Result<> done = embed(argv[1], {argv + 2, argv + argc}); !done) {
    fmt::print(stderr, "embed_yaml: {}\n", done.error().message);
    return 1;
  }
}
