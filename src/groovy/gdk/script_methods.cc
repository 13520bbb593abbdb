#include <cstddef>
#include <string>

#include "groovy/eval/frame.h"
#include "groovy/eval/user_class.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// groovy.lang.Script and Binding.

namespace ks::groovy {

namespace {

constexpr std::string_view kScript = "groovy.lang.Script";
constexpr std::string_view kBinding = "groovy.lang.Binding";

/// The variables of a script as an object.
class Binding final : public NativeObject {
 public:
  explicit Binding(Ref<Map> names) : variables(std::move(names)) {}
  ClassInfo* class_info() const override { return library_class(kBinding); }
  std::string to_string(Task&) override { return "groovy.lang.Binding"; }
  size_t footprint() const override { return sizeof(Binding); }
  std::optional<Value> get_property(Task&, std::string_view name) override {
    if (name == "variables") return Value(variables);
    Table::Item* item = variables->table.find(name);
    if (item == nullptr) return std::nullopt;
    return item->value;
  }
  bool set_property(Task& task, std::string_view name, const Value& value) override {
    variables->table.put(task, task.heap().string(name), value);
    task.heap().grew(variables.get());
    return true;
  }
  Ref<Map> variables;
};

Map& variables(Call& c) { return *c.self.as_dynamic<Binding>()->variables; }

/// What parsing and compiling the deepest text that is allowed may take (ParseLimits), with room.
constexpr size_t kCompilerStack = 3 << 20;

Value evaluate(Call& c) {
  CompileOptions options;
  options.script_name = "Script" + std::to_string(++c.in.state().script_number);
  std::string source = c.text(0);
  CallScope::check_stack(c.task, kCompilerStack);
  Compiled compiled = c.in.host().compile_script(source, options);
  if (!compiled) {
    throw_error(c.task, "org.codehaus.groovy.control.MultipleCompilationErrorsException",
                format_errors(source, options.script_name + ".groovy", compiled.errors));
  }
  Value script = c.in.load_script(c.task, compiled.program);
  static const Name kRun("run");
  return call_method(c.task, script, kRun, {});
}

Value binding_of(Call& c) {
  auto* map = c.self.as<Instance>()->base.as<Map>();
  return c.heap().make<Binding>(map != nullptr ? Ref<Map>(map) : c.heap().make<Map>());
}
Value script_has_variable(Call& c) {
  auto* map = c.self.as<Instance>()->base.as<Map>();
  return Value::of_bool(map != nullptr && map->table.find(c.text(0)) != nullptr);
}

Value new_binding(Call& c) {
  auto* given = c.count() == 1 ? c.arg(0).as<Map>() : nullptr;
  return c.heap().make<Binding>(given != nullptr ? Ref<Map>(given) : c.heap().make<Map>());
}
Value get_variable(Call& c) {
  Table::Item* item = variables(c).table.find(c.text(0));
  if (item == nullptr) throw_missing_property(c.task, c.text(0), kBinding);
  return item->value;
}
Value set_variable(Call& c) {
  variables(c).table.put(c.task, c.heap().string(c.text(0)), c.arg(1));
  c.heap().grew(&variables(c));
  return {};
}
Value has_variable(Call& c) {
  return Value::of_bool(variables(c).table.find(c.text(0)) != nullptr);
}
Value remove_variable(Call& c) {
  variables(c).table.remove(c.task, c.heap().string(c.text(0)));
  return {};
}
Value all_variables(Call& c) { return Value(c.self.as_dynamic<Binding>()->variables); }

constexpr MethodRow kRows[] = {
    {kScript, "evaluate", "S", evaluate},
    {kScript, "getBinding", "", binding_of},
    {kScript, "hasVariable", "S", script_has_variable},
    {kBinding, "new", "", new_binding},
    {kBinding, "new", "M", new_binding},
    {kBinding, "getVariable", "S", get_variable},
    {kBinding, "setVariable", "SO", set_variable},
    {kBinding, "hasVariable", "S", has_variable},
    {kBinding, "removeVariable", "S", remove_variable},
    {kBinding, "getVariables", "", all_variables},
};

}  // namespace

LibraryPart script_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
