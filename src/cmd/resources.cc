#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/pipelines/objects.h"
#include "cmd/view/style.h"
#include "cmd/view/table.h"

// ks project, ks credential, ks template and ks webhook: the things around pipelines.

namespace ks::cmd {
namespace {

constexpr std::string_view kGroup = "devops.kubesphere.io";
constexpr std::string_view kVersion3 = "v1alpha3";
constexpr std::string_view kCredentialType = "credential.devops.kubesphere.io/";
constexpr size_t kMostFileBytes = 1u << 20;

struct Flags {
  std::string name, project, description, file, type, username, url;
  std::vector<std::string> events;
  bool insecure = false;
};

/// What is different from one of these kinds to the next; all of them are listed, shown and removed
/// alike.
struct Thing {
  const char* word;  ///< of the command: `project`
  const char* plural;
  kube::Resource resource;
  std::vector<std::string> headings;  ///< between the name and the age
  std::vector<std::string> (*cells)(const json::value& object);
  bool (*shows)(const json::value& object);  ///< whether an object of the kind is one
  Result<json::value> (*make)(const Flags& flags, const std::string& project,
                              const std::string& name);
};

struct Call {
  Context& context;
  const Flags& flags;
  const Thing& thing;
  Connection& server;
  bool json() const { return context.output == "json"; }
};

/// `PROJECT/NAME`, or `NAME` of what lies in no project.
Result<kube::Key> key_of(const Thing& thing, std::string_view text) {
  if (!thing.resource.namespaced) {
    if (!text.empty() && !text.contains('/')) return kube::Key{"", std::string(text)};
    return Error{Code::invalid, fmt::format("'{}' is no name of a {}", text, thing.word)};
  }
  const size_t slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != text.npos) {
    return Error{Code::invalid,
                 fmt::format("'{}' is no {}: write PROJECT/NAME; `ks {} list` shows them", text,
                             thing.word, thing.word)};
  }
  return kube::Key{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

std::string shown_name(const json::value& object) {
  const std::string_view space = kube::space_of(object);
  return space.empty() ? std::string(kube::name_of(object))
                       : fmt::format("{}/{}", space, kube::name_of(object));
}

/// Without what is secret, which is for nobody's screen or file.
json::value without_secrets(json::value object) {
  if (json::object* members = object.if_object()) {
    members->erase("data");
    members->erase("stringData");
    if (json::value* annotations = find(object, {"metadata", "annotations"});
        annotations != nullptr && annotations->is_object()) {
      annotations->get_object().erase("kubectl.kubernetes.io/last-applied-configuration");
    }
  }
  return object;
}

Error explained(const Call& call, Error error) {
  if (error.code == Code::not_found) {
    error.message = fmt::format("there is no {} {}; `ks {} list` shows those there are",
                                call.thing.word, call.flags.name, call.thing.word);
  } else if (error.code == Code::already_exists) {
    error.message = fmt::format("the {} {} exists already", call.thing.word, call.flags.name);
  }
  return error;
}

Result<> list(Call& call) {
  const kube::ObjectList found =
      TRY(call.server.kube->list(call.thing.resource, call.flags.project));
  json::array out;
  std::vector<std::string> headings = {"NAME"};
  headings.insert(headings.end(), call.thing.headings.begin(), call.thing.headings.end());
  headings.emplace_back("AGE");
  Table table(std::move(headings));
  const WallTime now = system_clock().now();
  for (const json::value& object : found.items) {
    if (!call.thing.shows(object)) continue;
    std::vector<std::string> row = {shown_name(object)};
    for (std::string& cell : call.thing.cells(object)) {
      row.push_back(cell.empty() ? "-" : std::move(cell));
    }
    const std::optional<WallTime> since = kube::created_at(object);
    row.push_back(since ? human_age(now - *since) : "-");
    table.add(std::move(row));
    out.push_back(without_secrets(object));
  }
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(out));
  } else if (out.empty()) {
    fmt::print("there are no {}; see `ks {} create --help`\n", call.thing.plural, call.thing.word);
  } else {
    fmt::print("{}", table.text());
  }
  return {};
}

Result<> get(Call& call) {
  const Result<json::value> object =
      call.server.kube->get(call.thing.resource, TRY(key_of(call.thing, call.flags.name)));
  if (!object) return explained(call, object.error());
  if (!call.thing.shows(*object)) return explained(call, {Code::not_found, ""});
  const json::value shown = without_secrets(*object);
  fmt::print("{}", call.json() ? to_pretty_json(shown) + "\n" : to_yaml(shown));
  return {};
}

Result<> create(Call& call) {
  const kube::Key key = TRY(key_of(call.thing, call.flags.name));
  const json::value object = TRY(call.thing.make(call.flags, key.space, key.name));
  Result<json::value> made = call.server.kube->create(call.thing.resource, object);
  if (!made && made.error().code == Code::not_found && !key.space.empty()) {
    return Error{Code::not_found,
                 fmt::format("there is no project {}; make it with `ks project create {}`",
                             key.space, key.space)};
  }
  if (!made) return explained(call, made.error());
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(without_secrets(std::move(*made))));
  } else {
    fmt::print("created the {} {}\n", call.thing.word, call.flags.name);
  }
  return {};
}

