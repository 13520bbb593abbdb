# Stops the server of a data directory; the flags are those that named it to `./dev up`.

dev_down() {
  [ -x build/release/ks ] || die "there is no build/release/ks; ./dev build makes it"
  exec build/release/ks down "$@"
}
