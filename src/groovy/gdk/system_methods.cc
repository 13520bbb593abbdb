#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.lang.System, as far as a script may see it: clocks, output, identity. No properties, no
/// environment, no exit.

namespace ks::groovy {

namespace {

constexpr std::string_view kSystem = "java.lang.System";
constexpr std::string_view kStream = "java.io.PrintStream";

/// System.out: prints where println does.
class Output final : public NativeObject {
 public:
  ClassInfo* class_info() const override {
    static ClassInfo* const kClass = library_class(kStream);
    return kClass;
  }
  std::string to_string(Task&) override { return "java.io.PrintStream"; }
  size_t footprint() const override { return sizeof(Output); }
};

Value out(Call& c) { return c.heap().make<Output>(); }
Value err(Call& c) { throw_rejected(c.task, "staticField", "java.lang.System err"); }
Value now(Call& c) { return Value::of_long(c.in.host().now_millis(c.task)); }
Value nanos(Call& c) { return Value::of_long(c.in.host().nano_time(c.task)); }
Value identity(Call& c) {
  return Value::of_int(c.arg(0).is_object() ? identity_hash(c.arg(0)) : hash_of(c.task, c.arg(0)));
}
Value line_separator(Call& c) { return text(c, "\n"); }
Value refuse_property(Call& c) {
  throw_rejected(c.task, "staticMethod", "java.lang.System getProperty java.lang.String");
}
Value refuse_environment(Call& c) {
  throw_rejected(
      c.task, "staticMethod",
      c.count() == 0 ? "java.lang.System getenv" : "java.lang.System getenv java.lang.String");
}
Value refuse_exit(Call& c) { throw_rejected(c.task, "staticMethod", "java.lang.System exit int"); }
Value refuse_process(Call& c) {
  throw_rejected(
      c.task, "staticMethod",
      "org.codehaus.groovy.runtime.ProcessGroovyMethods execute " + class_name_of(c.self));
}
Value refuse_loading(Call& c) {
  throw_rejected(c.task, "staticMethod", "java.lang.Class forName java.lang.String");
}
template <auto& signature>
Value refuse(Call& c) {
  throw_rejected(c.task, "method", signature);
}
constexpr char kFields[] = "java.lang.Class getDeclaredFields";
constexpr char kMethods[] = "java.lang.Class getMethods";
constexpr char kConstructors[] = "java.lang.Class getConstructors";
constexpr char kProtectionDomain[] = "java.lang.Class getProtectionDomain";

Value copy_array(Call& c) {
  std::vector<Value> from = items_of(c.task, c.arg(0));
  auto* to = c.arg(2).as<Array>();
  int64_t source = c.to_int(1);
  int64_t target = c.to_int(3);
  int64_t count = c.to_int(4);
  if (to == nullptr || source < 0 || target < 0 || count < 0 ||
      source + count > static_cast<int64_t>(from.size()) ||
      target + count > static_cast<int64_t>(to->items.size())) {
    throw_error(c.task, "java.lang.ArrayIndexOutOfBoundsException");
  }
  for (int64_t i = 0; i < count; ++i) {
    to->items[static_cast<size_t>(target + i)] = from[static_cast<size_t>(source + i)];
  }
  return {};
}
Value print_line(Call& c) {
  c.in.host().print(c.task, (c.count() == 0 ? std::string() : c.text(0)) + "\n");
  return {};
}
Value print(Call& c) {
  c.in.host().print(c.task, c.text(0));
  return {};
}
Value append(Call& c) {
  print(c);
  return c.self;
}
Value nothing(Call&) { return {}; }

constexpr ClassRow kClasses[] = {{"java.lang.System", "", ""},
                                 {"java.io.PrintStream", "", "java.io.Closeable"}};

constexpr MethodRow kRows[] = {
    {kSystem, "static out", "=", out},
    {kSystem, "static err", "=", err},
    {kSystem, "static currentTimeMillis", "", now},
    {kSystem, "static nanoTime", "", nanos},
    {kSystem, "static identityHashCode", "O", identity},
    {kSystem, "static lineSeparator", "", line_separator},
    {kSystem, "static getProperty", "O*", refuse_property},
    {kSystem, "static setProperty", "O*", refuse_property},
    {kSystem, "static getProperties", "O*", refuse_property},
    {kSystem, "static getenv", "O*", refuse_environment},
    {kSystem, "static exit", "O*", refuse_exit},
    {kSystem, "static gc", "", nothing},
    {"java.lang.String", "execute", "O*", refuse_process},
    {"java.util.List", "execute", "O*", refuse_process},
    {"java.lang.Class", "static forName", "O*", refuse_loading},
    {"java.lang.Class", "forName", "O*", refuse_loading},
    {"java.lang.Class", "getDeclaredFields", "", refuse<kFields>},
    {"java.lang.Class", "getFields", "", refuse<kFields>},
    {"java.lang.Class", "getMethods", "", refuse<kMethods>},
    {"java.lang.Class", "getDeclaredMethods", "", refuse<kMethods>},
    {"java.lang.Class", "getConstructors", "", refuse<kConstructors>},
    {"java.lang.Class", "getProtectionDomain", "", refuse<kProtectionDomain>},
    {kSystem, "static arraycopy", "OIOII", copy_array},
    {kStream, "println", "", print_line},
    {kStream, "println", "O", print_line},
    {kStream, "print", "O", print},
    {kStream, "append", "O", append},
    {kStream, "leftShift", "O", append},
    {kStream, "flush", "", nothing},
    {kStream, "close", "", nothing},
};

}  // namespace

LibraryPart system_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
