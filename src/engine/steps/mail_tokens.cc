#include "engine/steps/mail_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/mail.h"
#include "engine/steps/mail_people.h"
#include "engine/test_report.h"
#include "engine/values.h"

namespace ks::engine {
namespace {

std::string status_text(StepCall& call) {
  switch (call.run.shown_result.value_or(call.run.result())) {
    case BuildResult::success: return "Successful";
    case BuildResult::unstable: return "Unstable";
    case BuildResult::failure: return "Failure";
    case BuildResult::not_built: return "Not Built";
    case BuildResult::aborted: return "Aborted";
  }
  return "?";
}

/// What is written so far, the last `lines` of it.
std::string log_text(Run& run, size_t lines, size_t most = size_t{4} << 20) {
  (void)run.log().flush();
  const uint64_t size = run.log().size();
  const std::string text =
      run.log().read(size > most ? size - most : 0, most).value_or(std::string());
  size_t at = text.size();
  for (size_t i = 0; i <= lines && at != text.npos && at > 0; i++) at = text.rfind('\n', at - 1);
  return at == text.npos || at == 0 ? text : text.substr(at + 1);
}

using Options = std::map<std::string, std::string, std::less<>>;

std::string option_of(const Options& options, std::string_view key,
                      const std::string& otherwise = {}) {
  const auto found = options.find(key);
  return found == options.end() ? otherwise : found->second;
}

std::string mail_setting(StepCall& call, std::string MailServer::* setting) {
  const MailServer* server = call.run.services().mail;
  return server == nullptr ? std::string() : server->*setting;
}

/// `\n` and `\t` of an option, as email-ext reads them.
std::string unescaped(std::string_view text) {
  return replace_all(replace_all(std::string(text), "\\n", "\n"), "\\t", "\t");
}

/// A format with one-letter fields after `%`.
std::string with_fields(std::string_view format,
                        const std::function<std::optional<std::string>(char)>& field) {
  std::string out;
  for (size_t i = 0; i < format.size(); i++) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (format[i + 1] == '%') {
        out += '%';
        i++;
        continue;
      }
      if (const auto value = field(format[i + 1])) {
        out += *value;
        i++;
        continue;
      }
    }
    out += format[i];
  }
  return out;
}

/// `${CHANGES, showPaths=true, format="[%a] %m\n"}`
std::string changes_text(const json::array& changes, const Options& options) {
  if (changes.empty()) return unescaped(option_of(options, "default", "No changes\n"));
  const bool paths = option_of(options, "showPaths") == "true";
  const std::string format =
      unescaped(option_of(options, "format", paths ? "[%a] %m%p\n" : "[%a] %m\n"));
  std::string out;
  for (const json::value& change : changes) {
    out += with_fields(format, [&](char name) -> std::optional<std::string> {
      switch (name) {
        case 'a': return std::string(text_at(change, {"authorName"}));
        case 'd':
          return format_rfc3339(WallTime{std::chrono::milliseconds(int_at(change, {"timestamp"}))});
        case 'm': return std::string(trim(text_at(change, {"comment"})));
        case 'r': return std::string(text_at(change, {"commitId"}));
        case 'p': {
          std::string list;
          if (const json::value* files = find(change, {"affectedPaths"});
              files != nullptr && files->is_array()) {
            for (const json::value& path : files->get_array())
              list += fmt::format("\n\t- {}",
                                  path.is_string() ? std::string_view(path.get_string()) : "");
          }
          return list;
        }
        default: return std::nullopt;
      }
    });
  }
  return out;
}

/// Run by run, down to the last good one.
std::string all_changes_text(StepCall& call, BuildResult good, const Options& options) {
  std::vector<RunChanges> runs = changes_since(call, good);
  std::ranges::reverse(runs);
  runs.push_back(own_changes(call.run));
  const std::string format = unescaped(option_of(options, "format", "Changes for Build #%n\n%c\n"));
  Options each = options;
  each.erase("format");
  if (const auto changes = options.find("changesFormat"); changes != options.end())
    each["format"] = changes->second;
  std::string out;
  for (const RunChanges& one : runs) {
    out += with_fields(format, [&](char name) -> std::optional<std::string> {
      if (name == 'n') return std::to_string(one.number);
      if (name == 'c') return changes_text(one.changes, each);
      return std::nullopt;
    });
  }
  return out;
}

/// `${FAILED_TESTS, showStack=false, maxTests=10}`
std::string failed_tests_text(const Run& run, const Options& options) {
  const auto report = read_test_report(run.files().artifacts + "/" + std::string(kTestReports))
                          .value_or(std::optional<json::object>());
  if (!report) return "No tests ran.";
  const TestSummary sum = summary_of(*report);
  if (sum.failed == 0) return "All tests passed";
  std::string out = fmt::format("{} tests failed.\n", sum.failed);
  const int64_t most = parse_int(option_of(options, "maxTests", "100")).value_or(100);
  const bool regressions = option_of(options, "onlyRegressions") == "true";
  int64_t shown = 0;
  for (const json::value& suite : report->at("suites").as_array()) {
    for (const json::value& one : suite.at("cases").as_array()) {
      const std::string_view status = text_at(one, {"status"});
      if (status != "REGRESSION" && (status != "FAILED" || regressions)) continue;
      if (++shown > most) return out + "... and more.\n";
      out += fmt::format("{}:  {}.{}\n\n", status, text_at(one, {"className"}),
                         text_at(one, {"name"}));
      if (option_of(options, "showMessage", "true") == "true")
        out += fmt::format("Error Message:\n{}\n\n", text_at(one, {"errorDetails"}));
      if (option_of(options, "showStack", "true") == "true")
        out += fmt::format("Stack Trace:\n{}\n\n", text_at(one, {"errorStackTrace"}));
    }
  }
  return out;
}

