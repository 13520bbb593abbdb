dev_clean() {
  rm -rf build
  say "removed build/"
}
