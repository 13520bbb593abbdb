#include "groovy/interpreter.h"

#include <gtest/gtest.h>

#include <chrono>

#include "groovy/runtime/objects.h"

namespace ks::groovy {
namespace {

/// A run of one script with a few steps, whose output is kept.
class TestRun : public Host {
 public:
  explicit TestRun(Limits limits = {}) : interpreter(*this, limits), task(interpreter) {}

  Outcome operator()(std::string_view source) {
    Compiled compiled = compile(source, {.script_name = "WorkflowScript"});
    if (!compiled) {
      Outcome outcome;
      outcome.failure.emplace();
      outcome.failure->class_name = "compile error";
      outcome.failure->message = format_errors(source, "WorkflowScript", compiled.errors);
      return outcome;
    }
    return interpreter.run_script(task, compiled.program);
  }
  /// Value of the script as inspect() shows it, or `class: message` of its exception.
  std::string show(std::string_view source) {
    Outcome outcome = (*this)(source);
    return outcome.failure ? outcome.failure->to_string()
                           : interpreter.inspect(task, outcome.value);
  }

  std::optional<Value> call_step(Task& at, std::string_view name, Args args) override {
    if (name == "echo") {
      output += interpreter.to_string(at, args[0]) + "\n";
      return Value{};
    }
    if (name == "node") return interpreter.call(at, args.back());
    if (name == "args") {
      std::vector<Value> all(args.begin(), args.end());
      return interpreter.make_list(all);
    }
    if (name == "error")
      interpreter.raise(at, "hudson.AbortException", interpreter.to_string(at, args[0]));
    if (name == "cancel") throw Cancelled{};
    return std::nullopt;
  }
  std::optional<Value> global(Task&, std::string_view name) override {
    if (name != "params") return std::nullopt;
    return interpreter.make_map({{"name", interpreter.make_string("rick")}});
  }
  void print(Task&, std::string_view text) override { output += text; }
  int64_t now_millis(Task&) override { return 1'700'000'000'000; }
  int64_t nano_time(Task&) override { return 1; }
  uint64_t random_bits(Task&) override { return 42; }