/// A file of the workspace. A replay sends nothing, and the file may be another by then.
std::string file_text(StepCall& call, const std::string& file) {
  constexpr size_t kMostBytes = size_t{4} << 20;
  if (call.run.replaying()) return {};
  need_workspace(call);
  const std::string path = plain_path(resolve(call, file));
  Result<std::string> text = fence_of(call, path).read(path, kMostBytes);
  return text ? to_utf8_lossy(*text) : fmt::format("ERROR: File '{}' does not exist", file);
}

/// One token without its `${}`; nothing when it is none.
std::optional<std::string> token(StepCall& call, std::string_view name, const Options& options) {
  Run& run = call.run;
  const auto option = [&](std::string_view key, const std::string& otherwise = {}) {
    return option_of(options, key, otherwise);
  };
  constexpr std::string_view kSubject = "$PROJECT_NAME - Build # $BUILD_NUMBER - $BUILD_STATUS!";
  constexpr std::string_view kContent =
      "$PROJECT_NAME - Build # $BUILD_NUMBER - $BUILD_STATUS:\n\nCheck console output at "
      "$BUILD_URL to view the results.";
  if (name == "DEFAULT_SUBJECT" || name == "PROJECT_DEFAULT_SUBJECT") return std::string(kSubject);
  if (name == "DEFAULT_CONTENT" || name == "PROJECT_DEFAULT_CONTENT") return std::string(kContent);
  if (name == "DEFAULT_RECIPIENTS") return mail_setting(call, &MailServer::default_recipients);
  if (name == "DEFAULT_REPLYTO") return mail_setting(call, &MailServer::reply_to);
  if (name == "PROJECT_NAME" || name == "PROJECT_DISPLAY_NAME" || name == "JOB_NAME")
    return run.spec().job;
  if (name == "BUILD_STATUS") return status_text(call);
  if (name == "BUILD_CAUSE" || name == "CAUSE") return join(run.spec().causes, "\n");
  if (name == "BUILD_LOG") {
    const auto lines = parse_int(option("maxLines", "250"));
    return log_text(run, static_cast<size_t>(std::clamp<int64_t>(lines.value_or(250), 1, 10'000)));
  }
  if (name == "TEST_COUNTS") {
    const TestSummary tests = run.tests().value_or(TestSummary{});
    const std::string which = option("var", "total");
    return std::to_string(which == "fail"   ? tests.failed
                          : which == "skip" ? tests.skipped
                          : which == "pass" ? tests.total - tests.failed - tests.skipped
                                            : tests.total);
  }
  if (name == "CHANGES") return changes_text(own_changes(run).changes, options);
  if (name == "CHANGES_SINCE_LAST_SUCCESS")
    return all_changes_text(call, BuildResult::success, options);
  if (name == "CHANGES_SINCE_LAST_UNSTABLE")
    return all_changes_text(call, BuildResult::unstable, options);
  if (name == "FAILED_TESTS") return failed_tests_text(run, options);
  if (name == "FILE") return file_text(call, option("path"));
  if (name == "ENV") return run.env_value(call.context().get(), option("var")).value_or("");
  if (name == "PROJECT_URL") return run.env_value(call.context().get(), "JOB_URL").value_or("");
  return run.env_value(call.context().get(), name);
}

bool is_name_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// `TEST_COUNTS, var="fail"` as name and options.
std::pair<std::string, Options> parse_token(std::string_view text) {
  const size_t comma = text.find(',');
  Options options;
  for (std::string_view rest = comma == text.npos ? "" : text.substr(comma + 1); !rest.empty();) {
    const size_t equals = rest.find('='), open = rest.find('"', equals);
    size_t close = rest.find('"', open == rest.npos ? open : open + 1);
    if (equals == rest.npos) break;
    if (open == rest.npos || close == rest.npos || open > rest.find(',', equals)) {
      close = std::min(rest.find(',', equals), rest.size());
      options.emplace(trim(rest.substr(0, equals)),
                      trim(rest.substr(equals + 1, close - equals - 1)));
    } else {
      options.emplace(trim(rest.substr(0, equals)), rest.substr(open + 1, close - open - 1));
      close = std::min(rest.find(',', close), rest.size());
    }
    rest = close < rest.size() ? rest.substr(close + 1) : std::string_view();
  }
  return {std::string(trim(text.substr(0, comma))), std::move(options)};
}

}  // namespace

std::string expand_mail_tokens(StepCall& call, std::string text) {
  constexpr int kMostRounds = 5;
  constexpr size_t kMostBytes = size_t{8} << 20;
  for (int round = 0; round < kMostRounds && text.size() < kMostBytes; round++) {
    std::string out;
    bool changed = false;
    for (size_t at = 0; at < text.size();) {
      const size_t dollar = std::min(text.find('$', at), text.size());
      out += text.substr(at, dollar - at);
      if (dollar == text.size()) break;
      size_t end = dollar + 1;
      std::string_view inner;
      const bool braces = end < text.size() && text[end] == '{';
      if (braces) {
        const size_t close = text.find('}', end);
        inner = std::string_view(text).substr(end + 1, close == text.npos ? 0 : close - end - 1);
        end = close == text.npos ? end + 1 : close + 1;
      } else {
        while (end < text.size() && is_name_char(text[end])) end++;
        inner = std::string_view(text).substr(dollar + 1, end - dollar - 1);
      }
      const auto [name, options] = parse_token(inner);
      const auto value = name.empty() ? std::nullopt : token(call, name, options);
      out += value ? *value : text.substr(dollar, end - dollar);
      changed |= value.has_value();
      at = end;
    }
    text = std::move(out);
    if (!changed) break;
  }
  return text;
}

}  // namespace ks::engine
