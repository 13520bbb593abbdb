#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/routes.h"
#include "jenkins/types.h"
#include "jenkins/xml.h"

// Credentials of folders, and of the system for all folders, in domains (engine-rest, section 1).
// No answer ever holds a secret.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kFileClass =
    "org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl";
constexpr size_t kMostDomains = 100;  // of one store

CredentialKind kind_of(jenkins::CredentialType type) {
  switch (type) {
    case jenkins::CredentialType::username_password: return CredentialKind::username_password;
    case jenkins::CredentialType::ssh_key: return CredentialKind::ssh_key;
    case jenkins::CredentialType::secret_text: return CredentialKind::secret_text;
    case jenkins::CredentialType::kubeconfig: return CredentialKind::kubeconfig;
  }
  return CredentialKind::secret_text;
}

std::string_view type_name_of(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::username_password:
      return jenkins::type_name(jenkins::CredentialType::username_password);
    case CredentialKind::ssh_key: return jenkins::type_name(jenkins::CredentialType::ssh_key);
    case CredentialKind::secret_text:
      return jenkins::type_name(jenkins::CredentialType::secret_text);
    case CredentialKind::kubeconfig: return jenkins::type_name(jenkins::CredentialType::kubeconfig);
    case CredentialKind::secret_file: return "Secret file";
    case CredentialKind::certificate: return "Certificate";
    case CredentialKind::docker_cert: return "X.509 Client Certificate";
  }
  return "";
}

std::string_view class_of(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::username_password:
      return "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl";
    case CredentialKind::ssh_key:
      return "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey";
    case CredentialKind::secret_text:
      return "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl";
    case CredentialKind::kubeconfig:
      return "com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials";
    case CredentialKind::secret_file: return kFileClass;
    case CredentialKind::certificate:
      return "com.cloudbees.plugins.credentials.impl.CertificateCredentialsImpl";
    case CredentialKind::docker_cert:
      return "org.jenkinsci.plugins.docker.commons.credentials.DockerServerCredentials";
  }
  return "";
}

// ----- stores and domains -----

/// Where a request's credentials are: an empty folder is the system, `_` the domain of all else.
struct Place {
  std::string folder;
  std::string domain = "_";
};

std::string domain_of_id(const json::value& domains, const std::string& folder,
                         std::string_view id) {
  const json::value* here = find(domains, {folder});
  if (here == nullptr || !here->is_object()) return "_";
  for (const auto& [name, domain] : here->get_object()) {
    const json::value* ids = find(domain, {"ids"});
    if (ids == nullptr || !ids->is_array()) continue;
    if (std::ranges::find(ids->get_array(), json::value(id)) != ids->get_array().end()) {
      return std::string(name);
    }
  }
  return "_";
}

/// `not_found` for a folder, store or domain that is not there.
Result<Place> place_of(const Routes& routes, const Request& request) {
  Place out;
  out.folder = request.param("p");
  const std::string_view store = request.param("store");
  if (store != (out.folder.empty() ? "system" : "folder")) {
    return Error{Code::not_found, fmt::format("there is no store \"{}\" here", store)};
  }
  if (!out.folder.empty() && !routes.engine.has_folder(out.folder)) {
    return Error{Code::not_found, fmt::format("folder \"{}\" does not exist", out.folder)};
  }
  if (const std::string_view domain = request.param("domain"); !domain.empty()) {
    out.domain = domain;
    const json::value domains = routes.state.read("domains");
    if (domain != "_" && find(domains, {out.folder, domain}) == nullptr) {
      return Error{Code::not_found, fmt::format("domain \"{}\" does not exist", domain)};
    }
  }
  return out;
}

/// Writes down which domain a credential is in; `_` is not written.
Result<> assign(RestState& state, const Place& place, const std::string& id, bool present) {
  return state.change("domains", [&](json::object& domains) -> Result<> {
    json::object* here = domains[place.folder].if_object();
    if (here == nullptr) {
      domains[place.folder] = json::object();
      return {};
    }
    for (auto& [name, domain] : *here) {
      json::array& ids = domain.as_object()["ids"].as_array();
      if (auto at = std::ranges::find(ids, json::value(id)); at != ids.end()) ids.erase(at);
      if (present && name == place.domain) ids.push_back(json::value(id));
    }
    return {};
  });
}

