#include <fmt/format.h>

#include "cmd/cmd.h"

namespace ks::cmd {
namespace {

/// `path:word word ...` for a command and all below it: what may come next after that path.
void collect(const CLI::App& app, const std::string& path, std::string& cases) {
  std::string words;
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    words += child->get_name() + " ";
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), cases);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  cases += fmt::format("    '{}') words='{}' ;;\n", path, words);
}

std::string bash_script(const CLI::App& app) {
  std::string cases;
  collect(app, "", cases);
  return fmt::format(R"(# bash completion for ks:  source <(ks completion bash)
_ks() {{
  local path='' word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in -*) ;; *) path="${{path:+$path }}$word" ;; esac
  done
  case "$path" in
{}    *) words='' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
  [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _ks ks
)",
                     cases);
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("completion", "print a completion script for a shell");
  auto shell = std::make_shared<std::string>("bash");
  command->add_option("shell", *shell, "bash or zsh")
      ->check(CLI::IsMember({"bash", "zsh"}))
      ->capture_default_str();
  command->footer("\nExample:\n  source <(ks completion bash)\n");
  command->callback([&app, shell, &context] {
    // zsh runs the bash function through its own compatibility layer.
    if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
    fmt::print("{}", bash_script(app));
    context.exit_code = 0;
  });
}

}  // namespace ks::cmd
