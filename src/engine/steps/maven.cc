#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <sstream>

#include "base/text.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/host_classes.h"
#include "engine/values.h"

// readMavenPom, writeMavenPom, and the Model that scripts see: each element of a pom is a property,
// known collections are lists, `properties` and `configuration` are maps.

namespace ks::engine {
namespace {

constexpr size_t kMaxPomBytes = 16u << 20;
constexpr int kMaxDepth = 64;
constexpr std::string_view kPackage = "org.apache.maven.model.";

/// A collection of the model: its element, and that of each item. `class_name` is empty where items
/// are texts.
struct Collection {
  std::string_view name, item, class_name;
};
constexpr std::array kCollections = {
    Collection{"dependencies", "dependency", "Dependency"},
    Collection{"modules", "module", ""},
    Collection{"plugins", "plugin", "Plugin"},
    Collection{"exclusions", "exclusion", "Exclusion"},
    Collection{"licenses", "license", "License"},
    Collection{"developers", "developer", "Developer"},
    Collection{"contributors", "contributor", "Contributor"},
    Collection{"repositories", "repository", "Repository"},
    Collection{"pluginRepositories", "pluginRepository", "Repository"},
    Collection{"profiles", "profile", "Profile"},
    Collection{"executions", "execution", "PluginExecution"},
    Collection{"goals", "goal", ""},
    Collection{"resources", "resource", "Resource"},
    Collection{"testResources", "testResource", "Resource"},
    Collection{"includes", "include", ""},
    Collection{"excludes", "exclude", ""},
    Collection{"extensions", "extension", "Extension"},
    Collection{"mailingLists", "mailingList", "MailingList"},
    Collection{"roles", "role", ""},
    Collection{"filters", "filter", ""},
    Collection{"notifiers", "notifier", "Notifier"},
};
constexpr std::array<std::string_view, 24> kClasses = {"Model",
                                                       "Dependency",
                                                       "Parent",
                                                       "Plugin",
                                                       "Build",
                                                       "Exclusion",
                                                       "License",
                                                       "Developer",
                                                       "Contributor",
                                                       "Repository",
                                                       "Profile",
                                                       "PluginExecution",
                                                       "Resource",
                                                       "Extension",
                                                       "MailingList",
                                                       "Scm",
                                                       "Organization",
                                                       "IssueManagement",
                                                       "CiManagement",
                                                       "DependencyManagement",
                                                       "PluginManagement",
                                                       "DistributionManagement",
                                                       "DeploymentRepository",
                                                       "Notifier"};

const Collection* collection(std::string_view name) {
  const auto found = std::ranges::find(kCollections, name, &Collection::name);
  return found == kCollections.end() ? nullptr : &*found;
}

bool is_map_element(std::string_view name) {
  return name == "properties" || name == "configuration";
}

std::string property_of(std::string_view method, size_t prefix) {
  std::string name(method.substr(prefix));
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z')
    name[0] = static_cast<char>(name[0] | 0x20);
  return name;
}

/// A class of Maven's model: what was set, in order.
class Bean final : public groovy::HostObject {
 public:
  explicit Bean(std::string class_name) : class_(std::move(class_name)) {}
  std::string class_name() const override { return std::string(kPackage) + class_; }
  bool is_instance_of(std::string_view name) const override {
    return name == class_name() || name == class_;
  }

  std::vector<std::pair<std::string, groovy::Value>> properties;

  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    for (const auto& [key, value] : properties) {
      if (key == name) return value;
    }
    if (collection(name) != nullptr) return keep(name, task.interpreter().make_list());
    if (is_map_element(name)) return keep(name, task.interpreter().make_map());
    if (name == "modelVersion" && class_ == "Model") return task.interpreter().make_string("4.0.0");
    if (name == "packaging" && class_ == "Model") return task.interpreter().make_string("jar");
    if (name == "type" && class_ == "Dependency") return task.interpreter().make_string("jar");
    return groovy::Value();
  }
  bool set_property(groovy::Task&, std::string_view name, const groovy::Value& value) override {
    for (auto& [key, old] : properties) {
      if (key == name) {
        old = value;
        return true;
      }
    }
    properties.emplace_back(std::string(name), value);
    return true;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name.starts_with("get") && name.size() > 3 && args.empty())
      return get_property(task, property_of(name, 3));
    if (name.starts_with("set") && name.size() > 3 && args.size() == 1) {
      set_property(task, property_of(name, 3), args[0]);
      return groovy::Value();
    }
    if (name == "addProperty" && args.size() == 2) {
      const groovy::Value map = *get_property(task, "properties");
      groovy::map_put(task, map, task.interpreter().to_string(task, args[0]), args[1]);
      return groovy::Value();
    }
    if (name.starts_with("add") && args.size() == 1) {
      const std::string item = property_of(name, 3);
      const auto found = std::ranges::find(kCollections, item, &Collection::item);
      if (found == kCollections.end()) return std::nullopt;
      groovy::list_add(task, *get_property(task, found->name), args[0]);
      return groovy::Value();
    }
    if (name == "toString" && args.empty()) return task.interpreter().make_string(to_string(task));
    return std::nullopt;
  }
  std::string to_string(groovy::Task& task) override {
    auto text = [&](std::string_view name) {
      const groovy::Value value = *get_property(task, name);
      return value.is_null() ? "null" : task.interpreter().to_string(task, value);
    };
    if (class_ == "Model") {
      return fmt::format("{}:{}:{}:{}", text("groupId"), text("artifactId"), text("packaging"),
                         text("version"));
    }
    return fmt::format("{} {{groupId={}, artifactId={}, version={}, type={}}}", class_,
                       text("groupId"), text("artifactId"), text("version"), text("type"));
  }
  size_t footprint() const override { return sizeof(Bean) + properties.capacity() * 64; }

