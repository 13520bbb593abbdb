# Holds the build against the contracts and corpora in ../shared, which stay where they are. The last line counts all cases.

# conformance_NAME: one line for each program and what it reads, below ../shared.
conformance_groovy() { printf '%s\n' "groovy_corpus corpus/groovy" "groovy_eval corpus/scripted/eval.json"; }
conformance_declarative() { printf '%s\n' "declarative_corpus corpus/declarative" "declarative_runs corpus/declarative"; }
conformance_realworld() { printf '%s\n' "groovy_corpus --parse corpus/realworld"; }
conformance_scripted() { printf '%s\n' "scripted_corpus corpus/scripted/runs.json"; }
conformance_crds() { printf '%s\n' "crds_corpus spec/crds"; }

dev_conformance() {
  local shared=${KS_SHARED:-$PWD/../shared} names=() name line program arguments path passed=0 failed=0 log status
  [ -d "$shared" ] || die "conformance: there is no folder $shared: it holds the contracts and corpora (or set KS_SHARED)"
  source scripts/dev/deps.sh
  source scripts/dev/build.sh
  deps_build
  deps_test
  names=("$@")
  [ ${#names[@]} -gt 0 ] || names=(groovy declarative realworld scripted crds)
  log=$(mktemp)
  for name in "${names[@]}"; do
    declare -F "conformance_$name" >/dev/null || die "conformance: no '$name': groovy, declarative, realworld, scripted or crds"
    while read -r line; do
      program=${line%% *}
      path=${line##* }
      arguments=${line#"$program"}
      arguments=${arguments% *}
      if [ ! -f "tests/conformance/$program.cc" ]; then
        [ $# -gt 0 ] && die "conformance: $name has no program yet (tests/conformance/$program.cc)"
        continue
      fi
      build_preset release "$program"
      say "$name: $program"
      status=0
      # shellcheck disable=SC2086 # arguments are words of this file
      "build/release/conformance/$program" $arguments "$shared/$path" 2>&1 </dev/null | tee "$log" || status=$?
      line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -1)
      if [ -n "$line" ]; then
        passed=$((passed + $(cut -d' ' -f1 <<<"$line")))
        failed=$((failed + $(cut -d' ' -f3 <<<"$line")))
      else
        failed=$((failed + 1))
      fi
    done < <("conformance_$name")
  done
  rm -f "$log"
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
