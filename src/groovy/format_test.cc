#include "groovy/format.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ks::groovy {
namespace {

std::string formatted(std::string_view source) {
  const Formatted once = format(source);
  EXPECT_TRUE(once) << (once ? "" : once.errors[0].message);
  const Formatted twice = format(once.text);
  EXPECT_EQ(once.text, twice.text) << "formatting again changes it";
  return once.text;
}

TEST(Format, IndentsByBracketsAndKeepsComments) {
  EXPECT_EQ(formatted("#!/usr/bin/env groovy\n"
                      "pipeline{\n"
                      "      agent any // where\n"
                      "\n\n\n"
                      "/*\n"
                      "   * what\n"
                      "   free   \n"
                      "   */\n"
                      "  stages{\n\n"
                      "    stage( 'a' ){\n"
                      "\tsteps{ sh( script:'make',label : \"x ${ y }\" )\n"
                      "  }}\n\n"
                      "    }\n"
                      "}"),
            "#!/usr/bin/env groovy\n"
            "pipeline {\n"
            "  agent any // where\n"
            "\n"
            "  /*\n"
            "   * what\n"
            "   free\n"
            "   */\n"
            "  stages {\n"
            "    stage('a') {\n"
            "      steps { sh(script: 'make', label: \"x ${ y }\")\n"
            "    } }\n"
            "  }\n"
            "}\n");
}

TEST(Format, StatementsThatGoOnAreIndented) {
  EXPECT_EQ(formatted("def x = a ?\n"
                      "b :\n"
                      "c\n"
                      "sh script: 'x',\n"
                      "returnStdout: true\n"
                      "foo\n"
                      ".bar()\n"
                      "?.baz {\n"
                      "it\n"
                      "}\n"
                      "if (x)\n"
                      "y()\n"
                      "else\n"
                      "z()\n"
                      "def m = [\n"
                      "a:1,\n"
                      "b :[2,\n"
                      "3],\n"
                      "]\n"),
            "def x = a ?\n"
            "  b :\n"
            "  c\n"
            "sh script: 'x',\n"
            "  returnStdout: true\n"
            "foo\n"
            "  .bar()\n"
            "  ?.baz {\n"
            "    it\n"
            "  }\n"
            "if (x)\n"
            "  y()\n"
            "else\n"
            "  z()\n"
            "def m = [\n"
            "  a: 1,\n"
            "  b: [2,\n"
            "    3],\n"
            "]\n");
}

TEST(Format, SwitchesLoopsAndClosures) {
  EXPECT_EQ(formatted("switch(x){\n"
                      "case 1:\n"
                      "a()\n"
                      "break\n"
                      "default:\n"
                      "b()\n"
                      "}\n"
                      "for(i in [1,2]){println i}\n"
                      "try{ a() }catch(e){ b() }finally{ c() }\n"
                      "list.each{ x->x+1 }\n"
                      "if(a&&b||!c){}else{ }\n"
                      "parallel(a:{\n"
                      "x()\n"
                      "},b:{\n"
                      "y()\n"
                      "})\n"),
            "switch (x) {\n"
            "  case 1:\n"
            "    a()\n"
            "    break\n"
            "  default:\n"
            "    b()\n"
            "}\n"
            "for (i in [1, 2]) { println i }\n"
            "try { a() } catch (e) { b() } finally { c() }\n"
            "list.each { x -> x+1 }\n"
            "if (a && b || !c) {} else { }\n"
            "parallel(a: {\n"
            "  x()\n"
            "}, b: {\n"
            "  y()\n"
            "})\n");
}

TEST(Format, StringsStayAsTheyAre) {
  const std::string text =
      "sh '''\n"
      "     make   \n"
      "\t  all'''\n"
      "def r = ~/a  b/\n"
      "def g = \"${ a   +  b }  \"\n"
      "def d = $/x\n"
      "   y/$\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Format, OddLayoutIsTheSameProgram) {
  // A line that a backslash joins, carriage returns, a byte order mark, comments everywhere.
  EXPECT_EQ(formatted("\xEF\xBB\xBF"
                      "def a = 1 + \\\n   2\r\necho a/*x*/.toString()\r\n"),
            "def a = 1 + \\\n   2\necho a /*x*/ .toString()\n");
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted("// only\n\n\n"), "// only\n");
  EXPECT_EQ(formatted("def f(String a='x',int... b){a}\n"),
            "def f(String a = 'x', int... b) { a }\n");
  EXPECT_EQ(formatted("def l=[:]\nl<<[a:1]\n"), "def l = [:]\nl<<[a: 1]\n");
}

TEST(Format, WhatDoesNotParseIsLeftAlone) {
  EXPECT_FALSE(format("def ( = 1"));
  EXPECT_FALSE(format("\"open"));
}

}  // namespace
}  // namespace ks::groovy
