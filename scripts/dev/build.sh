# Configures when needed, then builds.

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1
  shift
  [ -f "CMakePresets.json" ] || die "run from the project"
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "configuring build/$preset"
    cmake --preset "$preset" >"build-$preset.log" 2>&1 || {
      cat "build-$preset.log" >&2
      die "configuring build/$preset failed"
    }
    mv "build-$preset.log" "build/$preset/configure.log"
  fi
  # A terminal sees ninja's own progress line; a log only what is out of the ordinary.
  if [ -t 1 ]; then
    ninja -C "build/$preset" "$@"
  else
    ninja -C "build/$preset" --quiet "$@"
  fi
}

dev_build() {
  source scripts/dev/deps.sh
  deps_build
  local preset=${1:-release}
  case "$preset" in release | debug | asan | tsan) ;; *) die "no preset '$preset': release, debug, asan or tsan" ;; esac
  build_preset "$preset" ks
  say "built build/$preset/ks"
}
