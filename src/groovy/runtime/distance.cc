#include "groovy/runtime/distance.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "groovy/runtime/objects.h"

namespace ks::groovy {

namespace {

constexpr int kPrimitiveShift = 21;
constexpr int kObjectShift = 23;
constexpr int kNumericClasses = 20;  // Groovy's table of them, which sets where other classes begin

/// For an argument of the first class, what it may be passed as, the nearest first.
std::vector<std::vector<ClassInfo*>> numeric_rows() {
  const Types& t = types();
  ClassInfo* p_byte = library_class("byte");
  ClassInfo* p_short = library_class("short");
  ClassInfo* p_long = library_class("long");
  ClassInfo* p_float = library_class("float");
  ClassInfo* p_double = library_class("double");
  std::vector<ClassInfo*> tail = {t.double_, p_double, t.big_decimal, t.number, t.object};
  std::vector<ClassInfo*> from_float = {p_float,       t.float_, p_double, t.double_,
                                        t.big_decimal, t.number, t.object};
  auto joined = [](std::vector<ClassInfo*> first, const std::vector<ClassInfo*>& rest) {
    first.insert(first.end(), rest.begin(), rest.end());
    return first;
  };
  std::vector<ClassInfo*> from_big = joined({t.big_integer}, from_float);
  std::vector<ClassInfo*> from_long = joined({p_long, t.long_}, from_big);
  std::vector<ClassInfo*> from_int = joined({t.p_int, t.integer}, from_long);
  std::vector<ClassInfo*> from_short = joined({p_short, t.short_}, from_int);
  return {
      joined({t.integer, t.p_int}, from_long),
      joined({t.long_, p_long}, from_big),
      joined({t.short_, p_short}, from_int),
      joined({t.byte_, p_byte}, from_short),
      joined({t.character, t.p_char}, from_int),
      {t.float_, p_float, p_double, t.double_, t.big_decimal, t.number, t.object},
      tail,
      {t.big_integer, t.number, t.object, p_long, t.long_, t.p_int, t.integer, t.big_decimal,
       p_double, t.double_, p_float, t.float_},
      {t.big_decimal, t.number, t.object, p_double, t.double_, p_float, t.float_},
      {t.boolean_, t.p_boolean, t.object},
  };
}

/// Negative when the argument is no number, or the parameter nothing that numbers are passed as.
int numeric_distance(const ClassInfo* parameter, const ClassInfo* argument) {
  static const std::vector<std::vector<ClassInfo*>> kRows = numeric_rows();
  for (const std::vector<ClassInfo*>& row : kRows) {
    if (row.front() != argument) continue;
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == parameter) return static_cast<int>(i);
    }
    return -1;
  }
  return -1;
}

/// The longest way up to an interface; negative when there is none.
int interface_distance(const ClassInfo* cls, const ClassInfo* interface) {
  if (cls == nullptr) return -1;
  if (cls == interface) return 0;
  int longest = -1;
  for (const ClassInfo* each : cls->interfaces) {
    int above = interface_distance(each, interface);
    if (above >= 0) longest = std::max(longest, above + 1);
  }
  return std::max(longest, interface_distance(cls->super, interface));
}

int64_t null_distance(const ClassInfo* parameter) {
  if (parameter->is_interface) return -1;
  if (parameter->primitive != Kind::null) return int64_t{1} << kObjectShift;
  int64_t far = -1;
  for (const ClassInfo* each = parameter; each != nullptr && each != types().object;
       each = each->super) {
    far += 2;
  }
  return far * (int64_t{1} << kObjectShift);
}

}  // namespace

int64_t argument_distance(const ClassInfo* parameter, const Value& argument) {
  if (argument.is_null()) return null_distance(parameter);
  const ClassInfo* cls = class_of(argument);
  if (cls == parameter) return 0;
  if (parameter->is_interface) {
    int up = interface_distance(cls, parameter);
    // What Java 17 says of these three puts Comparable behind all else.
    const Types& t = types();
    if (cls == t.character || cls == t.short_ || cls == t.byte_) return int64_t{1} << 40;
    if (up >= 0 || !argument.is<Closure>()) return up;
  }
  int numeric = numeric_distance(parameter, cls);
  if (numeric >= 0) return static_cast<int64_t>(numeric) << kPrimitiveShift;
  // A GString is as near to String as to its own class.
  if (argument.is<GString>() && parameter == types().string)
    return int64_t{kNumericClasses + 3} << kObjectShift;
  int64_t far = kNumericClasses + 1;
  if (cls->element != nullptr && parameter->element == nullptr) far += 4;
  for (const ClassInfo* each = cls; each != nullptr && each != parameter; each = each->super) {
    far += 3;
  }
  return far << kObjectShift;
}

}  // namespace ks::groovy
