#include "devops/controllers/archive_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/controllers/keys.h"
#include "s3/client.h"

namespace ks::devops {
namespace {

using std::chrono::milliseconds;

/// Larger logs and artifacts stay where they are: each is in memory while it is sent.
constexpr uint64_t kMostBytes = 256u << 20;
constexpr size_t kMostObjects = 1'000'000;
constexpr milliseconds kFirstRetry{1'000}, kMostRetry{300'000};
constexpr std::string_view kRoot = "runs/";
constexpr size_t kIdBytes = 16;
/// Not the key of a run: the look for what is left over.
const Key kSweep{};

jenkins::JobRef job_of(const json::value& run) {
  return {std::string(kube::space_of(run)),
          std::string(text_at(run, {"spec", "pipelineRef", "name"})),
          jenkins::branch_job_name(text_at(run, {"spec", "scm", "refName"}))};
}

std::string root_of(std::string_view installation) {
  return fmt::format("{}{}/", kRoot, installation);
}

/// The run of an object below `root`; nothing for one that is not ours.
std::optional<Key> run_of(std::string_view object, std::string_view root) {
  if (!object.starts_with(root)) return std::nullopt;
  const std::vector<std::string_view> steps = split(object.substr(root.size()), '/');
  if (steps.size() < 3 || steps[0].empty() || steps[1].empty()) return std::nullopt;
  return Key{std::string(steps[0]), std::string(steps[1])};
}

bool is_installation(std::string_view text) {
  return text.size() == kIdBytes * 2 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string archive::prefix_of(std::string_view installation, const Key& run) {
  return fmt::format("{}{}/{}/", root_of(installation), run.space, run.name);
}

std::optional<std::string> archive::stored_prefix(const json::value& run) {
  const Result<json::value> stored = parse_json(kube::annotation(run, kStored));
  if (!stored) return std::nullopt;
  std::string prefix(text_at(*stored, {"prefix"}));
  if (!prefix.starts_with(kRoot)) return std::nullopt;
  const std::string_view rest = std::string_view(prefix).substr(kRoot.size());
  const std::string_view installation = rest.substr(0, rest.find('/'));
  if (!is_installation(installation)) return std::nullopt;
  if (prefix != prefix_of(installation, kube::key_of(run))) return std::nullopt;
  return prefix;
}

Result<std::string> archive::installation_id(const std::string& data_dir) {
  const std::string file = data_dir + "/installation-id";
  Result<std::string> id = read_file(file, 1024);
  if (!id && id.error().code == Code::not_found) {
    id = hex_encode(random_bytes(kIdBytes));
    TRY(write_file_atomic(file, *id, 0600));
  }
  std::string text(trim(TRY(std::move(id))));
  // An empty one would be the root of all.
  if (!is_installation(text)) {
    return Error{Code::invalid, fmt::format("{}: must be {} digits of hexadecimal; restore it, or "
                                            "remove it to begin with an empty archive",
                                            file, kIdBytes * 2)};
  }
  return text;
}

ArchiveController::ArchiveController(Context& context, s3::Client& bucket, std::string installation)
    : context_(context),
      bucket_(bucket),
      installation_(std::move(installation)),
      events_(context.kube, "archive-controller", context.clock),
      controller_({.name = "archive",
                   .workers = 1,
                   .back_off = {.first = kFirstRetry, .most = kMostRetry},
                   .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.runs);
}

void ArchiveController::start() {
  controller_.enqueue(kSweep);
  controller_.start();
}

Result<Outcome> ArchiveController::reconcile(const Key& key) {
  if (key == kSweep) {
    TRY(sweep());
    return Outcome{};
  }
  const ObjectRef run = context_.runs.get(key);
  if (run == nullptr) {
    TRY(bucket_.remove_all(archive::prefix_of(installation_, key)));
    return Outcome{};
  }
  const std::string_view id = kube::annotation(*run, run::kId);
  if (kube::is_being_deleted(*run) || id.empty() || kube::has_annotation(*run, archive::kStored) ||
      text_at(*run, {"status", "completionTime"}).empty()) {
    return Outcome{};
  }
  Result<> stored = store(*run, id);
  if (!stored) {
    events_.warning(*run, "ArchiveFailed", stored.error().message);
    return stored.error();
  }
  return Outcome{};
}

Result<> ArchiveController::store(const json::value& run, std::string_view id) {
  const Key key = kube::key_of(run);
  const std::string prefix = archive::prefix_of(installation_, key);
  const jenkins::JobRef job = job_of(run);
  if (Result<> logged = store_log(prefix, job, id); !logged) {
    // A build that the engine does not have (any more) has nothing to store.
    if (logged.error().code == Code::not_found) return {};
    return logged;
  }
  const size_t artifacts = TRY(store_artifacts(run, prefix, job, id));
  const json::object stored{
      {"prefix", prefix}, {"artifacts", artifacts}, {"at", format_rfc3339(context_.clock.now())}};
  const json::object patch{
      {"metadata",
       json::object{{"annotations", json::object{{archive::kStored, to_json(stored)}}}}}};
  const Result<json::value> written =
      context_.kube.patch(pipeline_runs(), key, kube::PatchType::merge, to_json(patch));
  if (written) return {};
  // It went meanwhile: so does this.
  if (written.error().code == Code::not_found) return bucket_.remove_all(prefix);
  return written.error();
}

Result<> ArchiveController::store_log(const std::string& prefix, const jenkins::JobRef& job,
                                      std::string_view id) {
  std::string text;
  for (uint64_t at = 0;;) {
    jenkins::Client::LogPiece piece = TRY(context_.jenkins.log(job, id, at));
    text += piece.text;
    if (!piece.more || piece.next <= at || text.size() > kMostBytes) break;
    at = piece.next;
  }
  if (text.size() > kMostBytes) text.resize(kMostBytes);
  return bucket_.put(prefix + "log", text, {.content_type = "text/plain; charset=utf-8"});
}

Result<size_t> ArchiveController::store_artifacts(const json::value& run, const std::string& prefix,
                                                  const jenkins::JobRef& job, std::string_view id) {
  size_t count = 0;
  for (const jenkins::Client::Artifact& one : TRY(context_.jenkins.artifacts(job, id))) {
    if (one.size > kMostBytes) {
      events_.warning(run, "ArtifactNotArchived",
                      fmt::format("\"{}\" is larger than {}", one.path, human_size(kMostBytes)));
      continue;
    }
    const Result<std::string> content = context_.jenkins.artifact(job, id, one.path);
    if (!content) {
      if (content.error().code != Code::not_found) return content.error();
      events_.warning(run, "ArtifactNotArchived",
                      fmt::format("\"{}\" is not there any more", one.path));
      continue;
    }
    const std::string name = one.path.substr(one.path.rfind('/') + 1);
    TRY(bucket_.put(prefix + "artifacts/" + one.path, *content,
                    {.content_type = "application/octet-stream",
                     .content_disposition =
                         fmt::format("attachment; filename*=UTF-8''{}", percent_encode(name))}));
    ++count;
  }
  return count;
}

Result<> ArchiveController::sweep() {
  std::set<Key> gone;
  const std::string root = root_of(installation_);
  for (const s3::Object& object : TRY(bucket_.list(root, kMostObjects))) {
    const std::optional<Key> run = run_of(object.key, root);
    if (run && context_.runs.get(*run) == nullptr) gone.insert(*run);
  }
  for (const Key& run : gone) {
    LOG(info, "the archive of a run goes after it", {"run", run.text()});
    TRY(bucket_.remove_all(archive::prefix_of(installation_, run)));
  }
  return {};
}

}  // namespace ks::devops
