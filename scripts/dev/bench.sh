# Builds and runs the benchmarks on a release build. Each prints its figure beside a peer's or a floor's of the same run.

dev_bench() {
  source scripts/dev/deps.sh
  source scripts/dev/build.sh
  deps_build
  deps_test
  local names=() program
  if [ $# -gt 0 ]; then
    names=("${1%_bench}_bench")
    [ -f "bench/${names[0]}.cc" ] || die "bench: no bench/${names[0]}.cc; there are: $(cd bench && ls -- *_bench.cc | sed 's/_bench.cc//' | tr '\n' ' ')"
  else
    mapfile -t names < <(cd bench && ls -- *_bench.cc 2>/dev/null | sed 's/\.cc$//')
  fi
  build_preset release ks "${names[@]}"
  for program in "${names[@]}"; do
    say "$program"
    KS_BINARY="$PWD/build/release/ks" "build/release/bench/$program"
  done
}
