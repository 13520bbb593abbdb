#include "devops/kapis/template/go_template.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ks::devops::kapis {
namespace {

std::string render(std::string_view text, std::string_view data = "{}") {
  const Result<GoTemplate> parsed = GoTemplate::parse(text);
  if (!parsed) return "parse: " + parsed.error().message;
  const Result<std::string> out = parsed->render(json::parse(data));
  return out ? *out : "render: " + out.error().message;
}

TEST(GoTemplate, PutsValuesIntoText) {
  EXPECT_EQ(render("git '{{.params.repo}}'", R"({"params":{"repo":"r"}})"), "git 'r'");
  EXPECT_EQ(render("{{.}} {{.n}} {{.t}}", R"({"n":1.5,"t":true})"), "map[n:1.5 t:true] 1.5 true");
}

TEST(GoTemplate, AnAbsentKeyIsNoValue) {
  EXPECT_EQ(render("{{.params.x}}", R"({"params":{}})"), "<no value>");
  EXPECT_EQ(render("{{.a.b.c}}", R"({"a":{}})"), "render: nil data; no entry for key \"c\"");
}

TEST(GoTemplate, TakesOtherDelimitersAndBalancesThem) {
  const Result<GoTemplate> parsed =
      GoTemplate::parse("a $(printf \"%s)\" (print .x)) b", "$(", ")");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->render(json::parse(R"({"x":"1"})")).value_or("?"), "a 1) b");
}

TEST(GoTemplate, Branches) {
  EXPECT_EQ(render("{{if .a}}A{{else if .b}}B{{else}}C{{end}}", R"({"b":1})"), "B");
  EXPECT_EQ(render("{{if and .a (not .b)}}A{{end}}", R"({"a":"x","b":[]})"), "A");
  EXPECT_EQ(render("{{with .a}}{{.x}}{{else}}none{{end}}", R"({"a":{"x":1}})"), "1");
  EXPECT_EQ(render("{{with $v := .a}}{{$v}}{{end}}", R"({"a":"q"})"), "q");
}

TEST(GoTemplate, RangesOverListsMapsAndNumbers) {
  EXPECT_EQ(render("{{range .l}}{{.}},{{end}}", R"({"l":[1,2]})"), "1,2,");
  EXPECT_EQ(render("{{range $i, $v := .l}}{{$i}}={{$v}};{{end}}", R"({"l":["a","b"]})"),
            "0=a;1=b;");
  EXPECT_EQ(render("{{range $k, $v := .m}}{{$k}}{{$v}}{{end}}", R"({"m":{"b":2,"a":1}})"), "a1b2");
  EXPECT_EQ(render("{{range .l}}x{{else}}empty{{end}}", R"({"l":[]})"), "empty");
  EXPECT_EQ(
      render(
          "{{range .l}}{{if eq . 2}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}",
          R"({"l":[1,2,3,4,5]})"),
      "13");
  EXPECT_EQ(render("{{range 3}}{{.}}{{end}}"), "012");
}

TEST(GoTemplate, VariablesKeepTheirScope) {
  EXPECT_EQ(render("{{$x := 1}}{{if true}}{{$x = 2}}{{$y := 3}}{{$y}}{{end}}{{$x}}"), "32");
  EXPECT_EQ(render("{{if true}}{{$y := 3}}{{end}}{{$y}}"), "render: undefined variable \"$y\"");
  EXPECT_EQ(render("{{range .l}}{{$.n}}{{end}}", R"({"l":[1,2],"n":"z"})"), "zz");
}

TEST(GoTemplate, PipesAndFunctions) {
  EXPECT_EQ(render(R"({{.x | printf "%-4s|%03d" "a"}})", R"({"x":7})"), "a   |007");
  EXPECT_EQ(render(R"({{"a" | print "b"}} {{len "abc"}} {{index .l 1}} {{slice "abcd" 1 3}})",
                   R"({"l":["x","y"]})"),
            "ba 3 y bc");
  EXPECT_EQ(render(R"({{printf "%q %v %.2f %d%%" "a\"b" .l 1.239 5}})", R"({"l":[1,"x"]})"),
            R"("a\"b" [1 x] 1.24 5%)");
  EXPECT_EQ(render(R"({{html "<a&b>"}} {{urlquery "a b&c"}} {{js "it's"}})"),
            "&lt;a&amp;b&gt; a+b%26c it\\'s");
  EXPECT_EQ(render("{{lt 1 2}} {{ge 1.5 2}} {{eq 1 2 1}} {{ne \"a\" \"b\"}}"),
            "true false true true");
}

TEST(GoTemplate, TrimsAndSkipsComments) {
  EXPECT_EQ(render("a  {{- /* no */ -}}  b {{- \"c\" -}} \n d"), "abcd");
}

TEST(GoTemplate, DefinesAndCalls) {
  EXPECT_EQ(
      render(R"({{define "t"}}<{{.}}>{{end}}{{template "t" .x}}{{block "b" .x}}[{{.}}]{{end}})",
             R"({"x":1})"),
      "<1>[1]");
  EXPECT_EQ(render(R"({{template "nope"}})"), "render: template \"nope\" not defined");
}

TEST(GoTemplate, SaysWhereTextIsWrong) {
  EXPECT_EQ(render("a\nb {{if .x}}"), "parse: line 2: \"if\" has no end");
  EXPECT_EQ(render("{{.x"), "parse: line 1: an action is not closed by \"}}\"");
  EXPECT_EQ(render("{{nope .x}}"), "parse: line 1: function \"nope\" not defined");
  EXPECT_EQ(render("{{end}}"), "parse: line 1: unexpected \"end\"");
  EXPECT_EQ(render("{{\"a}}"), "parse: line 1: an action is not closed by \"}}\"");
  EXPECT_EQ(render("{{| print}}"), "parse: line 1: a value is missing");
}

TEST(GoTemplate, IsBounded) {
  EXPECT_EQ(render(R"({{define "t"}}{{template "t"}}{{end}}{{template "t"}})"),
            "render: templates call each other too deeply");
  EXPECT_EQ(render("{{range 2000000}}{{end}}"), "render: the template takes too many steps");
  EXPECT_EQ(render("{{range 2000}}{{range 2000}}x{{end}}{{end}}"),
            "render: the template takes too many steps");
  EXPECT_EQ(render(R"({{printf "%9999999s" "x"}})"), "render: printf: a width is too large");
  EXPECT_NE(render(std::string(100'000, '{')).find("parse"), std::string::npos);
}

}  // namespace
}  // namespace ks::devops::kapis