// ----- what is shown -----

json::object shown(const Engine::CredentialInfo& info, const Place& place) {
  return {{"_class", "com.cloudbees.plugins.credentials.CredentialsStoreAction$CredentialsWrapper"},
          {"id", info.id},
          {"typeName", type_name_of(info.kind)},
          {"displayName", info.id},
          {"description", info.description},
          {"fullName", fmt::format("{}/{}/{}", place.folder.empty() ? "system" : place.folder,
                                   place.domain, info.id)},
          {"fingerprint", json::object()}};
}

/// Those of a place's domain.
Result<std::vector<Engine::CredentialInfo>> held_in(const Routes& routes, const Place& place) {
  const json::value domains = routes.state.read("domains");
  std::vector<Engine::CredentialInfo> out = TRY(routes.engine.credentials(place.folder));
  std::erase_if(out, [&](const Engine::CredentialInfo& one) {
    return domain_of_id(domains, place.folder, one.id) != place.domain;
  });
  return out;
}

Result<Engine::CredentialInfo> info_of(const Routes& routes, const Place& place,
                                       std::string_view id) {
  for (Engine::CredentialInfo& one : TRY(held_in(routes, place))) {
    if (one.id == id) return std::move(one);
  }
  return Error{Code::not_found, fmt::format("credential \"{}\" does not exist", id)};
}

std::string redacted_xml(const Engine::CredentialInfo& info) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child(std::string(class_of(info.kind)).c_str());
  jenkins::add_text(root, "scope", "GLOBAL");
  jenkins::add_text(root, "id", info.id);
  jenkins::add_text(root, "description", info.description);
  const char* secret = info.kind == CredentialKind::username_password ? "password"
                       : info.kind == CredentialKind::ssh_key         ? "privateKeySource"
                       : info.kind == CredentialKind::secret_text     ? "secret"
                                                                      : "content";
  root.append_child(secret).append_child("secret-redacted");
  return jenkins::print_xml(document);
}

// ----- what is given -----

struct Given {
  Credential credential;
  std::string description;
};

/// The file that a form speaks of: a part of the same request.
Result<Given> file_of_form(const Request& request, const json::value& form) {
  Given out;
  out.credential.id = text_at(form, {"id"});
  out.credential.kind = CredentialKind::secret_file;
  out.description = text_at(form, {"description"});
  if (out.credential.id.empty()) return Error{Code::invalid, "credential: it needs an id"};
  if (is_multipart(request)) {
    for (const http::FormPart& part : TRY(parts_of(request))) {
      if (!part.is_file || part.name != text_at(form, {"file"})) continue;
      out.credential.file_name = part.filename.substr(part.filename.find_last_of("/\\") + 1);
      out.credential.secret = part.content;
      return out;
    }
  }
  return Error{Code::invalid, "credential: the form has no part with its file"};
}

Result<Given> of_form(const Request& request, const json::value& form) {
  std::string_view java_class = text_at(form, {"stapler-class"});
  if (java_class.empty()) java_class = text_at(form, {"$class"});
  if (java_class == kFileClass) return file_of_form(request, form);
  const jenkins::Credential given = TRY(jenkins::credential_from_form(form));
  return Given{.credential = {.id = given.id,
                              .kind = kind_of(given.type),
                              .username = given.username,
                              .secret = given.secret,
                              .passphrase = given.passphrase},
               .description = given.description};
}

/// Each element as a member of its form, which has the same names.
json::object form_of_xml(pugi::xml_node node, int depth = 0) {
  json::object out;
  for (const pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element || depth > 3) continue;
    const bool nested = child.first_child().type() == pugi::node_element;
    out[child.name()] =
        nested ? json::value(form_of_xml(child, depth + 1)) : json::value(child.child_value());
  }
  return out;
}

