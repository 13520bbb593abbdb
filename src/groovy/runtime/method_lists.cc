#include "groovy/runtime/method_lists.h"

#include <array>
#include <vector>

namespace ks::groovy {

namespace {

/// A method, and the lists that have it: a letter each.
struct Row {
  std::string_view method;
  std::string_view lists;
};

/// Facts of Groovy 2.4.21 on Java 17. Each list is in Groovy's own order: among equally near names
/// the first is named.
constexpr Row kRows[] = {
    {"asType(java.lang.Class)", "ac"},
    {"println()", "ac"},
    {"with(groovy.lang.Closure)", "ac"},
    {"getMetaClass()", "acg"},
    {"any(groovy.lang.Closure)", "ac"},
    {"asBoolean()", "ac"},
    {"getAt(java.lang.String)", "ac"},
    {"compareTo(java.lang.Enum)", "e"},
    {"describeConstable()", "e"},
    {"equals(java.lang.Object)", "oe"},
    {"getClass()", "o"},
    {"getDeclaringClass()", "e"},
    {"hashCode()", "oe"},
    {"notify()", "o"},
    {"notifyAll()", "o"},
    {"addSuppressed(java.lang.Throwable)", "t"},
    {"fillInStackTrace()", "t"},
    {"getCause()", "t"},
    {"getLocalizedMessage()", "t"},
    {"getMessage()", "t"},
    {"getStackTrace()", "t"},
    {"getSuppressed()", "t"},
    {"initCause(java.lang.Throwable)", "t"},
    {"printStackTrace()", "t"},
    {"printStackTrace(java.io.PrintStream)", "t"},
    {"printStackTrace(java.io.PrintWriter)", "t"},
    {"setStackTrace([Ljava.lang.StackTraceElement;)", "t"},
    {"name()", "e"},
    {"ordinal()", "e"},
    {"toString()", "acote"},
    {"sprintf(java.lang.String, java.lang.Object)", "ac"},
    {"asType(java.lang.Class)", "c"},
    {"any()", "ac"},
    {"sprintf(java.lang.String, [Ljava.lang.Object;)", "ac"},
    {"inject(groovy.lang.Closure)", "ac"},
    {"findIndexOf(groovy.lang.Closure)", "ac"},
    {"respondsTo(java.lang.String)", "ac"},
    {"evaluate(java.io.File)", "s"},
    {"evaluate(java.lang.String)", "s"},
    {"getBinding()", "s"},
    {"getProperty(java.lang.String)", "sg"},
    {"invokeMethod(java.lang.String, java.lang.Object)", "acsg"},
    {"findResult(java.lang.Object, groovy.lang.Closure)", "ac"},
    {"findIndexOf(int, groovy.lang.Closure)", "ac"},
    {"findLastIndexOf(groovy.lang.Closure)", "ac"},
    {"putAt(java.lang.String, java.lang.Object)", "ac"},
    {"findAll(groovy.lang.Closure)", "ac"},
    {"getProperties()", "ac"},
    {"every()", "ac"},
    {"collect()", "ac"},
    {"findResult(groovy.lang.Closure)", "ac"},
    {"setMetaClass(groovy.lang.MetaClass)", "acg"},
    {"is(java.lang.Object)", "ac"},
    {"print(java.lang.Object)", "acs"},
    {"respondsTo(java.lang.String, [Ljava.lang.Object;)", "ac"},
    {"getMetaClass()", "ac"},
    {"find()", "ac"},
    {"each(groovy.lang.Closure)", "ac"},
    {"withTraits([Ljava.lang.Class;)", "ac"},
    {"println(java.lang.Object)", "ac"},
    {"print(java.lang.Object)", "c"},
    {"metaClass(groovy.lang.Closure)", "ac"},
    {"println(java.lang.Object)", "c"},
    {"addShutdownHook(groovy.lang.Closure)", "ac"},
    {"grep()", "ac"},
    {"split(groovy.lang.Closure)", "ac"},
    {"findIndexValues(groovy.lang.Closure)", "ac"},
    {"findIndexValues(java.lang.Number, groovy.lang.Closure)", "ac"},
    {"inject(java.lang.Object, groovy.lang.Closure)", "ac"},
    {"printf(java.lang.String, java.lang.Object)", "ac"},
    {"printf(java.lang.String, [Ljava.lang.Object;)", "acs"},
    {"grep(java.lang.Object)", "ac"},
    {"sleep(long)", "ac"},
    {"findLastIndexOf(int, groovy.lang.Closure)", "ac"},
    {"dump()", "ac"},
    {"use(java.lang.Class, groovy.lang.Closure)", "ac"},
    {"setMetaClass(groovy.lang.MetaClass)", "ac"},
    {"hasProperty(java.lang.String)", "ac"},
    {"use([Ljava.lang.Object;)", "ac"},
    {"find(groovy.lang.Closure)", "ac"},
    {"iterator()", "ac"},
    {"collect(java.util.Collection, groovy.lang.Closure)", "ac"},
    {"printf(java.lang.String, java.lang.Object)", "s"},
    {"println()", "cs"},
    {"every(groovy.lang.Closure)", "ac"},
    {"inspect()", "ac"},
    {"isCase(java.lang.Object)", "ac"},
    {"eachWithIndex(groovy.lang.Closure)", "ac"},
    {"use(java.util.List, groovy.lang.Closure)", "ac"},
    {"getMetaPropertyValues()", "ac"},
    {"identity(groovy.lang.Closure)", "ac"},
    {"println(java.io.PrintWriter)", "ac"},
    {"sleep(long, groovy.lang.Closure)", "ac"},
    {"collect(groovy.lang.Closure)", "ac"},
    {"print(java.io.PrintWriter)", "ac"},
    {"findAll()", "ac"},
    {"println(java.lang.Object)", "s"},
    {"run()", "s"},
    {"run(java.io.File, [Ljava.lang.String;)", "s"},
    {"setBinding(groovy.lang.Binding)", "s"},
    {"setProperty(java.lang.String, java.lang.Object)", "sg"},
    {"wait()", "o"},
    {"wait(long)", "o"},
    {"wait(long, int)", "o"},
    {"valueOf(java.lang.Class, java.lang.String)", "e"},
};

char letter_of(MethodList list) {
  switch (list) {
    case MethodList::object: return 'o';
    case MethodList::groovy_object: return 'g';
    case MethodList::script: return 's';
    case MethodList::enumeration: return 'e';
    case MethodList::throwable: return 't';
    case MethodList::every_object: return 'a';
    case MethodList::every_closure: return 'c';
  }
  return 'o';
}

std::vector<std::string_view> rows_of(MethodList list) {
  std::vector<std::string_view> out;
  for (const Row& row : kRows) {
    if (row.lists.contains(letter_of(list))) out.push_back(row.method);
  }
  return out;
}

}  // namespace

std::span<const std::string_view> listed_methods(MethodList list) {
  static const std::array kLists = {
      rows_of(MethodList::object),       rows_of(MethodList::groovy_object),
      rows_of(MethodList::script),       rows_of(MethodList::enumeration),
      rows_of(MethodList::throwable),    rows_of(MethodList::every_object),
      rows_of(MethodList::every_closure)};
  return kLists.at(static_cast<size_t>(list));
}

}  // namespace ks::groovy
