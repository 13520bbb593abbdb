// Holds the kinds that the server installs against the CRD files below a folder: whatever a file
// declares must be there, and alike. Ours may have more, as the newest of several releases of a
// kind has. Descriptions are not compared.
//
//   crds_corpus --corpus DIR

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "devops/crds.h"
#include "tally.h"

namespace {

namespace fs = std::filesystem;
using namespace ks;
using Faults = std::vector<std::string>;

std::string shown(const json::value* value) { return value ? to_json(*value) : "nothing"; }

/// What a schema says about one node, its children apart.
constexpr std::string_view kMarkers[] = {"type",
                                         "format",
                                         "default",
                                         "enum",
                                         "pattern",
                                         "minimum",
                                         "maximum",
                                         "exclusiveMinimum",
                                         "exclusiveMaximum",
                                         "minLength",
                                         "maxLength",
                                         "minItems",
                                         "maxItems",
                                         "minProperties",
                                         "maxProperties",
                                         "uniqueItems",
                                         "multipleOf",
                                         "nullable",
                                         "x-kubernetes-preserve-unknown-fields",
                                         "x-kubernetes-int-or-string",
                                         "x-kubernetes-embedded-resource",
                                         "x-kubernetes-list-type",
                                         "x-kubernetes-list-map-keys",
                                         "x-kubernetes-map-type",
                                         "x-kubernetes-validations",
                                         "anyOf",
                                         "oneOf",
                                         "allOf",
                                         "not"};

void compare_nodes(const json::value& theirs, const json::value& ours, const std::string& path,
                   const std::function<void(std::string_view aspect, std::string fault)>& report) {
  for (std::string_view marker : kMarkers) {
    const json::value* wanted = find(theirs, {marker});
    const json::value* have = find(ours, {marker});
    if (shown(wanted) != shown(have))
      report(marker == "type" || marker == "format" ? "types" : "markers",
             fmt::format("{}: {} is {}, should be {}", path, marker, shown(have), shown(wanted)));
  }
  std::set<std::string> wanted_required, have_required;
  for (auto [schema, names] : {std::pair{&theirs, &wanted_required}, {&ours, &have_required}})
    if (const json::value* required = find(*schema, {"required"}))
      for (const json::value& name : required->as_array()) names->emplace(name.as_string());
  if (wanted_required != have_required)
    report("required",
           fmt::format("{}: required is {}, should be {}", path, shown(find(ours, {"required"})),
                       shown(find(theirs, {"required"}))));
  for (std::string_view key : {"items", "additionalProperties"}) {
    const json::value* wanted = find(theirs, {key});
    const json::value* have = find(ours, {key});
    if (wanted == nullptr || !wanted->is_object()) {
      if (shown(wanted) != shown(have))
        report("fields", fmt::format("{}: {} is {}", path, key, shown(have)));
    } else if (have == nullptr || !have->is_object()) {
      report("fields", fmt::format("{}: {} is missing", path, key));
    } else {
      compare_nodes(*wanted, *have, path + (key == "items" ? "[]" : "{}"), report);
    }
  }
  const json::value* wanted = find(theirs, {"properties"});
  if (wanted == nullptr) return;
  for (const auto& [name, inner] : wanted->as_object()) {
    const std::string at = path + "." + std::string(name);
    const json::value* have = find(ours, {"properties", name});
    if (have == nullptr)
      report("fields", at + " is missing");
    else
      compare_nodes(inner, *have, at, report);
  }
}

class Run {
 public:
  explicit Run(conformance::Flags flags) : tally_("crds_corpus", std::move(flags)) {}

  /// One case: passed when there are no faults.
  void check(const std::string& name, const Faults& faults) {
    std::string problem;
    for (const std::string& fault : faults) problem += "  " + fault + "\n";
    if (tally_.wants(name)) tally_.add(name, problem);
  }

  int finish() { return tally_.finish(); }

