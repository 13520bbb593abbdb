#include "groovy/runtime/suggest.h"

#include <algorithm>
#include <map>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/classes.h"

namespace ks::groovy {

namespace {

/// Edit costs as Groovy ranks them: 10 for each change, 5 when only the case differs.
size_t edit_cost(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j * 10;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i * 10;
    for (size_t j = 1; j <= b.size(); ++j) {
      char x = a[i - 1];
      char y = b[j - 1];
      bool near = std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
      size_t change = x == y ? 0 : near ? 5 : 10;
      size_t next = std::min({row[j] + 10, row[j - 1] + 10, diagonal + change});
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

namespace {

constexpr size_t kMostSuggestions = 6;

std::string listed(std::vector<std::pair<size_t, std::string>> found) {
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::string out;
  for (size_t i = 0; i < std::min(found.size(), kMostSuggestions); ++i) {
    out += (i == 0 ? "\nPossible solutions: " : ", ") + found[i].second;
  }
  return out;
}

}  // namespace

std::string suggested_methods(Task&, const Value& receiver, std::string_view name, size_t arguments,
                              bool is_static) {
  if (receiver.is_null()) return {};
  constexpr size_t kTooFar = 50;
  std::vector<std::pair<size_t, std::string>> found;
  auto consider = [&](std::string_view candidate, size_t parameters, const auto& types) {
    size_t missing = parameters > arguments ? parameters - arguments : arguments - parameters;
    size_t cost = edit_cost(name, candidate) + missing * 10;
    if (cost < kTooFar) found.emplace_back(cost, std::string(candidate) + "(" + types() + ")");
  };
  ClassInfo* cls =
      is_static && receiver.is<ClassInfo>() ? receiver.as<ClassInfo>() : class_of(receiver);
  if (cls->is_user) {
    for (const auto& [method, overloads] : static_cast<UserClass*>(cls)->methods) {
      for (const MethodRef& each : overloads) {
        consider(method, each.def->code.parameters.size(),
                 [&] { return types_of_code(each.def->code); });
      }
    }
  }
  if (!receiver.is<HostObject>()) {
    for (const MethodName& each : methods_of(is_static ? types().klass : cls)) {
      std::string_view letters = each.method->signature;
      consider(each.name, letters.size(), [&] { return types_of_letters(letters); });
    }
  }
  return listed(std::move(found));
}

std::string suggested_properties(const ClassInfo* cls, std::string_view name) {
  if (!cls->is_user) return {};
  constexpr size_t kTooFar = 30;
  std::vector<std::pair<size_t, std::string>> found;
  for (const auto& [field, ref] : static_cast<const UserClass*>(cls)->fields) {
    size_t cost = edit_cost(name, field);
    if (cost < kTooFar && ref.def->is_property) found.emplace_back(cost, field);
  }
  return listed(std::move(found));
}

}  // namespace ks::groovy
