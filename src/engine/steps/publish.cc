#include <fmt/format.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/values.h"

// publishHTML.

namespace ks::engine {
namespace {

/// The arguments, or those of `target:`, which the plugin wants and people leave out.
json::value target_of(StepCall& call) {
  if (call.has("target")) return data_of(call, call.value("target"));
  json::object target;
  for (const auto& [name, value] : call.arguments) target[name] = data_of(call, value);
  return target;
}

/// Keeps a folder of pages with the run, below `htmlreports/NAME/` of its artifacts.
groovy::Value publish_html(StepCall& call) {
  Run& run = call.run;
  const json::value target = target_of(call);
  const std::string directory(text_at(target, {"reportDir"})),
      name = text_at(target, {"reportName"}).empty() ? "HTML Report"
                                                     : std::string(text_at(target, {"reportName"})),
      includes = text_at(target, {"includes"}).empty() ? "**/*"
                                                       : std::string(text_at(target, {"includes"}));
  std::string folder_name = replace_all(name, " ", "_20");
  for (char& c : folder_name) {
    if (c == '/' || c == '\0') c = '_';
  }
  if (folder_name == "." || folder_name == "..") folder_name = "_";
  const std::string folder = plain_path(resolve(call, directory)),
                    to = run.files().artifacts + "/archive/htmlreports/" + folder_name;
  run.print_line("[htmlpublisher] Archiving HTML reports...");
  run.print_line(fmt::format("[htmlpublisher] Archiving at BUILD level {} to htmlreports/{}",
                             folder, folder_name));
  const json::value kept = outside(call, "html", [&]() -> Result<json::value> {
    const auto info = TRY(fence_of(call, folder).look(folder));
    if (!info || !S_ISDIR(info->st_mode)) return json::value(nullptr);
    json::array list;
    for (const std::string& file : TRY(find_files(folder, includes, "", true))) {
      const uint64_t bytes = TRY(copy_file(folder, file, to));
      list.push_back({{"path", "htmlreports/" + folder_name + "/" + file}, {"bytes", bytes}});
    }
    return json::value(std::move(list));
  });
  if (kept.is_null()) {
    const std::string message =
        fmt::format("Specified HTML directory '{}' does not exist.", folder);
    if (!bool_at(target, {"allowMissing"})) call.fail(message);
    run.print_line(message);
    return {};
  }
  std::vector<Artifact> artifacts;
  for (const json::value& one : kept.as_array()) {
    artifacts.push_back(
        {std::string(one.at("path").as_string()), one.at("bytes").to_number<uint64_t>()});
  }
  run.add_artifacts(std::move(artifacts));
  return {};
}

}  // namespace

void add_publish_steps(StepRegistry& registry) {
  registry.add(
      {.name = "publishHTML",
       .parameters = {"target", "reportDir", "reportFiles", "reportName", "reportTitles", "keepAll",
                      "allowMissing", "alwaysLinkToLastBuild", "includes", "escapeUnderscores"},
       .sole = "target",
       .needs = Needs::node,
       .function = publish_html});
}

}  // namespace ks::engine