 private:
  groovy::Value keep(std::string_view name, groovy::Value value) {
    properties.emplace_back(std::string(name), value);
    return value;
  }
  std::string class_;
};

/// `Model`, `Dependency`: what `new` makes one of.
class BeanClass final : public groovy::HostObject {
 public:
  explicit BeanClass(std::string name) : name_(std::move(name)) {}
  std::string class_name() const override { return "java.lang.Class"; }
  std::string to_string(groovy::Task&) override { return "class " + std::string(kPackage) + name_; }
  std::optional<groovy::Value> construct(groovy::Task& task, groovy::Args args) override {
    auto bean = task.heap().make<Bean>(name_);
    if (args.size() == 1 && groovy::is_map(args[0])) {
      for (const auto& [key, value] : groovy::map_entries(task, args[0]))
        bean->set_property(task, key, value);
    } else if (!args.empty()) {
      return std::nullopt;
    }
    return groovy::Value(bean);
  }

 private:
  std::string name_;
};

bool has_elements(const pugi::xml_node& node) {
  return std::ranges::any_of(
      node.children(), [](const pugi::xml_node& c) { return c.type() == pugi::node_element; });
}

groovy::Value read_map(groovy::Interpreter& interpreter, const pugi::xml_node& node) {
  std::vector<std::pair<std::string, groovy::Value>> entries;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    entries.emplace_back(child.name(), has_elements(child)
                                           ? read_map(interpreter, child)
                                           : interpreter.make_string(trim(child.text().get())));
  }
  return interpreter.make_map(std::move(entries));
}

std::string class_of_element(std::string_view element) {
  std::string name(element);
  if (!name.empty()) name[0] = static_cast<char>(name[0] & ~0x20);
  return name;
}

groovy::Value read_bean(groovy::Interpreter& interpreter, const pugi::xml_node& node,
                        std::string class_name) {
  auto bean = interpreter.heap().make<Bean>(std::move(class_name));
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string name = child.name();
    groovy::Value value;
    if (is_map_element(name)) {
      value = read_map(interpreter, child);
    } else if (const Collection* known = collection(name)) {
      std::vector<groovy::Value> items;
      for (const pugi::xml_node& item : child.children()) {
        if (item.name() != known->item) continue;
        items.push_back(known->class_name.empty()
                            ? interpreter.make_string(trim(item.text().get()))
                            : read_bean(interpreter, item, std::string(known->class_name)));
      }
      value = interpreter.make_list(std::move(items));
    } else if (has_elements(child)) {
      value = read_bean(interpreter, child, class_of_element(name));
    } else {
      value = interpreter.make_string(trim(child.text().get()));
    }
    bean->properties.emplace_back(name, std::move(value));
  }
  return groovy::Value(bean);
}

/// The parser calls itself for each level, and an entity may stand for a file: bounded before.
Result<> acceptable(const std::string& text) {
  if (text.contains("<!DOCTYPE") || text.contains("<!ENTITY"))
    return Error{Code::invalid, "a pom has no document type of its own"};
  int depth = 0;
  for (size_t i = 0; i + 1 < text.size(); i++) {
    if (text[i] != '<' || text[i + 1] == '!' || text[i + 1] == '?') continue;
    depth += text[i + 1] == '/' ? -1 : 1;
    const size_t end = text.find('>', i);
    if (end != text.npos && text[end - 1] == '/') depth--;
    if (depth > kMaxDepth)
      return Error{Code::invalid, fmt::format("nested deeper than {} levels", kMaxDepth)};
  }
  return {};
}

