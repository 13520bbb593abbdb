# Installs, builds and starts the server. All flags are those of `ks up`.

dev_up() {
  source scripts/dev/build.sh
  dev_build release
  exec build/release/ks up "$@"
}
