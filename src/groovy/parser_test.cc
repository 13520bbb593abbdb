#include "groovy/parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/walk.h"

namespace ks::groovy {
namespace {

using ast::as;

/// Parses text that must be right.
Parsed good(std::string_view text) {
  Parsed parsed = parse(text);
  EXPECT_TRUE(parsed) << text << "\n" << (parsed ? "" : format_errors(text, "Test", parsed.errors));
  return parsed;
}

/// The expression of the statement at `index`.
template <class T = ast::Expr>
const T& expression(const Parsed& parsed, size_t index = 0) {
  const auto* line = as<ast::ExprStmt>(parsed.unit->body->statements[index]);
  if constexpr (std::is_same_v<T, ast::Expr>) {
    return *line->expr;
  } else {
    const T* found = as<T>(line->expr);
    EXPECT_NE(found, nullptr);
    return *found;
  }
}

/// An expression with every operator in parentheses.
std::string shape(const ast::Unit& unit, const ast::Expr& expr) {
  auto inner = [&](const ast::Expr* e) { return shape(unit, *e); };
  if (const auto* binary = as<ast::Binary>(&expr)) {
    return "(" + inner(binary->left) + " " + std::string(symbol(binary->op)) + " " +
           inner(binary->right) + ")";
  }
  if (const auto* both = as<ast::Logical>(&expr)) {
    return "(" + inner(both->left) + (both->is_and ? " && " : " || ") + inner(both->right) + ")";
  }
  if (const auto* unary = as<ast::Unary>(&expr)) {
    return "(" + std::string(1, "!-+~"[static_cast<size_t>(unary->op)]) + inner(unary->operand) +
           ")";
  }
  if (const auto* range = as<ast::Range>(&expr)) {
    return "(" + inner(range->from) + ".." + inner(range->to) + ")";
  }
  if (const auto* cast = as<ast::Cast>(&expr)) {
    return cast->coerce ? "(" + inner(cast->value) + " as " + std::string(cast->type->name) + ")"
                        : "((" + std::string(cast->type->name) + ")" + inner(cast->value) + ")";
  }
  if (const auto* ternary = as<ast::Ternary>(&expr)) {
    return "(" + inner(ternary->condition) + " ? " + inner(ternary->yes) + " : " +
           inner(ternary->no) + ")";
  }
  if (const auto* elvis = as<ast::Elvis>(&expr)) {
    return "(" + inner(elvis->value) + " ?: " + inner(elvis->otherwise) + ")";
  }
  if (const auto* assign = as<ast::Assign>(&expr)) {
    return "(" + inner(assign->target) + " = " + inner(assign->value) + ")";
  }
  if (const auto* call = as<ast::Call>(&expr)) {
    std::string out = call->receiver != nullptr ? inner(call->receiver) + "." : "";
    out += std::string(call->name) + "(";
    for (size_t i = 0; i < call->args.size(); ++i) {
      if (i > 0) out += ", ";
      if (call->args[i]->named()) out += std::string(call->args[i]->name()) + ": ";
      out += inner(call->args[i]->value);
    }
    return out + ")";
  }
  if (const auto* property = as<ast::Property>(&expr)) {
    return inner(property->object) + "." + std::string(property->name);
  }
  return std::string(unit.text(expr));
}

std::string shape(std::string_view text) {
  Parsed parsed = good(text);
  return parsed ? shape(*parsed.unit, expression(parsed)) : "";
}

/// The first error as `line:column message`.
std::string first_error(std::string_view text) {
  Parsed parsed = parse(text);
  if (parsed) return "";
  const CompileError& error = parsed.errors.front();
  return std::to_string(error.line) + ":" + std::to_string(error.column) + " " + error.message;
}

TEST(GroovyParser, OperatorsBindAsInGroovy) {
  EXPECT_EQ(shape("a + b * c - d"), "((a + (b * c)) - d)");
  EXPECT_EQ(shape("a ** b ** c"), "((a ** b) ** c)");
  EXPECT_EQ(shape("-a ** b"), "(-(a ** b))");
  EXPECT_EQ(shape("a * -b"), "(a * (-b))");
  EXPECT_EQ(shape("a && b || c && d"), "((a && b) || (c && d))");
  EXPECT_EQ(shape("a & b == c"), "(a & (b == c))");
  EXPECT_EQ(shape("a =~ b == c"), "(a =~ (b == c))");
  EXPECT_EQ(shape("a << b > c"), "((a << b) > c)");
  EXPECT_EQ(shape("x = a + b as C"), "(x = ((a + b) as C))");
  EXPECT_EQ(shape("x = a in b == c"), "(x = ((a in b) == c))");
  EXPECT_EQ(shape("x = 1..n + 1"), "(x = (1..(n + 1)))");
  EXPECT_EQ(shape("x = !a.b()"), "(x = (!a.b()))");
}

TEST(GroovyParser, TernaryAndElvisGroupToTheRight) {
  EXPECT_EQ(shape("x = a ? b : c ? d : e"), "(x = (a ? b : (c ? d : e)))");
  EXPECT_EQ(shape("x = a ?: b ?: c"), "(x = (a ?: (b ?: c)))");
  EXPECT_EQ(shape("x = a\n  ? b\n  : c"), "(x = (a ? b : c))");
}

TEST(GroovyParser, ACastNeedsATypeAndAnOperand) {
  EXPECT_EQ(shape("x = (int) -y"), "(x = ((int)(-y)))");
  EXPECT_EQ(shape("x = (y) - z"), "(x = (y - z))");
  EXPECT_EQ(shape("x = (Foo) y.z() + 1"), "(x = (((Foo)y.z()) + 1))");
}

TEST(GroovyParser, CommandsNeedNoParentheses) {
  EXPECT_EQ(shape("echo \"a\" + b"), "echo((\"a\" + b))");
  EXPECT_EQ(shape("sh script: 'x', returnStdout: true"), "sh(script: 'x', returnStdout: true)");
  EXPECT_EQ(shape("x = sh script: 'x',\n  returnStdout: true"),
            "(x = sh(script: 'x', returnStdout: true))");
  EXPECT_EQ(shape("take 2 from list"), "take(2).from(list)");
  EXPECT_EQ(shape("a b c"), "a(b).c");
  EXPECT_EQ(shape("a b c.d e"), "a(b).c.d.e");
  EXPECT_EQ(shape("stage 'x'"), "stage('x')");
  EXPECT_EQ(shape("println -a"), "(println - a)");
  EXPECT_EQ(shape("foo if: 1, class: 2"), "foo(if: 1, class: 2)");
}

TEST(GroovyParser, ClosuresBehindACallAreItsLastArguments) {
  Parsed parsed = good("timeout(5) { sh 'x' }\nnode { }\nfoo(1, { }) { }");
  const auto& timeout = expression<ast::Call>(parsed, 0);
  EXPECT_TRUE(timeout.has_parens);
  EXPECT_EQ(timeout.trailing_closures, 1U);
  ASSERT_EQ(timeout.args.size(), 2U);
  EXPECT_EQ(timeout.args[1]->value->kind, ast::Kind::closure);
  const auto& node = expression<ast::Call>(parsed, 1);
  EXPECT_FALSE(node.has_parens);
  EXPECT_EQ(node.args.size(), 1U);
  EXPECT_EQ(expression<ast::Call>(parsed, 2).trailing_closures, 1U);
}

TEST(GroovyParser, ALineBreakEndsAStatementUnlessItCannot) {
  EXPECT_EQ(good("a\n  .b()\n  ?.c()").unit->body->statements.size(), 1U);
  EXPECT_EQ(good("a = 1\n+ 2").unit->body->statements.size(), 2U);
  EXPECT_EQ(good("a = 1 +\n 2").unit->body->statements.size(), 1U);
  EXPECT_EQ(good("a = [\n1,\n2\n]").unit->body->statements.size(), 1U);
  EXPECT_EQ(good("foo\n(1)").unit->body->statements.size(), 2U);
  EXPECT_EQ(good("foo(1)\n{ it }").unit->body->statements.size(), 1U);
  EXPECT_EQ(good("a \\\n + b").unit->body->statements.size(), 1U);
}

TEST(GroovyParser, StringsOfAllKinds) {
  auto text = [](std::string_view source) {
    Parsed parsed = good(source);
    return std::string(as<ast::Constant>(as<ast::Assign>(&expression(parsed))->value)->text);
  };
  EXPECT_EQ(text(R"(x = 'a\tb\'c\u0041\101')"), "a\tb'cAA");
  EXPECT_EQ(text("x = '''a\r\nb'''"), "a\nb");
  EXPECT_EQ(text("x = '''a\\\nb'''"), "ab");
  EXPECT_EQ(text(R"(x = /a\/b\d$/)"), R"(a/b\d$)");
  EXPECT_EQ(text(R"(x = $/a $$ $/ \n/$)"), R"(a $ / \n)");
  EXPECT_EQ(text(R"(x = "no \$value")"), "no $value");
  EXPECT_EQ(text(R"(x = '\uD83D\uDE00')"), "\xF0\x9F\x98\x80");
}

TEST(GroovyParser, AGStringHoldsItsTextAndValues) {
  Parsed parsed = good("\"a $b.c ${d + 1}${e}\"");
  const auto& text = expression<ast::GString>(parsed);
  ASSERT_EQ(text.values.size(), 3U);
  ASSERT_EQ(text.strings.size(), 4U);
  EXPECT_EQ(text.strings[0], "a ");
  EXPECT_EQ(text.strings[1], " ");
  EXPECT_EQ(text.strings[2], "");
  EXPECT_EQ(shape(*parsed.unit, *text.values[0]), "b.c");
  EXPECT_EQ(shape(*parsed.unit, *text.values[1]), "(d + 1)");
}

TEST(GroovyParser, GStringsNest) {
  Parsed parsed = good(R"("a ${b ? "c ${d} '" : '}'} e")");
  const auto& text = expression<ast::GString>(parsed);
  const auto* choice = as<ast::Ternary>(text.values[0]);
  ASSERT_NE(choice, nullptr);
  EXPECT_EQ(choice->yes->kind, ast::Kind::gstring);
  EXPECT_EQ(text.strings[1], " e");
}

TEST(GroovyParser, NumbersHaveTheirTypes) {
  auto number = [](std::string_view source) {
    Parsed parsed = good("x = " + std::string(source));
    return *as<ast::Constant>(as<ast::Assign>(&expression(parsed))->value);
  };
  EXPECT_EQ(number("1_000").integer, 1000);
  EXPECT_EQ(number("0xFF").integer, 255);
  EXPECT_EQ(number("0b101").integer, 5);
  EXPECT_EQ(number("017").integer, 15);
  EXPECT_EQ(number("2147483648").type, ast::ConstantType::long_);
  EXPECT_EQ(number("-2147483648").type, ast::ConstantType::integer);
  EXPECT_EQ(number("9223372036854775808").type, ast::ConstantType::big_integer);
  EXPECT_EQ(number("-9223372036854775808").type, ast::ConstantType::long_);
  EXPECT_EQ(number("1L").type, ast::ConstantType::long_);
  EXPECT_EQ(number("1g").type, ast::ConstantType::big_integer);
  EXPECT_EQ(number("1.5").type, ast::ConstantType::big_decimal);
  EXPECT_EQ(number("1.5f").type, ast::ConstantType::float_);
  EXPECT_EQ(number("2d").floating, 2.0);
  EXPECT_EQ(number("1e3").type, ast::ConstantType::big_decimal);
}

TEST(GroovyParser, NodesKnowTheirSource) {
  std::string_view source = "pipeline {\n  stages {\n    stage('é') { echo(\"x ${y}\") }\n  }\n}\n";
  Parsed parsed = good(source);
  const ast::Unit& unit = *parsed.unit;
  const auto& pipeline = expression<ast::Call>(parsed);
  EXPECT_EQ(unit.text(pipeline), source.substr(0, source.size() - 1));
  const auto* body = as<ast::Closure>(pipeline.args[0]->value);
  const auto* stages = as<ast::Call>(as<ast::ExprStmt>(body->body->statements[0])->expr);
  EXPECT_EQ(stages->line, 2U);
  EXPECT_EQ(stages->column, 3U);
  const auto* inner = as<ast::Closure>(stages->args[0]->value);
  const auto* stage = as<ast::Call>(as<ast::ExprStmt>(inner->body->statements[0])->expr);
  const auto* steps = as<ast::Closure>(stage->args[1]->value);
  const auto* echo = as<ast::ExprStmt>(steps->body->statements[0]);
  EXPECT_EQ(unit.text(*echo), "echo(\"x ${y}\")");
  EXPECT_EQ(echo->column, 18U) << "columns count characters, not bytes";
  EXPECT_EQ(unit.position(echo->begin).column, 18U);
  EXPECT_EQ(unit.text(*as<ast::Call>(echo->expr)->args[0]->value), "\"x ${y}\"");
}

TEST(GroovyParser, TopLevelKeepsImportsMethodsAndClassesApart) {
  Parsed parsed = good(
      "#!/usr/bin/env groovy\n"
      "@Library('a') _\n"
      "import a.b.C as D\n"
      "import static a.b.E.*\n"
      "def helper(x, int y = 2, String... z) { x }\n"
      "@NonCPS\nString other() { 'x' }\n"
      "class Foo extends Bar implements A, B { int x = 1; Foo(int y) { } ; static class In { } }\n"
      "println 1\n");
  const ast::Unit& unit = *parsed.unit;
  ASSERT_EQ(unit.imports.size(), 2U);
  EXPECT_EQ(unit.imports[0]->name, "a.b.C");
  EXPECT_EQ(unit.imports[0]->alias, "D");
  EXPECT_TRUE(unit.imports[1]->star);
  ASSERT_EQ(unit.methods.size(), 2U);
  EXPECT_EQ(unit.methods[0]->parameters.size(), 3U);
  EXPECT_TRUE(unit.methods[0]->parameters[2]->varargs);
  EXPECT_EQ(unit.methods[1]->annotations[0]->name, "NonCPS");
  ASSERT_EQ(unit.classes.size(), 1U);
  EXPECT_EQ(unit.classes[0]->interfaces.size(), 2U);
  EXPECT_TRUE(unit.classes[0]->methods[0]->constructor);
  EXPECT_EQ(unit.classes[0]->inner[0]->name, "In");
  const auto* library = as<ast::Declaration>(as<ast::ExprStmt>(unit.body->statements[0])->expr);
  EXPECT_EQ(library->annotations[0]->members[0]->name(), "value");
}

struct Refused {
  std::string_view source;
  std::string_view error;
};

TEST(GroovyParser, ErrorsHaveGroovysWordsAndPlaces) {
  for (const Refused& wrong : std::vector<Refused>{
           {"def x = [1,2\ndef y = }", "2:1 expecting ']', found 'def'"},
           {"foo {\n  println 1\n", "3:1 expecting '}', found ''"},
           {"println 'abc\n", "1:13 expecting ''', found '\\n'"},
           {"println \"abc\n", "1:13 expecting anything but ''\\n''; got it anyway"},
           {"}", "1:1 unexpected token: }"},
           {"else { }", "1:1 unexpected token: else"},
           {"foo(", "1:5 unexpected token: "},
           {"def x = #1", "1:9 unexpected char: '#'"},
           {"x = '\\d'", "1:6 unexpected char: '\\'"},
           {"if (x = 5) {}", "1:7 expecting ')', found '='"},
           {"foo(1 2)", "1:7 unexpected token: 2"},
           {"return foo 1", "1:12 expecting EOF, found '1'"},
           {"do { } while (x)", "1:1 unexpected token: do"},
           {"a < b < c", "1:7 unexpected token: <"},
           {"x = a !in b", "1:7 expecting EOF, found '!'"},
           {"\"a\" = 1",
            "1:5 [a] is a constant expression, but it should be a variable expression"},
           {"a-b = 1",
            "1:5 (a - b) is a binary expression, but it should be a variable expression"},
           {"foo(a: 1, a: 2)", "1:5 Duplicate named parameter 'a' found."},
           {"try { }", "1:1 A try statement must have at least one catch or finally block."},
           {"break", "1:1 the break statement is only allowed inside loops or switches\n"},
           {"def x; def x", "1:12 The current scope already contains a variable of the name x\n"},
           {"for (a : b) { }",
            "1:6 Java-style for-each statement requires a type declaration.;\n   solution: Use the "
            "'in' operator, as for-each in Groovy, or add a type declaration (e.g. 'def')"},
       }) {
    EXPECT_EQ(first_error(wrong.source), wrong.error) << wrong.source;
  }
}

TEST(GroovyParser, AllErrorsBeyondSyntaxAreListedInOrder) {
  Parsed parsed = parse("def a\nfoo(x: 1, x: 2)\nbreak\ndef a\n");
  ASSERT_EQ(parsed.errors.size(), 3U);
  EXPECT_EQ(parsed.errors[0].line, 2U);
  EXPECT_EQ(parsed.errors[1].line, 3U);
  EXPECT_EQ(parsed.errors[2].line, 4U);
}

/// `line:column` of each error.
std::string places(std::string_view source) {
  std::string found;
  for (const CompileError& error : parse(source).errors)
    found += fmt::format("{}{}:{}", found.empty() ? "" : " ", error.line, error.column);
  return found;
}

TEST(GroovyParser, AllSyntaxErrorsAreListedInOrder) {
  struct Wrong {
    std::string_view source;
    std::string_view places;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {"foo(1 2)\nok()\nx = )\nbar(3 4)\n", "1:7 3:5 4:7"},
           {"foo(1 2)\n  .then { it }\n  .more(a:\n 1)\nbar(3 4)\n", "1:7 5:7"},
           {"a {\n b {\n  sh(\n }\n c { foo = }\n}\nbar(3 4)\n", "4:2 5:12 7:7"},
           {"if (x == ) { a() } else { b() }\nbar(3 4)\n", "1:10 2:7"},
           {"if (a) {\n x = \n} else {\n y = \n}\n", "3:1 5:1"},
           {"class A {\n int x = ;\n def m() { return 1 + }\n int ok\n}\nbar(3 4)\n",
            "2:10 3:23 6:7"},
           {"echo 'open\necho 'fine'\nx = #\nbar(3 4)\n", "1:11 3:5 4:7"},
           {"echo \"${a b c d +}\"\nbar(3 4)\n", "1:18 2:7"},
           {"echo \"${a\nbar(3 4)\n", "1:10 2:7"},
           {"x = [a: 1,\n b 2,\n c: 3]\nbar(3 4)\n", "2:4 4:7"},
           {"x = '''a\\d\nbar(3 4)\n'''\n", "1:9"},
           {"try { a( } catch (e) { b() }\nbar(3 4)\n", "1:10 2:7"},
           {"switch (a) { case 1: x = ; break\n case 2: y() }\nbar(3 4)\n", "1:26 3:7"},
           {"def f( { }\nbar(3 4)\n", "1:8"}}) {
    EXPECT_EQ(places(wrong.source), wrong.places) << wrong.source;
  }
}

TEST(GroovyParser, ErrorsAreCounted) {
  std::string source;
  for (int i = 0; i < 100'000; ++i) source += "foo(1 2)\n";
  EXPECT_EQ(parse(source).errors.size(), 100U);
}

TEST(GroovyParser, ErrorsPrintAsGroovyPrintsThem) {
  std::string_view source = "a()\n  foo(1 2)\n";
  EXPECT_EQ(format_errors(source, "WorkflowScript", parse(source).errors),
            "startup failed:\n"
            "WorkflowScript: 2: unexpected token: 2 @ line 2, column 9.\n"
            "     foo(1 2)\n"
            "           ^\n"
            "\n"
            "1 error\n");
}

TEST(GroovyParser, OfALongLineOnlyThePlaceIsShown) {
  std::string source = "x = '" + std::string(60, 'a') + "' ; foo(1 2) // and more text behind it";
  std::string printed = format_errors(source, "S", parse(source).errors);
  EXPECT_NE(printed.find("   aaaaaaaaaaaaaaaaaaaa' ; foo(1 2) // and"), std::string::npos)
      << printed;
}

TEST(GroovyParser, DeepNestingIsAnErrorNotACrash) {
  for (std::string unit :
       {"(", "[", "{", "a(", "!", "-", "x = ", "\"${", "if (a) ", "a ? ", "a{ -> ",
        "new A() { def b() { ", "(int) ", "a: 1, [", "A<", "class A { ", "a ?: "}) {
    std::string source;
    for (int i = 0; i < 100'000; ++i) source += unit;
    EXPECT_FALSE(parse(source)) << unit;
  }
}

TEST(GroovyParser, LongChainsAreBoundedBecauseTheirTreeIsDeep) {
  auto repeated = [](std::string first, std::string_view more, int times) {
    for (int i = 0; i < times; ++i) first += more;
    return first;
  };
  EXPECT_TRUE(parse(repeated("x = a", " + a", 1000)));
  EXPECT_FALSE(parse(repeated("x = a", " + a", 100'000)));
  EXPECT_FALSE(parse(repeated("a", ".b", 100'000)));
  EXPECT_FALSE(parse(repeated("a", "[0]", 100'000)));
  EXPECT_FALSE(parse(repeated("a", "()", 100'000)));
  EXPECT_FALSE(parse(repeated("a b", " c d", 100'000)));
}

TEST(GroovyParser, BadBytesAndSizesAreErrors) {
  EXPECT_FALSE(parse("x = '\xFF'"));
  EXPECT_FALSE(parse(std::string_view("x = 1 \0 2", 9)));
  EXPECT_TRUE(parse("\xEF\xBB\xBFx = 1"));
  EXPECT_TRUE(parse(""));
  EXPECT_FALSE(parse(std::string(9 << 20, ' ')));
}

TEST(GroovyParser, ManyItemsTakeLinearTime) {
  std::string source = "x = [";
  for (int i = 0; i < 100'000; ++i)
    source += "a" + std::to_string(i) + ": " + std::to_string(i) + ", ";
  source += "z: 1]\n";
  for (int i = 0; i < 50'000; ++i) source += "def v" + std::to_string(i) + " = { it -> [1] }\n";
  auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(parse(source));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(GroovyParser, EqualNamesShareOneAddress) {
  Parsed parsed = good("foo = 1\nfoo = 2");
  const auto* first = as<ast::Variable>(expression<ast::Assign>(parsed, 0).target);
  const auto* second = as<ast::Variable>(expression<ast::Assign>(parsed, 1).target);
  EXPECT_EQ(first->name.data(), second->name.data());
}

}  // namespace
}  // namespace ks::groovy
