#include "engine/server/credential_store.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace ks::engine {

Result<> CredentialStore::load() {
  if (!file_exists(path_)) return {};
  const json::value saved = TRY(parse_json(TRY(read_file(path_, 64u << 20))));
  const json::array* list = saved.if_array();
  if (list == nullptr) return Error{Code::invalid, path_ + ": not a list of credentials"};
  Entries entries;
  for (const json::value& one : *list) {
    Entry entry;
    entry.credential.id = text_at(one, {"id"});
    entry.credential.kind = static_cast<CredentialKind>(std::clamp<int64_t>(
        int_at(one, {"kind"}), 0, static_cast<int>(CredentialKind::docker_cert)));
    entry.credential.username = text_at(one, {"username"});
    // Secrets need not be text.
    entry.credential.secret = TRY(base64_decode(text_at(one, {"secret"})));
    entry.credential.passphrase = TRY(base64_decode(text_at(one, {"passphrase"})));
    entry.credential.file_name = text_at(one, {"fileName"});
    entry.credential.certificate = text_at(one, {"certificate"});
    entry.credential.ca = text_at(one, {"ca"});
    entry.credential.username_secret = bool_at(one, {"usernameSecret"});
    entry.description = text_at(one, {"description"});
    entries[entry.credential.id] = std::move(entry);
  }
  entries_.with([&](Entries& held) { held = std::move(entries); });
  return {};
}

Result<> CredentialStore::save(const Entries& entries) const {
  json::array list;
  for (const auto& [id, entry] : entries) {
    list.push_back(json::object{{"id", id},
                                {"kind", static_cast<int>(entry.credential.kind)},
                                {"username", entry.credential.username},
                                {"secret", base64_encode(entry.credential.secret)},
                                {"passphrase", base64_encode(entry.credential.passphrase)},
                                {"fileName", entry.credential.file_name},
                                {"certificate", entry.credential.certificate},
                                {"ca", entry.credential.ca},
                                {"usernameSecret", entry.credential.username_secret},
                                {"description", entry.description}});
  }
  return write_file_atomic(path_, to_json(list), 0600);
}

std::optional<Credential> CredentialStore::find(std::string_view id) const {
  std::optional<Credential> own =
      entries_.with([&](const Entries& entries) -> std::optional<Credential> {
        const auto found = entries.find(id);
        if (found == entries.end()) return std::nullopt;
        return found->second.credential;
      });
  return own || parent_ == nullptr ? own : parent_->find(id);
}

Result<> CredentialStore::put(const Credential& credential, const std::string& description) {
  std::lock_guard lock(saving_);
  Entries next = entries_.with([](const Entries& entries) { return entries; });
  next[credential.id] = {credential, description};
  TRY(save(next));
  entries_.with([&](Entries& entries) { entries = std::move(next); });
  return {};
}

Result<> CredentialStore::remove(const std::string& id) {
  std::lock_guard lock(saving_);
  Entries next = entries_.with([](const Entries& entries) { return entries; });
  if (next.erase(id) == 0) {
    return Error{Code::not_found, fmt::format("credential \"{}\" does not exist", id)};
  }
  TRY(save(next));
  entries_.with([&](Entries& entries) { entries = std::move(next); });
  return {};
}

std::vector<Engine::CredentialInfo> CredentialStore::list() const {
  return entries_.with([](const Entries& entries) {
    std::vector<Engine::CredentialInfo> out;
    for (const auto& [id, entry] : entries) {
      out.push_back({id, entry.credential.kind, entry.description});
    }
    return out;
  });
}

}  // namespace ks::engine
