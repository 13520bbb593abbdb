// Evaluates every case of a file of Groovy expressions (eval.json) and holds the value against the
// expected one: number, text, boolean, null, list, {"set": [...]}, {"map": [[k, v], ...]},
// {"class": name}.
//
//   groovy_eval --corpus DIR        DIR holds eval.json

#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "groovy/interpreter.h"
#include "groovy/run_file.h"
#include "tally.h"

namespace {

using namespace ks::groovy;
namespace json = boost::json;

class Case {
 public:
  Case(Interpreter& interpreter, Task& task) : in_(interpreter), task_(task) {}

  bool fits(const json::value& expected, const Value& value) {
    if (expected.is_null()) return value.is_null();
    if (expected.is_bool()) return value.is_bool() && value.as_bool() == expected.as_bool();
    if (expected.is_number())
      return in_.equals(
          task_, value,
          in_.cast(task_, in_.make_string(json::serialize(expected)), "java.math.BigDecimal"));
    if (expected.is_string())
      return is_text(value) && in_.to_string(task_, value) == expected.as_string().c_str();
    if (expected.is_array())
      return is_list(value) && fits_items(expected.as_array(), list_items(task_, value));
    const json::object& object = expected.as_object();
    if (const json::value* set = object.if_contains("set")) return fits_set(set->as_array(), value);
    if (const json::value* map = object.if_contains("map")) return fits_map(map->as_array(), value);
    if (const json::value* name = object.if_contains("class")) {
      std::string text = in_.to_string(task_, in_.get_property(task_, value, "simpleName"));
      return text == name->as_string().c_str();
    }
    if (const json::value* unit = object.if_contains("char")) {
      return value.kind() == Kind::character &&
             in_.to_string(task_, value) == unit->as_string().c_str();
    }
    return object.empty() && is_map(value) && map_entries(task_, value).empty();
  }

 private:
  bool fits_items(const json::array& expected, const std::vector<Value>& items) {
    if (expected.size() != items.size()) return false;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!fits(expected[i], items[i])) return false;
    }
    return true;
  }
  bool fits_set(const json::array& expected, const Value& value) {
    std::vector<Value> items = list_items(task_, value);
    if (expected.size() != items.size()) return false;
    for (const json::value& each : expected) {
      bool found = false;
      for (const Value& item : items) found = found || fits(each, item);
      if (!found) return false;
    }
    return true;
  }
  bool fits_map(const json::array& expected, const Value& value) {
    std::vector<Value> keys = list_items(task_, in_.invoke(task_, value, "keySet"));
    if (expected.size() != keys.size()) return false;
    for (const json::value& pair : expected) {
      bool found = false;
      for (const Value& key : keys) {
        if (fits(pair.as_array()[0], key))
          found = fits(pair.as_array()[1], in_.get_at(task_, value, key));
      }
      if (!found) return false;
    }
    return true;
  }

  Interpreter& in_;
  Task& task_;
};

/// Empty when all is as expected.
std::string run(const json::object& test) {
  std::string source = test.at("script").as_string().c_str();
  Compiled compiled = compile(source, {.script_name = "WorkflowScript"});
  if (!compiled) return format_errors(source, "WorkflowScript", compiled.errors);
  PlainHost host(1);
  Interpreter interpreter(host, {.fuel = 100'000'000});
  Task task(interpreter);
  Outcome outcome = interpreter.run_script(task, compiled.program);
  const json::value* thrown = test.if_contains("expectThrows");
  if (outcome.failure) {
    if (thrown != nullptr && outcome.failure->class_name.ends_with(thrown->as_string().c_str()))
      return {};
    return outcome.failure->with_trace();
  }
  if (thrown != nullptr) return "expected an exception";
  if (Case(interpreter, task).fits(test.at("expect"), outcome.value)) return {};
  return "expected " + json::serialize(test.at("expect")) + ", got " +
         interpreter.inspect(task, outcome.value);
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = ks::conformance::read_flags("groovy_eval", argc, argv);
  if (!flags) return 64;
  const auto cases = ks::conformance::read_cases("groovy_eval", flags->corpus + "/eval.json");
  if (!cases) return 64;
  ks::conformance::Tally tally("groovy_eval", *flags);
  for (const json::value& each : cases->as_array()) {
    const json::object& test = each.as_object();
    const std::string id(test.at("id").as_string());
    if (!tally.wants(id)) continue;
    if (const auto why = ks::conformance::may_be_skipped(test)) {
      tally.skip(id, *why);
    } else {
      tally.add(id, run(test));
    }
  }
  return tally.finish();
}
