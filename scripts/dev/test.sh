# Builds and runs the unit tests (gtest programs, one a part) and the end-to-end tests (tests/e2e/*_test.py).

passed=0
failed=0
skipped=0
failures=()

# run_gtest PROGRAM FILTER
run_gtest() {
  local log
  log=$(mktemp)
  local status=0
  "$1" --gtest_brief=1 "--gtest_filter=$2" >"$log" 2>&1 || status=$?
  local ok bad skip
  ok=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -1)
  bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | tail -1)
  skip=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test.*/\1/p' "$log" | tail -1)
  if [ "$status" != 0 ] && [ -z "$bad" ]; then
    bad=1
    ok=0
    echo "$(basename "$1") ended with status $status before its tests were done" >>"$log"
  fi
  count "$(basename "$1")" "${ok:-0}" "${bad:-0}" "${skip:-0}" "$log"
}

# count NAME PASSED FAILED SKIPPED LOG: adds to the totals and prints one row; the log only when something failed.
count() {
  passed=$((passed + $2))
  failed=$((failed + $3))
  skipped=$((skipped + $4))
  [ "$2$3$4" = 000 ] || printf '%-28s %5d passed %4d failed %4d skipped\n' "$1" "$2" "$3" "$4"
  if [ "$3" != 0 ]; then
    failures+=("$1")
    cat "$5"
  fi
  rm -f "$5"
}

# run_e2e FILE PRESET: a unittest file; it finds the binary in KS_BINARY.
run_e2e() {
  local log status=0
  log=$(mktemp)
  KS_BINARY="$PWD/build/$2/ks" KS_SOURCE_DIR="$PWD" KS_FULL="${full:-}" /usr/bin/python3 -W error::SyntaxWarning "$1" -v >"$log" 2>&1 || status=$?
  local total bad skip
  total=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$log" | tail -1)
  # grep finds nothing when all is well, which must not end the script.
  bad=$(sed -n 's/^FAILED (.*/&/p' "$log" | { grep -oE '(failures|errors)=[0-9]+' || true; } | cut -d= -f2 | paste -sd+ -)
  bad=$((${bad:-0}))
  skip=$(grep -oE 'skipped=[0-9]+' "$log" | tail -1 | cut -d= -f2 || true)
  [ "$status" != 0 ] && [ "$bad" = 0 ] && bad=1
  count "$(basename "$1" .py)" $((${total:-0} - bad - ${skip:-0})) "$bad" "${skip:-0}" "$log"
}

dev_test() {
  source scripts/dev/deps.sh
  source scripts/dev/build.sh
  local preset=release full='' filter='*' parts='' end_to_end=yes
  while [ $# -gt 0 ]; do
    case "$1" in
      --full) full=1 ;;
      --preset) preset=${2:?--preset needs a name} && shift ;;
      --unit) end_to_end= ;;
      --parts) parts=${2:?--parts needs a comma list} && shift ;;
      -*) die "test: no flag '$1'" ;;
      *) if [ -d "src/$1" ]; then parts=$1; elif [ -f "tests/e2e/$1_test.py" ]; then parts="e2e:$1"; else filter=$1; fi ;;
    esac
    shift
  done
  deps_build
  deps_test
  say "building build/$preset"
  local targets=(ks ks_tests)
  [ -z "$end_to_end" ] && targets=(ks_tests)
  [ -n "$parts" ] && [[ $parts != e2e:* ]] && targets=($(tr , '\n' <<<"$parts" | sed 's/$/_test/'))
  [[ $parts == e2e:* ]] && targets=(ks groovy_batch)
  build_preset "$preset" "${targets[@]}"

  export KS_FULL=$full
  say "testing build/$preset"
  local program name
  for program in build/"$preset"/tests/*_test; do
    [ -x "$program" ] || continue
    name=$(basename "$program" _test)
    [ -n "$parts" ] && [[ ",$parts," != *",$name,"* ]] && continue
    run_gtest "$program" "$filter"
  done
  if [ -n "$end_to_end" ] && [ "$filter" = '*' ] && { [ -z "$parts" ] || [[ $parts == e2e:* ]]; }; then
    for program in tests/e2e/*_test.py; do
      [ -f "$program" ] || continue
      name=$(basename "$program" _test.py)
      [[ $parts == e2e:* ]] && [ "$parts" != "e2e:$name" ] && continue
      run_e2e "$program" "$preset"
    done
  fi
  [ ${#failures[@]} = 0 ] || say "failed: ${failures[*]}"
  [ $((passed + failed)) -gt 0 ] || die "test: nothing matches '$filter${parts:+ in $parts}'"
  echo "$passed passed, $failed failed${skipped:+, $skipped skipped}"
  [ "$failed" = 0 ]
}
