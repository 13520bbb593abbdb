#include "devops/kapis/git/git.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

constexpr int kLocalSeconds = 60;
constexpr int kRemoteSeconds = 120;
/// `timeout` ends with it.
constexpr int kTimedOut = 124;
/// The largest file that git may write, thus the largest pack that a server can send.
constexpr uint64_t kMaxFileBytes = 2ull << 30;

/// Settings by environment, so that none is on a command line.
class Config {
 public:
  void add(std::string_view key, std::string_view value) {
    lines_.push_back(fmt::format("GIT_CONFIG_KEY_{}={}", count_, key));
    lines_.push_back(fmt::format("GIT_CONFIG_VALUE_{}={}", count_++, value));
  }
  void append_to(std::vector<std::string>& env) const {
    env.insert(env.end(), lines_.begin(), lines_.end());
    env.push_back(fmt::format("GIT_CONFIG_COUNT={}", count_));
  }

 private:
  std::vector<std::string> lines_;
  int count_ = 0;
};

std::vector<std::string> base_env(const std::string& folder) {
  const char* path = std::getenv("PATH");
  return {fmt::format("PATH={}", path == nullptr ? "/usr/bin:/bin" : path),
          "GIT_DIR=" + folder,
          "HOME=" + folder,
          "LC_ALL=C.UTF-8",
          "GIT_CONFIG_NOSYSTEM=1",
          "GIT_CONFIG_GLOBAL=/dev/null",
          "GIT_TERMINAL_PROMPT=0",
          "GIT_OPTIONAL_LOCKS=0",
          "GIT_LITERAL_PATHSPECS=1",
          "GIT_ALLOW_PROTOCOL=http:https:ssh:file"};
}

Config base_config() {
  Config config;
  config.add("core.hooksPath", "/dev/null");
  config.add("core.quotePath", "false");
  config.add("core.fsync", "committed");
  config.add("safe.directory", "*");
  config.add("gc.autoDetach", "false");
  return config;
}

/// A text to read from as standard input.
Result<Fd> memory_file(std::string_view text) {
  Fd fd(memfd_create("git-input", MFD_CLOEXEC));
  if (!fd) return errno_error("make", "a file in memory", errno);
  TRY(write_all(fd.get(), text));
  if (lseek(fd.get(), 0, SEEK_SET) < 0) return errno_error("rewind", "a file in memory", errno);
  return fd;
}

Result<Git::Ran> run_git(int seconds, std::vector<std::string> arguments,
                         std::vector<std::string> env, const std::string& folder,
                         std::string_view stdin_text, size_t max_output) {
  SpawnOptions options;
  options.argv = {"prlimit", fmt::format("--fsize={0}:{0}", kMaxFileBytes),
                  "timeout", "-k",
                  "5",       std::to_string(seconds),
                  "git"};
  const std::string what = arguments.empty() ? std::string() : arguments.front();
  options.argv.insert(options.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  options.env = std::move(env);
  options.cwd = folder;
  Fd input;
  if (!stdin_text.empty()) {
    input = TRY(memory_file(stdin_text));
    options.stdin_fd = input.get();
  }
  Output done = TRY(run_process(std::move(options), max_output));
  if (done.exit_code == kTimedOut || done.exit_code == 128 + 9) {
    return Error{Code::timeout, fmt::format("git {} took longer than {} s", what, seconds)};
  }
  if (done.out.size() >= max_output) {
    return Error{Code::too_large,
                 fmt::format("git {} has more than {} to say", what, human_size(max_output))};
  }
  return Git::Ran{done.exit_code, std::move(done.out), std::move(done.err)};
}

/// Files that exist while one command runs, for its owner alone.
class PrivateFiles {
 public:
  Result<std::string> add(std::string_view name, std::string_view content, unsigned mode) {
    if (!folder_) folder_.emplace();
    std::string path = *folder_ / name;
    TRY(write_file_atomic(path, content, mode));
    return path;
  }

 private:
  std::optional<TempDir> folder_;
};

void configure_http(const GitAccess& access, const std::string& ip, Config& config,
                    std::vector<std::string>& env) {
  const GitAddress& address = access.address;
  config.add("http.lowSpeedLimit", "1000");
  config.add("http.lowSpeedTime", "30");
  if (access.insecure) config.add("http.sslVerify", "false");
  if (access.allow_private) {
    for (const char* name : {"http_proxy", "https_proxy", "no_proxy"}) {
      if (const char* value = std::getenv(name)) env.push_back(fmt::format("{}={}", name, value));
    }
  } else {
    // Another host could be a private one.
    config.add("http.followRedirects", "false");
    config.add("http.curloptResolve", fmt::format("{}:{}:{}", address.host, address.port, ip));
  }
  // What the machine has for others is left out; a redirect elsewhere gets nothing.
  config.add("credential.helper", "");
  if (access.username.empty() && access.password.empty()) return;
  env.push_back("KS_GIT_USERNAME=" +
                (access.username.empty() ? std::string("x-access-token") : access.username));
  env.push_back("KS_GIT_PASSWORD=" + access.password);
  config.add(fmt::format("credential.{}.helper", address.site),
             R"(!f() { test "$1" = get && printf "username=%s\npassword=%s\n" "$KS_GIT_USERNAME" )"
             R"("$KS_GIT_PASSWORD"; }; f)");
}

Result<> configure_ssh(const GitAccess& access, const std::string& ip, const std::string& folder,
                       PrivateFiles& files, std::vector<std::string>& env) {
  // The name stays what its key is remembered by.
  std::string command = fmt::format(
      "ssh -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=2 "
      "-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=\"$KS_GIT_HOSTS\" "
      "-o HostName={} -o HostKeyAlias={} -o ProxyCommand=none -F /dev/null",
      ip, access.address.host);
  env.push_back("KS_GIT_HOSTS=" + folder + "/known_hosts");
  if (!access.private_key.empty()) {
    std::string key = access.private_key;
    if (!key.ends_with('\n')) key += '\n';
    env.push_back("KS_GIT_KEY=" + TRY(files.add("key", key, 0600)));
    command += " -i \"$KS_GIT_KEY\" -o IdentitiesOnly=yes";
  }
  if (access.passphrase.empty()) {
    command += " -o BatchMode=yes";
  } else {
    env.push_back("KS_GIT_PASSWORD=" + access.passphrase);
    env.push_back("SSH_ASKPASS_REQUIRE=force");
    env.push_back("SSH_ASKPASS=" +
                  TRY(files.add("ask", "#!/bin/sh\nprintf '%s\\n' \"$KS_GIT_PASSWORD\"\n", 0700)));
  }
  env.push_back("GIT_SSH_COMMAND=" + command);
  env.emplace_back("GIT_SSH_VARIANT=ssh");
  return {};
}

}  // namespace

