#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "devops/controllers/approval.h"
#include "engine/mail.h"
#include "engine/model.h"
#include "engine/sonar.h"
#include "s3/client.h"

namespace ks::cmd {

/// What `ks up` can be told, with its defaults.
struct UpSettings {
  std::string data_dir;
  std::string bind = "127.0.0.1:7443";
  bool demo = true;
  std::string log_level = "info";
  std::string log_format = "text";
  bool access_log = false;
  uint64_t executors = 2;
  std::string libraries;  ///< file that lists shared libraries
  bool local_repositories = false;

  engine::MailServer mail;
  engine::SonarServer sonar{.name = "sonar", .url = {}, .token = {}};
  int checkout_retries = 2;
  bool allow_private_addresses = false;
  s3::Options s3;  ///< an empty endpoint: none
  bool s3_disable_tls = false;
  bool s3_archive_runs = false;
  devops::ApprovalOptions approval;
  uint64_t keep_runs = 0;          ///< of each project; 0 here and below: no bound
  uint64_t keep_hours = 0;         ///< a finished run
  bool beyond_both = false;        ///< only what is beyond both bounds goes
  uint64_t abort_after_hours = 0;  ///< a run that does not end
  std::string webhook_secret;      ///< of all pipelines that name none of their own

  engine::RunLimits run;
  uint64_t max_waiting_runs = 100'000;
  uint64_t scan_timeout_seconds = 60;
  uint64_t max_body_bytes = 8u << 20;
  uint64_t max_object_bytes = 1'536u << 10;
  uint64_t max_json_depth = 512;
  uint64_t max_watchers = 10'000;
  uint64_t max_connections = 20'000;
};

/// One thing that can be set: by a flag, or in the configuration file. A table of these is all that
/// `--help`, the flags and the file have in common.
struct Setting {
  std::string_view flag;  ///< `--max-body`; empty: only the file has it
  std::string_view key;   ///< `limits.body`
  std::string_view help;
  std::string_view shown_default;
  enum class Kind : uint8_t { text, flag, count, size } kind = Kind::text;
  std::variant<std::string*, bool*, uint64_t*, int*> target;
};

std::vector<Setting> settings_of(UpSettings& settings);
/// The limits of one run alone, for `ks run`.
std::vector<Setting> settings_of(engine::RunLimits& limits);

/// Reads a value as the setting's kind wants it: `1e9`, `10000`, `256Mi`, `true`. The error names
/// `where`, the flag or key.
Result<> assign(const Setting& setting, std::string_view value, std::string_view where);

/// Reads a configuration file: YAML with the sections that the keys name. A key that there is none
/// of is an error that says which is near.
Result<> read_settings(const std::string& text, const std::string& file,
                       const std::vector<Setting>& settings);

struct Address {
  std::string host;  ///< an IP address
  uint16_t port = 0;
};
/// `127.0.0.1:7443`, `[::1]:7443`, `:7443` (all addresses), `localhost:0`.
Result<Address> parse_bind(std::string_view text);
bool is_loopback(const Address& address);

}  // namespace ks::cmd
