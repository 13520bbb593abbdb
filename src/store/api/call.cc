#include "store/api/call.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"

namespace ks::store {
namespace {

constexpr size_t kMaxManager = 128;

/// The name of the program that asks: `kubectl/v1.32.0 (linux/amd64)` is `kubectl`.
std::string program_of(const http::Request& request) {
  const std::string_view agent = request.headers.get("User-Agent");
  std::string name(agent.substr(0, agent.find('/')).substr(0, kMaxManager));
  if (!is_utf8(name)) name = to_utf8_lossy(name).substr(0, kMaxManager);
  return name.empty() ? "unknown" : name;
}

bool is_printable(std::string_view text) {
  return is_utf8(text) && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

}  // namespace

bool query_flag(const http::Request& request, std::string_view name) {
  if (!request.query.has(name)) return false;
  const std::string text = to_lower(request.query.get(name));
  return text != "false" && text != "0";
}

Outcome<WriteOptions> write_options(const http::Request& request, std::string_view what) {
  WriteOptions options;
  std::vector<kube::FieldError> errors;
  for (std::string_view mode : request.query.all("dryRun")) {
    if (mode.empty()) continue;
    if (mode != "All") {
      errors.push_back(kube::field_not_supported("dryRun", fmt::format("\"{}\"", mode), {"All"}));
    }
    options.dry_run = true;
  }
  const std::string_view manager = request.query.get("fieldManager");
  if (manager.size() > kMaxManager) {
    errors.push_back(kube::field_too_long("fieldManager", kMaxManager));
  } else if (!is_printable(manager)) {
    errors.push_back(kube::field_invalid("fieldManager",
                                         fmt::format("\"{}\"", to_utf8_lossy(manager)),
                                         "should only contain printable characters"));
  }
  options.manager_given = !manager.empty();
  options.manager = options.manager_given ? std::string(manager) : program_of(request);
  const std::string_view validation = request.query.get("fieldValidation");
  if (validation == "Ignore") {
    options.validation = FieldValidation::ignore;
  } else if (validation == "Strict") {
    options.validation = FieldValidation::strict;
  } else if (!validation.empty() && validation != "Warn") {
    errors.push_back(kube::field_not_supported("fieldValidation", fmt::format("\"{}\"", validation),
                                               {"Ignore", "Strict", "Warn"}));
  }
  options.force = query_flag(request, "force");
  if (!errors.empty()) return kube::invalid("meta.k8s.io", what, "", std::move(errors));
  return options;
}

}  // namespace ks::store
