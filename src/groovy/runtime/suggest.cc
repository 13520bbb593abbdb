#include "groovy/runtime/suggest.h"

#include <algorithm>
#include <map>

#include "groovy/eval/frame.h"
#include "groovy/eval/user_class.h"
#include "groovy/runtime/classes.h"
#include "groovy/runtime/method_lists.h"

namespace ks::groovy {

namespace {

constexpr size_t kEdit = 10;
constexpr size_t kSwap = 5;
constexpr size_t kCase = 5;

bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// How much a name has to be changed into another, as Groovy counts it: 10 for each change, 5 for
/// neighbours that change places and where only the case differs.
size_t edit_cost(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  std::vector<size_t> older;
  std::vector<size_t> above(a.size() + 1);
  for (size_t i = 0; i <= a.size(); ++i) above[i] = i * kEdit;
  for (size_t j = 1; j <= b.size(); ++j) {
    std::vector<size_t> row(a.size() + 1);
    row[0] = j * kEdit;
    for (size_t i = 1; i <= a.size(); ++i) {
      char x = a[i - 1];
      char y = b[j - 1];
      size_t change = x == y                                               ? 0
                      : lower(x) == lower(y) && is_lower(x) != is_lower(y) ? kCase
                                                                           : kEdit;
      row[i] = std::min({row[i - 1] + kEdit, above[i] + kEdit, above[i - 1] + change});
      if (i > 1 && j > 1 && lower(x) == lower(b[j - 2]) && lower(a[i - 2]) == lower(y)) {
        size_t cases = (is_lower(x) != is_lower(b[j - 2]) ? kCase : 0) +
                       (is_lower(a[i - 2]) != is_lower(y) ? kCase : 0);
        row[i] = std::min(row[i], older[i - 2] + kSwap + cases);
      }
    }
    older = std::move(above);
    above = std::move(row);
  }
  return above[a.size()];
}

/// The same over the classes of arguments and parameters.
size_t edit_cost(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  std::vector<size_t> older;
  std::vector<size_t> above(a.size() + 1);
  for (size_t i = 0; i <= a.size(); ++i) above[i] = i * kEdit;
  for (size_t j = 1; j <= b.size(); ++j) {
    std::vector<size_t> row(a.size() + 1);
    row[0] = j * kEdit;
    for (size_t i = 1; i <= a.size(); ++i) {
      size_t change = a[i - 1] == b[j - 1] ? 0 : kEdit;
      row[i] = std::min({row[i - 1] + kEdit, above[i] + kEdit, above[i - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[i] = std::min(row[i], older[i - 2] + kSwap);
    }
    older = std::move(above);
    above = std::move(row);
  }
  return above[a.size()];
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

/// A method that may have been meant.
struct Candidate {
  std::string name;
  std::vector<std::string> parameters;

  std::string shown() const {
    std::string out = name + "(";
    for (size_t i = 0; i < parameters.size(); ++i) out += (i == 0 ? "" : ", ") + parameters[i];
    return out + ")";
  }
};

std::vector<std::string> split_types(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t end = std::min(text.find(", "), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

Candidate candidate_of(std::string_view text) {
  size_t open = text.find('(');
  return {std::string(text.substr(0, open)),
          split_types(text.substr(open + 1, text.size() - open - 2))};
}

void add_listed(std::vector<Candidate>& to, MethodList list) {
  for (std::string_view each : listed_methods(list)) to.push_back(candidate_of(each));
}

/// A class in the form that Class.getName() has: `[I`, `[Ljava.lang.String;`.
std::string written_type(Task& task, const TypeRef& type) {
  if (!type.written) return "java.lang.Object";
  return resolve(task, type)->name;
}

/// One candidate for each number of arguments that default values leave.
void add_code(Task& task, std::vector<Candidate>& to, const std::string& name, const Code& code) {
  size_t defaults = 0;
  for (const Parameter& each : code.parameters) defaults += each.initial != nullptr ? 1 : 0;
  for (size_t left_out = 0; left_out <= defaults; ++left_out) {
    Candidate& made = to.emplace_back(Candidate{name, {}});
    size_t kept = defaults - left_out;
    for (const Parameter& each : code.parameters) {
      if (each.initial != nullptr && kept == 0) continue;
      if (each.initial != nullptr) --kept;
      made.parameters.push_back(written_type(task, each.type));
    }
  }
}

void add_accessors(Task& task, std::vector<Candidate>& to, const FieldDef& field) {
  if (!field.is_property) return;
  Name name(field.name);
  std::string type = written_type(task, field.type);
  to.push_back({name.getter, {}});
  if (type == "boolean") to.push_back({name.bool_getter, {}});
  if (!field.is_final) to.push_back({name.setter, {type}});
}

bool in_order(const Candidate& a, const Candidate& b) {
  if (a.name != b.name) return a.name < b.name;
  if (a.parameters.size() != b.parameters.size()) return a.parameters.size() < b.parameters.size();
  return a.parameters < b.parameters;
}

/// The methods that the class itself declares, in Groovy's order.
std::vector<Candidate> declared(Task& task, const UserClass& cls) {
  std::vector<Candidate> out;
  for (const auto& method : cls.def.methods) {
    if (!method->is_private) add_code(task, out, method->name->text, method->code);
  }
  for (const FieldDef& field : cls.def.fields) add_accessors(task, out, field);
  bool script = cls.def.kind == ClassKind::script;
  if (script) out.push_back({"main", {"[Ljava.lang.String;"}});
  if (cls.user_super == nullptr && !script) add_listed(out, MethodList::groovy_object);
  std::stable_sort(out.begin(), out.end(), in_order);
  return out;
}

void add_class(Task& task, std::vector<Candidate>& to, const UserClass& cls) {
  if (cls.user_super != nullptr) {
    add_class(task, to, *cls.user_super);
  } else {
    add_listed(to, MethodList::object);
    if (cls.is_enum) add_listed(to, MethodList::enumeration);
    if (cls.is_throwable) add_listed(to, MethodList::throwable);
    if (cls.is_a(types().script)) {
      add_listed(to, MethodList::groovy_object);
      add_listed(to, MethodList::script);
    }
  }
  std::vector<Candidate> own = declared(task, cls);
  to.insert(to.end(), own.begin(), own.end());
}

std::vector<Candidate> candidates(Task& task, const Value& receiver, const ClassInfo* cls,
                                  bool is_static) {
  std::vector<Candidate> out;
  if (cls->is_user) {
    add_class(task, out, static_cast<const UserClass&>(*cls));
    add_listed(out, MethodList::every_object);
    return out;
  }
  if (auto* closure = receiver.as<Closure>()) {
    add_listed(out, MethodList::every_closure);
    if (const auto* written = dynamic_cast<const CodeClosure*>(closure)) {
      if (written->code.implicit_it) out.push_back({"doCall", {}});
      add_code(task, out, "doCall", written->code);
    }
    add_listed(out, MethodList::every_closure);
    return out;
  }
  for (const MethodName& each : methods_of(is_static ? types().klass : cls)) {
    out.push_back({std::string(each.name), split_types(types_of_letters(each.method->signature))});
  }
  return out;
}

std::string boxed_name(const std::string& name) {
  ClassInfo* cls = library_class(name);
  return cls != nullptr && cls->primitive != Kind::null ? boxed(cls)->name : name;
}

constexpr size_t kMostSuggestions = 6;

std::string listed(std::vector<std::pair<size_t, std::string>> found) {
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (size_t i = 0; i < std::min(found.size(), kMostSuggestions); ++i) {
    out += (i == 0 ? "\nPossible solutions: " : ", ") + found[i].second;
  }
  return out;
}

}  // namespace

std::string suggested_methods(Task& task, const Value& receiver, std::string_view name, Args args,
                              bool is_static) {
  if (receiver.is_null() || receiver.is<HostObject>()) return {};
  constexpr size_t kTooFar = 50;
  ClassInfo* cls =
      is_static && receiver.is<ClassInfo>() ? receiver.as<ClassInfo>() : class_of(receiver);
  std::vector<std::string> given;
  for (const Value& each : args) {
    const auto* closure = each.as<Closure>();
    given.push_back(closure != nullptr ? closure_name(*closure) : class_of(each)->name);
  }
  std::vector<std::pair<size_t, std::string>> found;
  for (const Candidate& each : candidates(task, receiver, cls, is_static)) {
    size_t cost = edit_cost(name, each.name);
    if (cost > kTooFar) continue;
    std::vector<std::string> parameters;
    for (const std::string& type : each.parameters) parameters.push_back(boxed_name(type));
    cost += edit_cost(given, parameters);
    if (cost <= kTooFar) found.emplace_back(cost, each.shown());
  }
  return listed(std::move(found));
}

std::string suggested_properties(const ClassInfo* cls, std::string_view name) {
  if (!cls->is_user) return {};
  constexpr size_t kTooFar = 30;
  std::vector<std::pair<size_t, std::string>> found;
  for (const auto& [field, ref] : static_cast<const UserClass*>(cls)->fields) {
    size_t cost = edit_cost(name, field);
    if (cost <= kTooFar && ref.def->is_property) found.emplace_back(cost, field);
  }
  for (const auto& [method, overloads] : static_cast<const UserClass*>(cls)->methods) {
    Name accessor(method);
    if (accessor.property.empty()) continue;
    size_t parameters = overloads.front().def->code.parameters.size();
    if (parameters != (method[0] == 's' ? 1 : 0)) continue;
    size_t cost = edit_cost(name, accessor.property);
    if (cost <= kTooFar) found.emplace_back(cost, accessor.property);
  }
  return listed(std::move(found));
}

}  // namespace ks::groovy
