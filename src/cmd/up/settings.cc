#include "cmd/up/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace ks::cmd {
namespace {

using Kind = Setting::Kind;

Result<uint64_t> parse_count(std::string_view text) {
  if (const std::optional<int64_t> number = parse_int(text); number && *number >= 0) {
    return static_cast<uint64_t>(*number);
  }
  // 1e9, as people write it.
  const size_t e = text.find_first_of("eE");
  if (e != text.npos) {
    const std::optional<int64_t> base = parse_int(text.substr(0, e));
    const std::optional<int64_t> power = parse_int(text.substr(e + 1));
    if (base && power && *base >= 0 && *base <= 1'000'000 && *power >= 0 && *power <= 12) {
      return static_cast<uint64_t>(static_cast<double>(*base) *
                                   std::pow(10.0, static_cast<double>(*power)));
    }
  }
  return Error{Code::invalid, fmt::format("'{}' is no number", text)};
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return Error{Code::invalid, fmt::format("'{}' is neither true nor false", text)};
}

Result<> store_number(const Setting& setting, uint64_t number) {
  if (auto* const* narrow = std::get_if<int*>(&setting.target)) {
    if (number > 1'000'000) return Error{Code::invalid, fmt::format("{} is too large", number)};
    **narrow = static_cast<int>(number);
    return {};
  }
  *std::get<uint64_t*>(setting.target) = number;
  return {};
}

Result<> assign_value(const Setting& setting, std::string_view value) {
  switch (setting.kind) {
    case Kind::text:
      if (value.empty()) return Error{Code::invalid, "must not be empty"};
      *std::get<std::string*>(setting.target) = value;
      return {};
    case Kind::flag: *std::get<bool*>(setting.target) = TRY(parse_flag(value)); return {};
    case Kind::count: return store_number(setting, TRY(parse_count(value)));
    case Kind::size: return store_number(setting, TRY(parse_size_bytes(value)));
  }
  return {};
}

std::string scalar_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_json(value);
}

Error unknown_key(const std::string& file, const std::string& key,
                  const std::vector<Setting>& settings) {
  std::vector<std::string> known;
  for (const Setting& setting : settings) {
    known.emplace_back(setting.key);
    known.emplace_back(setting.key.substr(0, setting.key.find('.')));
  }
  const std::vector<std::string> near = nearest(key, known, 1);
  return {Code::invalid,
          fmt::format("{}: there is no setting '{}'{}; see `ks up --help`", file, key,
                      near.empty() ? "" : fmt::format(", did you mean '{}'?", near.front()))};
}

Result<> read_section(const json::object& section, const std::string& prefix,
                      const std::string& file, const std::vector<Setting>& settings) {
  for (const auto& [name, value] : section) {
    const std::string key = prefix + std::string(name);
    const bool is_section = std::ranges::any_of(
        settings, [&](const Setting& one) { return one.key.starts_with(key + "."); });
    if (is_section && value.is_object()) {
      TRY(read_section(value.get_object(), key + ".", file, settings));
      continue;
    }
    const auto setting = std::ranges::find(settings, key, &Setting::key);
    if (setting == settings.end() && !(is_section && value.is_null())) {
      return unknown_key(file, key, settings);
    }
    if (setting == settings.end()) continue;
    if (value.is_object() || value.is_array() || value.is_null()) {
      return Error{Code::invalid, fmt::format("{}: {}: must be a single value", file, key)};
    }
    TRY(assign(*setting, scalar_text(value), fmt::format("{}: {}", file, key)));
  }
  return {};
}

}  // namespace

