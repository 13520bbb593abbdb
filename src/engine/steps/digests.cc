#include <fmt/format.h>
#include <openssl/evp.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/json.h"
#include "base/text.h"
#include "engine/aside.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/fingerprints.h"
#include "engine/values.h"

// md5, sha1, sha256, sha512, their verify steps, fingerprint.

namespace ks::engine {
namespace {

struct Algorithm {
  std::string_view step, verify_step, shown;
  const EVP_MD* (*make)();
};
constexpr Algorithm kAlgorithms[] = {{"md5", "verifyMd5", "MD5", EVP_md5},
                                     {"sha1", "verifySha1", "SHA1", EVP_sha1},
                                     {"sha256", "verifySha256", "SHA-256", EVP_sha256},
                                     {"sha512", "verifySha512", "SHA-512", EVP_sha512}};

const Algorithm& algorithm_of(const StepCall& call) {
  for (const Algorithm& known : kAlgorithms) {
    if (call.info.name == known.step || call.info.name == known.verify_step) return known;
  }
  return kAlgorithms[0];
}

Result<std::string> digest_of(const Fence& fence, const std::string& path, const EVP_MD* algorithm,
                              const std::stop_token& stop) {
  const Fd file = TRY(fence.open(path, O_RDONLY));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), algorithm, nullptr);
  std::string piece(128 << 10, '\0');
  while (true) {
    if (stop.stop_requested()) return Error{Code::unavailable, "the run was stopped"};
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path, errno);
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), piece.data(), static_cast<size_t>(got));
  }
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), out, &size);
  return hex_encode({reinterpret_cast<char*>(out), size});
}

/// Null when there is no such file.
json::value digest(StepCall& call, const EVP_MD* algorithm) {
  const std::string path = plain_path(resolve(call, call.text("file")));
  return aside(call, {.what = std::string(call.info.name),
                      .act = [path, algorithm, fence = fence_of(call, path)](
                                 bool, const std::stop_token& stop) -> Result<json::value> {
                        const auto info = TRY(fence.look(path));
                        if (!info || S_ISDIR(info->st_mode)) return json::value(nullptr);
                        return json::value(TRY(digest_of(fence, path, algorithm, stop)));
                      }});
}

groovy::Value digest_step(StepCall& call) {
  const json::value found = digest(call, algorithm_of(call).make());
  return found.is_null() ? groovy::Value() : call.string(found.as_string());
}

groovy::Value verify_step(StepCall& call) {
  const Algorithm& algorithm = algorithm_of(call);
  const std::string wanted = call.text("hash"), file = call.text("file");
  if (wanted.empty()) throw_illegal_argument(call, "hash must not be empty");
  const json::value found = digest(call, algorithm.make());
  if (found.is_null()) call.fail("File not found: " + file);
  if (!equals_ignoring_case(found.as_string(), wanted)) {
    call.fail(fmt::format("{} hash mismatch: expected {} but was {}", algorithm.shown, wanted,
                          std::string_view(found.as_string())));
  }
  return {};
}

groovy::Value fingerprint(StepCall& call) {
  call.run.print_line("Recording fingerprints");
  const std::string folder = call.directory();
  record_fingerprints(call, folder, fence_of(call, folder),
                      [folder, targets = call.text("targets"), excludes = call.text("excludes"),
                       defaults = call.flag("defaultExcludes", true)] {
                        return find_files(folder, targets, excludes, defaults);
                      });
  return {};
}

}  // namespace

void record_fingerprints(StepCall& call, const std::string& folder, const Fence& fence,
                         std::function<Result<std::vector<std::string>>()> find) {
  aside(call, {.what = "fingerprint",
               .act = [folder, fence, find = std::move(find),
                       list = call.run.files().artifacts + "/fingerprints.json"](
                          bool, const std::stop_token& stop) -> Result<json::value> {
                 json::object sums;
                 if (const Result<std::string> before = read_file(list); before) {
                   if (const Result<json::value> parsed = parse_json(*before);
                       parsed && parsed->is_object())
                     sums = parsed->get_object();
                 }
                 for (const std::string& file : TRY(find()))
                   sums[file] = TRY(digest_of(fence, folder + "/" + file, EVP_md5(), stop));
                 TRY(make_dirs(list.substr(0, list.rfind('/'))));
                 TRY(write_file_atomic(list, to_json(sums)));
                 return json::value(sums.size());
               }});
}

void add_digest_steps(StepRegistry& registry) {
  for (const Algorithm& algorithm : kAlgorithms) {
    registry.add({.name = algorithm.step,
                  .parameters = {"file"},
                  .sole = "file",
                  .needs = Needs::node,
                  .function = digest_step});
    registry.add({.name = algorithm.verify_step,
                  .parameters = {"file", "hash"},
                  .sole = {},
                  .needs = Needs::node,
                  .function = verify_step});
  }
  registry.add({.name = "fingerprint",
                .parameters = {"targets", "excludes", "caseSensitive", "defaultExcludes"},
                .sole = "targets",
                .needs = Needs::node,
                .function = fingerprint});
}

}  // namespace ks::engine
