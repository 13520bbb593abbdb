#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/run_file.h"

namespace ks::groovy {
namespace {

struct Case {
  std::string expression;
  std::string expected;
};

/// `expression` on one or more lines, then `=> value`.
std::vector<Case> read_cases(const std::string& name) {
  std::ifstream in(std::string(KS_SOURCE_DIR) + "/src/groovy/cases/" + name);
  std::vector<Case> out;
  std::string expression;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=> ")) {
      out.push_back({expression, line.substr(3)});
      expression.clear();
    } else if (!line.starts_with("#") && !(line.empty() && expression.empty())) {
      expression += (expression.empty() ? "" : "\n") + line;
    }
  }
  return out;
}

std::string evaluate(const std::string& expression) {
  Compiled compiled =
      compile("def r = (" + expression + ")\nr instanceof CharSequence ? r.toString() : r");
  if (!compiled) return "! " + compiled.errors.front().message;
  PlainHost host(1);
  Interpreter interpreter(host);
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  if (outcome.failure) return "! " + outcome.failure->class_name;
  return interpreter.inspect(task, outcome.value);
}

TEST(GroovyLibrary, GivesWhatGroovyGives) {
  std::vector<Case> cases = read_cases("library.txt");
  ASSERT_GT(cases.size(), 100u);
  for (const Case& each : cases)
    EXPECT_EQ(evaluate(each.expression), each.expected) << each.expression;
}

std::string read_file(const std::string& name) {
  std::ifstream in(std::string(KS_SOURCE_DIR) + "/src/groovy/cases/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Printed : public PlainHost {
 public:
  Printed() : PlainHost(1) {}
  void print(Task&, std::string_view text) override { output += text; }
  std::string output;
};

TEST(GroovyLibrary, ScriptsPrintWhatGroovyPrints) {
  for (std::string name : {"classes", "control", "everyday", "time"}) {
    Compiled compiled = compile(read_file(name + ".groovy"), {.script_name = name});
    ASSERT_TRUE(compiled) << name << ": " << compiled.errors.front().message;
    Printed host;
    Interpreter interpreter(host);
    Task task(interpreter);
    Outcome outcome = interpreter.run_script(task, compiled.program);
    EXPECT_FALSE(outcome.failure) << outcome.failure->with_trace();
    EXPECT_EQ(host.output, read_file(name + ".out")) << name;
  }
}

TEST(GroovyLibrary, ScriptClassesThatImplementLibraryInterfacesAreNotTakenForOurs) {
  for (std::string type : {"Map", "List", "Set", "Collection", "Iterator", "CharSequence",
                           "Comparable", "Map.Entry"}) {
    for (std::string use : {"x.size()",
                            "x.each { }",
                            "x.get(0)",
                            "x + x",
                            "x.toString()",
                            "x[0]",
                            "x == x",
                            "x.sort()",
                            "x.key",
                            "x.hasNext()",
                            "x.length()",
                            "x.trim()",
                            "x as List",
                            "x.collect { it }",
                            "x << 1",
                            "[x, x].sort()",
                            "[(x): 1]",
                            "x.join(',')",
                            "x.findAll { true }",
                            "x.entrySet()",
                            "x.name"}) {
      // Whatever comes out, nothing may be read as what it is not.
      std::string source = "class X implements " + type + " { }\ndef x = new X()\ntry { " + use +
                           " } catch (e) { }\n1";
      Compiled compiled = compile(source);
      ASSERT_TRUE(compiled) << source;
      PlainHost host(1);
      Interpreter interpreter(host, {.fuel = 1'000'000});
      Task task(interpreter);
      interpreter.run_script(task, compiled.program);
    }
  }
}

}  // namespace
}  // namespace ks::groovy
