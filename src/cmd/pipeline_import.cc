#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/pipelines/importer.h"
#include "cmd/view/table.h"

namespace ks::cmd {
namespace {

constexpr size_t kMostTokenBytes = 64u << 10;
constexpr size_t kMostAnswerBytes = 16u << 20;
constexpr size_t kMostCellBytes = 300;

struct Flags {
  std::string source, user, token_file, ca_file;
  bool insecure = false;
  ImportOptions options;
  ImportActs acts;
};

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

Result<std::unique_ptr<JenkinsSource>> open_source(const Flags& flags) {
  if (!is_url(flags.source)) return open_jenkins_home(flags.source);
  http::ClientOptions options;
  options.base_url = flags.source;
  options.ca_file = flags.ca_file;
  options.insecure = flags.insecure;
  options.max_response_bytes = kMostAnswerBytes;
  std::string token;
  if (!flags.token_file.empty()) {
    token =
        TRY(read_file(flags.token_file == "-" ? "/dev/stdin" : flags.token_file, kMostTokenBytes));
  } else if (const char* variable = std::getenv("JENKINS_API_TOKEN")) {
    token = variable;
  }
  token = trim(token);
  if (!flags.user.empty() && token.empty()) {
    return Error{
        Code::invalid,
        fmt::format("the token of {} is missing: name a file with it by --token-file (- is "
                    "standard input), or set JENKINS_API_TOKEN",
                    flags.user)};
  }
  if (flags.user.empty()) {
    options.bearer_token = std::move(token);
  } else {
    options.username = flags.user;
    options.password = std::move(token);
  }
  return open_jenkins_server(std::move(options));
}

/// What others wrote, fit for a cell of a table: nothing that moves the cursor.
std::string shown(std::string_view text) {
  std::string out = to_utf8_lossy(text.substr(0, kMostCellBytes));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (text.size() > kMostCellBytes) out += "...";
  return out.empty() ? "-" : out;
}

void print(const std::vector<ImportRow>& rows, bool json_wanted) {
  if (json_wanted) {
    json::array out;
    for (const ImportRow& row : rows) {
      out.push_back(json::object{{"kind", row.kind},
                                 {"from", to_utf8_lossy(row.from)},
                                 {"as", row.as},
                                 {"what", row.what},
                                 {"note", to_utf8_lossy(row.note)}});
    }
    fmt::print("{}\n", to_pretty_json(out));
    return;
  }
  if (rows.empty()) {
    fmt::print("there is nothing to import\n");
    return;
  }
  Table table({"KIND", "IN JENKINS", "HERE", "WHAT", "NOTE"});
  for (const ImportRow& row : rows) {
    table.add({shown(row.kind), shown(row.from), shown(row.as), row.what, shown(row.note)});
  }
  fmt::print("{}", table.text());
}

Result<> import(Context& context, const Flags& flags) {
  const std::unique_ptr<JenkinsSource> source = TRY(open_source(flags));
  // A plan can be had without a server.
  std::unique_ptr<Connection> server;
  if (!flags.acts.dry_run || file_exists(context.kubeconfig)) {
    server = std::make_unique<Connection>(TRY(connect(context.kubeconfig)));
  }
  const ImportPlan plan = TRY(plan_import(*source, flags.options));
  const Result<std::vector<ImportRow>> rows =
      carry_out(server ? server->kube.get() : nullptr, plan, flags.acts);
  if (!rows) return server ? with_hint(rows.error(), *server) : rows.error();
  print(*rows, context.output == "json");
  for (const ImportRow& row : *rows) {
    if (row.what == "failed") context.exit_code = 1;
  }
  return {};
}

}  // namespace

void add_pipeline_import(CLI::App& pipeline, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* sub = pipeline.add_subcommand(
      "import", "bring folders, pipelines and their history from a Jenkins; what exists stays");
  add_output(*sub, context);
  sub->add_option("--kubeconfig", context.kubeconfig,
                  "which server; default: $KUBECONFIG, else that of `ks up`");
  sub->add_option("SOURCE", flags->source, "JENKINS_HOME, a folder, or the URL of a Jenkins")
      ->required();
  sub->add_flag("--dry-run", flags->acts.dry_run, "tell what would be made, and make nothing");
  sub->add_flag("--history", flags->options.history,
                fmt::format("bring the builds too, the newest {} of a job", kMostJenkinsBuilds));
  sub->add_flag("--credentials", flags->acts.credentials,
                "make the credentials, without values: secrets stay in Jenkins");
  sub->add_option("--project", flags->options.top_project,
                  "project of the jobs that lie in no folder")
      ->capture_default_str();
  sub->add_option("--user", flags->user, "who asks the Jenkins at the URL");
  sub->add_option("--token-file", flags->token_file,
                  "file with that user's API token; -: standard input; default: "
                  "$JENKINS_API_TOKEN");
  sub->add_option("--ca-file", flags->ca_file, "PEM of the authorities of the URL");
  sub->add_flag("--insecure", flags->insecure, "the URL may have any certificate");
  sub->footer(
      "\nExamples:\n  ks pipeline import /var/jenkins_home --dry-run\n"
      "  ks pipeline import /var/jenkins_home --history\n"
      "  ks pipeline import https://ci.example.org --user ada --token-file token.txt\n");
  sub->callback([flags, &context] {
    if (Result<> done = import(context, *flags); !done) fail(context, done.error());
  });
}

}  // namespace ks::cmd
