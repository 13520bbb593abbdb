#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "http/router.h"

namespace ks::cmd {

/// Who may call: one user, `admin`, by password (Basic) or by token (Bearer, or Basic in the place
/// of the password).
///
/// The folder keeps a bcrypt hash of the password and a SHA-256 of the token in `identity.json`,
/// and for people the password in `admin-password` and the token in `kubeconfig`; all of them for
/// the owner alone. Removing `identity.json` gives new secrets at the next start; removing
/// `kubeconfig` a new token.
class Identity {
 public:
  struct Access {
    std::string server;  ///< `https://127.0.0.1:7443`
    std::string ca_pem;
  };

  /// Reads what the folder has, or thinks it up; write_kubeconfig() keeps it.
  static Result<std::unique_ptr<Identity>> open(std::string folder, const Clock& clock);
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// Writes the kubeconfig for this server, in which the token stays as it was, and what open()
  /// made. Before that nobody can be authenticated.
  Result<> write_kubeconfig(const Access& access);

  std::string kubeconfig_file() const;
  std::string password_file() const;
  /// The password when it was made by this start; else empty.
  const std::string& new_password() const;

  /// Lets through who is known, calls from within this process, and everybody to `/healthz`,
  /// `/readyz`, `/livez`, `/version`, the API's documentation, webhooks and answers to approvals;
  /// all else is 401 with a Status. Sets Request::user.
  http::Router::Filter filter();
  /// Lets the user make tokens for programs.
  void add_routes(http::Router& router);
  /// Whether authenticating this request takes a worker: a password that must be hashed.
  bool is_slow(const http::Request& request) const;

 private:
  struct State;
  explicit Identity(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ks::cmd
