// Java's regular expressions: whatever pattern comes, it compiles or is refused by an exception of
// the language, ends within its bounds, and each match lies inside the text. Replacing each match
// by itself changes nothing. The input is a pattern, a zero byte, and a text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "groovy/interpreter.h"
#include "groovy/run_file.h"

using namespace ks::groovy;

namespace {

constexpr std::string_view kScript = R"(return { p, text ->
  def pattern
  try { pattern = java.util.regex.Pattern.compile(p) } catch (java.util.regex.PatternSyntaxException e) { return 'refused' }
  def matcher = pattern.matcher(text)
  int last = 0
  while (matcher.find()) {
    if (matcher.start() < last || matcher.end() < matcher.start() || matcher.end() > text.length()) return 'outside'
    if (matcher.group() != text.substring(matcher.start(), matcher.end())) return 'group'
    last = matcher.end()
  }
  if (text.replaceAll(p, '$0') != text) return 'replaceAll'
  if (text.replaceFirst(p, '$0') != text) return 'replaceFirst'
  text.split(p)
  text.split(p, -1)
  text ==~ p
  if (!(text ==~ java.util.regex.Pattern.quote(text))) return 'quote'
  return 'fine'
})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!ks::is_utf8(input) || size > 2048) return 0;
  const size_t zero = std::min(input.find('\0'), size);
  const std::string_view pattern = input.substr(0, zero);
  const std::string_view text = input.substr(std::min(zero + 1, size));
  static const Compiled compiled = compile(kScript);
  PlainHost host(1);
  Interpreter interpreter(host, {.fuel = 1'000'000, .heap_bytes = 64 << 20});
  Task task(interpreter);
  const Value closure = interpreter.run_script(task, compiled.program).value;
  const Value args[] = {interpreter.make_string(pattern), interpreter.make_string(text)};
  std::string outcome;
  try {
    outcome = interpreter.to_string(task, interpreter.call(task, closure, args));
  } catch (const Thrown&) {
    return 0;  // a search that takes too long, say
  }
  if (outcome == "fine" || outcome == "refused") return 0;
  std::fprintf(stderr, "%s: '%.*s' on '%.*s'\n", outcome.c_str(), static_cast<int>(pattern.size()),
               pattern.data(), static_cast<int>(text.size()), text.data());
  std::abort();
}
