#include "store/schema/cel.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/catalog.h"
#include "store/schema/cel/eval.h"
#include "store/schema/check.h"

namespace ks::store {
namespace {

/// What an expression gives, as text: `5`, `true`, `error: no such key: x`.
std::string outcome(std::string_view expression, const json::value& self = nullptr,
                    const Schema* schema = nullptr) {
  const auto program = cel::compile(expression, schema, cel::Kind::error);
  if (!program)
    return "refused: " + program.error().message.substr(0, program.error().message.find('\n'));
  // Whatever it gives is shown by format().
  const std::string shown = "'%s'.format([" + std::string(expression) + "])";
  const auto text = cel::compile(shown, schema, cel::Kind::string);
  if (!text) return "refused: " + text.error().message;
  cel::Evaluation evaluation;
  evaluation.steps = 100'000;
  const cel::Value value =
      cel::evaluate(**text, cel::of_json(self, schema, evaluation.arena), nullptr, evaluation);
  return (value.is_error() ? "error: " : "") + std::string(value.text);
}

struct Case {
  std::string_view expression;
  std::string_view outcome;
};

constexpr Case kCases[] = {
    // literals
    {"1", "1"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"0x1F", "31"},
    {"-0x10", "-16"},
    {"7u", "7"},
    {"1.5e3", "1500"},
    {".5", "0.5"},
    {"true", "true"},
    {"null", "null"},
    {"'a' + \"b\"", "ab"},
    {R"('\u00e9\x41\t\101')", "\u00e9A\tA"},
    {R"(r'\d')", "\\d"},
    {"'''two\nlines'''", "two\nlines"},
    {"b'abc'.size()", "3"},
    {"[1, 2][1]", "2"},
    {"[1, 2,]", "[1, 2]"},
    {"{'a': 1}.a", "1"},
    {"{'a': {'b': 2}}['a'].b", "2"},
    {"1 // a comment\n + 1", "2"},
    // precedence
    {"1 + 2 * 3", "7"},
    {"(1 + 2) * 3", "9"},
    {"10 - 2 - 3", "5"},
    {"-2 - -3", "1"},
    {"!true || true", "true"},
    {"!!true", "true"},
    {"true || false && false", "true"},
    {"1 + 1 == 2 && 3 > 2", "true"},
    {"false ? 1 : true ? 2 : 3", "2"},
    {"1 < 2 == true", "true"},
    {"2 in [1, 2] && !(3 in [1, 2])", "true"},
    // arithmetic
    {"7 / 2", "3"},
    {"-7 / 2", "-3"},
    {"-7 % 3", "-1"},
    {"7.0 / 2.0", "3.5"},
    {"9223372036854775807 + 1", "error: integer overflow"},
    {"0u - 1u", "error: unsigned integer overflow"},
    {"1 / 0", "error: division by zero"},
    {"1 % 0", "error: modulus by zero"},
    {"-9223372036854775807 - 2", "error: integer overflow"},
    {"4611686018427387904 * 2", "error: integer overflow"},
    {"1 + 'a'",
     "refused: ERROR: <input>:1:3: found no matching overload for '_+_' applied to "
     "'(int, string)'"},
    {"dyn(1) + 'a'", "error: no such overload"},
    // equality and order over types
    {"dyn(1) == 1.0", "true"},
    {"1 == 1u", "true"},
    {"dyn(1) == 'a'", "false"},
    {"1 < 1.5", "true"},
    {"'a' < 'b'", "true"},
    {"false < true", "true"},
    {"[1, 2] == [1, 2]", "true"},
    {"[1, 2] == [2, 1]", "false"},
    {"{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"},
    {"null == null", "true"},
    {"dyn('a') < 1", "error: no such overload"},
    // errors that do not matter
    {"true || 1 / 0 == 1", "true"},
    {"1 / 0 == 1 || true", "true"},
    {"1 / 0 == 1 && false", "false"},
    {"1 / 0 == 1 || false", "error: division by zero"},
    {"[0, 1].exists(x, 1 / x == 1)", "true"},
    {"[0, 2].all(x, 1 / x == 1)", "false"},
    // selection
    {"{'a': 1}.b", "error: no such key: b"},
    {"{'a': 1}['b']", "error: no such key: b"},
    {"has({'a': 1}.a)", "true"},
    {"has({'a': 1}.b)", "false"},
    {"[1][1]", "error: index out of bounds: 1"},
    {"[1][-1]", "error: index out of bounds: -1"},
    {"'b' in {'a': 1}", "false"},
    // macros
    {"[1, 2, 3].all(x, x > 0)", "true"},
    {"[].all(x, x > 0)", "true"},
    {"[1, 2, 3].exists(x, x > 2)", "true"},
    {"[1, 2, 3].exists_one(x, x > 1)", "false"},
    {"[1, 2, 3].map(x, x * x)", "[1, 4, 9]"},
    {"[1, 2, 3].map(x, x > 1, x * x)", "[4, 9]"},
    {"[1, 2, 3].filter(x, x != 2)", "[1, 3]"},
    {"{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])", "true"},
    {"{'a': 1, 'b': 2}.map(k, k)", "[a, b]"},
    {"[[1], [2, 3]].map(x, x.map(y, y + x.size()))", "[[2], [4, 5]]"},
    {"[1, 2].map(x, [3].map(x, x)[0] + x)", "[4, 5]"},
    {"[4, 5].all(i, v, v == i + 4)", "true"},
    {"{'a': 1}.exists(k, v, k == 'a' && v == 1)", "true"},
    {"[4, 5].transformList(i, v, i * v)", "[0, 5]"},
    {"{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10)", "{b: 20}"},
    // sizes and conversions
    {"size('h\u00e9')", "2"},
    {"[1, 2].size()", "2"},
    {"int('42') + int(1.9) + int(2u)", "45"},
    {"int('x')", "error: type conversion error from 'x' to 'int'"},
    {"uint(-1)", "error: unsigned integer overflow"},
    {"double('1.5')", "1.5"},
    {"string(1.0)", "1"},
    {"string(3)", "3"},
    {"bool('true')", "true"},
    {"string(b'abc')", "abc"},
    {"type(1) == int", "true"},
    {"type('') == string && type([]) == list", "true"},
    // strings
    {"'kubernetes'.startsWith('kube')", "true"},
    {"'kubernetes'.endsWith('es')", "true"},
    {"'kubernetes'.contains('bern')", "true"},
    {"'web-1'.matches('^[a-z]+-[0-9]$')", "true"},
    {"matches('abc', 'b')", "true"},
    {"'a'.matches('(')", "error: error parsing regexp: missing closing parenthesis: `(`"},
    {"'a,b,c'.split(',')", "[a, b, c]"},
    {"'a,b,c'.split(',', 2)", "[a, b,c]"},
    {"'abc'.split('')", "[a, b, c]"},
    {"['a', 'b'].join('-')", "a-b"},
    {"'AbC'.lowerAscii() + 'AbC'.upperAscii()", "abcABC"},
    {"'aaa'.replace('a', 'b', 2)", "bba"},
    {"'ab'.replace('', '-')", "-a-b-"},
    {"'h\u00e9llo'.substring(1, 3)", "\u00e9l"},
    {"'abc'.substring(2, 1)", "error: invalid substring range. start: 2, end: 1"},
    {"'abc'.substring(4)", "error: index out of range: 4"},
    {"'  x '.trim()", "x"},
    {"'\u00e9abc'.indexOf('b')", "2"},
    {"'abcabc'.indexOf('b', 2)", "4"},
    {"'abcabc'.lastIndexOf('b')", "4"},
    {"'abc'.charAt(1)", "b"},
    {"'abc'.reverse()", "cba"},
    {"'a1b22'.findAll('[0-9]+')", "[1, 22]"},
    {"'a1b22'.find('[0-9]+')", "1"},
    {"'%d of %s: %.2f, %x'.format([1, 'a', 0.5, 255])", "1 of a: 0.50, ff"},
    {"strings.quote('a\"b')", "\"a\\\"b\""},
    // lists and sets
    {"[1, 2, 3].sum()", "6"},
    {"[1.5, 2.5].sum()", "4"},
    {"[3, 1, 2].min()", "1"},
    {"[3, 1, 2].max()", "3"},
    {"[].max()", "error: max called on empty list"},
    {"[1, 2, 2].isSorted()", "true"},
    {"['b', 'a'].isSorted()", "false"},
    {"[1, 2, 1].indexOf(1)", "0"},
    {"[1, 2, 1].lastIndexOf(1)", "2"},
    {"[1] + [2]", "[1, 2]"},
    {"sets.contains([1, 2], [2])", "true"},
    {"sets.equivalent([1, 2], [2, 1, 1])", "true"},
    {"sets.intersects([1], [2])", "false"},
    // times
    {"duration('1h30m') > duration('89m')", "true"},
    {"duration('90m').getHours()", "1"},
    {"duration('1.5s')", "1.5s"},
    {"duration('x')", "error: type conversion error from 'x' to 'duration'"},
    {"timestamp('2026-01-02T03:04:05Z').getFullYear()", "2026"},
    {"timestamp('2026-01-02T03:04:05Z').getHours('Asia/Kolkata')", "8"},
    {"timestamp('2026-07-02T03:04:05Z').getHours('Europe/Berlin')", "5"},
    {"timestamp('2026-01-02T03:04:05Z').getDate('America/Los_Angeles')", "1"},
    {"timestamp('2026-01-02T03:04:05Z').getHours('Mars/Olympus')",
     "error: unknown time zone Mars/Olympus"},
    // named formats
    {"format.dns1123Label().validate('my-name').hasValue()", "false"},
    {"format.dns1123Label().validate('My').value().size()", "1"},
    {"!format.dns1123LabelPrefix().validate('my-').hasValue()", "true"},
    {"format.dns1035LabelPrefix().validate('1-').hasValue()", "true"},
    {"format.qualifiedName().validate('a.b/c_d').hasValue()", "false"},
    {"format.labelValue().validate('').hasValue()", "false"},
    {"format.uuid().validate('x').value()", "[does not match the UUID format]"},
    {"format.byte().validate('*').value()[0]", "invalid base64"},
    {"format.date().validate('2026-02-30').value()[0]", "invalid date"},
    {"format.datetime().validate('2026-02-03T04:05:06Z').hasValue()", "false"},
    {"format.uri().validate('no').hasValue()", "true"},
    {"format.named('dns1035Label').value().validate('9').hasValue()", "true"},
    {"format.named('nonsense').hasValue()", "false"},
    {"format.named('uri').value() == format.uri()", "true"},
    {"type(format.uri()) == type(format.date())", "true"},
    {"'a'.validate('b')", "error: no such overload"},
    {"timestamp('2026-01-02T03:04:05Z').getMonth()", "0"},
    {"timestamp('2026-01-02T23:04:05Z').getDate('+02:00')", "3"},
    {"timestamp('2026-01-04T00:00:00Z').getDayOfWeek()", "0"},
    {"timestamp('2026-01-02T03:04:05.25Z') + duration('1s')", "2026-01-02T03:04:06.25Z"},
    {"timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z')", "86400s"},
    {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "error: timestamp overflow"},
    // optional values
    {"{'a': 1}.?b.orValue(2)", "2"},
    {"{'a': 1}.?a.orValue(2)", "1"},
    {"{'a': {'b': 3}}.?a.b.orValue(2)", "3"},
    {"[1][?3].hasValue()", "false"},
    {"optional.none().or(optional.of(1)).value()", "1"},
    {"optional.none().value()", "error: optional.none() dereference"},
    {"{'a': 1}.?a.optMap(x, x + 1).value()", "2"},
    {"[?{'a': 1}.?a, ?{'a': 1}.?b]", "[1]"},
    {"optional.ofNonZeroValue('').hasValue()", "false"},
    // Kubernetes' libraries
    {"quantity('1Gi').isGreaterThan(quantity('1G'))", "true"},
    {"quantity('1.5k').asInteger()", "1500"},
    {"quantity('200m').add(quantity('800m')) == quantity('1')", "true"},
    {"quantity('1e3').compareTo(quantity('1k'))", "0"},
    {"quantity('2').sub(3).sign()", "-1"},
    {"isQuantity('1.2.3') || isQuantity('Ki') || isQuantity('1KB')", "false"},
    {"url('https://user@example.com:8080/a%20b?x=1&x=2').getHost()", "example.com:8080"},
    {"url('https://[::1]:80/').getHostname()", "::1"},
    {"url('https://example.com:8080/').getPort()", "8080"},
    {"url('https://example.com/a%20b?x=1&x=2').getQuery()", "{x: [1, 2]}"},
    {"isURL('/a/b') && !isURL('a b') && !isURL('../a')", "true"},
    {"ip('127.0.0.1').isLoopback() && ip('::1').family() == 6", "true"},
    {"isIP('1.2.3.4.5') || isIP('::ffff:1.2.3.4')", "false"},
    {"ip.isCanonical('2001:DB8::1')", "false"},
    {"cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true"},
    {"cidr('10.1.2.3/8').masked()", "10.0.0.0/8"},
    {"cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", "true"},
    {"isCIDR('10.0.0.0/33')", "false"},
    // what does not compile
    {"1 +", "refused: ERROR: <input>:1:4: Syntax error: unexpected '<EOF>'"},
    {"(1", "refused: ERROR: <input>:1:3: Syntax error: unexpected '<EOF>'"},
    {"1 = 2", "refused: ERROR: <input>:1:3: Syntax error: token recognition error at: '='"},
    {"'a", "refused: ERROR: <input>:1:1: Syntax error: the string is not closed"},
    {"'\\q'", "refused: ERROR: <input>:1:2: Syntax error: no such escape in a string"},
    {"99999999999999999999", "refused: ERROR: <input>:1:1: Syntax error: invalid int literal"},
    {"foo", "refused: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')"},
    {"foo(1)", "refused: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')"},
    {"'a'.foo()", "refused: ERROR: <input>:1:5: undeclared reference to 'foo' (in container '')"},
    {"size()",
     "refused: ERROR: <input>:1:1: found no matching overload for 'size' applied to "
     "'()'"},
    {"for", "refused: ERROR: <input>:1:1: Syntax error: reserved identifier: for"},
    {"has(1)", "refused: ERROR: <input>:1:1: invalid argument to has() macro"},
    {"true &&\n  x", "refused: ERROR: <input>:2:3: undeclared reference to 'x' (in container '')"},
    {"[1].map(x, x, x, x)", "refused: ERROR: <input>:1:8: wrong number of arguments of 'map'"},
};

TEST(Cel, GivesWhatTheLanguageSays) {
  for (const Case& c : kCases) {
    EXPECT_EQ(outcome(c.expression), c.outcome) << c.expression;
  }
}

// --- rules of a type

/// `{replicas: integer, min: integer, names: list of strings, tags: a set, labels: a map,
/// "kebab-case": string, namespace: string, since: date-time, ratio: number, port: int-or-string}`
struct Types {
  SchemaPool pool;
  Schema* object = pool.make();

