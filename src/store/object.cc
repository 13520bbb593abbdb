#include "store/object.h"

#include <fmt/format.h>

#include "base/random.h"

namespace ks::store {
namespace {

/// Sorts before every character that a name may hold, so that `a` and all in it come before `a-b`.
constexpr char kSeparator = '\x01';

size_t bytes_of(const Pairs& pairs) {
  size_t total = pairs.capacity() * sizeof(Pairs::value_type);
  for (const auto& [name, value] : pairs) {
    total += (name.size() > 15 ? name.size() : 0) + (value.size() > 15 ? value.size() : 0);
  }
  return total;
}

std::string_view part(std::string_view key, int which) {
  for (; which > 0; which--) key.remove_prefix(key.find(kSeparator) + 1);
  return key.substr(0, key.find(kSeparator));
}

}  // namespace

std::string Key::text() const { return resource + kSeparator + space + kSeparator + name; }

Key Key::parse(std::string_view text) {
  return {std::string(part(text, 0)), std::string(part(text, 1)), std::string(part(text, 2))};
}

std::string Key::prefix(std::string_view resource) { return std::string(resource) + kSeparator; }

std::string Key::prefix(std::string_view resource, std::string_view space) {
  return std::string(resource) + kSeparator + std::string(space) + kSeparator;
}

std::string_view Object::resource() const { return part(key, 0); }
std::string_view Object::space() const { return part(key, 1); }
std::string_view Object::name() const { return part(key, 2); }

size_t Object::footprint() const {
  return sizeof(Object) + key.size() + uid.size() + (json ? json->size() + 64 : 0) +
         bytes_of(labels) + bytes_of(fields);
}

Bytes with_revision(const Object& object, uint64_t revision) {
  // The marks of the text cannot be inside a string, where each quote has a backslash.
  const std::string from = fmt::format("\"resourceVersion\":\"{}\"", object.revision);
  const size_t at = object.json->find(from);
  if (at == std::string::npos) return object.json;
  std::string text = *object.json;
  text.replace(at, from.size(), fmt::format("\"resourceVersion\":\"{}\"", revision));
  return std::make_shared<const std::string>(std::move(text));
}

Bytes Event::json(EventType seen) const {
  if (seen != EventType::deleted || type == EventType::deleted || previous == nullptr)
    return object->json;
  return with_revision(*previous, revision);
}

Bytes Event::line(EventType seen) const {
  static constexpr std::string_view kTypes[] = {"ADDED", "MODIFIED", "DELETED"};
  const auto which = static_cast<size_t>(seen);
  // A lock of one byte: there is one for each event of the history, and it is held for an instant.
  const auto locked = [&](auto&& action) {
    while (lines_lock_.test_and_set(std::memory_order_acquire))
      lines_lock_.wait(true, std::memory_order_relaxed);
    action();
    lines_lock_.clear(std::memory_order_release);
    lines_lock_.notify_one();
  };
  Bytes line;
  locked([&] { line = lines_[which].lock(); });
  if (line != nullptr) return line;
  const Bytes text = json(seen);
  std::string made;
  made.reserve(text->size() + 40);
  made.append("{\"type\":\"")
      .append(kTypes[which])
      .append("\",\"object\":")
      .append(*text)
      .append("}\n");
  line = std::make_shared<const std::string>(std::move(made));
  locked([&] { lines_[which] = line; });
  return line;
}

std::string_view revision_mark() {
  static const std::string mark = "rv-" + random_text(24);
  return mark;
}

}  // namespace ks::store