  std::string output;
  Interpreter interpreter;
  Task task;
};

std::string show(std::string_view source) { return TestRun{}.show(source); }

// ----- the language -----

TEST(Groovy, ValueOfAScriptIsThatOfItsLastStatement) {
  EXPECT_EQ(show("1 + 2"), "3");
  EXPECT_EQ(show("if (true) { 'yes' } else { 'no' }"), "'yes'");
  EXPECT_EQ(show("def x = 3; x"), "3");
  EXPECT_EQ(show("switch (2) { case 1: 'a'; break; case 2: 'b'; break }"), "'b'");
  EXPECT_EQ(show("try { 1 } finally { 2 }"), "1");
}

TEST(Groovy, NumbersKeepGroovysKinds) {
  EXPECT_EQ(show("7 / 2"), "3.5");
  EXPECT_EQ(show("1 / 3"), "0.3333333333");
  EXPECT_EQ(show("2147483647 + 1"), "-2147483648");
  EXPECT_EQ(show("2 ** 10"), "1024");
  EXPECT_EQ(show("2 ** 100"), "1267650600228229401496703205376");
  EXPECT_EQ(show("1 == 1.0 && 1L == 1 && 1G == 1"), "true");
  EXPECT_EQ(show("(0.1 + 0.2).toString() + ' ' + (0.1d + 0.2d)"), "'0.3 0.30000000000000004'");
  EXPECT_EQ(show("1 / 0"), "java.lang.ArithmeticException: Division by zero");
}

TEST(Groovy, ClosuresShareTheVariablesAroundThem) {
  EXPECT_EQ(show("def n = 0; def inc = { n++ }; inc(); inc(); n"), "2");
  // One variable for all turns of `for in`; one for each of what the body declares.
  EXPECT_EQ(show("def c = []; for (i in 1..3) { c << { i } }; c*.call()"), "[3, 3, 3]");
  EXPECT_EQ(show("def c = []; for (i in 1..3) { def j = i; c << { j } }; c*.call()"), "[1, 2, 3]");
  EXPECT_EQ(show("def add = { a, b = 10 -> a + b }; [add(1), add(1, 2)]"), "[11, 3]");
  EXPECT_EQ(show("[[1, 2], [3, 4]].collect { a, b -> a * b }"), "[2, 12]");
  EXPECT_EQ(show("def f = { it * 2 } >> { it + 1 }; f(5)"), "11");
  EXPECT_EQ(show("def make = { int start -> def n = start; [{ n++ }, { n }] }; def (up, get) = "
                 "make(5); up(); get()"),
            "6");
}

TEST(Groovy, DelegatesAnswerByStrategy) {
  EXPECT_EQ(show("class D { def name = 'd'; def hi() { 'hi ' + name } }\n"
                 "def c = { hi() }; c.delegate = new D(); c.resolveStrategy = "
                 "Closure.DELEGATE_FIRST; c()"),
            "'hi d'");
}

TEST(Groovy, BindingVariablesAreSeenEverywhereAndLocalsAreNot) {
  EXPECT_EQ(show("x = 5; def f() { x + 1 }; f()"), "6");
  EXPECT_EQ(show("def x = 5; def f() { x }; f()"),
            "groovy.lang.MissingPropertyException: No such property: x for class: WorkflowScript");
  EXPECT_EQ(show("@groovy.transform.Field def x = 5; def f() { x }; f()"), "5");
}

TEST(Groovy, ClassesHaveFieldsPropertiesAndInheritance) {
  EXPECT_EQ(show("class A { int n = 1; def twice() { n * 2 } }\n"
                 "class B extends A { def twice() { super.twice() + 1 } }\n"
                 "def b = new B(n: 5); [b.n, b.twice(), b instanceof A]"),
            "[5, 11, true]");
  EXPECT_EQ(show("enum Size { S(1), L(3); final int n; Size(int n) { this.n = n } }\n"
                 "[Size.L.n, Size.valueOf('S').ordinal(), Size.values()*.name()]"),
            "[3, 0, ['S', 'L']]");
  EXPECT_EQ(show("interface Named { String name() }\ndef n = new Named() { String name() { 'x' } "
                 "}; n.name()"),
            "'x'");
  EXPECT_EQ(show("class E extends Exception { E(m) { super(m) } }\ntry { throw new E('boo') } "
                 "catch (E e) { e.message }"),
            "'boo'");
}

TEST(Groovy, GStringsAreLazyWhereTheyHoldClosures) {
  EXPECT_EQ(show("def n = 1; def s = \"${-> n} ${n}\"; n = 2; s.toString()"), "'2 1'");
}

TEST(Groovy, LoopsObeyLabels) {
  EXPECT_EQ(show("def out = []; outer: for (a in 1..3) { for (b in 1..3) { if (b == 2) continue "
                 "outer; if (a == 3) break outer; out << a * 10 + b } }; out"),
            "[11, 21]");
}

TEST(Groovy, FinallyRunsOnEveryWayOut) {
  EXPECT_EQ(show("def log = []; def f() { try { return 1 } finally { println 'out' } }; f()"), "1");
  EXPECT_EQ(show("def f() { try { throw new Exception('a') } finally { return 2 } }; f()"), "2");
}

TEST(Groovy, PowerAssertDrawsEachPart) {
  EXPECT_EQ(show("def x = 3\nassert x + 1 == 5"),
            "Assertion failed: \n\nassert x + 1 == 5\n       | |   |\n       3 4   false\n");
}

// ----- the host -----

TEST(Groovy, UnknownCallsAndNamesGoToTheHost) {
  TestRun run;
  EXPECT_EQ(run.show("node { echo \"hi ${params.name}\" }; args(a: 1, 'x', b: 2) { }.size()"), "3");
  EXPECT_EQ(run.output, "hi rick\n");
  EXPECT_TRUE(run.show("frobnicate 1")
                  .starts_with("groovy.lang.MissingMethodException: No signature of method: "
                               "WorkflowScript.frobnicate() is applicable for "
                               "argument types: (java.lang.Integer) values: [1]"));
}

TEST(Groovy, HostExceptionsAreCaughtByTheirJavaNames) {
  EXPECT_EQ(show("try { error 'no' } catch (hudson.AbortException e) { 'caught ' + e.message }"),
            "'caught no'");
  EXPECT_EQ(show("try { error 'no' } catch (IllegalStateException e) { 1 } catch (e) { 2 }"), "2");
  EXPECT_EQ(show("error 'no'"), "hudson.AbortException: no");
}

TEST(Groovy, CancelPassesCatchAndFinally) {
  TestRun run;
  EXPECT_THROW(
      run("try { cancel() } catch (Throwable t) { echo 'caught' } finally { echo 'finally' }"),
      Cancelled);
  EXPECT_EQ(run.output, "");
}

TEST(Groovy, FailuresCarryTheirLines) {
  TestRun run;
  Outcome outcome = run("def f() {\n  throw new IllegalStateException('x')\n}\n\nf()");
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->trace[0].method, "WorkflowScript.f");
  EXPECT_EQ(outcome.failure->trace[0].line, 2u);
  EXPECT_EQ(outcome.failure->trace[1].line, 5u);
}

TEST(Groovy, ForbiddenClassesAreRefusedBeforeAnythingHappens) {
  EXPECT_EQ(show("new java.io.File('/etc/passwd')"),
            "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: Scripts not "
            "permitted to use new "
            "java.io.File java.lang.String");
  EXPECT_TRUE(
      show("Runtime.getRuntime()")
          .contains("Scripts not permitted to use staticMethod java.lang.Runtime getRuntime"));
  EXPECT_TRUE(show("jenkins.model.Jenkins.instance")
                  .contains("Scripts not permitted to use staticMethod jenkins.model.Jenkins"));
  EXPECT_TRUE(show("System.exit(1)")
                  .contains("Scripts not permitted to use staticMethod java.lang.System exit int"));
}

TEST(Groovy, ProcessesClassLoadingAndGrapesAreRefused) {
  EXPECT_TRUE(show("'ls'.execute()").contains("ProcessGroovyMethods execute java.lang.String"));
  EXPECT_TRUE(show("['ls', '-l'].execute()").contains("Scripts not permitted to use"));
  EXPECT_TRUE(
      show("Class.forName('java.io.File')").contains("staticMethod java.lang.Class forName"));
  EXPECT_TRUE(show("''.class.classLoader").contains("java.lang.Class getClassLoader"));
  EXPECT_TRUE(show("new URL('http://example.org').text").contains("Scripts not permitted to use"));
  EXPECT_TRUE(show("'x'.metaClass.foo = { }").contains("getMetaClass"));
  EXPECT_TRUE(show("@Grab('a:b:1') import a.B\n1")
                  .contains("Annotation Grab cannot be used in the sandbox"));
  EXPECT_TRUE(
      show("@groovy.transform.ASTTest(value = { 1 }) def x\n1").contains("Annotation ASTTest"));
}

// ----- limits -----

TEST(GroovyLimits, AnEndlessLoopRunsOutOfOperations) {
  TestRun run({.fuel = 1'000'000});
  Outcome outcome =
      run("while (true) { try { while (true) { } } catch (Throwable t) { } finally { } }");
  ASSERT_TRUE(outcome.failure);
  EXPECT_TRUE(outcome.failure->limit);
  EXPECT_TRUE(outcome.failure->message->contains("limit of 1000000 evaluator operations"));
}

TEST(GroovyLimits, LibraryLoopsCountToo) {
  TestRun run({.fuel = 1'000'000});
  EXPECT_TRUE(run.show("1000000000.times { }").contains("limit of 1000000 evaluator operations"));
  EXPECT_TRUE(
      run.show("(1..1000000000).each { }").contains("limit of 1000000 evaluator operations"));
}

TEST(GroovyLimits, EndlessRecursionIsAStackOverflowThatCanBeCaught) {
  EXPECT_EQ(show("def f(n) { f(n + 1) }; f(0)"),
            "java.lang.StackOverflowError: calls are nested deeper than the limit of 1000, "
            "--max-call-depth: is this "
            "an endless "
            "recursion?");
  EXPECT_EQ(show("def f(n) { f(n + 1) }; try { f(0) } catch (StackOverflowError e) { 'caught' }"),
            "'caught'");
  EXPECT_TRUE(show("def f; f = { f() }; f()").contains("limit of 1000"));
  EXPECT_TRUE(show("class A { String toString() { \"${this}\" } }; new A().toString()")
                  .contains("StackOverflowError"));
  EXPECT_TRUE(show("def l = []; l << [l]; l.toString()").contains("StackOverflowError"));
  EXPECT_TRUE(show("def a = [:]; a.x = [a]; a.hashCode()").contains("StackOverflowError"));
}

TEST(GroovyLimits, LibraryFunctionsThatCallEachOtherEndToo) {
  for (std::string source :
       {"def c = { it }; for (int i = 0; i < 100000; i++) c = c >> { it }; c(1)",
        "def c = { a -> a }; for (int i = 0; i < 100000; i++) c = c.curry(); c(1)",
        "def s = 'x'; for (int i = 0; i < 100000; i++) s = \"$s\"; s.toString()",
        "def l = []; for (int i = 0; i < 200000; i++) l = [l]; l.toString()",
        "def l = []; for (int i = 0; i < 200000; i++) l = [l]; groovy.json.JsonOutput.toJson(l)",
        "class X { def propertyMissing(n) { zzz } }\nnew X().a",
        "class X { boolean equals(o) { this == o } }\nnew X() == new X()"}) {
    EXPECT_TRUE(show(source).starts_with("java.lang.StackOverflowError")) << source;
  }
}

TEST(GroovyLimits, OneStringIsBounded) {
  EXPECT_EQ(show("'x' * 2_000_000_000"),
            "java.lang.OutOfMemoryError: a string of 2000000000 bytes is over the limit of "
            "67108864 bytes for one string, --max-string");
  EXPECT_TRUE(show("def s = 'x'; while (true) { s += s }").contains("limit of 67108864 bytes"));
  EXPECT_TRUE(show("'x'.padLeft(2000000000)").contains("limit of 67108864 bytes"));
  EXPECT_TRUE(show("2 ** 2000000000").contains("limit of 67108864 bytes"));
}

TEST(GroovyLimits, TheHeapIsBounded) {
  TestRun run({.heap_bytes = 8 << 20});
  Outcome outcome = run(
      "def l = []; try { while (true) { l << 'some text ' + l.size() } } catch (Throwable t) { }");
  ASSERT_TRUE(outcome.failure);
  EXPECT_TRUE(outcome.failure->limit);
  EXPECT_TRUE(outcome.failure->message->contains("limit of 8388608 bytes"));
  EXPECT_TRUE(run.show("new int[100000000]").contains("limit of 8388608 bytes"));
  EXPECT_TRUE(run.show("(1..100000000).toList()").contains("limit of 8388608 bytes"));
}

TEST(GroovyLimits, DeepValuesDieWithoutDeepRecursion) {
  TestRun run;
  EXPECT_EQ(run.show("def l = []; for (int i = 0; i < 300000; i++) { l = [l] }; 1"), "1");
}

TEST(GroovyLimits, DeepExpressionsAreRefusedWhenCompiled) {
  std::string deep(100'000, '(');
  EXPECT_TRUE(show(deep).starts_with("compile error"));
}

TEST(GroovyLimits, ARunawayExpressionIsStopped) {
  EXPECT_TRUE(show("def s = 'a' * 40 + 'b'; s ==~ /(a+)+c/").contains("StackOverflowError") ||
              show("def s = 'a' * 40 + 'b'; s ==~ /(a+)+c/") == "false");
}

TEST(GroovyHeap, NothingIsLeftAfterARun) {
  TestRun run;
  run("def a = [:]; a.self = a; def c = { a }; a.c = c; null");
  size_t before = run.interpreter.heap().live_objects();
  for (int i = 0; i < 100; ++i) run("def l = (1..100).collect { [it, \"x${it}\"] }; l.size()");
  // Each run of a script leaves its class and script object, no values.
  EXPECT_LT(run.interpreter.heap().live_objects(), before + 400);
}

TEST(GroovyHeap, ASmallRunIsSmall) {
  TestRun run;
  run("pipelineName = 'x'; node { echo 'hi' }");
  EXPECT_LT(run.interpreter.heap().used_bytes(), 16u << 10);
}

}  // namespace
}  // namespace ks::groovy
