#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "engine/engine.h"

namespace ks::engine {

/// The credentials of one folder: in memory, and in a file that only its owner may read.
class CredentialStore final : public CredentialSource {
 public:
  /// `parent`: where what is not here is looked for; may be null.
  explicit CredentialStore(std::string path,
                           std::shared_ptr<const CredentialStore> parent = nullptr)
      : path_(std::move(path)), parent_(std::move(parent)) {}
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
  const std::shared_ptr<const CredentialStore> parent_;
  std::mutex saving_;
  Guarded<Entries> entries_;
};

}  // namespace ks::engine
