#include "store/backend.h"

namespace ks::store {
namespace {

class MemoryBackend final : public Backend {
 public:
  Result<Loaded> load(const std::function<void(Record)>&) override { return Loaded{}; }
  Result<> commit(std::span<const Record>) override { return {}; }
  Result<> compact(uint64_t, std::span<const uint64_t>) override { return {}; }
  Result<> backup(const std::string&) override {
    return Error{Code::invalid, "a store in memory has no backup"};
  }
};

}  // namespace

std::unique_ptr<Backend> memory_backend() { return std::make_unique<MemoryBackend>(); }

}  // namespace ks::store