Result<Given> of_xml(const Request& request) {
  const pugi::xml_document document = TRY(jenkins::parse_xml(request.body.view()));
  json::object form = form_of_xml(document.document_element());
  form["stapler-class"] = document.document_element().name();
  if (text_at(form, {"stapler-class"}) != kFileClass) return of_form(request, form);
  Given out;
  out.credential.id = text_at(form, {"id"});
  out.credential.kind = CredentialKind::secret_file;
  out.credential.file_name = text_at(form, {"fileName"});
  out.credential.secret = TRY(base64_decode(text_at(form, {"secretBytes"})));
  out.description = text_at(form, {"description"});
  if (out.credential.id.empty()) return Error{Code::invalid, "credential: it needs an id"};
  return out;
}

Result<Given> given_of(const Request& request, bool wrapped) {
  if (!is_form(request) && request.headers.get("Content-Type").contains("xml")) {
    return of_xml(request);
  }
  const Result<json::value> form = parse_json(field(request, "json"));
  if (!form) return Error(form.error()).in("form field json");
  if (!wrapped) return of_form(request, *form);
  const json::value* credential = find(*form, {"credentials"});
  if (credential == nullptr) {
    return Error{Code::invalid, "form field json: \"credentials\" is missing"};
  }
  return of_form(request, *credential);
}

Result<> create(const Routes& routes, const Request& request) {
  const Place place = TRY(place_of(routes, request));
  const Given given = TRY(given_of(request, true));
  for (const Engine::CredentialInfo& one : TRY(routes.engine.credentials(place.folder))) {
    if (one.id == given.credential.id) {
      return Error{Code::already_exists, fmt::format("credential \"{}\" already exists", one.id)};
    }
  }
  TRY(routes.engine.put_credential(place.folder, given.credential, given.description));
  return place.domain == "_" ? Result<>() : assign(routes.state, place, given.credential.id, true);
}

Result<> update(const Routes& routes, const Request& request) {
  const Place place = TRY(place_of(routes, request));
  const std::string_view id = request.param("id");
  TRY(info_of(routes, place, id));
  const Given given = TRY(given_of(request, false));
  if (given.credential.id != id) {
    return Error{Code::invalid, fmt::format("credential: the id \"{}\" cannot become \"{}\"", id,
                                            given.credential.id)};
  }
  return routes.engine.put_credential(place.folder, given.credential, given.description);
}

Result<> remove(const Routes& routes, const Request& request) {
  const Place place = TRY(place_of(routes, request));
  const std::string id(request.param("id"));
  TRY(info_of(routes, place, id));
  TRY(routes.engine.remove_credential(place.folder, id));
  return place.domain == "_" ? Result<>() : assign(routes.state, place, id, false);
}

Result<> create_domain(const Routes& routes, const Request& request) {
  const Place place = TRY(place_of(routes, request));
  const Result<json::value> form = parse_json(field(request, "json"));
  if (!form) return Error(form.error()).in("form field json");
  const std::string name(text_at(*form, {"name"}));
  TRY(check_item_name(name));
  return routes.state.change("domains", [&](json::object& domains) -> Result<> {
    if (!domains[place.folder].is_object()) domains[place.folder] = json::object();
    json::object& here = domains[place.folder].get_object();
    if (name == "_" || here.contains(name)) {
      return Error{Code::already_exists, fmt::format("domain \"{}\" already exists", name)};
    }
    if (here.size() >= kMostDomains) return Error{Code::exhausted, "more than 100 domains"};
    here[name] =
        json::object{{"description", text_at(*form, {"description"})}, {"ids", json::array()}};
    return {};
  });
}

/// With its credentials.
Result<> remove_domain(const Routes& routes, const Request& request) {
  const Place place = TRY(place_of(routes, request));
  if (place.domain == "_") return Error{Code::invalid, "the global domain cannot be deleted"};
  for (const Engine::CredentialInfo& one : TRY(held_in(routes, place))) {
    TRY(routes.engine.remove_credential(place.folder, one.id));
  }
  return routes.state.change("domains", [&](json::object& domains) -> Result<> {
    if (json::object* here = domains[place.folder].if_object()) here->erase(place.domain);
    return {};
  });
}

// ----- routes -----

/// To a form the page to go on to, to a program that nothing is wrong.
Response answer(const Request& request, const Result<>& result) {
  if (!result) return core_error(result.error());
  const bool program =
      request.method == Method::delete_ || (!is_form(request) && !request.body.empty());
  if (program) return Response::text(200, "");
  Response out = Response::text(302, "");
  out.headers.set("Location", "../");
  return out;
}