Result<> remove(Call& call) {
  const kube::Key key = TRY(key_of(call.thing, call.flags.name));
  // A Secret that is no credential is not for this command to remove.
  const Result<json::value> object = call.server.kube->get(call.thing.resource, key);
  if (!object) return explained(call, object.error());
  if (!call.thing.shows(*object)) return explained(call, {Code::not_found, ""});
  if (Result<> gone = call.server.kube->remove(call.thing.resource, key); !gone) {
    return explained(call, gone.error());
  }
  if (call.json()) {
    fmt::print("{}\n", to_pretty_json(json::object{{"name", call.flags.name}, {"deleted", true}}));
  } else {
    fmt::print("deleted the {} {}\n", call.thing.word, call.flags.name);
  }
  return {};
}

// ----- the kinds -----

kube::Resource of_group(std::string_view plural, std::string_view kind) {
  return {std::string(kGroup), std::string(kVersion3), std::string(plural), std::string(kind),
          true};
}

json::object object_of(const kube::Resource& resource, const std::string& project,
                       const std::string& name, const Flags& flags) {
  json::object metadata{{"name", name}};
  if (!project.empty()) metadata["namespace"] = project;
  if (!flags.description.empty()) {
    metadata["annotations"] = json::object{{"kubesphere.io/description", flags.description}};
  }
  return {{"apiVersion", resource.api_version()},
          {"kind", resource.kind},
          {"metadata", std::move(metadata)}};
}

std::string description_of(const json::value& object) {
  return std::string(kube::annotation(object, "kubesphere.io/description"));
}

bool any(const json::value&) { return true; }

Thing project_thing() {
  return {.word = "project",
          .plural = "projects",
          .resource = devops_projects(),
          .headings = {"NAMESPACE", "DESCRIPTION"},
          .cells =
              [](const json::value& object) {
                return std::vector<std::string>{
                    std::string(text_at(object, {"status", "adminNamespace"})),
                    description_of(object)};
              },
          .shows = any,
          .make = [](const Flags& flags, const std::string& project,
                     const std::string& name) -> Result<json::value> {
            json::object out = object_of(devops_projects(), project, name, flags);
            out["spec"] = json::object();
            return json::value(std::move(out));
          }};
}

Result<std::string> file_of(const Flags& flags) {
  // `-`: what is piped in, so that a secret is in no file and on no command line.
  return read_file(flags.file == "-" ? "/dev/stdin" : flags.file, kMostFileBytes);
}

Result<json::value> make_credential(const Flags& flags, const std::string& project,
                                    const std::string& name) {
  std::string secret = TRY(file_of(flags));
  json::object data;
  if (flags.type == "kubeconfig") {
    data["content"] = secret;
  } else if (flags.type == "ssh-auth") {
    data["private_key"] = secret;
  } else {
    // The end of the line is the editor's, not the secret's.
    if (secret.ends_with('\n')) secret.pop_back();
    data[flags.type == "basic-auth" ? "password" : "secret"] = secret;
  }
  const bool named = flags.type == "basic-auth" || flags.type == "ssh-auth";
  if (named && flags.username.empty()) {
    return Error{Code::invalid,
                 fmt::format("a credential of type {} needs --username", flags.type)};
  }
  if (named) data["username"] = flags.username;
  json::object out = object_of(kube::secrets(), project, name, flags);
  out["type"] = std::string(kCredentialType) + flags.type;
  out["stringData"] = std::move(data);
  return json::value(std::move(out));
}

Thing credential_thing() {
  return {.word = "credential",
          .plural = "credentials",
          .resource = kube::secrets(),
          .headings = {"TYPE", "DESCRIPTION"},
          .cells =
              [](const json::value& object) {
                return std::vector<std::string>{
                    std::string(text_at(object, {"type"}).substr(kCredentialType.size())),
                    description_of(object)};
              },
          .shows =
              [](const json::value& object) {
                return text_at(object, {"type"}).starts_with(kCredentialType);
              },
          .make = make_credential};
}

Thing template_thing() {
  return {.word = "template",
          .plural = "templates",
          .resource = of_group("templates", "Template"),
          .headings = {"PARAMETERS", "DESCRIPTION"},
          .cells =
              [](const json::value& object) {
                std::vector<std::string> names;
                if (const json::value* list = find(object, {"spec", "parameters"});
                    list != nullptr && list->is_array()) {
                  for (const json::value& one : list->get_array()) {
                    names.emplace_back(text_at(one, {"name"}));
                  }
                }
                return std::vector<std::string>{join(names, ","), description_of(object)};
              },
          .shows = any,
          .make = [](const Flags& flags, const std::string& project,
                     const std::string& name) -> Result<json::value> {
            json::object out = object_of(of_group("templates", "Template"), project, name, flags);
            out["spec"] = json::object{{"template", TRY(file_of(flags))}};
            return json::value(std::move(out));
          }};
}

