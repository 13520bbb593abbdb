#include <gtest/gtest.h>

#include <chrono>

#include "groovy/interpreter.h"

/// What scripts try that want out of the sandbox, or all of the machine: one test for each way.

namespace ks::groovy {
namespace {

/// Surroundings that have nothing to give.
class BareHost : public Host {
 public:
  std::optional<Value> call_step(Task&, std::string_view, Args) override { return std::nullopt; }
  std::optional<Value> global(Task&, std::string_view) override { return std::nullopt; }
  void print(Task&, std::string_view text) override { output += text; }
  int64_t now_millis(Task&) override { return 1; }
  int64_t nano_time(Task&) override { return 1; }
  uint64_t random_bits(Task&) override { return 42; }
  std::string output;
};

/// How the script ends: `class: message`, or its value after "value ".
std::string end_of(std::string_view source, Limits limits = {}) {
  Compiled compiled = compile(source, {.script_name = "WorkflowScript"});
  if (!compiled) return "compile error: " + compiled.errors.front().message;
  BareHost host;
  Interpreter interpreter(host, limits);
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  return outcome.failure ? outcome.failure->to_string()
                         : "value " + interpreter.inspect(task, outcome.value);
}

void expect_refused(std::string_view source, std::string_view what) {
  std::string end = end_of(source);
  EXPECT_TRUE(end.contains("Scripts not permitted to use") && end.contains(what))
      << source << "\nended in " << end;
}

TEST(GroovyHostile, ImplicitCastsMakeNoObjectsOutOfReach) {
  for (std::string_view source :
       {"File f = ['/etc/passwd']; f.text", "File f = '/etc/passwd'", "(File) '/etc/passwd'",
        "def f = '/etc/passwd' as File", "def f = ['/etc/passwd'] as File",
        "File f() { '/etc/passwd' }\nf()", "def (File f) = ['/etc/passwd']"}) {
    expect_refused(source, "java.io.File");
  }
}

TEST(GroovyHostile, NorDoTypesOfLoopsParametersFieldsAndResults) {
  for (std::string_view source :
       {"for (File f in ['/etc/passwd']) { f.text }", "for (File f : ['/etc/passwd']) { f.text }",
        "def c = { File f -> f.text }\nc('/etc/passwd')",
        "['/etc/passwd'].each { File f -> f.text }",
        "class A { File f }\nnew A(f: '/etc/passwd').f.text",
        "class A { File f = '/etc/passwd' }\nnew A().f",
        "def m(File f) { f.text }\nm('/etc/passwd')",
        "def m(File... f) { f }\nm('/etc/passwd', '/etc/shadow')",
        "class A { static File of() { '/etc/passwd' } }\nA.of()", "File[] f = ['/etc/passwd']",
        "['/etc/passwd'] as File[]", "@groovy.transform.Field File f = '/etc/passwd'\nf.text"}) {
    const std::string end = end_of(source);
    EXPECT_TRUE(end.contains("java.io.File") || end.contains("MissingMethodException"))
        << source << "\nended in " << end;
    EXPECT_FALSE(end.starts_with("value")) << source << "\nended in " << end;
  }
}

TEST(GroovyHostile, NamesThatAreMadeWhileRunningAreNoWayAround) {
  expect_refused("def x = [a: 1]\nx.\"${System.exit(1)}\"++", "java.lang.System exit");
  expect_refused("def x = [a: 1]\nx[System.getenv('HOME')] += 1", "java.lang.System getenv");
  expect_refused("System.\"${'exit'}\"(1)", "java.lang.System exit");
  expect_refused("def m = 'exit'\nSystem.\"$m\"(1)", "java.lang.System exit");
  expect_refused("''.\"${'getClass'}\"().\"${'classLoader'}\"", "getClassLoader");
  expect_refused("[System]*.exit(1)", "java.lang.System exit");
  expect_refused("[1].collect(System.&exit)", "java.lang.System exit");
}

TEST(GroovyHostile, ConstructorsThatCallOthersAreInTheSandboxToo) {
  expect_refused(
      "class A { A(x) { } }\nclass B extends A { B() { super(System.getenv()) } }\nnew B()",
      "java.lang.System getenv");
  expect_refused("class A { A() { this(new File('x')) }\n A(x) { } }\nnew A()", "new java.io.File");
  expect_refused("class A extends File { A() { super('/etc/passwd') } }\nnew A()", "java.io.File");
  // A class of the script by the name of another is the script's own, and gives nothing of it.
  EXPECT_EQ(end_of("class System { static exit(x) { 'mine' } }\nSystem.exit(1)"), "value 'mine'");
}

TEST(GroovyHostile, DefaultArgumentsAndInitialValuesAreNoWayAround) {
  expect_refused("def m(x = new File('/etc/passwd')) { x }\nm()", "new java.io.File");
  expect_refused("class A { A(x = new File('/etc/passwd')) { } }\nnew A()", "new java.io.File");
  expect_refused("class A { def f = new File('/etc/passwd') }\nnew A()", "new java.io.File");
  expect_refused("def c = { x = System.getenv() -> x }\nc()", "java.lang.System getenv");
  expect_refused("class A { static { System.exit(1) } }\nnew A()", "java.lang.System exit");
}

TEST(GroovyHostile, PointersToMethodsAndFieldsReachNothingMore) {
  expect_refused("def p = System.&exit\np(1)", "java.lang.System exit");
  expect_refused("def p = Runtime.&getRuntime\np()", "java.lang.Runtime");
  expect_refused("def p = ''.class.&forName\np('java.lang.Runtime')", "java.lang.Class forName");
  EXPECT_TRUE(end_of("'a'.@value").starts_with("groovy.lang.MissingFieldException"));
  EXPECT_TRUE(end_of("String.@CASE_INSENSITIVE_ORDER").starts_with("groovy.lang.Missing"));
  EXPECT_TRUE(end_of("[1].@elementData").starts_with("groovy.lang.MissingFieldException"));
  EXPECT_TRUE(end_of("this.@binding").starts_with("groovy.lang.MissingFieldException"));
}

TEST(GroovyHostile, ClassesGiveNoReflection) {
  for (std::string_view source :
       {"''.getClass().getClassLoader()", "''.class.classLoader", "getClass().classLoader",
        "this.class.classLoader.parseClass('1')"}) {
    expect_refused(source, "getClassLoader");
  }
  expect_refused("''.class.forName('java.lang.Runtime')", "java.lang.Class forName");
  expect_refused("Object.methods", "java.lang.Class getMethods");
  expect_refused("String.getConstructors()", "java.lang.Class getConstructors");
  EXPECT_TRUE(end_of("[].class.getMethod('size')").contains("MissingMethodException"));
  EXPECT_TRUE(end_of("def x = [getClass: { System }]\nx.getClass().exit(0)")
                  .contains("MissingMethodException"));
}

TEST(GroovyHostile, CategoriesAndMetaclassesChangeNothingOutside) {
  expect_refused("String.metaClass.foo = { 1 }", "getMetaClass");
  expect_refused("def x = 'a'\nx.metaClass.length = { 9 }", "getMetaClass");
  expect_refused("class C { static exit(Integer i) { System.exit(i) } }\nuse(C) { 1.exit() }",
                 "java.lang.System exit");
  EXPECT_TRUE(
      end_of("ExpandoMetaClass.enableGlobally()").starts_with("groovy.lang.MissingProperty"));
}

TEST(GroovyHostile, TextIsNoClassOutOfReach) {
  for (std::string_view source : {"Class c = 'java.lang.Runtime'\nc.getRuntime()",
                                  "'java.lang.Runtime' as Class", "(Class) 'java.io.File'"}) {
    EXPECT_TRUE(end_of(source).contains("GroovyCastException")) << end_of(source);
  }
}

TEST(GroovyHostile, NothingRunsWhileCompiling) {
  EXPECT_TRUE(end_of("@Grab('org.x:y:1') import java.util.List\n1")
                  .contains("Annotation Grab cannot be used in the sandbox"));
  EXPECT_TRUE(end_of("@GrabResolver(name = 'x', root = 'http://x') def x")
                  .contains("Annotation GrabResolver cannot be used in the sandbox"));
  EXPECT_TRUE(end_of("@groovy.transform.ASTTest(value = { System.exit(1) }) def x")
                  .contains("Annotation ASTTest cannot be used in the sandbox"));
  EXPECT_TRUE(end_of("@groovy.transform.AnnotationCollector @interface Foo { }")
                  .contains("cannot be used in the sandbox"));
}

TEST(GroovyHostile, EvaluatedTextIsInTheSandboxToo) {
  expect_refused("evaluate('System.exit(0)')", "java.lang.System exit");
  expect_refused("Eval.me('1 + 1')", "groovy.util.Eval");
  EXPECT_TRUE(end_of("new GroovyShell().evaluate('1')").contains("unable to resolve class"));
  expect_refused("new groovy.lang.GroovyClassLoader()", "groovy.lang.GroovyClassLoader");
}

TEST(GroovyHostile, NothingIsDeserializedNorStarted) {
  expect_refused("new ObjectInputStream(null)", "java.io.ObjectInputStream");
  expect_refused("new ProcessBuilder('ls').start()", "java.lang.ProcessBuilder");
  expect_refused("Runtime.runtime.exec('ls')", "java.lang.Runtime");
  expect_refused("Thread.start { }", "java.lang.Thread start");
  expect_refused("new javax.script.ScriptEngineManager()", "javax.script.ScriptEngineManager");
  expect_refused("org.codehaus.groovy.runtime.InvokerHelper.invokeMethod('a', 'size', null)",
                 "InvokerHelper");
}

TEST(GroovyHostile, FinalizersAreNeverRun) {
  EXPECT_TRUE(end_of("class E { void finalize() { System.exit(3) } }\nnew E()\n1") == "value 1");
}

TEST(GroovyHostile, CatastrophicRegularExpressionsGiveUp) {
  std::string end = end_of("('a' * 40 + '!') ==~ /(a+)+/");
  EXPECT_TRUE(end.contains("regular expression /(a+)+/ gave up")) << end;
}

TEST(GroovyHostile, ClosuresThatNeverReturnUseUpTheirOperations) {
  for (std::string_view source :
       {"def c = { while (true) { } }\nc()", "[1].each { for (;;) { } }",
        "Integer.MAX_VALUE.times { }", "def s = \"${-> while (true) { }}\"\ns.toString()"}) {
    EXPECT_TRUE(end_of(source, {.fuel = 200'000}).contains("--max-operations")) << source;
  }
}

TEST(GroovyHostile, WhatWouldNotFitIsRefusedBeforeItIsMade) {
  auto began = std::chrono::steady_clock::now();
  for (std::string_view source :
       {"(1..Integer.MAX_VALUE).toList()", "[1] * 1000000000", "new int[2000000000]",
        "'x' * 1000000000", "'x'.padLeft(2000000000)", "9 ** 999999999",
        "def d = 1e9000000\nd * d * d * d", "new BigDecimal('1e1000000000').toBigInteger()"}) {
    EXPECT_TRUE(end_of(source).starts_with("java.lang.OutOfMemoryError")) << end_of(source);
  }
  EXPECT_TRUE(end_of("1e999999999.toBigInteger()").contains("is out of range"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST(GroovyHostile, ValuesThatHoldThemselvesEndInAnError) {
  EXPECT_TRUE(end_of("def l = []\nl << l\nl.hashCode()").starts_with("java.lang.StackOverflow"));
  EXPECT_EQ(end_of("def m = [:]\nm.m = m\nm.toString()"), "value '[m:(this Map)]'");
}

// What a closure is given to add to may be gone when it returns.
TEST(GroovyHostile, ATreeMayChangeWhileAClosureAddsToIt) {
  for (std::string_view call : {"plus", "replaceNode"}) {
    const std::string end = end_of(
        "def root = new Node(null, 'r')\ndef a = root.appendNode('a')\na." + std::string(call) +
        " { root.remove(a); b() }\nassert root.children()*.name() == ['b']\n"
        "def lone = new Node(new Node(null, 'up'), 'lone')\nroot.append(lone)\n"
        "assert root.children()*.name() == ['b', 'lone']");
    EXPECT_EQ(end, "value null") << call;
  }
}

TEST(GroovyHostile, TreesOfNodesAreBoundedToo) {
  const std::string deep =
      "def root = new Node(null, 'a')\ndef n = root\n200000.times { n = n.appendNode('b') }\n";
  for (std::string_view use : {"root.toString()", "root.text()", "root.depthFirst().size()",
                               "root.clone()", "root.'**'.size()"}) {
    EXPECT_TRUE(end_of(deep + std::string(use)).starts_with("java.lang.StackOverflow")) << use;
  }
  EXPECT_EQ(end_of(deep + "root.breadthFirst().size()"), "value 200001");
  EXPECT_TRUE(end_of("def n = new Node(null, 'a')\nn.append(n)\nn.toString()")
                  .starts_with("java.lang.StackOverflow"));
  EXPECT_TRUE(end_of("def b = new NodeBuilder()\ndef c\nc = { a(c) }\nb.a(c)")
                  .starts_with("java.lang.StackOverflow"));
  EXPECT_TRUE(
      end_of("def n = new Node(null, 'a')\nwhile (true) n.appendNode('b')", {.fuel = 200'000})
          .contains("--max-operations"));
}

TEST(GroovyHostile, RangesOfHugeNumbersAreNotWrittenOut) {
  EXPECT_EQ(end_of("(1L..Long.MAX_VALUE)[5]"), "value 6");
  EXPECT_TRUE(end_of("(1L..Long.MAX_VALUE).toList()").starts_with("java.lang.OutOfMemoryError"));
  EXPECT_TRUE(
      end_of("for (i in 1L..Long.MAX_VALUE) { }", {.fuel = 200'000}).contains("--max-operations"));
  EXPECT_TRUE(end_of("1.0..1e9999").starts_with("java.lang.OutOfMemoryError"));
}

}  // namespace
}  // namespace ks::groovy
