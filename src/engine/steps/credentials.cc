#include "engine/credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/interruption.h"
#include "engine/sealed.h"

// withCredentials: secrets in the environment of a block, masked in everything that is printed.

namespace ks::engine {
namespace {

struct KindInfo {
  CredentialKind kind;
  std::string_view name;        ///< as a person calls it
  std::string_view type;        ///< the interface that a binding asks for, by Jenkins' name
  std::string_view impl_class;  ///< as Jenkins names it when nothing can bind it
};
constexpr KindInfo kKinds[] = {
    {CredentialKind::username_password, "Username with password",
     "com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials",
     "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl"},
    {CredentialKind::ssh_key, "SSH Username with private key",
     "com.cloudbees.jenkins.plugins.sshcredentials.SSHUserPrivateKey",
     "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey"},
    {CredentialKind::secret_text, "Secret text",
     "org.jenkinsci.plugins.plaincredentials.StringCredentials",
     "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl"},
    {CredentialKind::kubeconfig, "Kubernetes configuration (kubeconfig)",
     "Kubernetes configuration (kubeconfig)",
     "com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials"},
    {CredentialKind::secret_file, "Secret file",
     "org.jenkinsci.plugins.plaincredentials.FileCredentials",
     "org.jenkinsci.plugins.plaincredentials.impl.FileCredentialsImpl"},
    {CredentialKind::certificate, "Certificate",
     "com.cloudbees.plugins.credentials.common.StandardCertificateCredentials",
     "com.cloudbees.plugins.credentials.impl.CertificateCredentialsImpl"},
    {CredentialKind::docker_cert, "X.509 Client Certificate",
     "org.jenkinsci.plugins.docker.commons.credentials.DockerServerCredentials",
     "org.jenkinsci.plugins.docker.commons.credentials.DockerServerCredentials"},
};

const KindInfo& info_of(CredentialKind kind) {
  return *std::ranges::find(kKinds, kind, &KindInfo::kind);
}

/// Whoever prints a secret from here on prints stars.
void mask_secrets(Run& run, const Credential& credential) {
  run.mask(credential.passphrase);
  if (credential.username_secret) run.mask(credential.username);
  // A file is known by its path; what is in it is no word that a log would show, but for keys.
  if (credential.kind != CredentialKind::secret_file &&
      credential.kind != CredentialKind::certificate)
    run.mask(credential.secret);
}

/// One binding of withCredentials at work.
class Binding {
 public:
  Binding(StepCall& call, const json::object& given, const Credential& credential,
          BoundCredentials& bound)
      : call_(call), given_(given), credential_(credential), bound_(bound) {}

  void string() {
    require(CredentialKind::secret_text);
    secret("variable", credential_.secret);
  }
  void username_password() {
    require(CredentialKind::username_password);
    user("usernameVariable");
    secret("passwordVariable", credential_.secret);
  }
  void username_colon_password() {
    require(CredentialKind::username_password);
    const std::string both = credential_.username + ":" + credential_.secret;
    call_.run.mask(both);
    secret("variable", both);
  }
  void kubeconfig_content() {
    require(CredentialKind::kubeconfig);
    secret("variable", credential_.secret, "KUBECONFIG_CONTENT");
  }
  void file() {
    require(CredentialKind::secret_file);
    secret("variable", bound_.files.add(name_of_file(), credential_.secret));
  }
  void zip() {
    require(CredentialKind::secret_file);
    secret("variable", bound_.files.unpack(credential_.secret));
  }
  void ssh_key() {
    require(CredentialKind::ssh_key);
    secret("keyFileVariable",
           bound_.files.add("ssh-key-" + variable("keyFileVariable"), credential_.secret));
    user("usernameVariable");
    secret("passphraseVariable", credential_.passphrase);
  }
  void certificate() {
    require(CredentialKind::certificate);
    secret("keystoreVariable",
           bound_.files.add("keystore-" + variable("keystoreVariable"), credential_.secret));
    secret("passwordVariable", credential_.passphrase);
    plain("aliasVariable", credential_.username.empty() ? credential_.id : credential_.username);
  }
  void docker_cert() {
    require(CredentialKind::docker_cert);
    secret("variable",
           bound_.files.add_folder({{"ca.pem", credential_.ca},
                                    {"cert.pem", credential_.certificate},
                                    {"key.pem", credential_.secret}}),
           "DOCKER_CERT_PATH");
  }

 private:
  void require(CredentialKind wanted) {
    if (credential_.kind == wanted) return;
    call_.fail(fmt::format("Credentials '{}' is of type '{}' where '{}' was expected",
                           credential_.id, info_of(credential_.kind).name, info_of(wanted).type));
  }
  std::string variable(std::string_view parameter, std::string_view otherwise = {}) const {
    const json::value* value = given_.if_contains(parameter);
    return value != nullptr && value->is_string() && !value->get_string().empty()
               ? std::string(value->get_string())
               : std::string(otherwise);
  }
  void plain(std::string_view parameter, const std::string& value) {
    if (const std::string name = variable(parameter); !name.empty())
      bound_.env.emplace_back(name, value);
  }
  void user(std::string_view parameter) {
    if (credential_.username_secret) return secret(parameter, credential_.username);
    plain(parameter, credential_.username);
  }
  void secret(std::string_view parameter, const std::string& value,
              std::string_view otherwise = {}) {
    const std::string name = variable(parameter, otherwise);
    if (name.empty()) return;
    bound_.env.emplace_back(name, value);
    bound_.secret_names.push_back(name);
  }
  std::string name_of_file() const {
    return credential_.file_name.empty() ? credential_.id : credential_.file_name;
  }

