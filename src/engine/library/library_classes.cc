#include "engine/library/library_set.h"

// `library('x').com.example.Tool`: packages and classes as properties.

namespace ks::engine {
namespace {

/// A class by its name, called from outside of any import.
class LibraryClass final : public groovy::HostObject {
 public:
  LibraryClass(Run& run, std::string name, groovy::Value cls)
      : run_(run), name_(std::move(name)), class_(std::move(cls)) {}
  std::string class_name() const override { return name_; }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    return run_.interpreter().get_property(task, class_, name);
  }
  bool set_property(groovy::Task& task, std::string_view name,
                    const groovy::Value& value) override {
    run_.interpreter().set_property(task, class_, name, value);
    return true;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "new") return run_.interpreter().construct(task, name_, args);
    return run_.interpreter().invoke(task, class_, name, args);
  }

 private:
  Run& run_;
  std::string name_;
  groovy::Value class_;
};

class LibraryPackage final : public groovy::HostObject {
 public:
  LibraryPackage(Run& run, std::string name) : run_(run), name_(std::move(name)) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.workflow.libs.LibraryStep$LoadedClasses";
  }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    const std::string full = name_.empty() ? std::string(name) : name_ + "." + std::string(name);
    if (run_.libraries().has_class(full)) {
      groovy::Value cls =
          run_.interpreter().cast(task, run_.interpreter().make_string(full), "java.lang.Class");
      return groovy::Value(task.heap().make<LibraryClass>(run_, full, std::move(cls)));
    }
    if (run_.libraries().has_package(full))
      return groovy::Value(task.heap().make<LibraryPackage>(run_, full));
    run_.raise(task, "java.lang.ClassNotFoundException", full);
  }

 private:
  Run& run_;
  std::string name_;
};

}  // namespace

groovy::Value library_classes(Run& run, groovy::Task& task) {
  return groovy::Value(task.heap().make<LibraryPackage>(run, std::string()));
}

}  // namespace ks::engine
