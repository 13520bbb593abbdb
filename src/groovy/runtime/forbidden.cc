#include <algorithm>
#include <array>

#include "groovy/runtime/classes.h"

/// Classes that a JVM or Jenkins would have, and that scripts get no access to.

namespace ks::groovy {

namespace {

constexpr std::array<std::string_view, 45> kForbidden = {
    "groovy.lang.GroovyClassLoader",
    "groovy.lang.GroovySystem",
    "groovy.lang.MetaClass",
    "groovy.sql.Sql",
    "groovy.util.AntBuilder",
    "groovy.util.Eval",
    "groovy.util.GroovyScriptEngine",
    "java.io.BufferedReader",
    "java.io.BufferedWriter",
    "java.io.File",
    "java.io.FileInputStream",
    "java.io.FileOutputStream",
    "java.io.FileReader",
    "java.io.FileWriter",
    "java.io.InputStream",
    "java.io.InputStreamReader",
    "java.io.ObjectInputStream",
    "java.io.ObjectOutputStream",
    "java.io.OutputStream",
    "java.io.RandomAccessFile",
    "java.lang.ClassLoader",
    "java.lang.Process",
    "java.lang.ProcessBuilder",
    "java.lang.Runtime",
    "java.lang.SecurityManager",
    "java.lang.Thread",
    "java.lang.ThreadGroup",
    "java.lang.ThreadLocal",
    "java.net.DatagramSocket",
    "java.net.HttpURLConnection",
    "java.net.InetAddress",
    "java.net.ServerSocket",
    "java.net.Socket",
    "java.net.URLClassLoader",
    "java.net.URLConnection",
    "java.nio.file.Files",
    "java.nio.file.Path",
    "java.nio.file.Paths",
    "java.util.ServiceLoader",
    "java.util.Timer",
    "java.util.concurrent.Executors",
    "java.util.jar.JarFile",
    "java.util.zip.ZipFile",
    "javax.script.ScriptEngineManager",
    "sun.misc.Unsafe",
};

constexpr std::array<std::string_view, 8> kForbiddenPackages = {
    "java.lang.reflect.", "java.lang.invoke.", "java.sql.", "javax.naming.",
    "jenkins.",           "hudson.",           "sun.",      "org.codehaus.groovy.",
};

}  // namespace

bool is_forbidden_class(std::string_view full_name) {
  if (library_class(full_name) != nullptr) return false;
  if (std::binary_search(kForbidden.begin(), kForbidden.end(), full_name)) return true;
  return std::any_of(kForbiddenPackages.begin(), kForbiddenPackages.end(),
                     [&](std::string_view package) { return full_name.starts_with(package); });
}

std::string_view forbidden_default_class(std::string_view simple_name) {
  static constexpr std::array<std::string_view, 6> kPackages = {
      "java.lang.", "java.util.", "java.io.", "java.net.", "groovy.lang.", "groovy.util."};
  for (std::string_view each : kForbidden) {
    for (std::string_view package : kPackages) {
      if (each.size() == package.size() + simple_name.size() && each.starts_with(package) &&
          each.ends_with(simple_name)) {
        return each;
      }
    }
  }
  return {};
}

}  // namespace ks::groovy