  StepCall& call_;
  const json::object& given_;
  const Credential& credential_;
  BoundCredentials& bound_;
};

struct BindingInfo {
  std::string_view symbol;      ///< `string(...)`
  std::string_view java_class;  ///< simple name: `[$class: 'StringBinding', ...]`
  void (Binding::*bind)();
};
constexpr BindingInfo kBindings[] = {
    {"string", "StringBinding", &Binding::string},
    {"usernamePassword", "UsernamePasswordMultiBinding", &Binding::username_password},
    {"usernameColonPassword", "UsernamePasswordBinding", &Binding::username_colon_password},
    {"kubeconfigContent", "KubeconfigContentBinding", &Binding::kubeconfig_content},
    {"file", "FileBinding", &Binding::file},
    {"zip", "ZipFileBinding", &Binding::zip},
    {"sshUserPrivateKey", "SSHUserPrivateKeyBinding", &Binding::ssh_key},
    {"certificate", "CertificateMultiBinding", &Binding::certificate},
    {"dockerCert", "DockerServerCredentialsBinding", &Binding::docker_cert},
};

const BindingInfo* binding_of(const json::value& given) {
  const std::string_view symbol = text_at(given, {"$binding"});
  std::string_view java_class = text_at(given, {"$class"});
  java_class = java_class.substr(std::min(java_class.size(), java_class.rfind('.') + 1));
  for (const BindingInfo& known : kBindings) {
    if (!symbol.empty() ? known.symbol == symbol : known.java_class == java_class) return &known;
  }
  return nullptr;
}

void bind_one(StepCall& call, const json::value& given, BoundCredentials& bound) {
  const json::object* binding = given.if_object();
  const BindingInfo* info = binding == nullptr ? nullptr : binding_of(given);
  if (info == nullptr) {
    std::vector<std::string> names;
    for (const BindingInfo& known : kBindings) names.emplace_back(known.symbol);
    call.fail(
        fmt::format("withCredentials takes a list of bindings such as string(credentialsId: "
                    "'x', variable: 'X'); it knows {}",
                    join(names, ", ")));
  }
  const std::string id(text_at(given, {"credentialsId"}));
  if (id.empty()) call.fail(fmt::format("{}: credentialsId is missing", info->symbol));
  const Credential credential = find_credential(call.run, call.task, id);
  bound.ids.push_back(id);
  mask_secrets(call.run, credential);
  (Binding(call, *binding, credential, bound).*info->bind)();
}

groovy::Value with_credentials(StepCall& call) {
  BoundCredentials bound(call.run, call.task);
  return with_bound(call.run, call.task, bound, [&] {
    const json::value given = from_groovy(call.task, call.value("bindings"));
    if (const json::array* list = given.if_array()) {
      for (const json::value& binding : *list) bind_one(call, binding, bound);
    } else {
      bind_one(call, given, bound);
    }
    if (!bound.secret_names.empty()) {
      call.run.print_line("Masking supported pattern matches of $" +
                          join(bound.secret_names, " or $"));
    }
    return call.call_body([&](StepContext& inner) { enter_bound(bound, inner); });
  });
}

}  // namespace

namespace {

json::value to_json(const Credential& credential) {
  return {{"username", base64_encode(credential.username)},
          {"secret", base64_encode(credential.secret)},
          {"passphrase", base64_encode(credential.passphrase)},
          {"fileName", credential.file_name},
          {"certificate", credential.certificate},
          {"ca", credential.ca},
          {"usernameSecret", credential.username_secret}};
}

/// Into a credential of which id and kind are known.
Result<> read_into(Credential& credential, const std::string& text) {
  const json::value given = TRY(parse_json(text));
  credential.username = TRY(base64_decode(text_at(given, {"username"})));
  credential.secret = TRY(base64_decode(text_at(given, {"secret"})));
  credential.passphrase = TRY(base64_decode(text_at(given, {"passphrase"})));
  credential.file_name = text_at(given, {"fileName"});
  credential.certificate = text_at(given, {"certificate"});
  credential.ca = text_at(given, {"ca"});
  credential.username_secret = bool_at(given, {"usernameSecret"});
  return {};
}

std::optional<Credential> now_in_the_source(Run& run, const std::string& id) {
  const CredentialSource* source = run.services().credentials;
  return source == nullptr ? std::nullopt : source->find(id);
}

}  // namespace

std::optional<Credential> try_credential(Run& run, groovy::Task& task, const std::string& id) {
  if (run.files().journal.empty()) return now_in_the_source(run, id);
  // The journal keeps it sealed: a restart must not want again what the steps behind it needed, and
  // must give them the same, whatever became of it meanwhile.
  const std::string key = credential_key(run);
  std::optional<Credential> fresh;
  const json::value kept = run.draw(task, "a credential", [&]() -> json::value {
    fresh = now_in_the_source(run, id);
    if (!fresh) return nullptr;
    const Result<std::string> sealed = seal(key, ks::to_json(to_json(*fresh)));
    return {{"kind", static_cast<int>(fresh->kind)},
            {"sealed", sealed ? base64_encode(*sealed) : std::string()}};
  });
  if (fresh || kept.is_null()) return fresh;
  Credential before{.id = id,
                    .kind = static_cast<CredentialKind>(int_at(kept, {"kind"})),
                    .username = {},
                    .secret = {},
                    .passphrase = {}};
  const Result<std::string> sealed = base64_decode(text_at(kept, {"sealed"}));
  const Result<std::string> opened = sealed ? unseal(key, *sealed) : sealed;
  if (opened && read_into(before, *opened)) return before;
  // The key is gone, as in a copy of the journal: it is as good as what the source has now. What is
  // gone there too is needed by nobody but a block that is still open, which end_if_gone() ends.
  if (auto now = now_in_the_source(run, id); now && now->kind == before.kind) return now;
  return before;
}

Credential find_credential(Run& run, groovy::Task& task, const std::string& id) {
  auto found = try_credential(run, task, id);
  if (!found) run.fail(task, fmt::format("Could not find credentials entry with ID '{}'", id));
  return *std::move(found);
}

std::string credential_key(const Run& run) {
  CHECK(!run.files().journal.empty());
  return run.files().journal + ".key";
}

namespace {

/// After a restart: a block whose credential was deleted meanwhile must not go on with it.
void end_if_gone(Run& run, const BoundCredentials& bound, uint64_t scope) {
  for (const std::string& id : bound.ids) {
    if (now_in_the_source(run, id)) continue;
    run.interrupt_scope(
        scope, BuildResult::failure,
        fmt::format("The credential '{}' was deleted before the server was started again, and the "
                    "block that it was bound for had not ended",
                    id));
    return;
  }
}

}  // namespace

groovy::Value with_bound(Run& run, groovy::Task& task, BoundCredentials& bound,
                         const std::function<groovy::Value()>& body) {
  return run.interruptible(task, [&](uint64_t scope) {
    struct Leave {
      Run& run;
      uint64_t scope;
      ~Leave() { run.when_live(scope, nullptr); }
    } leave{run, scope};
    run.when_live(scope, [&run, &bound, scope] { end_if_gone(run, bound, scope); });
    // Files not by a destructor: a run that is put aside for a restart has commands that go on, and
    // their files must stay.
    try {
      groovy::Value value = body();
      bound.files.remove();
      return value;
    } catch (const groovy::Thrown& thrown) {
      bound.files.remove();
      const auto from = run.interpreter().exception_property(thrown.exception, "scope");
      if (!from || !from->is_integral() || static_cast<uint64_t>(from->as_long()) != scope) throw;
      // What end_if_gone() said.
      run.fail(task, join(untold_causes(run, task, thrown.exception), "; "));
    }
  });
}

void enter_bound(const BoundCredentials& bound, StepContext& inner) {
  inner.env = bound.env;
  inner.secret_names.insert(inner.secret_names.end(), bound.secret_names.begin(),
                            bound.secret_names.end());
}

void bind_credential(Run& run, groovy::Task& task, const std::string& id,
                     const std::string& variable, BoundCredentials& bound) {
  const Credential credential = find_credential(run, task, id);
  bound.ids.push_back(id);
  mask_secrets(run, credential);
  auto add = [&](const std::string& suffix, const std::string& value, bool secret) {
    bound.env.emplace_back(variable + suffix, value);
    if (secret) bound.secret_names.push_back(variable + suffix);
  };
  switch (credential.kind) {
    case CredentialKind::username_password:
      run.mask(credential.username + ":" + credential.secret);
      add("", credential.username + ":" + credential.secret, true);
      add("_USR", credential.username, credential.username_secret);
      add("_PSW", credential.secret, true);
      return;
    case CredentialKind::secret_text:
    case CredentialKind::kubeconfig: add("", credential.secret, true); return;
    case CredentialKind::secret_file:
      add("",
          bound.files.add(credential.file_name.empty() ? id : credential.file_name,
                          credential.secret),
          true);
      return;
    case CredentialKind::ssh_key:
      add("", bound.files.add("ssh-key-" + variable, credential.secret), true);
      add("_USR", credential.username, credential.username_secret);
      add("_PSW", credential.passphrase, true);
      return;
    case CredentialKind::certificate:
    case CredentialKind::docker_cert: break;
  }
  run.fail(task, fmt::format("No suitable binding handler could be found for type {}.",
                             info_of(credential.kind).impl_class));
}

void add_credential_steps(StepRegistry& registry) {
  registry.add({.name = "withCredentials",
                .parameters = {"bindings"},
                .sole = "bindings",
                .block = true,
                .function = with_credentials});
}

}  // namespace ks::engine
