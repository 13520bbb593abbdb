// Holds the mapping between Pipelines and config.xml against the vectors below a folder, both ways:
//
//   NAME.input.json  a spec, and for an update the config.xml that was there before
//   NAME.xml         the config.xml that must come of it
//   NAME.parsed.json the spec that must be read from that
//
//   golden --corpus DIR

#include <algorithm>
#include <filesystem>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "jenkins/config_xml.h"
#include "tally.h"

namespace {

namespace fs = std::filesystem;
using namespace ks;
using conformance::read_text;

/// An element with its children in an order that says nothing, but for lists in which it does.
std::string canonical(const pugi::xml_node& node, int depth = 0) {
  static const std::set<std::string_view> kOrdered = {"parameterDefinitions", "traits", "data",
                                                      "a"};
  const std::string indent(static_cast<size_t>(depth) * 2, ' ');
  std::map<std::string, std::string> attributes;
  for (const pugi::xml_attribute one : node.attributes()) attributes[one.name()] = one.value();
  std::string out = indent + "<" + node.name();
  for (const auto& [name, value] : attributes) out += fmt::format(" {}=\"{}\"", name, value);
  out += ">";
  std::vector<std::string> children;
  std::string text;
  for (const pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_element) children.push_back(canonical(child, depth + 1));
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  // Text beside elements says nothing to Jenkins; one of its own templates leaves some.
  if (children.empty()) return out + text;
  if (!kOrdered.contains(node.name())) std::ranges::sort(children);
  for (const std::string& child : children) out += "\n" + child;
  return out;
}

std::string canonical(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    std::string out = "[";
    for (const json::value& one : *list) out += canonical(one) + ",";
    return out + "]";
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return to_json(value);
  std::map<std::string, std::string> members;
  for (const auto& [name, member] : *object) members[std::string(name)] = canonical(member);
  std::string out = "{";
  for (const auto& [name, member] : members) out += fmt::format("\n\"{}\": {}", name, member);
  return out + "}";
}

/// Lines of one text that the other has not, from both.
std::string difference(const std::string& wanted, const std::string& got) {
  const auto lines = [](const std::string& text) {
    const auto parts = split(text, '\n');
    return std::multiset<std::string_view>(parts.begin(), parts.end());
  };
  const auto a = lines(wanted), b = lines(got);
  std::string out;
  const auto only = [&](const auto& in, const auto& from, std::string_view what) {
    std::vector<std::string_view> left;
    std::ranges::set_difference(in, from, std::back_inserter(left));
    for (std::string_view line : left) out += fmt::format("  {} {}\n", what, line);
  };
  only(a, b, "should have");
  only(b, a, "has        ");
  return out.empty() && wanted != got ? "  another order\n" : out;
}

Result<std::string> canonical_xml(const std::string& text) {
  pugi::xml_document document;
  // As Jenkins writes it, which no other reader of XML 1.0 takes.
  if (const auto parsed = document.load_string(text.c_str()); !parsed) {
    return Error{Code::invalid, parsed.description()};
  }
  return canonical(document.document_element());
}

json::value spec_of_vector(const json::value& input) {
  const std::string_view type = text_at(input, {"type"});
  const std::string_view member = type == "pipeline" ? "pipeline" : "multi_branch_pipeline";
  return json::object{{"type", type}, {member, input.at("spec")}};
}

/// What goes wrong with the config.xml of a spec; nothing when it is as it should be.
std::string check_write(const std::string& folder, const std::string& name) {
  const Result<json::value> input = parse_json(read_text(folder + "/" + name + ".input.json"));
  if (!input) return "  " + input.error().message + "\n";
  const json::value spec = spec_of_vector(*input);
  const std::string base(text_at(*input, {"base"}));
  const Result<std::string> config =
      text_at(*input, {"kind"}) == "update"
          ? jenkins::changed_config(read_text(folder + "/" + base), spec)
          : jenkins::config_of(spec);
  if (!config) return "  " + config.error().message + "\n";
  const auto wanted = canonical_xml(read_text(folder + "/" + name + ".xml"));
  const auto got = canonical_xml(*config);
  if (!wanted || !got) return "  no XML\n";
  return difference(*wanted, *got);
}

std::string check_read(const std::string& folder, const std::string& xml,
                       const json::value& wanted) {
  const Result<json::value> spec = jenkins::spec_of(read_text(folder + "/" + xml));
  if (!spec) return "  " + spec.error().message + "\n";
  const std::string_view member =
      text_at(*spec, {"type"}) == "pipeline" ? "pipeline" : "multi_branch_pipeline";
  return difference(canonical(wanted), canonical(spec->at(member)));
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = conformance::read_flags("golden", argc, argv);
  if (!flags) return 64;
  const std::string folder = flags->corpus;
  conformance::Tally tally("golden", *flags);
  const auto check = [&](const std::string& name, auto problem) {
    if (tally.wants(name)) tally.add(name, problem());
  };
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files.insert(entry.path().filename().string());
  }
  for (const std::string& file : files) {
    const std::string name = file.substr(0, file.find('.'));
    if (file.ends_with(".input.json")) {
      check(name + " write", [&] { return check_write(folder, name); });
    } else if (file.ends_with(".parsed.json")) {
      check(name + " read", [&] {
        const Result<json::value> wanted = parse_json(read_text(folder + "/" + file));
        return wanted ? check_read(folder, name + ".xml", *wanted) : wanted.error().message;
      });
    }
  }
  if (files.contains("emptyjob.xml")) {
    check("emptyjob read",
          [&] { return check_read(folder, "emptyjob.xml", json::object{{"name", ""}}); });
  }
  const auto refused = [](bool ok) { return std::string(ok ? "  was taken\n" : ""); };
  check("unknown source refused", [&] {
    const json::value spec = json::parse(
        R"({"type":"multi-branch-pipeline","multi_branch_pipeline":{"name":"x","source_type":"zzz"}})");
    return refused(jenkins::config_of(spec).ok());
  });
  check("empty document refused", [&] { return refused(jenkins::spec_of("").ok()); });
  return tally.finish();
}
