#include "groovy/runtime/method_lists.h"

/// Facts of Groovy 2.4.21 on Java 17, in its own order: among equally near names the first is
/// named.

namespace ks::groovy {

namespace {

/// java.lang.Object.
constexpr std::string_view kObject[] = {"equals(java.lang.Object)",
                                        "getClass()",
                                        "hashCode()",
                                        "notify()",
                                        "notifyAll()",
                                        "toString()",
                                        "wait()",
                                        "wait(long)",
                                        "wait(long, int)"};

/// What every class of a script has.
constexpr std::string_view kGroovyObject[] = {"getMetaClass()", "getProperty(java.lang.String)",
                                              "invokeMethod(java.lang.String, java.lang.Object)",
                                              "setMetaClass(groovy.lang.MetaClass)",
                                              "setProperty(java.lang.String, java.lang.Object)"};

/// groovy.lang.Script.
constexpr std::string_view kScript[] = {"evaluate(java.io.File)",
                                        "evaluate(java.lang.String)",
                                        "getBinding()",
                                        "getProperty(java.lang.String)",
                                        "invokeMethod(java.lang.String, java.lang.Object)",
                                        "print(java.lang.Object)",
                                        "printf(java.lang.String, [Ljava.lang.Object;)",
                                        "printf(java.lang.String, java.lang.Object)",
                                        "println()",
                                        "println(java.lang.Object)",
                                        "run()",
                                        "run(java.io.File, [Ljava.lang.String;)",
                                        "setBinding(groovy.lang.Binding)",
                                        "setProperty(java.lang.String, java.lang.Object)"};

/// java.lang.Enum.
constexpr std::string_view kEnum[] = {"compareTo(java.lang.Enum)",
                                      "describeConstable()",
                                      "equals(java.lang.Object)",
                                      "getDeclaringClass()",
                                      "hashCode()",
                                      "name()",
                                      "ordinal()",
                                      "toString()",
                                      "valueOf(java.lang.Class, java.lang.String)"};

/// java.lang.Throwable.
constexpr std::string_view kThrowable[] = {"addSuppressed(java.lang.Throwable)",
                                           "fillInStackTrace()",
                                           "getCause()",
                                           "getLocalizedMessage()",
                                           "getMessage()",
                                           "getStackTrace()",
                                           "getSuppressed()",
                                           "initCause(java.lang.Throwable)",
                                           "printStackTrace()",
                                           "printStackTrace(java.io.PrintStream)",
                                           "printStackTrace(java.io.PrintWriter)",
                                           "setStackTrace([Ljava.lang.StackTraceElement;)",
                                           "toString()"};

/// What Groovy gives every object.
constexpr std::string_view kEveryObject[] = {
    "asType(java.lang.Class)",
    "println()",
    "with(groovy.lang.Closure)",
    "getMetaClass()",
    "any(groovy.lang.Closure)",
    "asBoolean()",
    "getAt(java.lang.String)",
    "toString()",
    "sprintf(java.lang.String, java.lang.Object)",
    "any()",
    "sprintf(java.lang.String, [Ljava.lang.Object;)",
    "inject(groovy.lang.Closure)",
    "findIndexOf(groovy.lang.Closure)",
    "respondsTo(java.lang.String)",
    "invokeMethod(java.lang.String, java.lang.Object)",
    "findResult(java.lang.Object, groovy.lang.Closure)",
    "findIndexOf(int, groovy.lang.Closure)",
    "findLastIndexOf(groovy.lang.Closure)",
    "putAt(java.lang.String, java.lang.Object)",
    "findAll(groovy.lang.Closure)",
    "getProperties()",
    "every()",
    "collect()",
    "findResult(groovy.lang.Closure)",
    "setMetaClass(groovy.lang.MetaClass)",
    "is(java.lang.Object)",
    "print(java.lang.Object)",
    "respondsTo(java.lang.String, [Ljava.lang.Object;)",
    "getMetaClass()",
    "find()",
    "each(groovy.lang.Closure)",
    "withTraits([Ljava.lang.Class;)",
    "println(java.lang.Object)",
    "metaClass(groovy.lang.Closure)",
    "addShutdownHook(groovy.lang.Closure)",
    "grep()",
    "split(groovy.lang.Closure)",
    "findIndexValues(groovy.lang.Closure)",
    "findIndexValues(java.lang.Number, groovy.lang.Closure)",
    "inject(java.lang.Object, groovy.lang.Closure)",
    "printf(java.lang.String, java.lang.Object)",
    "printf(java.lang.String, [Ljava.lang.Object;)",
    "grep(java.lang.Object)",
    "sleep(long)",
    "findLastIndexOf(int, groovy.lang.Closure)",
    "dump()",
    "use(java.lang.Class, groovy.lang.Closure)",
    "setMetaClass(groovy.lang.MetaClass)",
    "hasProperty(java.lang.String)",
    "use([Ljava.lang.Object;)",
    "find(groovy.lang.Closure)",
    "iterator()",
    "collect(java.util.Collection, groovy.lang.Closure)",
    "every(groovy.lang.Closure)",
    "inspect()",
    "isCase(java.lang.Object)",
    "eachWithIndex(groovy.lang.Closure)",
    "use(java.util.List, groovy.lang.Closure)",
    "getMetaPropertyValues()",
    "identity(groovy.lang.Closure)",
    "println(java.io.PrintWriter)",
    "sleep(long, groovy.lang.Closure)",
    "collect(groovy.lang.Closure)",
    "print(java.io.PrintWriter)",
    "findAll()"};

/// The same for closures, which bring some of their own.
constexpr std::string_view kEveryClosure[] = {
    "asType(java.lang.Class)",
    "println()",
    "with(groovy.lang.Closure)",
    "getMetaClass()",
    "any(groovy.lang.Closure)",
    "asBoolean()",
    "getAt(java.lang.String)",
    "toString()",
    "sprintf(java.lang.String, java.lang.Object)",
    "asType(java.lang.Class)",
    "any()",
    "sprintf(java.lang.String, [Ljava.lang.Object;)",
    "inject(groovy.lang.Closure)",
    "findIndexOf(groovy.lang.Closure)",
    "respondsTo(java.lang.String)",
    "invokeMethod(java.lang.String, java.lang.Object)",
    "findResult(java.lang.Object, groovy.lang.Closure)",
    "findIndexOf(int, groovy.lang.Closure)",
    "findLastIndexOf(groovy.lang.Closure)",
    "putAt(java.lang.String, java.lang.Object)",
    "findAll(groovy.lang.Closure)",
    "getProperties()",
    "every()",
    "collect()",
    "findResult(groovy.lang.Closure)",
    "setMetaClass(groovy.lang.MetaClass)",
    "is(java.lang.Object)",
    "print(java.lang.Object)",
    "respondsTo(java.lang.String, [Ljava.lang.Object;)",
    "getMetaClass()",
    "find()",
    "each(groovy.lang.Closure)",
    "withTraits([Ljava.lang.Class;)",
    "println(java.lang.Object)",
    "print(java.lang.Object)",
    "metaClass(groovy.lang.Closure)",
    "println(java.lang.Object)",
    "addShutdownHook(groovy.lang.Closure)",
    "grep()",
    "split(groovy.lang.Closure)",
    "findIndexValues(groovy.lang.Closure)",
    "findIndexValues(java.lang.Number, groovy.lang.Closure)",
    "inject(java.lang.Object, groovy.lang.Closure)",
    "printf(java.lang.String, java.lang.Object)",
    "printf(java.lang.String, [Ljava.lang.Object;)",
    "grep(java.lang.Object)",
    "sleep(long)",
    "findLastIndexOf(int, groovy.lang.Closure)",
    "dump()",
    "use(java.lang.Class, groovy.lang.Closure)",
    "setMetaClass(groovy.lang.MetaClass)",
    "hasProperty(java.lang.String)",
    "use([Ljava.lang.Object;)",
    "find(groovy.lang.Closure)",
    "iterator()",
    "collect(java.util.Collection, groovy.lang.Closure)",
    "println()",
    "every(groovy.lang.Closure)",
    "inspect()",
    "isCase(java.lang.Object)",
    "eachWithIndex(groovy.lang.Closure)",
    "use(java.util.List, groovy.lang.Closure)",
    "getMetaPropertyValues()",
    "identity(groovy.lang.Closure)",
    "println(java.io.PrintWriter)",
    "sleep(long, groovy.lang.Closure)",
    "collect(groovy.lang.Closure)",
    "print(java.io.PrintWriter)",
    "findAll()"};

}  // namespace

std::span<const std::string_view> listed_methods(MethodList list) {
  switch (list) {
    case MethodList::object: return kObject;
    case MethodList::groovy_object: return kGroovyObject;
    case MethodList::script: return kScript;
    case MethodList::enumeration: return kEnum;
    case MethodList::throwable: return kThrowable;
    case MethodList::every_object: return kEveryObject;
    case MethodList::every_closure: return kEveryClosure;
  }
  return kObject;
}

}  // namespace ks::groovy
