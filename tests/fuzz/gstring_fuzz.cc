// A text written as a literal in each kind of quotes, and with values put into it, evaluates to
// itself. The input is texts with a zero byte between them: literal, value, literal, ...

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "groovy/interpreter.h"
#include "groovy/run_file.h"

using namespace ks::groovy;

namespace {

/// As it stands between double quotes: everything that means something is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\':
      case '$':
      case '"':
      case '\'':
        out += '\\';
        out += c;
        break;
      default: out += c;
    }
  }
  return out;
}

/// `${v[0]}` after each literal but the last.
std::string literal(const std::vector<std::string_view>& pieces, std::string_view quotes) {
  std::string source(quotes);
  size_t value = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    source += i % 2 == 0 ? escaped(pieces[i]) : "${v[" + std::to_string(value++) + "]}";
  }
  return source.append(quotes);
}

void must_be(const std::string& source, const std::vector<std::string_view>& values,
             const std::string& expected) {
  PlainHost host(1);
  Interpreter interpreter(host, {.fuel = 2'000'000, .heap_bytes = 64 << 20});
  Task task(interpreter);
  const Compiled compiled = compile("return { v -> (" + source + ").toString() }");
  std::string found = "(does not compile)";
  if (compiled) {
    std::vector<Value> list;
    for (std::string_view value : values) list.push_back(interpreter.make_string(value));
    const Value closure = interpreter.run_script(task, compiled.program).value;
    const Value args[] = {interpreter.make_list(std::move(list))};
    found = interpreter.to_string(task, interpreter.call(task, closure, args));
  }
  if (found == expected) return;
  std::fprintf(stderr, "%s\ngives\n%s\ninstead of\n%s\n", source.c_str(), found.c_str(),
               expected.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!ks::is_utf8(text) || size > 4096) return 0;
  const auto pieces = ks::split(text, '\0');
  std::vector<std::string_view> values;
  std::string whole;
  for (size_t i = 0; i < pieces.size(); ++i) {
    whole += pieces[i];
    if (i % 2 == 1) values.push_back(pieces[i]);
  }
  must_be(literal(pieces, "\""), values, whole);
  must_be(literal(pieces, "\"\"\""), values, whole);
  if (pieces.size() == 1) {
    must_be("'" + escaped(text) + "'", {}, whole);
    must_be("'''" + escaped(text) + "'''", {}, whole);
  }
  return 0;
}