 private:
  conformance::Tally tally_;
};

Faults differing(const json::value& theirs, const json::value& ours,
                 std::initializer_list<std::string_view> path) {
  const json::value* wanted = find(theirs, path);
  const json::value* have = find(ours, path);
  if (shown(wanted) == shown(have)) return {};
  return {fmt::format("is {}, should be {}", shown(have), shown(wanted))};
}

Faults names_faults(const json::value& theirs, const json::value& ours) {
  Faults out;
  for (const auto& [key, wanted] : find(theirs, {"spec", "names"})->as_object())
    if (const json::value* have = find(ours, {"spec", "names", key}); shown(have) != shown(&wanted))
      out.push_back(fmt::format("{} is {}, should be {}", std::string_view(key), shown(have),
                                shown(&wanted)));
  return out;
}

Faults column_faults(const json::value& theirs, const json::value& ours) {
  Faults out;
  const json::value* wanted = find(theirs, {"additionalPrinterColumns"});
  const json::value* have = find(ours, {"additionalPrinterColumns"});
  if (wanted == nullptr) return out;
  for (json::value column : wanted->as_array()) {
    column.as_object().erase("description");
    const bool there = have != nullptr && std::ranges::any_of(have->as_array(), [&](json::value c) {
                         c.as_object().erase("description");
                         return c == column;
                       });
    if (!there) out.push_back("no column " + to_json(column));
  }
  return out;
}

/// An empty object of subresources is as good as none.
Faults subresource_faults(const json::value& theirs, const json::value& ours) {
  auto text = [](const json::value& version) {
    const json::value* subresources = find(version, {"subresources"});
    return subresources == nullptr ? "{}" : to_json(*subresources);
  };
  if (text(theirs) == text(ours)) return {};
  return {fmt::format("are {}, should be {}", text(ours), text(theirs))};
}

void check_version(Run& run, const std::string& name, const json::value& theirs,
                   const json::value* ours) {
  if (ours == nullptr) return run.check(name, {"the version is missing"});
  run.check(name + ": served", differing(theirs, *ours, {"served"}));
  run.check(name + ": storage", differing(theirs, *ours, {"storage"}));
  run.check(name + ": subresources", subresource_faults(theirs, *ours));
  run.check(name + ": printer columns", column_faults(theirs, *ours));
  std::map<std::string, Faults, std::less<>> faults = {
      {"fields", {}}, {"types", {}}, {"required", {}}, {"markers", {}}};
  compare_nodes(*find(theirs, {"schema", "openAPIV3Schema"}),
                *find(*ours, {"schema", "openAPIV3Schema"}), "",
                [&](std::string_view aspect, std::string fault) {
                  faults.find(aspect)->second.push_back(std::move(fault));
                });
  for (const auto& [aspect, found] : faults) run.check(name + ": " + aspect, found);
}

void check_definition(Run& run, const std::string& file, const json::value& theirs,
                      const std::map<std::string, json::value, std::less<>>& all) {
  const auto ours = all.find(text_at(theirs, {"metadata", "name"}));
  if (ours == all.end()) return run.check(file, {"the kind is missing"});
  run.check(file + ": group", differing(theirs, ours->second, {"spec", "group"}));
  run.check(file + ": scope", differing(theirs, ours->second, {"spec", "scope"}));
  run.check(file + ": names", names_faults(theirs, ours->second));
  for (const json::value& version : find(theirs, {"spec", "versions"})->as_array()) {
    const json::array& versions = find(ours->second, {"spec", "versions"})->as_array();
    const auto match = std::ranges::find_if(versions, [&](const json::value& v) {
      return text_at(v, {"name"}) == text_at(version, {"name"});
    });
    check_version(run, file + " " + std::string(text_at(version, {"name"})), version,
                  match == versions.end() ? nullptr : &*match);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = conformance::read_flags("crds_corpus", argc, argv);
  if (!flags) return 64;
  if (!fs::is_directory(flags->corpus)) {
    fmt::print(stderr, "crds_corpus: {} is no folder\n", flags->corpus);
    return 64;
  }
  std::map<std::string, json::value, std::less<>> ours;
  for (std::string_view text : devops::crd_documents()) {
    json::value crd = parse_json(text).value();
    std::string name(text_at(crd, {"metadata", "name"}));
    ours.emplace(std::move(name), std::move(crd));
  }
  std::set<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(flags->corpus))
    if (entry.path().extension() == ".yaml") files.insert(entry.path());
  Run run(*flags);
  for (const fs::path& path : files) {
    const std::string file = fs::relative(path, flags->corpus).string();
    Result<std::vector<json::value>> documents =
        parse_yaml_documents(conformance::read_text(path.string()));
    if (!documents) {
      run.check(file, {documents.error().message});
      continue;
    }
    for (const json::value& theirs : *documents) check_definition(run, file, theirs, ours);
  }
  return run.finish();
}
