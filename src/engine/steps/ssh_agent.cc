#include <fmt/format.h>
#include <signal.h>

#include "base/random.h"
#include "base/text.h"
#include "engine/credentials.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/run_command.h"
#include "engine/secret_files.h"
#include "engine/values.h"

// sshagent: a real ssh-agent with the keys of a block.

namespace ks::engine {
namespace {

struct Agent {
  std::string folder;  ///< of its socket, for its owner alone; short, as sockets want it
  int64_t pid = 0;
  std::string socket() const { return folder + "/agent"; }
};

/// Ends the agent also when the block is left by an exception. Its number may be another process's
/// by now, after a restart of the machine: it must be the one of this socket.
void stop(const Agent& agent) {
  constexpr size_t kMaxArguments = 4096;
  const auto arguments = read_file(fmt::format("/proc/{}/cmdline", agent.pid), kMaxArguments);
  if (arguments && arguments->contains("ssh-agent") && arguments->contains(agent.socket()))
    kill(static_cast<pid_t>(agent.pid), SIGTERM);
  (void)remove_tree(agent.folder);
}

std::string quoted(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

/// Runs a short command on the node; {exit, stdout}.
json::object run_short(StepCall& call, const std::string& script) {
  return run_command(call.run, call.task, call.context()->workspace,
                     {.what = "ssh-agent",
                      .script = script,
                      .folder = call.workspace().path(),
                      .env = {{"PATH", base_path()}, {"HOME", home_folder()}},
                      .keep_stdout = true});
}

std::vector<Credential> keys_of(StepCall& call) {
  std::vector<Credential> keys;
  const groovy::Value given = call.value("credentials");
  std::vector<groovy::Value> ids = groovy::list_items(call.task, given);
  if (groovy::is_text(given)) ids = {given};
  for (const groovy::Value& one : ids) {
    const std::string id = call.run.interpreter().to_string(call.task, one);
    const auto found = try_credential(call.run, call.task, id);
    if (!found || found->kind != CredentialKind::ssh_key) {
      const std::string message = fmt::format(
          "[ssh-agent] Could not find specified credentials with id '{}' of the kind SSH key", id);
      if (!call.flag("ignoreMissing")) call.fail(message);
      call.run.print_line(message);
      continue;
    }
    call.run.mask(found->secret);
    call.run.mask(found->passphrase);
    call.run.print_line(fmt::format("[ssh-agent] Using credentials {} ({})", found->username, id));
    keys.push_back(*found);
  }
  return keys;
}

/// Starts it and hands it the keys; their files are gone when this returns.
Agent start(StepCall& call, const std::vector<Credential>& keys) {
  SecretFiles files(call.run, call.task);
  struct Remove {
    SecretFiles& files;
    ~Remove() { files.remove(); }
  } remove{files};
  Agent agent{.folder = "/tmp/ks-ssh-" +
                        hex_encode(md5(fmt::format("{}#{}-{}-{}", call.run.spec().job,
                                                   call.run.spec().number, call.run.next_await(),
                                                   call.workspace().path())))};
  std::string script = fmt::format(
      "#!/bin/sh\nset -e\numask 077\nmkdir -m 700 {0}\n"
      "eval \"$(ssh-agent -s -a {0}/agent)\" >/dev/null\necho \"$SSH_AGENT_PID\"\n",
      quoted(agent.folder));
  for (const Credential& key : keys) {
    std::string text = key.secret;
    if (!text.ends_with('\n')) text += '\n';
    const std::string file = files.add("key", text);
    script += "chmod 600 " + quoted(file) + "\n";
    if (!key.passphrase.empty()) {
      const std::string secret = files.add("passphrase", key.passphrase + "\n"),
                        ask = files.add("ask", "#!/bin/sh\ncat " + quoted(secret) + "\n");
      script += fmt::format("chmod 700 {0}\nSSH_ASKPASS={0} SSH_ASKPASS_REQUIRE=force DISPLAY=:0 ",
                            quoted(ask));
    }
    script += "ssh-add " + quoted(file) + " </dev/null || failed=1\n";
  }
  // An agent without its keys is of no use to anybody.
  script += "[ -z \"$failed\" ] || { kill \"$SSH_AGENT_PID\"; exit 1; }\n";
  const json::object done = run_short(call, script);
  agent.pid = parse_int(trim(std::string_view(done.at("stdout").as_string()))).value_or(0);
  if (done.at("exit").to_number<int64_t>() != 0 || agent.pid == 0) {
    (void)remove_tree(agent.folder);
    call.fail(
        "[ssh-agent] Could not start the agent with its keys; see the lines above (is "
        "openssh-client installed on the node?)");
  }
  return agent;
}

groovy::Value ssh_agent(StepCall& call) {
  Run& run = call.run;
  const std::vector<Credential> keys = keys_of(call);
  run.print_line("$ ssh-agent");
  const Agent agent = start(call, keys);
  run.print_line(fmt::format("SSH_AUTH_SOCK={}", agent.socket()));
  run.print_line(fmt::format("SSH_AGENT_PID={}", agent.pid));
  run.print_line("[ssh-agent] Started.");
  // Not when the run is only put aside for a restart: the commands of the block still use it.
  bool put_aside = true;
  struct End {
    Run& run;
    const Agent& agent;
    const bool& put_aside;
    ~End() {
      if (put_aside) return;
      stop(agent);
      run.print_line("[ssh-agent] Stopped.");
    }
  } end{run, agent, put_aside};
  try {
    groovy::Value value = call.call_body([&](StepContext& inner) {
      inner.env = {{"SSH_AUTH_SOCK", agent.socket()}, {"SSH_AGENT_PID", std::to_string(agent.pid)}};
    });
    put_aside = false;
    return value;
  } catch (const groovy::Thrown&) {
    put_aside = false;
    throw;
  }
}

}  // namespace

void add_ssh_agent_steps(StepRegistry& registry) {
  registry.add({.name = "sshagent",
                .parameters = {"credentials", "ignoreMissing"},
                .sole = "credentials",
                .block = true,
                .needs = Needs::node,
                .function = ssh_agent});
}

}  // namespace ks::engine
