#include "base/random.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>

#include "base/check.h"
#include "base/text.h"

namespace ks {
namespace {

std::string digest(const EVP_MD* algorithm, std::string_view data) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_Digest(data.data(), data.size(), out, &size, algorithm, nullptr) == 1);
  return {reinterpret_cast<char*>(out), size};
}

}  // namespace

std::string random_bytes(size_t count) {
  std::string out(count, '\0');
  size_t done = 0;
  while (done < count) {
    const ssize_t got = getrandom(out.data() + done, count - done, 0);
    CHECK(got > 0 || errno == EINTR);
    if (got > 0) done += static_cast<size_t>(got);
  }
  return out;
}

uint64_t random_uint64() {
  uint64_t value = 0;
  random_bytes(sizeof value).copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = hex_encode(bytes);
  for (size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

std::string random_text(size_t length, std::string_view alphabet) {
  std::string out;
  // Bytes beyond the last whole multiple of the alphabet would favour its first letters.
  const size_t bound = 256 - 256 % alphabet.size();
  while (out.size() < length) {
    for (char c : random_bytes(length)) {
      const size_t value = static_cast<unsigned char>(c);
      if (value < bound && out.size() < length) out += alphabet[value % alphabet.size()];
    }
  }
  return out;
}

std::string sha256(std::string_view data) { return digest(EVP_sha256(), data); }
std::string sha1(std::string_view data) { return digest(EVP_sha1(), data); }
std::string md5(std::string_view data) { return digest(EVP_md5(), data); }

std::string hmac_sha256(std::string_view key, std::string_view data) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(data.data()), data.size(), out,
             &size) != nullptr);
  return {reinterpret_cast<char*>(out), size};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ks
