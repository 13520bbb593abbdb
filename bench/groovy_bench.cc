// What the Groovy interpreter costs: loops, calls, collections, and starting `ks groovy`.

#include <chrono>
#include <string>

#include "groovy/interpreter.h"
#include "groovy/run_file.h"
#include "report.h"

namespace {

using namespace ks::groovy;

/// Milliseconds of the fastest of some runs, compilation included.
double fastest_ms(const std::string& source) {
  double best = 1e9;
  for (int i = 0; i < 7; ++i) {
    auto start = std::chrono::steady_clock::now();
    Compiled compiled = compile(source);
    PlainHost host(1);
    Interpreter interpreter(host);
    Task task(interpreter);
    if (!compiled || interpreter.run_script(task, compiled.program).failure) return -1;
    best = std::min(best, ks::bench::seconds_since(start) * 1000);
  }
  return best;
}

void row(std::string_view what, const std::string& source, std::string_view target = {}) {
  ks::bench::report(what, fmt::format("{:.2f} ms", fastest_ms(source)), target);
}

}  // namespace

int main() {
  std::string loop = "def s = 0\nfor (int i = 0; i < 100000; i++) { s += i % 7 }\n";
  std::string fib = "def fib(n) { n < 2 ? n : fib(n - 1) + fib(n - 2) }\nfib(18)\n";
  row("groovy: 100,000 loop turns and fib(18)", loop + fib, "<= 20 ms");
  row("groovy: 100,000 loop turns", loop);
  row("groovy: fib(18), 8,361 calls", fib);
  row("groovy: 100,000 closure calls (collect)", "(1..100000).collect { it * 2 }.size()");
  row("groovy: 100,000 map writes",
      "def m = [:]\nfor (i in 0..<100000) { m[\"k$i\".toString()] = i }\n");
  row("groovy: 10,000 exceptions caught",
      "for (i in 0..<10000) { try { throw new Exception('x') } catch (e) { } }");
  row("groovy: 10,000 regular expressions",
      "for (i in 0..<10000) { 'a1b2'.replaceAll(/\\d/, '-') }");
  row("groovy: an empty script", "");
  return 0;
}