Result<Git::Ran> Git::run(std::vector<std::string> arguments, Input input) const {
  std::vector<std::string> env = base_env(folder_);
  base_config().append_to(env);
  env.insert(env.end(), input.env.begin(), input.env.end());
  return run_git(kLocalSeconds, std::move(arguments), std::move(env), folder_, input.stdin_text,
                 input.max_output);
}

Result<std::string> Git::output(std::vector<std::string> arguments, Input input) const {
  const std::string what = arguments.empty() ? std::string() : arguments.front();
  Ran ran = TRY(run(std::move(arguments), std::move(input)));
  if (ran.code == 0) return std::move(ran.out);
  return Error{Code::internal, fmt::format("git {}: {}", what, git_words(ran.err))};
}

Result<Git::Ran> Git::run_remote(const GitAccess& access,
                                 std::vector<std::string> arguments) const {
  std::vector<std::string> env = base_env(folder_);
  Config config = base_config();
  PrivateFiles files;
  config.add("remote.origin.url", access.address.url);
  switch (access.address.scheme) {
    case GitAddress::Scheme::http: {
      const std::string ip = access.allow_private
                                 ? std::string()
                                 : TRY(resolve_host(access.address, access.allow_private));
      configure_http(access, ip, config, env);
      if (!access.ca_pem.empty()) {
        config.add("http.sslCAInfo", TRY(files.add("ca.crt", access.ca_pem, 0600)));
      }
      break;
    }
    case GitAddress::Scheme::ssh:
      TRY(configure_ssh(access, TRY(resolve_host(access.address, access.allow_private)), folder_,
                        files, env));
      break;
    case GitAddress::Scheme::local: break;
  }
  config.append_to(env);
  return run_git(kRemoteSeconds, std::move(arguments), std::move(env), folder_, {}, 64u << 20);
}

std::string git_words(std::string_view err) {
  constexpr size_t kMost = 600;
  std::string out;
  for (std::string_view line : split(err, '\n')) {
    line = trim(line.substr(line.rfind('\r') == line.npos ? 0 : line.rfind('\r') + 1));
    if (line.empty() || line.starts_with("hint:")) continue;
    for (std::string_view prefix : {"fatal: ", "error: ", "remote: "}) {
      if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    }
    if (!out.empty()) out += "; ";
    out += line;
  }
  if (out.size() > kMost) out = "... " + out.substr(out.size() - kMost);
  return out.empty() ? "it failed without a word" : to_utf8_lossy(out);
}

Error remote_error(const Git::Ran& ran) {
  const std::string said = git_words(ran.err);
  const auto says = [&](std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) {
      if (ran.err.find(word) != ran.err.npos) return true;
    }
    return false;
  };
  const std::string text = "the git server: " + said;
  if (says({"Authentication failed", "could not read Username", "Permission denied", "error: 401",
            "error: 403"})) {
    return {Code::forbidden, text + "; check the secret of the GitRepository"};
  }
  if (says({"couldn't find remote ref"})) return {Code::not_found, "branch not found"};
  if (says({"not found", "does not appear to be a git repository", "error: 404"})) {
    return {Code::not_found, text};
  }
  if (says({"[rejected]", "[remote rejected]", "non-fast-forward", "fetch first"})) {
    return {Code::conflict,
            text + "; somebody else pushed, or the branch is protected: pull and try again"};
  }
  return {Code::unavailable, text};
}

}  // namespace ks::devops::kapis