  Types() {
    object->type = Schema::Type::object;
    add("kebab-case", Schema::Type::string);
    add("labels", Schema::Type::object)->values = scalar(Schema::Type::string);
    add("min", Schema::Type::integer);
    add("names", Schema::Type::array)->items = scalar(Schema::Type::string);
    add("namespace", Schema::Type::string);
    add("port", Schema::Type::any)->int_or_string = true;
    add("ratio", Schema::Type::number);
    add("replicas", Schema::Type::integer);
    add("since", Schema::Type::string)->format = "date-time";
    Schema* tags = add("tags", Schema::Type::array);
    tags->items = scalar(Schema::Type::string);
    tags->list_type = Schema::ListType::set;
  }

  Schema* scalar(Schema::Type type) {
    Schema* out = pool.make();
    out->type = type;
    return out;
  }

  Schema* add(std::string_view name, Schema::Type type) {
    Schema* out = scalar(type);
    object->properties.push_back({.name = std::string(name), .schema = out});
    return out;
  }

  void rule(Constraints::Rule rule) {
    Constraints constraints;
    if (object->constraints) constraints = *object->constraints;
    constraints.rules.push_back(std::move(rule));
    object->constraints = std::make_shared<const Constraints>(std::move(constraints));
  }
};

json::value parsed(std::string_view text) { return parse_json(text).value(); }

std::string errors_of(const Types& types, std::string_view value, std::string_view old = {}) {
  const json::value now = parsed(value);
  json::value before;
  if (!old.empty()) before = parsed(old);
  std::string out;
  for (const kube::FieldError& error :
       check_rules(now, old.empty() ? nullptr : &before, *types.object, "spec"))
    out += error.reason + " " + error.field + ": " + error.message + "\n";
  return out;
}

TEST(CelRules, ReadFieldsByTheirType) {
  const Types types;
  const json::value self = parsed(R"({"replicas": 3, "ratio": 2, "since": "2026-01-02T03:04:05Z",
      "port": "http", "kebab-case": "k", "namespace": "n", "labels": {"a__b": "1"},
      "tags": ["a", "b"]})");
  for (const auto& [expression, wanted] : std::initializer_list<Case>{
           {"self.replicas / 2", "1"},
           {"self.ratio / 4.0", "0.5"},
           {"self.since.getFullYear()", "2026"},
           {"type(self.port) == string", "true"},
           {"self.kebab__dash__case + self.__namespace__", "kn"},
           {"self.labels.a__b", "1"},
           {"self.labels.all(k, k.contains('_'))", "true"},
           {"has(self.min)", "false"},
           {"self.min", "error: no such key: min"},
           {"self.tags == ['b', 'a']", "true"},
           {"self.tags + ['b', 'c']", "[a, b, c]"},
           {"self.absent", "refused: ERROR: <input>:1:5: undefined field 'absent'"},
           {"self.replicas == 'three'",
            "refused: ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(int, "
            "string)'"},
       })
    EXPECT_EQ(outcome(expression, self, types.object), wanted) << expression;
}

TEST(CelRules, SayWhichRuleFailedWhere) {
  Types types;
  types.rule({.rule = "self.min <= self.replicas"});
  types.rule({.rule = "self.replicas < 10", .message = "too many"});
  EXPECT_EQ(errors_of(types, R"({"min": 1, "replicas": 3})"), "");
  EXPECT_EQ(errors_of(types, R"({"min": 40, "replicas": 30})"),
            "FieldValueInvalid spec: Invalid value: \"object\": failed rule: self.min <= "
            "self.replicas\n"
            "FieldValueInvalid spec: Invalid value: \"object\": too many\n");
  EXPECT_EQ(errors_of(types, R"({"replicas": 3})"),
            "FieldValueInvalid spec: Invalid value: \"object\": no such key: min evaluating rule: "
            "self.min <= self.replicas\n");
}

TEST(CelRules, HonourReasonFieldPathAndMessageExpression) {
  Types types;
  types.rule({.rule = "has(self.min)",
              .message_expression = "'min is needed for ' + string(self.replicas)",
              .reason = "FieldValueRequired",
              .field_path = ".min"});
  types.rule({.rule = "self.replicas != 3",
              .message = "not three",
              .message_expression = "self.names[7]",
              .reason = "FieldValueForbidden"});
  EXPECT_EQ(errors_of(types, R"({"replicas": 3, "names": []})"),
            "FieldValueRequired spec.min: Required value: min is needed for 3\n"
            "FieldValueForbidden spec: Forbidden: not three\n");
}

TEST(CelRules, TransitionsAreHeldOnUpdatesOnly) {
  Types types;
  types.rule({.rule = "self.replicas >= oldSelf.replicas", .message = "may not shrink"});
  EXPECT_EQ(errors_of(types, R"({"replicas": 1})"), "");
  EXPECT_EQ(errors_of(types, R"({"replicas": 1})", R"({"replicas": 2})"),
            "FieldValueInvalid spec: Invalid value: \"object\": may not shrink\n");
  EXPECT_EQ(errors_of(types, R"({"replicas": 2})", R"({"replicas": 1})"), "");
}

TEST(CelRules, AnOptionalOldSelfIsThereOnCreateToo) {
  Types types;
  types.rule({.rule = "oldSelf.hasValue() || self.replicas == 1",
              .message = "starts with one",
              .optional_old_self = true});
  EXPECT_NE(errors_of(types, R"({"replicas": 2})"), "");
  EXPECT_EQ(errors_of(types, R"({"replicas": 1})"), "");
  EXPECT_EQ(errors_of(types, R"({"replicas": 2})", R"({"replicas": 1})"), "");
}

TEST(CelRules, WhatIsStoredAlreadyMayStay) {
  Types types;
  types.rule({.rule = "self.replicas < 10"});
  EXPECT_EQ(errors_of(types, R"({"replicas": 30})", R"({"replicas": 30})"), "");
  EXPECT_NE(errors_of(types, R"({"replicas": 31})", R"({"replicas": 30})"), "");
}

TEST(CelRules, ARuleThatCostsTooMuchEndsTheCheck) {
  Types types;
  types.rule({.rule = "self.names.all(a, self.names.all(b, self.names.all(c, a + b + c != 'x')))"});
  types.rule({.rule = "false"});
  json::array names(300, json::value("n"));
  const json::value value = {{"names", names}};
  const auto errors = check_rules(value, nullptr, *types.object, "");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].message.contains("operation cancelled: actual cost limit exceeded"))
      << errors[0].message;
}

