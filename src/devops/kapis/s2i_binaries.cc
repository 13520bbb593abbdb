#include "devops/kapis/s2i_binaries.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/kapis/reply.h"
#include "http/multipart.h"
#include "s3/client.h"

// S2iBinaries (devops-api, section 6.15): the file lies in S3, the object says which and how far.

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::chrono::minutes kLinkLives{5};

kube::Resource s2i_binaries() {
  return {"devops.kubesphere.io", "v1alpha1", "s2ibinaries", "S2iBinary", true};
}

kube::Key key_of(const Request& request) {
  return {std::string(request.param("namespace")), std::string(request.param("s2ibinary"))};
}

std::string object_key(const kube::Key& key) { return fmt::format("{}-{}", key.space, key.name); }

/// A file's name as a header holds it, and as a path may end with it.
Result<std::string> file_name(std::string_view given) {
  // Browsers of old sent whole paths.
  given = given.substr(given.find_last_of("/\\") + 1);
  if (given.empty() || given.size() > 255 || given == "." || given == ".." || !is_utf8(given)) {
    return Error{Code::invalid, "the file has no name that can be used"};
  }
  for (unsigned char c : given) {
    if (c < ' ' || c == 0x7f || c == '"') {
      return Error{Code::invalid, "the file's name has characters that a name must not have"};
    }
  }
  return std::string(given);
}

struct Upload {
  std::string name, md5;
  std::string_view content;
};

Result<Upload> upload_of(const Request& request) {
  const std::vector<http::FormPart> parts =
      TRY(http::parse_multipart(request.headers.get("Content-Type"), request.body.view()));
  const http::FormPart* file = nullptr;
  std::string wanted;
  for (const http::FormPart& part : parts) {
    if (part.name == "md5") wanted = to_lower(trim(part.content));
    if (part.name != "s2ibinary" || !part.is_file) continue;
    if (file != nullptr) {
      return Error{Code::invalid, "[ServiceError:400] s2ibinary should only have one file"};
    }
    file = &part;
  }
  if (file == nullptr) {
    return Error{Code::invalid, "[ServiceError:400] could not get file from form"};
  }
  Upload out{TRY(file_name(file->filename)), hex_encode(md5(file->content)), file->content};
  if (!wanted.empty() && wanted != out.md5) {
    return Error{Code::invalid, fmt::format("[ServiceError:400] md5 not match, origin: {}, "
                                            "calculate: {}",
                                            to_utf8_lossy(wanted), out.md5)};
  }
  return out;
}

Result<json::value> write_phase(Api& api, json::value object, std::string_view phase) {
  set_at(object, {"status", "phase"}, json::value(phase));
  return api.objects.client().update(s2i_binaries(), object);
}

std::string_view phase_of(const json::value& object) {
  return text_at(object, {"status", "phase"});
}

/// Says that an upload runs; `conflict` when one does already. A second one at once fails with the
/// version that it read.
Result<json::value> begin_upload(Api& api, const json::value& stored, const kube::Key& key,
                                 const Upload& upload) {
  json::value object = stored;
  set_at(object, {"spec", "fileName"}, json::value(upload.name));
  set_at(object, {"spec", "md5"}, json::value(upload.md5));
  set_at(object, {"spec", "size"}, json::value(s2i_size(upload.content.size())));
  set_at(object, {"spec", "downloadURL"},
         json::value(fmt::format("http://ks-apiserver.kubesphere-system.svc/kapis/"
                                 "devops.kubesphere.io/v1alpha2/namespaces/{}/s2ibinaries/{}/file/"
                                 "{}",
                                 key.space, key.name, percent_encode(upload.name))));
  return write_phase(api, std::move(object), "Uploading");
}

Result<json::value> put_file(Api& api, const Request& request) {
  const Upload upload = TRY(upload_of(request));
  const kube::Key key = key_of(request);
  json::value stored = TRY(api.objects.client().get(s2i_binaries(), key));
  const std::string before(phase_of(stored));
  if (before == "Uploading") {
    return Error{Code::conflict, "[ServiceError:409] file is uploading, please try later"};
  }
  if (before == "Ready" && text_at(stored, {"spec", "md5"}) == upload.md5) return stored;
  const json::value begun = TRY(begin_upload(api, stored, key, upload));
  const Result<> sent = api.options.s3->put(
      object_key(key), upload.content,
      {.content_type = "application/octet-stream",
       .content_disposition = fmt::format("attachment; filename=\"{}\"", upload.name)});
  if (!sent) {
    // A bucket that is missing is nothing that this object went through.
    const bool bucket_missing = sent.error().code == Code::not_found;
    if (const auto told =
            write_phase(api, begun, bucket_missing ? std::string_view(before) : "UploadFailed");
        !told) {
      LOG(warn, "an upload failed and its S2iBinary does not say so", {"object", key.text()},
          {"error", told.error().message});
    }
    return sent.error();
  }
  json::value done = begun;
  set_at(done, {"spec", "uploadTimeStamp"}, json::value(format_rfc3339(api.objects.clock().now())));
  return write_phase(api, std::move(done), "Ready");
}

Result<std::string> link_of(Api& api, const Request& request) {
  const kube::Key key = key_of(request);
  const json::value stored = TRY(api.objects.client().get(s2i_binaries(), key));
  const std::string name(request.param("file"));
  if (text_at(stored, {"spec", "fileName"}) != name) {
    return Error{Code::not_found, fmt::format("could not fould file {}", name)};
  }
  if (phase_of(stored) != "Ready") {
    return Error{Code::conflict, "[ServiceError:400] file is not ready, please try later"};
  }
  return api.options.s3->presign(object_key(key), kLinkLives,
                                 fmt::format("attachment; filename=\"{}\"", name));
}

Response no_store() {
  return text_error(404, "no S3 is configured; set s3.endpoint, s3.bucket and its keys");
}

}  // namespace

std::string s2i_size(uint64_t bytes) {
  constexpr std::pair<uint64_t, char> kUnits[] = {
      {1ull << 40, 'T'}, {1ull << 30, 'G'}, {1ull << 20, 'M'}, {1ull << 10, 'K'}};
  for (const auto& [size, letter] : kUnits) {
    if (bytes < size) continue;
    std::string text =
        fmt::format("{:.1f}", static_cast<double>(bytes) / static_cast<double>(size));
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text + letter;
  }
  return fmt::format("{}B", bytes);
}

void add_s2i_binaries(RouteTable& table, Api& api) {
  const std::string path = "/namespaces/{namespace}/s2ibinaries/{s2ibinary}/file";
  table.add({.method = Method::put,
             .pattern = path,
             .summary = "Upload the file of an S2iBinary",
             .handler =
                 [&api](Request& request) {
                   if (api.options.s3 == nullptr) return no_store();
                   return reply(put_file(api, request));
                 },
             .produces = "application/json",
             .consumes = "multipart/form-data"});
  table.add({.method = Method::get,
             .pattern = path + "/{file}",
             .summary = "Download the file of an S2iBinary",
             .handler =
                 [&api](Request& request) {
                   if (api.options.s3 == nullptr) return no_store();
                   const Result<std::string> link = link_of(api, request);
                   if (!link) return error_reply(link.error());
                   Response response = Response::text(302, "");
                   response.headers.set("Location", *link);
                   return response;
                 },
             .produces = "application/octet-stream",
             .consumes = {}});
}

}  // namespace ks::devops::kapis
