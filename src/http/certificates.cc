#include "http/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"

namespace ks::http {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr auto kAuthorityLife = std::chrono::days(3650);
constexpr auto kServerLife = std::chrono::days(365);
constexpr auto kRenewBefore = std::chrono::days(30);

struct Pair {
  Certificate certificate;
  Key key;
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

std::string pem(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio.get());
}

time_t seconds(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  CHECK_MSG(extension != nullptr, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate new_certificate(EVP_PKEY* key, const std::string& name, WallTime now,
                            std::chrono::days life) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  const std::string serial = random_bytes(16);
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 15, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  // An hour back: the clocks of clients differ.
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(now - std::chrono::hours(1)));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(now + life));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

Pair make_authority(WallTime now) {
  Pair made;
  made.key.reset(EVP_EC_gen("P-256"));
  CHECK(made.key != nullptr);
  made.certificate =
      new_certificate(made.key.get(), "ks authority " + random_text(6), now, kAuthorityLife);
  X509* certificate = made.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  CHECK(X509_sign(certificate, made.key.get(), EVP_sha256()) > 0);
  return made;
}

std::string alternative_names(const std::string& address) {
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0' &&
      std::string_view(host) != "localhost") {
    names += fmt::format(",DNS:{}", host);
  }
  unsigned char parsed[16];
  const bool is_address = inet_pton(AF_INET, address.c_str(), parsed) == 1 ||
                          inet_pton(AF_INET6, address.c_str(), parsed) == 1;
  if (is_address && address != "127.0.0.1" && address != "::1")
    names += fmt::format(",IP:{}", address);
  return names;
}

Pair make_server(const Pair& authority, const std::string& address, WallTime now) {
  Pair made;
  made.key.reset(EVP_EC_gen("P-256"));
  CHECK(made.key != nullptr);
  made.certificate = new_certificate(made.key.get(), "ks", now, kServerLife);
  X509* certificate = made.certificate.get();
  X509* issuer = authority.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
  add_extension(certificate, issuer, NID_subject_alt_name, alternative_names(address));
  CHECK(X509_sign(certificate, authority.key.get(), EVP_sha256()) > 0);
  return made;
}

Result<Pair> load(const std::string& certificate_file, const std::string& key_file) {
  const std::string certificate_text = TRY(read_file(certificate_file, 1 << 20));
  const std::string key_text = TRY(read_file(key_file, 1 << 20));
  Bio certificate_bio(
      BIO_new_mem_buf(certificate_text.data(), static_cast<int>(certificate_text.size())));
  Bio key_bio(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  Pair loaded;
  loaded.certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  loaded.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (loaded.certificate == nullptr || loaded.key == nullptr ||
      X509_check_private_key(loaded.certificate.get(), loaded.key.get()) != 1) {
    ERR_clear_error();
    return Error{Code::invalid, fmt::format("{} and {} are no certificate with its key; remove "
                                            "both and start again to have new ones",
                                            certificate_file, key_file)};
  }
  return loaded;
}

/// What is to be written: each file waits for the disk, so those that do not depend on another wait
/// together.
struct Unsaved {
  const Pair* pair;
  std::string certificate_file, key_file;
};

/// All keys, then all certificates: one without its key would be of no use to the next start.
Result<> save(const std::vector<Unsaved>& all) {
  for (const bool keys : {true, false}) {
    std::vector<Result<>> written(all.size());
    {
      std::vector<std::jthread> writers;
      writers.reserve(all.size());
      for (size_t i = 0; i < all.size(); i++) {
        writers.emplace_back([&written, &one = all[i], keys, i] {
          written[i] = keys ? write_file_atomic(one.key_file, pem(one.pair->key.get()), 0600)
                            : write_file_atomic(one.certificate_file,
                                                pem(one.pair->certificate.get()), 0644);
        });
      }
    }
    for (Result<>& one : written) TRY(std::move(one));
  }
  return {};
}

bool lasts(X509* certificate, WallTime until) {
  time_t moment = seconds(until);
  return X509_cmp_time(X509_get0_notAfter(certificate), &moment) > 0;
}

bool names_address(X509* certificate, const std::string& address) {
  return address == "0.0.0.0" || address == "::" ||
         X509_check_ip_asc(certificate, address.c_str(), 0) == 1;
}

/// `made` says that it is new and must be saved.
Result<Pair> ensure_authority(const std::string& folder, WallTime now, bool& made) {
  const std::string certificate_file = folder + "/ca.crt", key_file = folder + "/ca.key";
  if (file_exists(certificate_file)) {
    Pair loaded = TRY(load(certificate_file, key_file));
    if (lasts(loaded.certificate.get(), now + kRenewBefore)) return loaded;
    LOG(warn, "the authority expires: a new one is made; clients need the new kubeconfig");
  }
  made = true;
  return make_authority(now);
}

}  // namespace

Result<Certificates> ensure_certificates(const std::string& folder, const std::string& address,
                                         const Clock& clock) {
  TRY(make_dirs(folder, 0700));
  const WallTime now = clock.now();
  Certificates files{.ca_file = folder + "/ca.crt",
                     .certificate_file = folder + "/server.crt",
                     .key_file = folder + "/server.key",
                     .ca_pem = {}};
  bool is_new = false;
  const Pair authority = TRY(ensure_authority(folder, now, is_new));
  files.ca_pem = pem(authority.certificate.get());
  if (!is_new && file_exists(files.certificate_file)) {
    Result<Pair> server = load(files.certificate_file, files.key_file);
    const bool usable = server && lasts(server->certificate.get(), now + kRenewBefore) &&
                        names_address(server->certificate.get(), address) &&
                        X509_verify(server->certificate.get(), authority.key.get()) == 1;
    ERR_clear_error();
    if (usable) return files;
  }
  const Pair server = make_server(authority, address, now);
  std::vector<Unsaved> unsaved = {{&server, files.certificate_file, files.key_file}};
  if (is_new) unsaved.push_back({&authority, files.ca_file, folder + "/ca.key"});
  TRY(save(unsaved));
  return files;
}

}  // namespace ks::http