TEST(CelRules, TheBudgetOfARequestIsShared) {
  Types types;
  types.rule({.rule = "self.names.all(a, a == 'n')"});
  const json::value value = {{"names", json::array(100, json::value("n"))}};
  RuleRequest request;
  request.steps = 1000;
  std::string last;
  for (int i = 0; i < 10 && last.empty(); ++i)
    for (const kube::FieldError& error : check_rules(value, nullptr, *types.object, "", &request))
      last = error.message;
  EXPECT_NE(last, "");
  EXPECT_EQ(request.steps, 0u);
}

TEST(CelRules, CompileRefusesWhatIsNoBoolean) {
  EXPECT_TRUE(compile_rule("self.replicas > 1").ok());
  EXPECT_TRUE(compile_rule("self.enabled").ok());
  EXPECT_EQ(compile_rule("1 + 1").error().message, "compilation failed: must evaluate to a bool");
  EXPECT_EQ(compile_message_expression("1 > 2").error().message,
            "compilation failed: must evaluate to a string");
  EXPECT_EQ(compile_rule("self.x +").error().message,
            "compilation failed: ERROR: <input>:1:9: Syntax error: unexpected '<EOF>'\n"
            " | self.x +\n"
            " | ........^");
}

TEST(CelRules, ValidationHoldsAllNodesToThemOnceTypesAreRight) {
  Types types;
  types.rule({.rule = "self.replicas > 1", .field_path = ".replicas"});
  auto errors = validate(parsed(R"({"replicas": 1})"), *types.object);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field, "replicas");
  EXPECT_EQ(errors[0].message, "Invalid value: \"object\": failed rule: self.replicas > 1");
  EXPECT_EQ(validate(parsed(R"({"replicas": 2})"), *types.object).size(), 0u);
  errors = validate(parsed(R"({"replicas": "one"})"), *types.object);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_TRUE(errors[1].message.contains("some validation rules were not checked"));
  EXPECT_EQ(validate_update(parsed(R"({"replicas": 1, "min": 0})"), parsed(R"({"replicas": 1})"),
                            *types.object)
                .size(),
            1u);
}