std::vector<Setting> settings_of(engine::RunLimits& limits) {
  static_assert(sizeof(size_t) == sizeof(uint64_t));
  auto wide = [](size_t& value) { return reinterpret_cast<uint64_t*>(&value); };
  return {
      {"--max-operations", "limits.operations", "operations of a script between two waits", "1e9",
       Kind::count, &limits.fuel},
      {"--max-heap", "limits.heap", "memory of the script of one run", "256Mi", Kind::size,
       wide(limits.heap_bytes)},
      {"--max-call-depth", "limits.callDepth", "calls within calls in a script", "1000",
       Kind::count, &limits.call_depth},
      {"--max-branches", "limits.branches", "parallel branches of one run", "10000", Kind::count,
       wide(limits.branches)},
      {"--max-steps", "limits.steps", "steps of one run, stages included", "1000000", Kind::count,
       wide(limits.steps)},
      {"--max-string", "limits.string", "one string in a script", "64Mi", Kind::size,
       wide(limits.string_bytes)},
      {"--max-log-line", "limits.logLine", "one line of a log; longer ones are cut and marked",
       "1Mi", Kind::size, wide(limits.log_line_bytes)},
      {"--max-log", "limits.log", "the log of one run", "10Gi", Kind::size, &limits.log_bytes},
  };
}

std::vector<Setting> settings_of(UpSettings& settings) {
  std::vector<Setting> out = {
      {"--data-dir", "server.dataDir", "folder of all that is kept", "", Kind::text,
       &settings.data_dir},
      {"--bind", "server.bind", "ADDRESS:PORT to listen on; always TLS, port 0 takes a free one",
       "127.0.0.1:7443", Kind::text, &settings.bind},
      {"", "server.demo", "", "true", Kind::flag, &settings.demo},
      {"--log-level", "log.level", "error, warn, info or debug", "info", Kind::text,
       &settings.log_level},
      {"--log-format", "log.format", "text or json", "text", Kind::text, &settings.log_format},
      {"--access-log", "log.access", "write DIR/access.log, one JSON object a request", "false",
       Kind::flag, &settings.access_log},
      {"--executors", "engine.executors", "steps in `node` blocks that run at once on this machine",
       "2", Kind::count, &settings.executors},
      {"", "mail.url", "", "", Kind::text, &settings.mail.url},
      {"", "mail.username", "", "", Kind::text, &settings.mail.username},
      {"", "mail.password", "", "", Kind::text, &settings.mail.password},
      {"", "mail.from", "", "", Kind::text, &settings.mail.from},
      {"", "mail.replyTo", "", "", Kind::text, &settings.mail.reply_to},
      {"", "mail.starttls", "", "true", Kind::flag, &settings.mail.starttls},
      {"", "mail.caFile", "", "", Kind::text, &settings.mail.ca_file},
      {"", "mail.defaultRecipients", "", "", Kind::text, &settings.mail.default_recipients},
      {"", "mail.userSuffix", "", "", Kind::text, &settings.mail.user_suffix},
      {"", "sonar.name", "", "sonar", Kind::text, &settings.sonar.name},
      {"", "sonar.url", "", "", Kind::text, &settings.sonar.url},
      {"", "sonar.token", "", "", Kind::text, &settings.sonar.token},
      {"", "sonar.webhookSecret", "", "", Kind::text, &settings.sonar.webhook_secret},
      {"", "s3.endpoint", "", "", Kind::text, &settings.s3.endpoint},
      {"", "s3.region", "", "us-east-1", Kind::text, &settings.s3.region},
      {"", "s3.bucket", "", "", Kind::text, &settings.s3.bucket},
      {"", "s3.accessKeyID", "", "", Kind::text, &settings.s3.access_key},
      {"", "s3.secretAccessKey", "", "", Kind::text, &settings.s3.secret_key},
      {"", "s3.sessionToken", "", "", Kind::text, &settings.s3.session_token},
      {"", "s3.forcePathStyle", "", "true", Kind::flag, &settings.s3.path_style},
      {"", "s3.disableSSL", "", "false", Kind::flag, &settings.s3_disable_tls},
      {"", "s3.archiveRuns", "", "false", Kind::flag, &settings.s3_archive_runs},
      {"", "s3.caFile", "", "", Kind::text, &settings.s3.ca_file},
      {"", "approval.url", "", "", Kind::text, &settings.approval.url},
      {"", "approval.secret", "", "", Kind::text, &settings.approval.secret},
      {"", "approval.caFile", "", "", Kind::text, &settings.approval.ca_file},
      {"", "approval.serverUrl", "", "", Kind::text, &settings.approval.server_url},
      {"", "retention.runsPerProject", "", "0", Kind::count, &settings.keep_runs},
      {"", "retention.ageHours", "", "0", Kind::count, &settings.keep_hours},
      {"", "retention.both", "", "false", Kind::flag, &settings.beyond_both},
      {"", "retention.abortAfterHours", "", "0", Kind::count, &settings.abort_after_hours},
      {"", "webhooks.secret", "", "", Kind::text, &settings.webhook_secret},
      {"--libraries", "engine.libraries", "YAML file with the shared libraries of all projects", "",
       Kind::text, &settings.libraries},
      {"--allow-local-repositories", "engine.localRepositories",
       "let jobs and scripts name Git repositories in folders of this machine", "false", Kind::flag,
       &settings.local_repositories},
      {"--checkout-retries", "scm.checkoutRetryCount",
       "a checkout that failed is tried again so often", "2", Kind::count,
       &settings.checkout_retries},
      {"--allow-private-addresses", "scm.allowPrivateAddresses",
       "SCM servers that users name may be at private addresses", "false", Kind::flag,
       &settings.allow_private_addresses},
      {"--scan-timeout", "scm.scanTimeoutSeconds",
       "seconds that a git server has to list the branches of a repository", "60", Kind::count,
       &settings.scan_timeout_seconds},
      {"--max-waiting-runs", "limits.waitingRuns", "runs that wait in the queue", "100000",
       Kind::count, &settings.max_waiting_runs},
      {"--max-body", "limits.body", "body of one request", "8Mi", Kind::size,
       &settings.max_body_bytes},
      {"--max-object", "limits.object", "one object of the API", "1536Ki", Kind::size,
       &settings.max_object_bytes},
      {"--max-json-depth", "limits.jsonDepth", "nesting of JSON and YAML", "512", Kind::count,
       &settings.max_json_depth},
      {"--max-watchers", "limits.watchers", "watches at once", "10000", Kind::count,
       &settings.max_watchers},
      {"--max-connections", "limits.connections", "connections at once", "20000", Kind::count,
       &settings.max_connections},
  };
  for (Setting& limit : settings_of(settings.run)) out.push_back(limit);
  return out;
}

