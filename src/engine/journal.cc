#include "engine/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/log.h"

namespace ks::engine {
namespace {

constexpr std::string_view kMagic = "ksjrnl1\n";
constexpr size_t kHeaderBytes = 4 + 4 + 1 + 8;  // length of data, checksum, type, log_bytes
constexpr size_t kMaxJournalBytes = size_t{4} << 30;
constexpr uint32_t kMaxDataBytes = 512u << 20;

uint32_t checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <class T>
T get(std::string_view in) {
  T value;
  in.copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

Error other_file(const std::string& path) {
  return {Code::invalid,
          fmt::format("{} is no journal of a run, or one of another version of ks", path)};
}

bool is_type(uint8_t type) { return type >= 1 && type <= static_cast<uint8_t>(RecordType::end); }

/// The record at the front of `rest`; nothing when it is cut or damaged.
std::optional<JournalRecord> take(std::string_view& rest) {
  if (rest.size() < kHeaderBytes) return std::nullopt;
  const auto size = get<uint32_t>(rest);
  if (size > kMaxDataBytes || rest.size() < kHeaderBytes + size) return std::nullopt;
  const std::string_view summed = rest.substr(8, kHeaderBytes - 8 + size);
  if (get<uint32_t>(rest.substr(4)) != checksum(summed) || !is_type(static_cast<uint8_t>(rest[8])))
    return std::nullopt;
  JournalRecord record{static_cast<RecordType>(rest[8]), get<uint64_t>(rest.substr(9)),
                       std::string(rest.substr(kHeaderBytes, size))};
  rest.remove_prefix(kHeaderBytes + size);
  return record;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path,
                                               const std::function<void(JournalRecord)>& each) {
  Fd file = TRY(open_file(path, O_RDWR | O_CREAT, 0600));
  const std::string content = TRY(read_file(path, kMaxJournalBytes));
  if (content.size() < kMagic.size()) {
    if (ftruncate(file.get(), 0) != 0) return errno_error("write", path, errno);
    TRY(write_all(file.get(), kMagic));
    return std::unique_ptr<Journal>(new Journal(path, std::move(file), kMagic.size()));
  }
  if (!content.starts_with(kMagic)) return other_file(path);
  std::string_view rest = std::string_view(content).substr(kMagic.size());
  while (std::optional<JournalRecord> record = take(rest)) each(std::move(*record));
  const uint64_t whole = content.size() - rest.size();
  if (!rest.empty()) {
    LOG(warn, "the tail of a journal was cut: it is no whole record", {"journal", path},
        {"bytes", rest.size()});
    if (ftruncate(file.get(), static_cast<off_t>(whole)) != 0)
      return errno_error("cut", path, errno);
  }
  return std::unique_ptr<Journal>(new Journal(path, std::move(file), whole));
}

Result<bool> Journal::has_begun(const std::string& path) {
  const Result<std::string> content = read_file(path, kMaxJournalBytes);
  if (!content && content.error().code == Code::not_found) return false;
  if (!content) return content.error();
  if (!content->starts_with(kMagic)) {
    if (kMagic.starts_with(*content)) return false;
    return other_file(path);
  }
  std::string_view rest = std::string_view(*content).substr(kMagic.size());
  return take(rest).has_value();
}

Result<> Journal::append(const JournalRecord& record) {
  if (record.data.size() > kMaxDataBytes) {
    return Error{Code::too_large,
                 fmt::format("a journal record of {} bytes is over the limit of {}",
                             record.data.size(), kMaxDataBytes)};
  }
  buffer_.clear();
  put(buffer_, static_cast<uint32_t>(record.data.size()));
  put(buffer_, uint32_t{0});
  put(buffer_, record.type);
  put(buffer_, record.log_bytes);
  buffer_ += record.data;
  const uint32_t sum = checksum(std::string_view(buffer_).substr(8));
  std::memcpy(buffer_.data() + 4, &sum, sizeof sum);
  // At its place, whatever an earlier try that failed left there.
  for (size_t done = 0; done < buffer_.size();) {
    const ssize_t wrote = pwrite(file_.get(), buffer_.data() + done, buffer_.size() - done,
                                 static_cast<off_t>(size_ + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error("write", path_, errno);
    done += static_cast<size_t>(wrote);
  }
  size_ += buffer_.size();
  dirty_ = true;
  if (buffer_.capacity() > (64u << 10)) buffer_ = {};
  return {};
}

Result<> Journal::sync() {
  dirty_ = false;
  if (fdatasync(file_.get()) != 0) {
    dirty_ = true;
    return errno_error("sync", path_, errno);
  }
  return {};
}

}  // namespace ks::engine
