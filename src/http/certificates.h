#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace ks::http {

/// The files of a server's identity, all PEM, in one folder.
struct Certificates {
  std::string ca_file;  ///< Authority that clients are told to trust; made once, for ten years.
  std::string certificate_file;  ///< Server certificate, one year; renewed when less than thirty
                                 ///< days are left.
  std::string key_file;          ///< Mode 0600.
  std::string ca_pem;
};

/// Uses the certificates in `folder`, or makes what is missing or about to expire: for the loopback
/// addresses, `localhost`, the host name, and `address` when that is an IP address of its own.
/// ECDSA P-256.
Result<Certificates> ensure_certificates(const std::string& folder, const std::string& address,
                                         const Clock& clock);

}  // namespace ks::http