groovy::Value read_maven_pom(StepCall& call) {
  const std::string name = call.text("file", "pom.xml"), path = resolve(call, name);
  const json::value read = outside(call, "read", [&]() -> Result<json::value> {
    const Fence fence = fence_of(call, path);
    const std::optional<struct stat> info = TRY(fence.look(path));
    if (!info) return json::value{{"problem", name + " does not exist."}};
    if (S_ISDIR(info->st_mode)) return json::value{{"problem", name + " is a directory."}};
    return json::value{{"text", to_utf8_lossy(TRY(fence.read(path, kMaxPomBytes)))}};
  });
  if (const json::value* problem = read.as_object().if_contains("problem"))
    throw_java(call, "java.io.FileNotFoundException", "java.io.IOException", problem->as_string());
  const std::string text(read.at("text").as_string());
  if (Result<> fine = acceptable(text); !fine)
    call.fail(fmt::format("readMavenPom: {}: {}", name, fine.error().message));
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  if (!parsed || !document.child("project")) {
    throw_java(call, "org.codehaus.plexus.util.xml.pull.XmlPullParserException",
               "java.lang.Exception",
               fmt::format("{}: {}", name,
                           parsed ? "the root element is not 'project'" : parsed.description()));
  }
  return read_bean(call.run.interpreter(), document.child("project"), "Model");
}

void write_value(StepCall& call, pugi::xml_node into, const std::string& name,
                 const groovy::Value& value, int depth) {
  if (value.is_null()) return;
  if (depth > kMaxDepth) throw_illegal_argument(call, "writeMavenPom: the model holds itself");
  pugi::xml_node node = into.append_child(name.c_str());
  if (auto* bean = value.as_dynamic<Bean>()) {
    for (const auto& [key, member] : bean->properties)
      write_value(call, node, key, member, depth + 1);
  } else if (groovy::is_map(value)) {
    for (const auto& [key, member] : groovy::map_entries(call.task, value))
      write_value(call, node, key, member, depth + 1);
  } else if (groovy::is_list(value)) {
    const Collection* known = collection(name);
    const std::string item(known == nullptr ? "item" : known->item);
    const std::vector<groovy::Value> items = groovy::list_items(call.task, value);
    if (items.empty()) into.remove_child(node);
    for (const groovy::Value& one : items) write_value(call, node, item, one, depth + 1);
  } else {
    node.text().set(call.run.interpreter().to_string(call.task, value).c_str());
  }
}

groovy::Value write_maven_pom(StepCall& call) {
  auto* model = call.value("model").as_dynamic<Bean>();
  if (model == nullptr) {
    throw_illegal_argument(call,
                           "writeMavenPom needs a model: what readMavenPom gave, or new Model()");
  }
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node project = document.append_child("project");
  project.append_attribute("xmlns") = "http://maven.apache.org/POM/4.0.0";
  project.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
  project.append_attribute("xsi:schemaLocation") =
      "http://maven.apache.org/POM/4.0.0 https://maven.apache.org/xsd/maven-4.0.0.xsd";
  if (std::ranges::find(model->properties, "modelVersion", [](const auto& p) {
        return std::string_view(p.first);
      }) == model->properties.end()) {
    project.append_child("modelVersion").text().set("4.0.0");
  }
  for (const auto& [key, value] : model->properties) write_value(call, project, key, value, 1);
  std::ostringstream out;
  document.save(out, "  ");
  const std::string file = call.text("file", "pom.xml");
  refuse_folder(call, file);
  write_text(call, resolve(call, file), out.str());
  return {};
}

}  // namespace

std::optional<groovy::Value> maven_class(Run& run, std::string_view name) {
  // The others are words that a script may well use for something of its own.
  constexpr std::array<std::string_view, 3> kKnownWithoutImport = {"Model", "Dependency", "Parent"};
  std::string_view simple = name;
  if (simple.starts_with(kPackage)) {
    simple.remove_prefix(kPackage.size());
  } else if (std::ranges::find(kKnownWithoutImport, simple) == kKnownWithoutImport.end()) {
    return std::nullopt;
  }
  if (std::ranges::find(kClasses, simple) == kClasses.end()) return std::nullopt;
  return groovy::Value(run.interpreter().heap().make<BeanClass>(std::string(simple)));
}

void add_maven_steps(StepRegistry& registry) {
  registry.add({.name = "readMavenPom",
                .parameters = {"file"},
                .sole = {},
                .needs = Needs::node,
                .function = read_maven_pom});
  registry.add({.name = "writeMavenPom",
                .parameters = {"model", "file"},
                .sole = "model",
                .needs = Needs::node,
                .function = write_maven_pom});
}

}  // namespace ks::engine
