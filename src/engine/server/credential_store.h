#pragma once

#include <map>
#include <string>

#include "base/guarded.h"
#include "engine/engine.h"

namespace ks::engine {

/// The credentials of one folder: in memory, and in a file that only its owner may read.
class CredentialStore final : public CredentialSource {
 public:
  explicit CredentialStore(std::string path) : path_(std::move(path)) {}
  Result<> load();

  std::optional<Credential> find(std::string_view id) const override;
  Result<> put(const Credential& credential, const std::string& description);
  Result<> remove(const std::string& id);
  std::vector<Engine::CredentialInfo> list() const;

 private:
  struct Entry {
    Credential credential;
    std::string description;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  Result<> save(const Entries& entries) const;

  const std::string path_;
  std::mutex saving_;
  Guarded<Entries> entries_;
};

}  // namespace ks::engine