TEST(CelRules, ADefinitionIsHeldToItsRules) {
  auto errors_with = [](std::string_view validations, std::string_view at = "") {
    const std::string rules = R"("x-kubernetes-validations": [)" + std::string(validations) + "]";
    json::value crd = parsed(R"({"metadata": {"name": "webs.example.com"},
      "spec": {"group": "example.com", "scope": "Namespaced",
        "names": {"plural": "webs", "kind": "Web"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
          "openAPIV3Schema": {"type": "object", )" +
                             (at.empty() ? rules + "," : "") +
                             R"("properties": {"spec": {"type": "object", "properties": {
            "replicas": {"type": "integer"},
            "names": {"type": "array", "items": {"type": "string")" +
                             (at == "items" ? "," + rules : "") + R"(}}}}}}}}]}})");
    default_definition(crd);
    std::string out;
    for (const kube::FieldError& error : check_definition(crd))
      out += error.field + ": " + error.message + "\n";
    return out;
  };
  const std::string root = "spec.versions[0].schema.openAPIV3Schema";
  EXPECT_EQ(errors_with(R"({"rule": "self.spec.replicas > 1"})"), "");
  EXPECT_TRUE(errors_with(R"({"rule": "self.spec.size > 1"})")
                  .contains(root + ".x-kubernetes-validations[0].rule: Invalid value: "
                                   "\"self.spec.size > 1\": compilation failed: ERROR: "
                                   "<input>:1:10: undefined field 'size'"))
      << errors_with(R"({"rule": "self.spec.size > 1"})");
  EXPECT_TRUE(errors_with(R"({"rule": "self.spec."})").contains("Syntax error"));
  EXPECT_TRUE(errors_with(R"({"rule": ""})").contains("rule: Required value"));
  EXPECT_TRUE(errors_with(R"({"rule": "true", "messageExpression": "1"})")
                  .contains("messageExpression: Invalid value"));
  EXPECT_TRUE(
      errors_with(R"({"rule": "true", "message": "a\nb"})").contains("message: Invalid value"));
  EXPECT_TRUE(
      errors_with(R"({"rule": "true", "reason": "Bad"})").contains("reason: Unsupported value"));
  EXPECT_TRUE(errors_with(R"({"rule": "true", "fieldPath": ".spec.size"})")
                  .contains("fieldPath: Invalid value"));
  EXPECT_EQ(errors_with(R"({"rule": "true", "fieldPath": ".spec.replicas"})"), "");
  EXPECT_EQ(errors_with(R"({"rule": "self != oldSelf"})"), "");
  EXPECT_TRUE(errors_with(R"({"rule": "self != oldSelf"})", "items").contains("uncorrelatable"));
  EXPECT_TRUE(
      errors_with(R"({"rule": "true", "optionalOldSelf": true})").contains("optionalOldSelf"));
}

TEST(CelRules, DeepAndLongExpressionsAreRefused) {
  const std::string parens(100'000, '(');
  EXPECT_FALSE(compile_rule(parens).ok());
  std::string sum = "1";
  for (int i = 0; i < 5000; ++i) sum += "+1";
  EXPECT_FALSE(compile_rule(sum + " == 1").ok());
  EXPECT_FALSE(compile_rule(std::string(30'000, '[')).ok());
  EXPECT_TRUE(compile_rule(std::string(10'000, '!') + "true").ok());
  std::string many = "true";
  for (int i = 0; i < 2000; ++i) many += " && true";
  EXPECT_TRUE(compile_rule(many).ok());
}

}  // namespace
}  // namespace ks::store
