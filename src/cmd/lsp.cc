#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/jenkinsfile/language_server.h"

namespace ks::cmd {
namespace {

constexpr size_t kMaxHeaderBytes = 8 << 10;
constexpr int64_t kMaxBodyBytes = 16 << 20;

enum class Frame : uint8_t { message, damaged, end };

/// The header lines up to the empty one: the length of the body. Nothing at the end of input.
std::optional<int64_t> read_header(bool& damaged) {
  int64_t length = -1;
  size_t total = 0;
  std::string line;
  damaged = false;
  while (true) {
    const int c = std::fgetc(stdin);
    if (c == EOF) return std::nullopt;
    // A line without end is not kept.
    if (++total > kMaxHeaderBytes) damaged = true;
    if (c != '\n') {
      if (line.size() < kMaxHeaderBytes) line += static_cast<char>(c);
      continue;
    }
    const std::string_view text = trim(line);
    if (text.empty()) break;
    const size_t colon = text.find(':');
    if (colon == text.npos) {
      damaged = true;
    } else if (equals_ignoring_case(trim(text.substr(0, colon)), "Content-Length")) {
      length = parse_int(trim(text.substr(colon + 1))).value_or(-1);
    }
    line.clear();
  }
  if (length < 0) damaged = true;
  return length;
}

void skip(int64_t bytes) {
  char buffer[64 << 10];
  while (bytes > 0) {
    const size_t want = static_cast<size_t>(std::min<int64_t>(bytes, sizeof buffer));
    const size_t got = std::fread(buffer, 1, want, stdin);
    if (got == 0) return;
    bytes -= static_cast<int64_t>(got);
  }
}

/// A frame that cannot be used is answered with an error, and the next one is read.
Frame next_frame(LanguageServer& server, json::value& message) {
  bool damaged = false;
  const std::optional<int64_t> length = read_header(damaged);
  if (!length) return Frame::end;
  if (*length > kMaxBodyBytes) {
    skip(*length);
    server.refuse(-32600, fmt::format("a message of {} bytes is over the limit of {}", *length,
                                      kMaxBodyBytes));
    return Frame::damaged;
  }
  if (damaged && *length < 0) {
    server.refuse(-32700, "a frame begins with Content-Length: BYTES and an empty line");
    return Frame::damaged;
  }
  std::string body(static_cast<size_t>(*length), '\0');
  if (std::fread(body.data(), 1, body.size(), stdin) != body.size()) return Frame::end;
  Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    server.refuse(-32700, parsed.error().message);
    return Frame::damaged;
  }
  message = std::move(*parsed);
  return Frame::message;
}

void serve(Context& context, LanguageServerOptions options) {
  LanguageServer server(std::move(options), [](const json::value& message) {
    const std::string body = to_json(message);
    fmt::print("Content-Length: {}\r\n\r\n{}", body.size(), body);
    std::fflush(stdout);
  });
  while (!server.ended()) {
    json::value message;
    const Frame frame = next_frame(server, message);
    if (frame == Frame::end) break;
    if (frame == Frame::message) server.handle(message);
  }
  context.exit_code = server.exit_code();
}

}  // namespace

void add_lsp(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("lsp", "a language server for Jenkinsfiles, on stdin and stdout");
  auto options = std::make_shared<LanguageServerOptions>();
  command
      ->add_option("--library", options->libraries,
                   "folder of a shared library (vars/, src/): its steps are known, definitions are "
                   "found there")
      ->allow_extra_args(false)
      ->check(CLI::ExistingDirectory);
  // Editors pass it to every server.
  command->add_flag("--stdio")->description("the only way it talks");
  command->footer(R"(
Speaks the Language Server Protocol: diagnostics as of ks lint, completion of steps, their parameters and sections, help
for steps on hovering, go to definition (also in libraries: --library, or initializationOptions.libraries), formatting.

Exit code: 0 after shutdown and exit, 1 when the client went away before, 64 usage.

Examples:
  ks lsp
  ks lsp --library ../shared-library

In Neovim:
  vim.lsp.start({ name = 'ks', cmd = { 'ks', 'lsp' }, root_dir = vim.fn.getcwd() })
)");
  command->callback([options, &context] { serve(context, *options); });
}

}  // namespace ks::cmd
