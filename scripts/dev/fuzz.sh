# Builds tests/fuzz/*_fuzz.cc with clang's libFuzzer and runs each for some seconds.

dev_fuzz() {
  source scripts/dev/deps.sh
  deps_build
  deps_lint
  local only=${1:-} seconds=${2:-60} source name bad=0
  [ -f build/fuzz/build.ninja ] ||
    cmake -S . -B build/fuzz -G Ninja -DKS_FUZZ=ON -DKS_PCH=OFF -DKS_WERROR=OFF -DCMAKE_BUILD_TYPE=Debug \
      -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1 -include $PWD/cmake/pch.h" -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 >/dev/null
  for source in tests/fuzz/*_fuzz.cc; do
    name=$(basename "$source" .cc)
    [ -n "$only" ] && [ "$only" != "$name" ] && [ "${only}_fuzz" != "$name" ] && continue
    say "$name for $seconds s"
    ninja -C build/fuzz --quiet "$name" || die "building $name failed"
    mkdir -p "build/fuzz/corpus/$name"
    [ -d "tests/fuzz/corpus/$name" ] && cp -n "tests/fuzz/corpus/$name"/* "build/fuzz/corpus/$name/" 2>/dev/null
    "build/fuzz/fuzz/$name" "build/fuzz/corpus/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -print_final_stats=0 -verbosity=0 -artifact_prefix="build/fuzz/$name-" || bad=1
  done
  [ "$bad" = 0 ] || die "a fuzzer found something; its input is build/fuzz/*-crash-*"
}
