#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "store/schema/cel.h"
#include "store/schema/cel/eval.h"

/// The first line is an object, the rest an expression over it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ks::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  if (line == text.npos) return 0;
  const auto self = ks::parse_json(text.substr(0, line));
  const auto program = cel::compile(text.substr(line + 1), nullptr, cel::Kind::error);
  // A rule of any kind parses the same; only what it must give differs.
  if (!self || !program) return 0;
  cel::Evaluation evaluation;
  evaluation.steps = 100'000;
  const cel::Value value = cel::of_json(*self, nullptr, evaluation.arena);
  const cel::Value out = cel::evaluate(**program, value, &value, evaluation);
  (void)cel::to_text(evaluation, out);
  return 0;
}