Result<> assign(const Setting& setting, std::string_view value, std::string_view where) {
  Result<> assigned = assign_value(setting, value);
  if (!assigned) return std::move(assigned).error().in(where);
  return assigned;
}

Result<> read_settings(const std::string& text, const std::string& file,
                       const std::vector<Setting>& settings) {
  Result<json::value> parsed = parse_yaml(text);
  if (!parsed) return std::move(parsed).error().in(file);
  if (parsed->is_null()) return {};
  if (!parsed->is_object()) {
    return Error{Code::invalid, file + ": must hold sections such as `server:` and `limits:`"};
  }
  return read_section(parsed->get_object(), "", file, settings);
}

Result<Address> parse_bind(std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::optional<int64_t> port =
      colon == text.npos ? std::nullopt : parse_int(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) {
    return Error{Code::invalid,
                 fmt::format("--bind '{}': expected ADDRESS:PORT, such as 127.0.0.1:7443", text)};
  }
  std::string host(text.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  unsigned char parsed[16];
  if (inet_pton(AF_INET, host.c_str(), parsed) != 1 &&
      inet_pton(AF_INET6, host.c_str(), parsed) != 1) {
    return Error{Code::invalid,
                 fmt::format("--bind '{}': '{}' is no IP address of this machine", text, host)};
  }
  return Address{host, static_cast<uint16_t>(*port)};
}

bool is_loopback(const Address& address) {
  return address.host.starts_with("127.") || address.host == "::1";
}

}  // namespace ks::cmd
