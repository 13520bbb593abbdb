#include <algorithm>
#include <string>
#include <vector>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// The loggers that @Log, @Slf4j and their like give a class. On Jenkins their lines go to the log
/// of the controller, which is no part of a run: here they go nowhere. And the checks of
/// groovy.util.FactoryBuilderSupport that stand alone.

namespace ks::groovy {

namespace {

constexpr std::string_view kLogger = "java.util.logging.Logger";
constexpr std::string_view kFactory = "groovy.util.FactoryBuilderSupport";

class Logger final : public NativeObject {
 public:
  ClassInfo* class_info() const override {
    static ClassInfo* const kClass = library_class(kLogger);
    return kClass;
  }
  std::string to_string(Task&) override { return std::string(kLogger); }
  size_t footprint() const override { return sizeof(Logger); }
  std::optional<Value> call_method(Task&, std::string_view name, Args args) override {
    static constexpr std::string_view kLevels[] = {"config", "debug",  "error",  "fatal", "fine",
                                                   "finer",  "finest", "info",   "log",   "severe",
                                                   "trace",  "warn",   "warning"};
    if (std::ranges::find(kLevels, name) != std::end(kLevels) && !args.empty()) return Value{};
    const bool asks = name == "isLoggable" || (name.starts_with("is") && name.ends_with("Enabled"));
    if (asks) return Value::of_bool(false);
    return std::nullopt;
  }
};

Value get_logger(Call& c) { return c.heap().make<Logger>(); }

// ----- FactoryBuilderSupport -----

bool is_of(Call& c, const Value& value) {
  return !value.is_null() && class_of(value)->is_a(boxed(c.arg(2).as<ClassInfo>()));
}
[[noreturn]] void throw_wrong_value(Call& c, std::string_view or_text) {
  throw_error(c.task, "java.lang.RuntimeException",
              "The value argument of '" + c.text(1) + "' must be of type " +
                  c.arg(2).as<ClassInfo>()->name + std::string(or_text) +
                  ". Found: " + to_string(c.task, Value(class_of(c.arg(0)))));
}
Value check_is_null(Call& c) {
  if (c.arg(0).is_null()) return {};
  throw_error(c.task, "java.lang.RuntimeException",
              "'" + c.text(1) + "' elements do not accept a value argument.");
}
Value check_type(Call& c) {
  if (c.arg(0).is_null()) return Value::of_bool(false);
  if (is_of(c, c.arg(0))) return Value::of_bool(true);
  throw_wrong_value(c, "");
}
Value check_type_not_text(Call& c) {
  if (c.arg(0).is_null() || c.arg(0).is<String>()) return Value::of_bool(false);
  if (is_of(c, c.arg(0))) return Value::of_bool(true);
  throw_wrong_value(c, " or a String");
}

constexpr ClassRow kClasses[] = {
    {kLogger, "", ""},
    {kFactory, "", ""},
};

constexpr MethodRow kRows[] = {
    {kLogger, "static getLogger", "S", get_logger},
    {kFactory, "static checkValueIsNull", "OO", check_is_null},
    {kFactory, "static checkValueIsType", "OOX", check_type},
    {kFactory, "static checkValueIsTypeNotString", "OOX", check_type_not_text},
};

}  // namespace

LibraryPart logging_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
