#include "engine/sealed.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"
#include "base/file.h"
#include "base/random.h"

namespace ks::engine {
namespace {

// AES-256 in Galois/counter mode: nonce, text, tag.
constexpr size_t kKeyBytes = 32, kNonceBytes = 12, kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher begin(const std::string& key, std::string_view nonce, bool encrypt) {
  Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  CHECK(cipher != nullptr);
  CHECK(EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                          reinterpret_cast<const unsigned char*>(key.data()),
                          reinterpret_cast<const unsigned char*>(nonce.data()),
                          encrypt ? 1 : 0) == 1);
  return cipher;
}

/// The text through the cipher; it keeps its length.
std::string put_through(EVP_CIPHER_CTX* cipher, std::string_view text) {
  std::string out(text.size(), '\0');
  int count = 0;
  CHECK(EVP_CipherUpdate(cipher, reinterpret_cast<unsigned char*>(out.data()), &count,
                         reinterpret_cast<const unsigned char*>(text.data()),
                         static_cast<int>(text.size())) == 1);
  return out;
}

Result<std::string> read_key(const std::string& file) {
  std::string key = TRY(read_file(file, kKeyBytes));
  if (key.size() == kKeyBytes) return key;
  return Error{Code::invalid, file + ": no key of a run"};
}

}  // namespace

Result<std::string> seal(const std::string& key_file, std::string_view secret) {
  if (!file_exists(key_file)) TRY(write_file_atomic(key_file, random_bytes(kKeyBytes), 0600));
  const std::string key = TRY(read_key(key_file)), nonce = random_bytes(kNonceBytes);
  const Cipher cipher = begin(key, nonce, true);
  std::string sealed = nonce + put_through(cipher.get(), secret);
  unsigned char tag[kTagBytes];
  int none = 0;
  CHECK(EVP_CipherFinal_ex(cipher.get(), tag, &none) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
  return sealed.append(reinterpret_cast<const char*>(tag), kTagBytes);
}

Result<std::string> unseal(const std::string& key_file, std::string_view sealed) {
  const std::string key = TRY(read_key(key_file));
  const Error wrong{Code::invalid, key_file + ": this was not sealed with it"};
  if (sealed.size() < kNonceBytes + kTagBytes) return wrong;
  const Cipher cipher = begin(key, sealed.substr(0, kNonceBytes), false);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string secret = put_through(
      cipher.get(), sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes));
  CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  unsigned char rest[kTagBytes];
  int none = 0;
  if (EVP_CipherFinal_ex(cipher.get(), rest, &none) != 1) return wrong;
  return secret;
}

}  // namespace ks::engine