Response show_credential(const Routes& routes, const Request& request) {
  const Result<Place> place = place_of(routes, request);
  if (!place) return core_error(place.error());
  const auto info = info_of(routes, *place, request.param("id"));
  return info ? api_reply(request, shown(*info, *place)) : core_error(info.error());
}

json::object domain_json(const Routes& routes, const Place& place) {
  json::array list;
  for (const auto& one : held_in(routes, place).value_or(std::vector<Engine::CredentialInfo>()))
    list.push_back(shown(one, place));
  return {{"_class", "com.cloudbees.plugins.credentials.CredentialsStoreAction$DomainWrapper"},
          {"credentials", std::move(list)},
          {"description", ""},
          {"displayName", place.domain == "_" ? "Global credentials (unrestricted)" : place.domain},
          {"fullDisplayName", place.domain},
          {"fullName", fmt::format("{}/{}", place.folder, place.domain)},
          {"global", place.domain == "_"},
          {"urlName", place.domain}};
}

Response show_domain(const Routes& routes, const Request& request) {
  const Result<Place> place = place_of(routes, request);
  return place ? api_reply(request, domain_json(routes, *place)) : core_error(place.error());
}

json::object store_json(const Routes& routes, const std::string& folder) {
  json::object domains{{"_", domain_json(routes, {folder, "_"})}};
  const json::value kept = routes.state.read("domains");
  if (const json::value* here = find(kept, {folder}); here != nullptr && here->is_object()) {
    for (const auto& [name, domain] : here->get_object()) {
      domains[name] = domain_json(routes, {folder, std::string(name)});
    }
  }
  return {{"_class", "com.cloudbees.plugins.credentials.CredentialsStoreAction"},
          {"domains", std::move(domains)}};
}

Response show_store(const Routes& routes, const Request& request) {
  const Result<Place> place = place_of(routes, request);
  return place ? api_reply(request, store_json(routes, place->folder)) : core_error(place.error());
}

Response show_stores(const Routes& routes, const Request& request) {
  const std::string folder(request.param("p"));
  if (!folder.empty() && !routes.engine.has_folder(folder)) {
    return core_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  }
  return api_reply(
      request,
      json::object{
          {"_class", "com.cloudbees.plugins.credentials.ViewCredentialsAction$RootActionImpl"},
          {"stores",
           json::object{{folder.empty() ? "system" : "folder", store_json(routes, folder)}}}});
}

}  // namespace

void add_credential_routes(const Routes& routes) {
  http::Router& router = routes.router;
  const auto post = [&](const std::string& path, Result<> (*act)(const Routes&, const Request&)) {
    add_both(router, Method::post, path,
             [routes, act](Request& r) { return answer(r, act(routes, r)); });
  };
  for (const std::string at : {"/job/{p}/credentials", "/credentials"}) {
    add_api(router, at, [routes](Request& r) { return show_stores(routes, r); });
    const std::string store = at + "/store/{store}";
    add_api(router, store, [routes](Request& r) { return show_store(routes, r); });
    post(store + "/createDomain", create_domain);
    const std::string domain = store + "/domain/{domain}";
    add_api(router, domain, [routes](Request& r) { return show_domain(routes, r); });
    post(domain + "/doDelete", remove_domain);
    post(domain + "/createCredentials", create);
    const std::string credential = domain + "/credential/{id}";
    add_api(router, credential, [routes](Request& r) { return show_credential(routes, r); });
    post(credential + "/updateSubmit", update);
    post(credential + "/config.xml", update);
    post(credential + "/doDelete", remove);
    for (const char* end : {"", "/config.xml"}) {
      add_both(router, Method::delete_, credential + end,
               [routes](Request& r) { return answer(r, remove(routes, r)); });
    }
    add_both(router, Method::get, credential + "/config.xml", [routes](Request& r) {
      const Result<Place> place = place_of(routes, r);
      if (!place) return core_error(place.error());
      const auto info = info_of(routes, *place, r.param("id"));
      return info ? xml_reply(redacted_xml(*info)) : core_error(info.error());
    });
  }
}

}  // namespace ks::engine
