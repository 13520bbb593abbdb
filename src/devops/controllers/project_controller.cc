#include "devops/controllers/project_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "devops/controllers/keys.h"

namespace ks::devops {
namespace {

bool belongs_to(const json::value& space, const json::value& project) {
  return kube::label(space, project::kLabel) == kube::name_of(project) &&
         kube::is_owned_by(space, "DevOpsProject", kube::name_of(project));
}

void claim(json::value& space, const json::value& project) {
  kube::set_label(space, project::kLabel, kube::name_of(project));
  kube::add_owner(space, kube::owner_reference(project, true));
}

json::value new_namespace(const json::value& project) {
  json::value space = json::object{{"metadata", json::object{{"name", kube::name_of(project)}}}};
  if (std::string_view creator = kube::annotation(project, kCreator); !creator.empty()) {
    kube::set_annotation(space, kCreator, creator);
  }
  claim(space, project);
  return space;
}

}  // namespace

ProjectController::ProjectController(Context& context)
    : context_(context),
      events_(context.kube, "devopsproject-controller", context.clock),
      controller_({.name = "devopsproject", .workers = 1, .back_off = {}, .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.projects);
}

Result<Outcome> ProjectController::reconcile(const Key& key) {
  const ObjectRef cached = context_.projects.get(key);
  if (!cached) return Outcome{};
  if (kube::is_being_deleted(*cached)) return remove(*cached);
  if (kube::annotation(*cached, project::kSyncStatus) == kSuccessful) return Outcome{};

  // Before anything is made, so that whatever is made will be removed.
  json::value project = TRY(context_.kube.modify(devops_projects(), key, [](json::value& object) {
    return !kube::is_being_deleted(object) && kube::add_finalizer(object, project::kFinalizer);
  }));
  if (kube::is_being_deleted(project)) return remove(project);
  const std::string space = TRY(ensure_namespace(project));
  TRY(context_.jenkins.create_folder(space));
  TRY(context_.kube.modify(devops_projects(), key, [&](json::value& object) {
    set_at(object, {"status", "adminNamespace"}, json::value(space));
    kube::set_annotation(object, project::kSyncStatus, kSuccessful);
    return true;
  }));
  return Outcome{};
}

Result<std::string> ProjectController::ensure_namespace(const json::value& project) {
  std::string name(kube::name_of(project));
  if (std::string_view admin = text_at(project, {"status", "adminNamespace"}); !admin.empty()) {
    const Result<json::value> space =
        context_.kube.get(kube::namespaces(), {"", std::string(admin)});
    if (space) {
      TRY(adopt(project, *space));
      return std::string(admin);
    }
    if (space.error().code != Code::not_found) return space.error();
  }
  const kube::ObjectList marked = TRY(context_.kube.list(
      kube::namespaces(), {}, {.label_selector = fmt::format("{}={}", project::kLabel, name)}));
  if (!marked.items.empty()) {
    TRY(adopt(project, marked.items.front()));
    return std::string(kube::name_of(marked.items.front()));
  }
  const Result<json::value> made = context_.kube.create(kube::namespaces(), new_namespace(project));
  if (!made && made.error().code == Code::already_exists) {
    events_.warning(project, "CreateAdminNamespaceFailed", made.error().message);
  }
  if (!made)
    return made.error().code == Code::already_exists ? Error{Code::conflict, made.error().message}
                                                     : made.error();
  return name;
}

Result<> ProjectController::adopt(const json::value& project, const json::value& space) {
  if (belongs_to(space, project)) return {};
  TRY(context_.kube.modify(kube::namespaces(), kube::key_of(space), [&](json::value& object) {
    claim(object, project);
    return true;
  }));
  return {};
}

Result<Outcome> ProjectController::remove(const json::value& project) {
  if (!kube::has_finalizer(project, project::kFinalizer)) return Outcome{};
  if (const std::string folder(text_at(project, {"status", "adminNamespace"})); !folder.empty()) {
    const Result<> removed = context_.jenkins.remove_folder(folder);
    if (!removed && removed.error().code != Code::not_found) {
      return Error(removed.error())
          .in("failed to remove devopsproject finalizer due to bad communication with Jenkins");
    }
  }
  const Result<json::value> freed = context_.kube.modify(
      devops_projects(), kube::key_of(project),
      [](json::value& object) { return kube::remove_finalizer(object, project::kFinalizer); });
  if (!freed && freed.error().code != Code::not_found) return freed.error();
  return Outcome{};
}

}  // namespace ks::devops