Thing webhook_thing() {
  return {.word = "webhook",
          .plural = "webhooks",
          .resource = of_group("webhooks", "Webhook"),
          .headings = {"SERVER", "EVENTS"},
          .cells =
              [](const json::value& object) {
                std::vector<std::string> events;
                if (const json::value* list = find(object, {"spec", "events"});
                    list != nullptr && list->is_array()) {
                  for (const json::value& one : list->get_array()) {
                    if (one.is_string()) events.emplace_back(one.get_string());
                  }
                }
                return std::vector<std::string>{std::string(text_at(object, {"spec", "server"})),
                                                join(events, ",")};
              },
          .shows = any,
          .make = [](const Flags& flags, const std::string& project,
                     const std::string& name) -> Result<json::value> {
            json::object spec{{"server", flags.url}, {"skipVerify", flags.insecure}};
            json::array events;
            for (const std::string& event : flags.events) events.push_back(json::value(event));
            if (!events.empty()) spec["events"] = std::move(events);
            json::object out = object_of(of_group("webhooks", "Webhook"), project, name, flags);
            out["spec"] = std::move(spec);
            return json::value(std::move(out));
          }};
}

// ----- the command line -----

using Action = Result<> (*)(Call&);

void act(Context& context, const Flags& flags, const Thing& thing, Action action) {
  if (!flags.name.empty()) {
    const Result<kube::Key> key = key_of(thing, flags.name);
    if (!key) return fail(context, key.error(), kUsageExit);
  }
  Result<Connection> server = connect(context.kubeconfig);
  if (!server) return fail(context, server.error());
  Call call{context, flags, thing, *server};
  if (Result<> done = action(call); !done) fail(context, with_hint(done.error(), *server));
}

/// The command of one kind; gives its `create`, which has more flags from kind to kind.
CLI::App* add_thing(CLI::App& app, Context& context, Thing thing_value,
                    const std::shared_ptr<Flags>& flags, const char* help) {
  const auto thing = std::make_shared<const Thing>(std::move(thing_value));
  CLI::App* command = app.add_subcommand(thing->word, help);
  command->require_subcommand(1);
  const char* place = thing->resource.namespaced ? "PROJECT/NAME" : "NAME";
  const auto add = [&](const char* name, std::string text, Action action) {
    CLI::App* sub = command->add_subcommand(name, std::move(text));
    add_output(*sub, context);
    sub->add_option("--kubeconfig", context.kubeconfig,
                    "which server; default: $KUBECONFIG, else that of `ks up`");
    sub->callback([flags, thing, action, &context] { act(context, *flags, *thing, action); });
    return sub;
  };
  CLI::App* all = add("list", fmt::format("all {}", thing->plural), list);
  if (thing->resource.namespaced) {
    all->add_option("PROJECT", flags->project, "of this project only");
  }
  const auto named = [&](CLI::App* sub) {
    sub->add_option("NAME", flags->name, place)->required();
    return sub;
  };
  named(add("get", fmt::format("show a {}, without what is secret", thing->word), get));
  named(add("delete", fmt::format("remove a {}", thing->word), remove));
  CLI::App* made = named(add("create", fmt::format("make a {}", thing->word), create));
  made->add_option("--description", flags->description, "what it is for");
  return made;
}

}  // namespace

void add_resources(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  add_thing(app, context, project_thing(), flags, "the projects of a server")
      ->footer("\nExamples:\n  ks project create demo\n");

  CLI::App* sub = add_thing(app, context, credential_thing(), flags,
                            "the credentials of projects; secrets are never shown");
  sub->add_option("--type", flags->type, "what it holds")
      ->required()
      ->check(CLI::IsMember({"basic-auth", "ssh-auth", "secret-text", "kubeconfig"}));
  sub->add_option("--username", flags->username, "of basic-auth and ssh-auth");
  sub->add_option("--secret-file", flags->file,
                  "file with the password, text, key or kubeconfig; -: standard input")
      ->required();
  sub->footer(
      "\nExamples:\n  ks credential create demo/git --type basic-auth --username ada --secret-file "
      "-\n"
      "  ks credential create demo/token --type secret-text --secret-file token.txt\n");

  sub = add_thing(app, context, template_thing(), flags, "the pipeline templates of projects");
  sub->add_option("-f,--file", flags->file, "the template's text")
      ->required()
      ->check(CLI::ExistingFile);
  sub->footer("\nExamples:\n  ks template create demo/web -f Jenkinsfile.tmpl\n");

  sub = add_thing(app, context, webhook_thing(), flags, "what git servers should call");
  sub->add_option("--url", flags->url, "address that is called")->required();
  sub->add_option("--event", flags->events, "push, pull_request; may be given again")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_flag("--insecure", flags->insecure, "the address may have any certificate");
  sub->footer(
      "\nExamples:\n  ks webhook create demo/push --url "
      "https://ks.example.org/v1alpha3/webhooks/scm "
      "--event push\n");
}

}  // namespace ks::cmd
