#include <fmt/format.h>

#include <array>
#include <cctype>

#include "engine/host_classes.h"
#include "engine/run.h"

// Classes of Jenkins itself. There is no Jenkins here, and its sandbox lets no script at them: what
// a script tries is named in the words of that sandbox, which say what to take out.

namespace ks::engine {
namespace {

constexpr std::array<std::string_view, 2> kGuarded = {"jenkins.model.Jenkins",
                                                      "hudson.model.Hudson"};

class GuardedClass final : public groovy::HostObject {
 public:
  GuardedClass(Run& run, std::string name) : run_(run), name_(std::move(name)) {}
  std::string class_name() const override { return name_; }

  /// `Jenkins.instance` is getInstance().
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    std::string getter = "get" + std::string(name);
    getter[3] = static_cast<char>(std::toupper(static_cast<unsigned char>(getter[3])));
    refuse(task, "staticMethod", " " + getter);
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args) override {
    refuse(task, "staticMethod", " " + std::string(name));
  }
  std::optional<groovy::Value> construct(groovy::Task& task, groovy::Args) override {
    refuse(task, "new", "");
  }

 private:
  [[noreturn]] void refuse(groovy::Task& task, std::string_view kind, const std::string& member) {
    run_.raise(task, "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException",
               fmt::format("Scripts not permitted to use {} {}{}", kind, name_, member));
  }

  Run& run_;
  const std::string name_;
};

}  // namespace

std::optional<groovy::Value> guarded_class(Run& run, std::string_view name) {
  for (std::string_view full : kGuarded) {
    if (name != full && name != full.substr(full.rfind('.') + 1)) continue;
    return groovy::Value(run.interpreter().heap().make<GuardedClass>(run, std::string(full)));
  }
  return std::nullopt;
}

}  // namespace ks::engine
