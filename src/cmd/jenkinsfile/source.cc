#include "cmd/jenkinsfile/source.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/file.h"
#include "engine/step.h"

namespace ks::cmd {

Result<std::string> read_source(const std::string& file) {
  if (file != "-") return read_file(file, kMaxSourceBytes);
  std::string text;
  char buffer[64 << 10];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, stdin)) {
    text.append(buffer, got);
    if (text.size() > kMaxSourceBytes)
      return Error{Code::too_large, fmt::format("stdin: more than {} bytes", kMaxSourceBytes)};
  }
  return text;
}

bool runs_here(std::string_view step) {
  // `script` is no step of the engine: Declarative runs its body.
  return step == "script" || engine::builtin_steps().find(step) != nullptr;
}

}  // namespace ks::cmd
