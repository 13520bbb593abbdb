# The Debian 12 packages that the build and the tests need; one list, nothing is installed by hand.

build_packages=(
  g++ cmake ninja-build pkg-config git ca-certificates ccache mold
  libboost1.81-dev libboost-json1.81-dev libboost-context1.81-dev
  libssl-dev libcurl4-openssl-dev libyaml-dev libpugixml-dev libgmp-dev libsqlite3-dev libabsl-dev libpcre2-dev
  libfmt-dev libarchive-dev libzstd-dev libcli11-dev libcrypt-dev zlib1g-dev libtomlplusplus-dev libhowardhinnant-date-dev tzdata
  libgtest-dev libgmock-dev libbenchmark-dev
)
# What the tests drive: real clients and peers.
# groovy is the oracle of the language: it brings a Java runtime without a display.
test_packages=(python3 python3-aiosmtpd curl openssl openssh-client openssh-server git-lfs etcd-server groovy
  swift-proxy swift-account swift-container swift-object memcached)
lint_packages=(python3 clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev)

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# install_packages WHY PACKAGE...: says what it installs; silent when all is there.
install_packages() {
  local why=$1 missing
  shift
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return 0
  command -v apt-get >/dev/null || die "needs the packages: ${missing//$'\n'/ } (no apt-get here to install them)"
  say "installing for $why: ${missing//$'\n'/ }"
  as_root apt-get update -qq
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

deps_build() { install_packages "the build" "${build_packages[@]}"; }

deps_test() {
  install_packages "the tests" "${test_packages[@]}"
  command -v kubectl >/dev/null || install_packages "the tests (kubectl)" kubernetes-client
  command -v node >/dev/null && command -v npm >/dev/null || install_packages "the tests (node)" nodejs npm
}

deps_lint() { install_packages "the linters and fuzzers" "${lint_packages[@]}"; }

dev_deps() {
  deps_build
  deps_test
  deps_lint
}
