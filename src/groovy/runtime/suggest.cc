#include "groovy/runtime/suggest.h"

#include <algorithm>
#include <map>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/classes.h"

namespace ks::groovy {

namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t same = std::tolower(static_cast<unsigned char>(a[i - 1])) ==
                            std::tolower(static_cast<unsigned char>(b[j - 1]))
                        ? 0
                        : 1;
      size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + same});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

std::string types_of_letters(std::string_view signature) {
  static const std::map<char, std::string_view> kNames = {{'O', "java.lang.Object"},
                                                          {'S', "java.lang.String"},
                                                          {'s', "java.lang.CharSequence"},
                                                          {'I', "int"},
                                                          {'J', "long"},
                                                          {'N', "java.lang.Number"},
                                                          {'Z', "boolean"},
                                                          {'c', "char"},
                                                          {'D', "double"},
                                                          {'C', "groovy.lang.Closure"},
                                                          {'L', "java.util.List"},
                                                          {'K', "java.util.Collection"},
                                                          {'M', "java.util.Map"},
                                                          {'P', "java.util.regex.Pattern"},
                                                          {'R', "groovy.lang.Range"},
                                                          {'X', "java.lang.Class"},
                                                          {'E', "java.util.Comparator"},
                                                          {'T', "java.lang.Throwable"},
                                                          {'B', "[B"},
                                                          {'A', "[Ljava.lang.Object;"}};
  std::string out;
  for (size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] == '*') continue;
    auto found = kNames.find(signature[i]);
    if (!out.empty()) out += ", ";
    if (found != kNames.end()) out += found->second;
    if (i + 1 < signature.size() && signature[i + 1] == '*') out += "[]";
  }
  return out;
}

std::string types_of_code(const Code& code) {
  std::string out;
  for (const Parameter& each : code.parameters) {
    if (!out.empty()) out += ", ";
    out += !each.type.written ? "java.lang.Object" : each.type.name;
    for (int i = 0; i < each.type.dimensions; ++i) out += "[]";
  }
  return out;
}

}  // namespace

std::string suggested_methods(Task&, const Value& receiver, std::string_view name, bool is_static) {
  if (receiver.is_null()) return {};
  constexpr size_t kMost = 5;
  std::vector<std::pair<size_t, std::string>> found;
  size_t far = std::max<size_t>(2, name.size() / 2);
  auto consider = [&](std::string_view candidate, const std::string& types) {
    size_t distance = edit_distance(name, candidate);
    if (distance <= far) found.emplace_back(distance, std::string(candidate) + "(" + types + ")");
  };
  ClassInfo* cls =
      is_static && receiver.is<ClassInfo>() ? receiver.as<ClassInfo>() : class_of(receiver);
  if (cls->is_user) {
    for (const auto& [method, overloads] : static_cast<UserClass*>(cls)->methods) {
      for (const MethodRef& each : overloads) consider(method, types_of_code(each.def->code));
    }
  }
  if (!receiver.is<HostObject>()) {
    for (const MethodName& each : methods_of(is_static ? types().klass : cls)) {
      consider(each.name, types_of_letters(each.method->signature));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::string out;
  for (size_t i = 0; i < std::min(found.size(), kMost); ++i) {
    out += (i == 0 ? "\nPossible solutions: " : ", ") + found[i].second;
  }
  return out;
}

}  // namespace ks::groovy
