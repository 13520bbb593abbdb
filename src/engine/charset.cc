#include "engine/charset.h"

#include <iconv.h>

#include <cerrno>

#include "base/text.h"

namespace ks::engine {
namespace {

class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
  ~Converter() {
    if (known()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  bool known() const {
    return handle_ != reinterpret_cast<iconv_t>(-1);
  }  // NOLINT(performance-no-int-to-ptr)

  /// `skip` tells how many bytes of the input to leave out where nothing fits, and `instead` what
  /// stands for them.
  template <class Skip>
  std::string run(std::string_view input, std::string_view instead, Skip skip) {
    std::string out;
    char* from = const_cast<char*>(input.data());
    size_t left = input.size();
    char piece[16 << 10];
    while (left > 0) {
      char* to = piece;
      size_t room = sizeof piece;
      const size_t done = iconv(handle_, &from, &left, &to, &room);
      out.append(piece, sizeof piece - room);
      if (done != static_cast<size_t>(-1) || errno == E2BIG) continue;
      const size_t bad = std::min(left, skip(std::string_view(from, left)));
      out += instead;
      from += bad;
      left -= bad;
    }
    return out;
  }

 private:
  iconv_t handle_;
};

Error unknown(const std::string& charset) { return {Code::invalid, charset}; }

bool is_utf8_name(const std::string& charset) {
  return charset.empty() || equals_ignoring_case(charset, "UTF-8") ||
         equals_ignoring_case(charset, "UTF8");
}

size_t utf8_length(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    length++;
  return length;
}

}  // namespace

Result<std::string> decode_text(std::string_view bytes, const std::string& charset) {
  if (is_utf8_name(charset)) return to_utf8_lossy(bytes);
  const std::string upper = to_upper(charset);
  std::string from = upper;
  // As Java: big-endian unless a mark says otherwise, which is not part of the text.
  if (upper == "UTF-16") {
    from = bytes.starts_with("\xFF\xFE") ? "UTF-16LE" : "UTF-16BE";
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) bytes.remove_prefix(2);
  }
  const size_t unit = upper.starts_with("UTF-32") ? 4 : upper.starts_with("UTF-16") ? 2 : 1;
  Converter converter("UTF-8", from.c_str());
  if (!converter.known()) return unknown(charset);
  return converter.run(bytes, "\xEF\xBF\xBD", [unit](std::string_view) { return unit; });
}

Result<std::string> encode_text(std::string_view utf8, const std::string& charset) {
  if (is_utf8_name(charset)) return std::string(utf8);
  const std::string upper = to_upper(charset);
  const bool marked = upper == "UTF-16";
  Converter converter(marked              ? "UTF-16BE"
                      : upper == "UTF-32" ? "UTF-32BE"
                                          : upper.c_str(),
                      "UTF-8");
  if (!converter.known()) return unknown(charset);
  std::string out = converter.run(utf8, "?", utf8_length);
  return marked ? "\xFE\xFF" + out : out;
}

}  // namespace ks::engine
